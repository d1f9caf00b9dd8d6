/** A provider that our own limits turned away: never late by that, and a flood of strangers is no fact at all. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { type FakeWorld, fakeWorld } from '../fakes/agent.ts';

const OF_THE_PROVIDER = '192.0.2.1:25001';
const A_STRANGER = '198.51.100.9:25001';

let world: FakeWorld;
let engine: Engine;

beforeEach(async () => {
  world = fakeWorld();
  engine = await world.start();
  await world.clock.advance(0.1);
});
afterEach(async () => {
  const stopped = engine.stop();
  await world.clock.advance(5);
  await stopped;
});

async function probe(): Promise<string> {
  const starting = engine.check('acme', 'send');
  await world.clock.advance(0.01);
  return starting;
}

function turnAway(peer: string): void {
  const at = world.clock.now();
  world.sink.listener!.connected(peer, at);
  world.sink.listener!.refused('full');
  world.sink.listener!.turnedAway(peer, at);
  world.sink.listener!.disconnected(peer);
}

async function delayOf(id: string): Promise<{ readonly lo: number; readonly hi: number }> {
  const sight = await engine.probe(id);
  return sight!.assessment.delay!;
}

const noted = () => world.ledger.events('sink.unproven');
const deliver = (index: number) => world.sink.deliver(world.submitter.sent[index]!);

it('counts a connection of the provider that we turned away as the first attempt it may have been', async () => {
  const id = await probe();
  await world.clock.advance(10);
  turnAway(OF_THE_PROVIDER);
  // Not so long that the silence alone would widen it.
  await world.clock.advance(300);
  await deliver(0);
  const { lo, hi } = await delayOf(id);
  expect(lo).toBeLessThan(11);
  expect(hi).toBeGreaterThan(309);
});

it('counts it also where the message comes before the next look at what is not recorded yet', async () => {
  const id = await probe();
  await world.clock.advance(2);
  turnAway(OF_THE_PROVIDER);
  await world.clock.advance(0.5);
  await deliver(0);
  expect((await delayOf(id)).lo).toBeLessThan(2.1);
});

it('doubts a provider that it turned away for an hour, and then until a later probe passes promptly, for it may remember the sink as down', async () => {
  await probe();
  turnAway(OF_THE_PROVIDER);
  await world.clock.advance(1);
  await deliver(0);
  const doubted = await probe();
  await world.clock.advance(300);
  await deliver(1);
  expect((await delayOf(doubted)).lo).toBe(0);
  await world.clock.advance(3610);
  world.sink.connect('198.51.100.9')?.close();
  await probe();
  await world.clock.advance(1);
  await deliver(2);
  const trusted = await probe();
  await world.clock.advance(5);
  await deliver(3);
  expect((await delayOf(trusted)).lo).toBeGreaterThan(4);
});

it('lets no stranger erase a bound by being turned away', async () => {
  const id = await probe();
  await world.clock.advance(10);
  turnAway(A_STRANGER);
  await world.clock.advance(90);
  await deliver(0);
  expect((await delayOf(id)).lo).toBeGreaterThan(99);
  expect(noted()).toEqual([]);
});

it('records a thousand connections that were turned away once', async () => {
  await probe();
  for (let count = 0; count < 1000; count += 1) {
    turnAway(OF_THE_PROVIDER);
    await world.clock.advance(0.1);
  }
  expect(noted()).toHaveLength(1);
  expect(noted()).toMatchObject([{ provider: 'acme' }]);
});

it('records nothing where nothing is on its way', async () => {
  turnAway(OF_THE_PROVIDER);
  await world.clock.advance(60);
  expect(noted()).toEqual([]);
});

it('does not let the heartbeat pass it before it is recorded, so that a crash forgets nothing', async () => {
  const id = await probe();
  await world.clock.advance(10.5);
  const refused = world.clock.now();
  turnAway(OF_THE_PROVIDER);
  // Less than it takes until it is recorded, more than from one heartbeat to the next.
  await world.clock.advance(5);
  expect(noted()).toEqual([]);
  const { heartbeat } = await world.ledger.snapshot();
  expect(heartbeat!.monoUs).toBeLessThanOrEqual(refused.monoUs);
  await world.clock.advance(1800);
  await deliver(0);
  expect((await delayOf(id)).lo).toBeLessThan(11);
});

it('records an attempt that nobody can attribute once or twice, however often it is made', async () => {
  await probe();
  const before = world.ledger.entries.length;
  for (let count = 0; count < 1000; count += 1) {
    await world.clock.advance(0.1);
    world.sink.listener!.abandoned({ ...world.sink.transaction(world.submitter.sent[0]!), envelopeId: null }, 0);
    world.sink.listener!.vanished(OF_THE_PROVIDER, world.clock.now());
  }
  const attempts = world.ledger.entries.slice(before).filter(({ event }) => event.type === 'transfer.attempted');
  // The two of one moment, before either is recorded.
  expect(attempts.length).toBeLessThanOrEqual(2);
});
