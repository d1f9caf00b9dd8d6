/** Our own line goes down while a message is on its way to the sink: what that costs is no delay of the provider's. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LedgerEvent } from '../../src/domain/event.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { createLineWatch } from '../../src/engine/line-watch.ts';
import type { Control } from '../../src/ports.ts';
import { type FakeWorld, fakeWorld } from '../fakes/agent.ts';
import { startRecorder } from '../fakes/recorder.ts';

let world: FakeWorld;
let engine: Engine;
let isDown: boolean;
/** Milliseconds until a look at a line that is down is given up. */
let patienceMs: number;
/** When each look was begun, seconds since the start. */
let looks: number[];
let startedUs: number;

const seconds = (): number => (world.clock.now().monoUs - startedUs) / 1e6;

beforeEach(() => {
  world = fakeWorld();
  [isDown, patienceMs, looks] = [false, 5000, []];
  startedUs = world.clock.now().monoUs;
});
afterEach(async () => {
  const stopped = engine.stop();
  await world.clock.advance(10);
  await stopped;
  expect(world.clock.sleeping, 'sleeps left running').toBe(0);
});

/** Neutral hosts that a sound line reaches at once. */
const control: Control = {
  async healthy(_, signal) {
    looks.push(seconds());
    const down = isDown;
    if (down) await world.clock.sleep(patienceMs, signal);
    return !down;
  },
};
interface Beginning {
  readonly controlled?: boolean;
  readonly reachability?: 'inbound' | 'assumed';
}
async function begin({ controlled = true, reachability = 'inbound' }: Beginning = {}): Promise<void> {
  const connectivity = { everySeconds: 60, checks: [], control: controlled ? control : null };
  engine = await world.start({ connectivity, reachability });
}
async function delayOf(id: string) {
  return (await engine.probe(id))!.assessment.delay!;
}
const unproven = () => world.ledger.events('sink.unproven');

it('asks nobody while nothing is on its way, and every few seconds, then more rarely, while something is', async () => {
  await begin({ reachability: 'assumed' });
  await world.clock.advance(3600);
  expect(looks).toEqual([]);
  await engine.check('acme', 'send');
  await world.clock.advance(4);
  await world.sink.deliver(world.submitter.sent[0]!);
  await world.clock.advance(60);
  expect(looks.length).toBeLessThanOrEqual(1);
  looks = [];
  await engine.check('acme', 'send');
  const from = seconds();
  const counted = (after: number, until: number) =>
    looks.filter((at) => at - from >= after && at - from < until).length;
  await world.clock.advance(5 * 3600);
  expect(counted(0, 600)).toBeGreaterThan(100);
  expect(counted(3600, 7200)).toBeLessThanOrEqual(241);
  expect(counted(10_000, 13_600)).toBeLessThanOrEqual(61);
  expect(counted(10_000, 13_600)).toBeGreaterThan(50);
  expect(unproven()).toEqual([]);
});

it('takes a line that was down for half a minute out of the delay that the provider is charged with, however late its retry comes', async () => {
  await begin();
  const id = await engine.check('acme', 'send');
  await world.clock.advance(20);
  isDown = true;
  await world.clock.advance(34);
  isDown = false;
  await world.clock.advance(280);
  await world.sink.deliver(world.submitter.sent[0]!);
  const { lo, hi } = await delayOf(id);
  expect(lo).toBeLessThanOrEqual(20);
  expect(lo).toBeGreaterThan(10);
  expect(hi).toBeGreaterThan(330);
  // Once, not once a look.
  expect(unproven()).toHaveLength(1);
  expect(engine.health().parts['line']).toBeNull();
});

it('tells of a line that stays down once an hour', async () => {
  await begin({ reachability: 'assumed' });
  await engine.check('acme', 'send');
  await world.clock.advance(100);
  isDown = true;
  await world.clock.advance(4 * 3600);
  expect(unproven()).toHaveLength(4);
  isDown = false;
});

