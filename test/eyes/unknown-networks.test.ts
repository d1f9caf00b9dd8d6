/** Whose connection it was: networks that are not configured (the default), or no longer hold all the provider's hosts (or a NAT before us hides them). */
import { expect, it } from 'vitest';
import { type Agent, agent } from './agent.ts';

const OWN = 'probe@acme.example';

function connect(made: Agent, host: string) {
  const session = made.sink.connect(host);
  if (session === null) throw new Error('the sink must listen');
  return session;
}

it('networks []: the provider breaks off in TLS after 2 s and comes again 30 min later: truth 2 s, claimed at least 1800 s', async () => {
  const made = await agent({ sinkClients: [{ provider: 'acme', sender: OWN, networks: [] }] });
  const id = await made.probe('send');
  const first = connect(made, '192.0.2.1');
  await made.clock.advance(1);
  first.close();
  for (let minutes = 0; minutes < 30; minutes += 1) {
    connect(made, '198.51.100.9').close();
    await made.clock.advance(60);
  }
  await made.sink.deliver(made.submitter.sent[0]!);
  expect((await made.claim(id)).lo).toBeLessThan(3);
  await made.stop();
});

it('a host outside of networks names sender and recipient after 2 s, breaks off, and brings the probe 30 min later: truth 2 s, claimed at least 1800 s', async () => {
  const made = await agent();
  const id = await made.probe('send');
  const { sender, recipient, text } = made.submitter.sent[0]!;
  const envelope = { sender, recipients: [recipient], envelopeId: null };
  const first = connect(made, '203.0.113.77');
  first.mail(envelope);
  await made.clock.advance(1);
  first.close();
  for (let minutes = 0; minutes < 30; minutes += 1) {
    connect(made, '198.51.100.9').close();
    await made.clock.advance(60);
  }
  // The very same host: whatever the configuration says, it is the provider's.
  const second = connect(made, '203.0.113.77');
  second.mail(envelope);
  expect(await second.data(text)).toBe(250);
  second.close();
  expect((await made.claim(id)).lo).toBeLessThan(3);
  await made.stop();
});
