/** Whose attempt it was that failed at the sink, and of which probes it says something. */
import { expect, it } from 'vitest';
import { type RunningAgent, running } from '../fakes/running-agent.ts';

it('is nobody’s attempt where the probe it names is on its way to a mailbox', async () => {
  const made = await running();
  const id = await made.probe('receive');
  const message = made.injector.sent[0]!;
  await made.clock.advance(5);
  // The provider knows the token of a message that it was given.
  const session = made.sink.connect()!;
  session.mail({ sender: 'anyone@acme.example', recipients: [], envelopeId: message.envelopeId });
  session.close();
  await made.clock.advance(7200);
  expect(made.ledger.events('transfer.attempted')).toEqual([]);
  made.mailbox.deliver(message);
  await made.clock.advance(60);
  expect(await made.claim(id)).toMatchObject({ outcome: 'delivered', hi: expect.closeTo(7200, -2) });
  await made.stop();
});

const OWN = 'probe@acme.example';
const UNKNOWN = { sinkClients: [{ provider: 'acme', sender: OWN, networks: [] }] };

/** Half an hour in which others show that the sink can be reached. */
async function halfAnHour({ sink, clock }: RunningAgent, others: string): Promise<void> {
  for (let minutes = 0; minutes < 30; minutes += 1) {
    // They end otherwise than by vanishing, which would make them suspect too.
    const other = sink.connect(others)!;
    other.mail({ sender: 'a@else.example', recipients: [], envelopeId: null });
    other.close();
    await clock.advance(60);
  }
}

it('may have been any provider’s whose networks are not known, where the connection ended before it told', async () => {
  const made = await running(UNKNOWN);
  const id = await made.probe('send');
  const first = made.sink.connect('192.0.2.1')!;
  await made.clock.advance(1);
  first.close();
  await halfAnHour(made, '198.51.100.9');
  await made.sink.deliver(made.submitter.sent[0]!);
  expect((await made.claim(id)).lo).toBeLessThan(3);
  await made.stop();
});

it('is no provider’s where the address is in another’s networks, or the connection told that it is somebody else’s', async () => {
  const other = { provider: 'other', sender: 'a@other.example', networks: ['203.0.113.0/24'] };
  const made = await running({ sinkClients: [...UNKNOWN.sinkClients, other] });
  const id = await made.probe('send');
  made.sink.connect('203.0.113.7')!.close();
  await halfAnHour(made, '198.51.100.9');
  await made.sink.deliver(made.submitter.sent[0]!);
  expect((await made.claim(id)).lo).toBeGreaterThan(1790);
  await made.stop();
});

it('was the provider’s where it gave our own envelope, and so are all later ones of that host, whatever networks say', async () => {
  const made = await running();
  const id = await made.probe('send');
  const { sender, recipient, text } = made.submitter.sent[0]!;
  const envelope = { sender, recipients: [recipient], envelopeId: null };
  const first = made.sink.connect('203.0.113.77')!;
  first.mail(envelope);
  await made.clock.advance(1);
  first.close();
  await halfAnHour(made, '198.51.100.9');
  const second = made.sink.connect('203.0.113.77')!;
  second.mail(envelope);
  expect(await second.data(text)).toBe(250);
  second.close();
  expect((await made.claim(id)).lo).toBeLessThan(3);

  const later = await made.probe('send');
  made.sink.connect('203.0.113.77')!.close();
  await halfAnHour(made, '198.51.100.9');
  await made.sink.deliver(made.submitter.sent[1]!);
  expect((await made.claim(later)).lo).toBeLessThan(3);
  await made.stop();
});

it('counts from the beginning of a connection that the same host keeps open, though it is of no known network', async () => {
  const made = await running();
  const id = await made.probe('send');
  const { sender, recipient, text } = made.submitter.sent[0]!;
  const first = made.sink.connect('203.0.113.77')!;
  await halfAnHour(made, '198.51.100.9');
  const second = made.sink.connect('203.0.113.77')!;
  second.mail({ sender, recipients: [recipient], envelopeId: null });
  expect(await second.data(text)).toBe(250);
  first.close();
  expect((await made.claim(id)).lo).toBeLessThan(3);
  await made.stop();
});

it.each([
  ['10.0.0.7', false],
  ['198.51.100.9', true],
])('a connection from %s shows that the sink can be reached: %s', async (host, shows) => {
  const made = await running({ sinkOnLoopback: false });
  const id = await made.probe('send');
  for (let asked = 0; asked < 400; asked += 1) {
    made.sink.connect(host)?.close();
    await made.clock.advance(10);
  }
  expect((await made.claim(id)).lo > 3600).toBe(shows);
  await made.stop();
});

it('a connection from a private address shows that the sink can be reached where it is of a provider’s networks', async () => {
  const acme = { provider: 'acme', sender: OWN, networks: ['192.0.2.0/24'] };
  const other = { provider: 'other', sender: 'a@other.example', networks: ['10.0.0.0/24'] };
  const made = await running({ sinkOnLoopback: false, sinkClients: [acme, other] });
  const id = await made.probe('send');
  for (let asked = 0; asked < 400; asked += 1) {
    made.sink.connect('10.0.0.7')?.close();
    await made.clock.advance(10);
  }
  expect((await made.claim(id)).lo).toBeGreaterThan(3600);
  await made.stop();
});

it('may have been on a connection that is kept, where that breaks off in its next MAIL', async () => {
  const made = await running();
  await made.probe('send');
  const before = made.submitter.sent[0]!;
  const kept = made.sink.connect()!;
  kept.mail({ sender: before.sender, recipients: [before.recipient], envelopeId: before.envelopeId });
  await kept.data(before.text);
  const id = await made.probe('send');
  await made.clock.advance(1);
  kept.breakOff();
  await halfAnHour(made, '198.51.100.9');
  await made.sink.deliver(made.submitter.sent[1]!);
  expect((await made.claim(id)).lo).toBeLessThan(3);
  await made.stop();
});