it('knows it also where the message comes before a look that hangs is given up', async () => {
  await begin();
  const id = await engine.check('acme', 'send');
  await world.clock.advance(20);
  [isDown, patienceMs] = [true, 60_000];
  await world.clock.advance(40);
  await world.sink.deliver(world.submitter.sent[0]!);
  expect((await delayOf(id)).lo).toBeLessThanOrEqual(20);
  isDown = false;
});

it('notes it every ten seconds at most while the ledger refuses, however many connect', async () => {
  await begin();
  await engine.check('acme', 'send');
  await world.clock.advance(20);
  world.ledger.failure = new Error('disk full');
  isDown = true;
  await world.clock.advance(14);
  for (let connection = 0; connection < 300; connection += 1) {
    world.sink.connect('198.51.100.7')?.close();
    await world.clock.advance(0.1);
  }
  world.ledger.failure = null;
  await world.clock.advance(2);
  expect(unproven().length).toBeGreaterThan(0);
  expect(unproven().length).toBeLessThanOrEqual(6);
  isDown = false;
});

it('notes it again at once where another provider was given a message since', async () => {
  await begin();
  const { recorder, health } = await startRecorder(world.ledger, { clock: world.clock });
  const line = createLineWatch(control, null, { recorder, health, clock: world.clock });
  const plan = (provider: string): LedgerEvent => ({
    ...{ type: 'probe.planned', at: world.clock.now(), probe: provider, provider, path: 'send', kind: 'spot' },
    ...{ sender: 'probe@acme.example', recipient: 'probe-0@sink.example' },
  });
  const heard = async () => {
    await world.clock.advance(1);
    await line.heard(world.clock.now());
  };
  await recorder.record([plan('acme')]);
  await world.clock.advance(20);
  await heard();
  await heard();
  expect(unproven()).toHaveLength(1);
  await recorder.record([plan('corp')]);
  await heard();
  await heard();
  expect(unproven()).toHaveLength(2);
  expect(recorder.state.open.get('corp')?.unseenSince).not.toBeNull();
});

it.each([true, false])(
  'charges a delay in full while nothing speaks against the line (with neutral hosts: %s)',
  async (controlled) => {
    await begin({ controlled });
    const id = await engine.check('acme', 'send');
    await world.clock.advance(300);
    await world.sink.deliver(world.submitter.sent[0]!);
    expect((await delayOf(id)).lo).toBeGreaterThan(299);
    expect(looks.length > 0).toBe(controlled);
  },
);

it('proves no absence for the time of a line that is down, though an operator vouches for the sink', async () => {
  await begin({ reachability: 'assumed' });
  const id = await engine.check('acme', 'send');
  await world.clock.advance(100);
  isDown = true;
  await world.clock.advance(2 * 3600);
  expect(engine.health().parts['line']).toBe('no neutral host can be reached');
  expect((await delayOf(id)).lo).toBeLessThanOrEqual(100);
  isDown = false;
});

it('keeps a breach that was proven before the line went down', async () => {
  await begin({ reachability: 'assumed' });
  const id = await engine.check('acme', 'send');
  await world.clock.advance(3700);
  expect((await delayOf(id)).lo).toBeGreaterThan(3600);
  isDown = true;
  await world.clock.advance(600);
  isDown = false;
  await world.clock.advance(600);
  expect((await delayOf(id)).lo).toBeGreaterThan(3600);
});

it('knows no more after a crash than before it: the gap begins with the last good look', async () => {
  await begin();
  await engine.check('acme', 'send');
  await world.clock.advance(20);
  isDown = true;
  await world.clock.advance(4);
  const heartbeat = (await world.ledger.snapshot()).heartbeat!;
  expect((heartbeat.monoUs - startedUs) / 1e6).toBeLessThanOrEqual(20);
  isDown = false;
});
