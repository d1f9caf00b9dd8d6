/** What one peer may take of the sink. Deadlines expire when the test says so. */
import { expect, test } from 'vitest';
import {
  CLIENTS_PER_ADDRESS_MAX,
  COMMAND_BYTES_MAX,
  COMMANDS_MAX,
  DATA_MS_MAX,
  RECIPIENTS_MAX,
  SESSION_MS_MAX,
} from '../../../src/adapters/smtp-sink/limits.ts';
import { manualClock } from '../smtp-client/manual-clock.ts';
import { openSink } from './fixtures.ts';

const MAIL = 'MAIL FROM:<a@provider.test>';
const RCPT = 'RCPT TO:<probe-0@sink.test>';

test('a message that trickles is cut off at its deadline, and was abandoned', async () => {
  const clock = manualClock();
  const { client, listener } = await openSink({}, clock);
  const peer = client();
  await peer.greet();
  for (const step of [MAIL, RCPT, 'DATA']) await peer.ask(step);
  peer.write('A: b\r\n');
  await clock.sleeping(DATA_MS_MAX);
  clock.expire(DATA_MS_MAX);
  expect(await peer.reply()).toMatchObject({ code: 421 });
  await listener.told('disconnected');
  expect(listener.story()).toEqual(['connected', 'abandoned', 'refused', 'disconnected']);
  expect(listener.all('refused')).toEqual([{ what: 'refused', reason: 'timeout' }]);
  expect(listener.all('abandoned')).toMatchObject([{ code: 421 }]);
});

test('a session past its time may finish its message, and then no other', async () => {
  const clock = manualClock();
  const { client, listener } = await openSink({}, clock);
  const peer = client();
  await peer.greet();
  for (const step of [MAIL, RCPT, 'DATA']) await peer.ask(step);
  clock.expire(SESSION_MS_MAX);
  expect(await peer.ask('A: b\r\n\r\nbody\r\n.')).toMatchObject({ code: 250 });
  expect(await peer.reply()).toMatchObject({ code: 421 });
  await listener.told('disconnected');
  expect(listener.story()).toEqual(['connected', 'received', 'refused', 'disconnected']);
});

test('a session that does not finish is cut off all the same', async () => {
  const clock = manualClock();
  const { client, listener } = await openSink({}, clock);
  const peer = client();
  await peer.greet();
  for (const step of [MAIL, RCPT]) await peer.ask(step);
  clock.expire(SESSION_MS_MAX);
  clock.expire(SESSION_MS_MAX + DATA_MS_MAX);
  expect(await peer.reply()).toMatchObject({ code: 421 });
  await listener.told('disconnected');
  expect(listener.all('abandoned')).toMatchObject([{ code: 421 }]);
});

test('no deadline outlives its session', async () => {
  const clock = manualClock();
  const { client, listener } = await openSink({}, clock);
  const peer = client();
  await peer.greet();
  for (const step of [MAIL, RCPT, 'DATA', 'A: b\r\n\r\nbody\r\n.', 'QUIT']) await peer.ask(step);
  await listener.told('disconnected');
  expect(clock.sleepers()).toBe(0);
});

test('commands without a message have an end', async () => {
  const { client, listener } = await openSink();
  const peer = client();
  await peer.greet();
  peer.write('NOOP\r\n'.repeat(COMMANDS_MAX + 200));
  let replies = 0;
  while ((await peer.reply()).code !== 421) replies += 1;
  expect(replies).toBeLessThanOrEqual(COMMANDS_MAX + 100);
  await listener.told('disconnected');
  expect(listener.all('refused')).toEqual([{ what: 'refused', reason: 'limit' }]);
});

test('one address may hold only so many connections, and gets its place back', async () => {
  const { client, listener } = await openSink();
  const peers = Array.from({ length: CLIENTS_PER_ADDRESS_MAX }, client);
  for (const peer of peers) expect(await peer.reply()).toMatchObject({ code: 220 });
  expect(await client().reply()).toMatchObject({ code: 421 });
  await listener.told('vanished');
  expect(listener.all('refused')).toEqual([{ what: 'refused', reason: 'limit' }]);
  await peers[0]?.ask('QUIT');
  await listener.told('disconnected', 2);
  expect(await client().reply()).toMatchObject({ code: 220 });
});

test('a transaction may have only so many recipients', async () => {
  const { client, listener } = await openSink({ recipients: RECIPIENTS_MAX + 1 });
  const peer = client();
  await peer.greet();
  await peer.ask(MAIL);
  const codes = [];
  for (let index = 0; index <= RECIPIENTS_MAX; index += 1) {
    codes.push((await peer.ask(`RCPT TO:<probe-${index}@sink.test>`)).code);
  }
  expect(codes.filter((code) => code === 250)).toHaveLength(RECIPIENTS_MAX);
  expect(codes.at(-1)).toBe(452);
  expect(listener.all('refused')).toEqual([{ what: 'refused', reason: 'limit' }]);
});

for (const [name, bytes] of [
  ['a line without an end', 'x'.repeat(COMMAND_BYTES_MAX + 20_000)],
  ['a request of another protocol', 'GET / HTTP/1.1\r\n'],
  ['ten commands that are none', 'x\r\n'.repeat(10)],
] as const) {
  test(`${name} ends the session`, async () => {
    const { client, listener } = await openSink();
    const peer = client();
    await peer.greet();
    peer.write(bytes);
    while ((await peer.reply()).code !== 421);
    await listener.told('vanished');
    expect(listener.all('refused').every(({ reason }) => reason === 'protocol')).toBe(true);
  });
}

test('a peer that talks before the banner is sent away', async () => {
  const { client, listener } = await openSink();
  const peer = client();
  peer.write('EHLO client.test\r\n');
  expect(await peer.reply()).toMatchObject({ code: 421 });
  await listener.told('disconnected');
  expect(listener.story()).toEqual(['connected', 'refused', 'vanished', 'disconnected']);
});
