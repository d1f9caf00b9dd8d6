/** Tokens that are forged, replayed, of another path or another agent, and a change of the key, as the whole engine meets them. */
import { afterEach, expect, it } from 'vitest';
import { DUPLICATES_MAX } from '../../src/domain/record.ts';
import { tokenOf } from '../../src/domain/token.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { OutgoingMessage } from '../../src/ports.ts';
import { type FakeWorld, fakeWorld, KEY } from '../fakes/agent.ts';

const OTHER_KEY = new Uint8Array(32).fill(8);
/** Enough that anything kept for each would show. */
const FLOOD = 500;
const DAY = 86_400;

let world: FakeWorld;
let engine: Engine;

async function begin(options?: Parameters<FakeWorld['start']>[0], over: FakeWorld = fakeWorld()): Promise<void> {
  world = over;
  engine = await world.start(options);
  await world.clock.advance(0.1);
}

async function stop(): Promise<void> {
  const stopped = engine.stop();
  await world.clock.advance(5);
  await stopped;
}

async function probe(path: 'send' | 'receive' | 'internal'): Promise<{ id: string; message: OutgoingMessage }> {
  const starting = engine.check('acme', path);
  await world.clock.advance(0.01);
  const sender = path === 'receive' ? world.injector : world.submitter;
  return { id: await starting, message: sender.sent.at(-1)! };
}

/** As if it were the message, but for its token. */
const withToken = (message: OutgoingMessage, token: string): OutgoingMessage => ({
  ...message,
  text: message.text.replaceAll(message.envelopeId, token),
  envelopeId: token,
});
/** Entries that are about a probe: the rest tells of time that passed. */
const told = () => world.ledger.entries.filter(({ event }) => 'probe' in event).length;
const refused = (reason: string) => world.observer.counts.get(`token ${reason}`) ?? 0;
const sight = async (id: string) => (await engine.probe(id))!;

afterEach(async () => {
  await stop();
  expect(world.clock.sleeping, 'sleeps left running').toBe(0);
});

it('counts thousands of forged tokens, keeps nothing of them, and never asks the ledger for one', async () => {
  await begin();
  const { id, message } = await probe('send');
  const before = told();
  let asked = 0;
  const find = world.ledger.probe.bind(world.ledger);
  world.ledger.probe = (wanted) => {
    asked += 1;
    return find(wanted);
  };
  for (let each = 0; each < FLOOD; each += 1) {
    const forged =
      id +
      each
        .toString(32)
        .replaceAll(/[0189]/g, 'a')
        .padStart(16, 'b');
    expect(await world.sink.deliver(withToken(message, forged))).toBe(250);
    world.mailbox.deliver(withToken(message, forged));
  }
  await world.clock.advance(120);
  expect([told(), asked]).toEqual([before, 0]);
  expect(refused('forged')).toBe(2 * FLOOD);
  expect((await sight(id)).assessment.outcome).toBe('pending');
  expect(world.mailbox.removed).toEqual([]);
});

it('takes the token of another agent for forged, wherever it comes', async () => {
  await begin();
  const { id, message } = await probe('receive');
  const theirs = withToken(message, tokenOf(id, OTHER_KEY));
  await world.sink.deliver(theirs);
  world.mailbox.deliver(theirs);
  await world.clock.advance(60);
  expect(refused('forged')).toBe(2);
  expect((await sight(id)).record.capture).toBeNull();
  expect(world.mailbox.removed).toEqual([]);
});

it('captures nothing by a token of another path, and deletes no message that has one', async () => {
  await begin();
  const [sent, received] = [await probe('send'), await probe('receive')];
  const before = told();
  await world.sink.deliver(received.message);
  world.sink.listener!.abandoned(world.sink.transaction(received.message), 0);
  world.mailbox.deliver(sent.message);
  await world.clock.advance(60);
  expect([told(), refused('wrong-path')]).toEqual([before, 2]);
  for (const { id } of [sent, received])
    expect((await sight(id)).record).toMatchObject({ capture: null, attempt: null });
  expect(world.mailbox.removed).toEqual([]);
});

