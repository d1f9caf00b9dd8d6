/** A heartbeat says that everything until then is recorded: also where the ledger refuses a fact just before it, and the agent is killed just after it. */
import { expect, it } from 'vitest';
import { assess } from '../../src/domain/delay/delay.ts';
import { spanBetween } from '../../src/domain/time/instant.ts';
import { AgentProcess } from '../fakes/agent-process.ts';
import { FakeMailbox } from '../fakes/fake-mailbox.ts';
import { FakeSender } from '../fakes/fake-provider.ts';
import { MemoryLedger } from '../fakes/memory-ledger.ts';
import { running } from '../fakes/running-agent.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

it('does not count a transfer from the restart that was begun before a kill, though its capture was refused just before the last heartbeat', async () => {
  const clock = new VirtualClock();
  const ledger = new MemoryLedger();
  const mailbox = new FakeMailbox(clock);
  const sender = new FakeSender(clock);
  const start = () =>
    new AgentProcess({
      ...{ clock, ledger, mailbox, senderOf: () => sender, reachability: 'inbound' },
      ...{ lagMs: 0, commitMs: 0, seed: 1 },
    });
  const process = start();
  const engine = await process.engine;
  await clock.advance(0.5);
  const checking = engine.check('acme', 'send');
  await clock.advance(3);
  const id = await checking;
  const message = sender.sent[0]!;
  const session = process.sink.connect()!;
  session.mail({ sender: message.sender, recipients: [message.recipient], envelopeId: message.envelopeId });
  for (let seconds = 0; seconds < 200; seconds += 50) {
    process.sink.connect('198.51.100.9')?.close();
    await clock.advance(50);
  }
  // The disk is full for this one append, which takes 1.2 s to say so; a heartbeat behind it, an update in place, is taken.
  const append = ledger.append.bind(ledger);
  ledger.append = async (events) => {
    if (!events.some(({ type }) => type === 'transfer.captured')) return append(events);
    await clock.sleep(1200);
    ledger.append = () => new Promise(() => {});
    throw new Error('disk full');
  };
  void session.data(message.text);
  await clock.advance(1.3);
  process.kill();
  ledger.append = append;
  await clock.advance(10);
  const next = start();
  await next.engine;
  for (let minutes = 0; minutes < 30; minutes += 1) {
    next.sink.connect('198.51.100.9')?.close();
    await clock.advance(60);
  }
  expect(await next.sink.deliver(message)).toBe(250);
  const record = ledger.records.get(id)!;
  expect(assess(record, new Map()).delay!.lo).toBeLessThan(4);
  next.kill();
});

it('says nothing of the time since a transfer began whose message is not recorded yet, though the peer has left', async () => {
  const made = await running();
  await made.probe('send');
  const message = made.submitter.sent[0]!;
  await made.sink.deliver(message);
  await made.clock.advance(10);
  const begun = made.clock.now();
  const copy = made.sink.connect()!;
  copy.mail({ sender: message.sender, recipients: [message.recipient], envelopeId: message.envelopeId });
  await made.clock.advance(20);
  // It is over, so the ledger is asked for it, and hangs.
  const { promise, resolve } = Promise.withResolvers<null>();
  made.ledger.probe = () => promise;
  void copy.data(message.text);
  copy.close();
  await made.clock.advance(10);
  expect(spanBetween(begun, (await made.ledger.snapshot()).heartbeat!).hi).toBeLessThan(1);
  resolve(null);
  await made.clock.advance(10);
  expect(spanBetween(begun, (await made.ledger.snapshot()).heartbeat!).lo).toBeGreaterThan(30);
  await made.stop();
});
