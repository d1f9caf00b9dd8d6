/** A sink that fails under the running agent: what is recorded, and that it comes back. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { type FakeWorld, fakeWorld } from '../fakes/agent.ts';

let world: FakeWorld;
let engine: Engine | null;
/** How often it cannot be opened yet. */
let refusals: number;
let tries: number;

beforeEach(() => {
  world = fakeWorld();
  engine = null;
  [refusals, tries] = [0, 0];
  const open = world.sink.open.bind(world.sink);
  world.sink.open = async (listener) => {
    tries += 1;
    if (tries > 1 && refusals > 0) {
      refusals -= 1;
      throw new Error('sink cannot listen on 127.0.0.1:2525: EADDRINUSE');
    }
    return open(listener);
  };
});
afterEach(async () => {
  const stopped = engine?.stop();
  await world.clock.advance(10);
  await stopped;
  expect(world.clock.sleeping, 'sleeps left running').toBe(0);
});

const fail = (): void => world.sink.listener?.failed(new Error('sink cannot accept: ENOBUFS'));
const sinkEvents = () => world.ledger.entries.map(({ event }) => event.type).filter((type) => type.startsWith('sink.'));

it('is recorded as closed when it fails, and as open when it is again', async () => {
  engine = await world.start();
  await world.clock.advance(100);
  fail();
  await world.clock.advance(0.1);
  expect(engine.health().parts['sink']).toBe('sink cannot accept: ENOBUFS');
  expect(world.sink.listener).toBeNull();
  await world.clock.advance(2);
  expect(sinkEvents()).toEqual(['sink.opened', 'sink.closed', 'sink.opened']);
  expect(engine.health().parts['sink']).toBeNull();
});

it('is tried ever more rarely, for as long as it takes', async () => {
  refusals = 100;
  engine = await world.start();
  fail();
  await world.clock.advance(3600);
  // 60 of a minute, and a few before: between half and the whole of each wait.
  expect(tries).toBeGreaterThan(60);
  expect(tries).toBeLessThan(130);
  expect(engine.health().parts['sink']).toContain('EADDRINUSE');
  expect(world.observer.counts.get('sink failed')).toBe(tries);
  refusals = 0;
  await world.clock.advance(60);
  expect(engine.health().ready).toBe(true);
  expect(sinkEvents()).toEqual(['sink.opened', 'sink.closed', 'sink.opened']);
});

it('proves no absence while it is closed, even where an operator vouches for it', async () => {
  refusals = 1000;
  engine = await world.start({ reachability: 'assumed' });
  await engine.check('acme', 'send');
  await world.clock.advance(1);
  fail();
  await world.clock.advance(1);
  const closedAt = world.clock.now();
  await world.clock.advance(2 * 3600);
  const proofs = world.ledger.events('absence.proven').filter(({ channel }) => channel === 'sink');
  const proven = proofs.map(({ until }) => until.monoUs);
  expect(Math.max(0, ...proven)).toBeLessThanOrEqual(closedAt.monoUs);
});

it('charges nothing of the time to the provider: a message that waited for us has a delay of anything from before', async () => {
  refusals = 1000;
  engine = await world.start();
  const id = await engine.check('acme', 'send');
  await world.clock.advance(1);
  fail();
  await world.clock.advance(4000);
  refusals = 0;
  await world.clock.advance(60);
  await world.sink.deliver(world.submitter.sent[0]!);
  const sight = await engine.probe(id);
  const { outcome, delay } = sight!.assessment;
  expect(outcome).toBe('delivered');
  expect(delay!.lo).toBeLessThan(2);
  expect(delay!.hi).toBeGreaterThan(4000);
});

it('is tried ever more rarely where it fails again as soon as it is open', async () => {
  engine = await world.start();
  for (let second = 0; second < 3600; second += 1) {
    fail();
    await world.clock.advance(1);
  }
  expect(tries).toBeGreaterThan(60);
  expect(tries).toBeLessThan(140);
});

it('stays closed in the ledger when it fails while an absence of the agent is being recorded', async () => {
  refusals = 1000;
  engine = await world.start();
  await world.clock.advance(5);
  const append = world.ledger.append.bind(world.ledger);
  world.ledger.append = async (events) => {
    await world.clock.sleep(50);
    return append(events);
  };
  world.clock.suspend(300);
  // In the midst of the next beat.
  void world.clock.sleep(1020).then(fail);
  await world.clock.advance(30);
  world.ledger.append = append;
  expect(sinkEvents().at(-1)).toBe('sink.closed');
  expect((await world.ledger.snapshot()).state.sinkClosedSince).not.toBeNull();
});

it('stops in the middle of it', async () => {
  refusals = 1000;
  engine = await world.start();
  fail();
  await world.clock.advance(30);
  const stopped = engine.stop();
  await world.clock.advance(10);
  await stopped;
  expect(sinkEvents()).toEqual(['sink.opened', 'sink.closed']);
  engine = null;
});