it('keeps few of a flood of copies at the sink, and none changes what was measured', async () => {
  await begin();
  const { id, message } = await probe('send');
  await world.clock.advance(3);
  await world.sink.deliver(message);
  const [{ record, assessment }, before] = [await sight(id), told()];
  for (let each = 0; each < FLOOD; each += 1) {
    await world.sink.deliver(message);
    world.sink.listener!.abandoned(world.sink.transaction(message), 0);
  }
  await world.clock.advance(60);
  expect(told() - before).toBe(DUPLICATES_MAX);
  expect(refused('duplicate')).toBe(FLOOD);
  const after = await sight(id);
  expect(after.assessment).toEqual(assessment);
  expect(after.record).toEqual({ ...record, duplicates: after.record.duplicates });
});

it('keeps the first of a flood of attempts at one probe', async () => {
  await begin();
  const { id, message } = await probe('send');
  const before = told();
  for (let each = 0; each < FLOOD; each += 1) {
    world.sink.listener!.abandoned(world.sink.transaction(message), 0);
    await world.clock.advance(0.01);
  }
  expect(told() - before).toBe(1);
  expect((await sight(id)).record.attempt).not.toBeNull();
});

it('keeps few of a flood of copies in the mailbox, deletes them all, and none changes what was measured', async () => {
  await begin();
  const { id, message } = await probe('receive');
  await world.clock.advance(3);
  world.mailbox.deliver(message);
  await world.clock.advance(60);
  const [{ record, assessment }, before] = [await sight(id), told()];
  for (let each = 0; each < FLOOD; each += 1) world.mailbox.deliver(message);
  await world.clock.advance(200);
  expect(told() - before).toBe(DUPLICATES_MAX);
  expect(refused('duplicate')).toBe(FLOOD);
  const after = await sight(id);
  expect(after.assessment).toEqual(assessment);
  expect(after.record).toEqual({ ...record, duplicates: after.record.duplicates });
});

it.each(['send', 'receive'] as const)('changes nothing by the token of a probe of long ago (%s)', async (path) => {
  await begin();
  const [captured, lost] = [await probe(path), await probe(path)];
  const come = (message: OutgoingMessage) =>
    path === 'send' ? world.sink.deliver(message) : Promise.resolve(world.mailbox.deliver(message));
  await come(captured.message);
  await world.clock.advance(60);
  await stop();
  await world.clock.advance(40 * DAY);
  await begin({}, world);
  await world.clock.advance(60);
  const before = [(await sight(captured.id)).assessment, (await sight(lost.id)).assessment];
  expect(before.map(({ outcome }) => outcome)).toEqual(['delivered', 'lost']);
  const entries = told();
  for (let each = 0; each < FLOOD; each += 1) for (const { message } of [captured, lost]) await come(message);
  await world.clock.advance(200);
  expect(await Promise.all([captured, lost].map(async ({ id }) => (await sight(id)).assessment.outcome))).toEqual([
    'delivered',
    'lost',
  ]);
  expect((await sight(captured.id)).assessment).toEqual(before[0]);
  // What turned up late is told once, and what comes again as often as any copy.
  expect(told() - entries).toBeLessThanOrEqual(2 * DUPLICATES_MAX + 1);
});

it('captures a probe that is on its way while the key is changed, and later ones under the new key alone', async () => {
  await begin();
  const [sent, received] = [await probe('send'), await probe('receive')];
  await stop();
  await begin({ key: OTHER_KEY, retiredKey: KEY }, world);
  await world.sink.deliver(sent.message);
  world.mailbox.deliver(received.message);
  await world.clock.advance(60);
  for (const { id } of [sent, received]) expect((await sight(id)).assessment.outcome).toBe('delivered');
  const later = await probe('send');
  expect(later.message.envelopeId).toBe(tokenOf(later.id, OTHER_KEY));
  expect(refused('forged')).toBe(0);
});

it('takes what the old key signed for forged once that is no longer kept', async () => {
  await begin();
  const { id, message } = await probe('send');
  await stop();
  await begin({ key: OTHER_KEY }, world);
  await world.sink.deliver(message);
  expect(refused('forged')).toBe(1);
  expect((await sight(id)).record.capture).toBeNull();
});
