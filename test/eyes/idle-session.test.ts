/** A connection that a provider keeps: its next transfer may fail before the sink has read a whole MAIL. */
import { expect, it } from 'vitest';
import { openSink } from '../adapters/smtp-sink/fixtures.ts';
import { agent } from './agent.ts';

const MESSAGE = ['EHLO client.test', 'MAIL FROM:<a@provider.test>', 'RCPT TO:<probe-0@sink.test>', 'DATA'];

it('a kept connection breaks off in the next MAIL: truth an attempt began, claimed nothing', async () => {
  const { client, listener } = await openSink();
  const peer = client();
  await peer.reply();
  for (const step of MESSAGE) await peer.ask(step);
  await peer.ask('A: b\r\n\r\nbody\r\n.');
  peer.write('MAIL FROM:<a@provider.te');
  await new Promise((resolve) => void setTimeout(resolve, 50));
  peer.socket.resetAndDestroy();
  await listener.told('disconnected');
  expect(listener.story()).toEqual([
    'connected',
    'received',
    expect.stringMatching(/vanished|abandoned/),
    'disconnected',
  ]);
});

it('a second MAIL on a kept connection, refused by our library, here for its SIZE: truth an attempt began, claimed nothing', async () => {
  const { client, listener } = await openSink();
  const peer = client();
  await peer.reply();
  for (const step of MESSAGE) await peer.ask(step);
  await peer.ask('A: b\r\n\r\nbody\r\n.');
  const { code } = await peer.ask('MAIL FROM:<a@provider.test> SIZE=99999999');
  expect(code).toBeGreaterThanOrEqual(400);
  await peer.ask('QUIT');
  await listener.told('disconnected');
  expect(listener.story().filter((what) => what === 'vanished' || what === 'abandoned')).toHaveLength(1);
});

it('the same through the engine, tried again after 30 min: truth 2 s, claimed at least 1800 s', async () => {
  const made = await agent();
  const { clock, sink, submitter } = made;
  await made.probe('send');
  const before = submitter.sent[0]!;
  const kept = sink.connect();
  kept?.mail({ sender: before.sender, recipients: [before.recipient], envelopeId: before.envelopeId });
  await kept?.data(before.text);
  const id = await made.probe('send');
  await clock.advance(1);
  // As the sink tells of a connection that breaks off in its second MAIL: not at all.
  kept?.close();
  for (let minutes = 0; minutes < 30; minutes += 1) {
    sink.connect('198.51.100.9')?.close();
    await clock.advance(60);
  }
  await sink.deliver(submitter.sent[1]!);
  expect((await made.claim(id)).lo).toBeLessThan(3);
  await made.stop();
});
