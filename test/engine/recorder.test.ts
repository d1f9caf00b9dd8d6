/** The recorder while its ledger refuses: what is kept, in which order it goes in, and how often anybody is told. */
import { expect, it } from 'vitest';
import type { LedgerEvent } from '../../src/domain/event.ts';
import type { Instant } from '../../src/domain/time/instant.ts';
import type { Recorder } from '../../src/engine/recorder.ts';
import { LedgerRefused, type Log } from '../../src/ports.ts';
import { at, planned } from '../adapters/sqlite/support.ts';
import { MemoryLedger } from '../fakes/memory-ledger.ts';
import { startRecorder } from '../fakes/recorder.ts';

/** As the constant of the recorder. */
const KEPT_MAX = 10_000;

interface World {
  readonly ledger: MemoryLedger;
  readonly recorder: Recorder;
  readonly told: string[];
}

async function world(): Promise<World> {
  const ledger = new MemoryLedger();
  const told: string[] = [];
  const tell = (level: string) => (message: string) => void told.push(`${level}: ${message}`);
  const log: Log = { debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error') };
  const { recorder } = await startRecorder(ledger, { log });
  return { ledger, recorder, told };
}
const slot = (second: number): LedgerEvent => ({
  type: 'slot.unmeasured',
  at: at(second),
  provider: 'acme',
  path: 'send',
  reason: `${second}`,
});
const reasons = (ledger: MemoryLedger) => ledger.events('slot.unmeasured').map(({ reason }) => Number(reason));

it('tells of a ledger that refuses once, and once that it takes facts again', async () => {
  const { ledger, recorder, told } = await world();
  ledger.failure = new Error('disk full');
  for (let second = 0; second < 100; second += 1) {
    await recorder.note(slot(second));
    await expect(recorder.record([planned('p', second)])).rejects.toThrow(LedgerRefused);
    await expect(recorder.beat(at(second))).rejects.toThrow('disk full');
  }
  expect(told).toEqual(['error: the ledger refuses facts: they are kept in memory, and no probe is sent']);
  ledger.failure = null;
  await recorder.beat(at(100));
  await recorder.beat(at(101));
  expect(told.slice(1)).toEqual(['info: the ledger takes facts again, and has those that were kept']);
  expect(ledger.entries.map(({ event }) => event.type)).toEqual(Array.from({ length: 100 }, () => 'slot.unmeasured'));
});

it('gives what was kept in its order, a part at a time, and each fact once though a part is refused', async () => {
  const { ledger, recorder } = await world();
  ledger.failure = new Error('disk full');
  for (let second = 0; second < 1000; second += 1) await recorder.note(slot(second));
  ledger.failure = null;
  const append = ledger.append.bind(ledger);
  const sizes: number[] = [];
  ledger.append = async (events) => {
    sizes.push(events.length);
    if (sizes.length === 3) throw new Error('disk full again');
    return append(events);
  };
  await expect(recorder.beat(at(1000))).rejects.toThrow('disk full again');
  await recorder.note(slot(1000));
  expect(reasons(ledger)).toEqual(Array.from({ length: 1001 }, (_, second) => second));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(200);
});

it('takes the time for unobserved in which it kept no more, and keeps how handovers ended', async () => {
  const { ledger, recorder, told } = await world();
  await recorder.record([planned('p', 0)]);
  ledger.failure = new Error('disk full');
  for (let second = 0; second < KEPT_MAX; second += 1) await recorder.note(slot(second));
  const handover = { kind: 'unreachable', stage: 'connect', code: 'ECONNREFUSED', text: 'no' } as const;
  await recorder.note(slot(KEPT_MAX));
  await recorder.note({
    ...{ type: 'probe.handed-over', at: at(KEPT_MAX + 1), probe: 'p' },
    handover: { ...handover, stages: [], peer: null, certificateExpiresMs: null },
  });
  await recorder.note(slot(KEPT_MAX + 2));
  ledger.failure = null;
  await recorder.beat(at(KEPT_MAX + 3));
  expect(reasons(ledger)).toHaveLength(KEPT_MAX);
  expect(ledger.events('probe.handed-over')).toHaveLength(1);
  expect(ledger.events('sink.closed').map((event) => event.at)).toEqual([at(KEPT_MAX)]);
  expect(ledger.events('sink.opened').map((event) => event.at)).toEqual([at(KEPT_MAX + 2)]);
  expect(told.filter((line) => line.includes('dropped'))).toHaveLength(1);
});

it('does not take a sink that was closed before for open again because facts were dropped', async () => {
  const { ledger, recorder } = await world();
  await recorder.record([{ type: 'sink.closed', at: at(0) }]);
  ledger.failure = new Error('disk full');
  for (let second = 1; second <= KEPT_MAX + 10; second += 1) await recorder.note(slot(second));
  ledger.failure = null;
  await recorder.beat(at(KEPT_MAX + 11));
  expect(recorder.state.sinkClosedSince).not.toBeNull();
  expect(ledger.events('sink.opened')).toEqual([]);
});

it('does not record again what is durable because a listener failed', async () => {
  const { ledger, recorder, told } = await world();
  const seen: number[] = [];
  recorder.subscribe(() => {
    throw new Error('a bug');
  });
  recorder.subscribe((entries) => void seen.push(entries.length));
  await recorder.note(slot(0));
  await recorder.beat(at(1));
  expect(ledger.entries).toHaveLength(1);
  expect(seen).toEqual([1]);
  expect(told).toEqual(['error: what was recorded could not be shown']);
});

it('takes no beat before what was begun ahead of it is durable, and none if that is refused', async () => {
  const { ledger, recorder } = await world();
  const append = ledger.append.bind(ledger);
  const disk = Promise.withResolvers<void>();
  ledger.append = async (events) => {
    await disk.promise;
    return append(events);
  };
  const beats: Instant[] = [];
  ledger.beat = async (until) => void beats.push(until);
  const noting = recorder.note(slot(0));
  const beating = recorder.beat(at(1)).catch((error: unknown) => error);
  await new Promise((resolve) => void setTimeout(resolve));
  expect(beats).toEqual([]);
  disk.reject(new Error('disk full'));
  await noting;
  expect(await beating).toBeInstanceOf(LedgerRefused);
  expect(beats).toEqual([]);
  ledger.append = append;
  await recorder.beat(at(2));
  expect(beats).toEqual([at(2)]);
  expect(reasons(ledger)).toEqual([0]);
});

/** Holds up the next append until it is let go, or refused. */
function heldUp(ledger: MemoryLedger): { readonly disk: PromiseWithResolvers<void>; readonly sizes: number[] } {
  const append = ledger.append.bind(ledger);
  const disk = Promise.withResolvers<void>();
  const sizes: number[] = [];
  ledger.append = async (events) => {
    sizes.push(events.length);
    if (sizes.length === 1) await disk.promise;
    return append(events);
  };
  return { disk, sizes };
}

it('records nothing ahead of a note that was begun before it, though that is refused after a while', async () => {
  const { ledger, recorder } = await world();
  const { disk } = heldUp(ledger);
  const all = [recorder.note(slot(0)), recorder.record([slot(1)]), recorder.note(slot(2)), recorder.record([slot(3)])];
  await new Promise((resolve) => void setTimeout(resolve));
  all.push(recorder.note(slot(4)));
  disk.reject(new Error('the database is locked'));
  await Promise.all(all);
  expect(reasons(ledger)).toEqual([0, 1, 2, 3, 4]);
});

it('keeps the notes and refuses the rest, in order, of what waited for a note that is refused', async () => {
  const { ledger, recorder } = await world();
  const { disk } = heldUp(ledger);
  const tried = Promise.allSettled([
    recorder.note(slot(0)),
    recorder.note(slot(1)),
    recorder.record([slot(2)]),
    recorder.note(slot(3)),
    recorder.beat(at(4)),
  ]);
  ledger.failure = new Error('disk full');
  disk.resolve();
  const reason: unknown = expect.any(LedgerRefused);
  const [taken, refused] = [
    { status: 'fulfilled', value: undefined },
    { status: 'rejected', reason },
  ];
  expect(await tried).toEqual([taken, taken, refused, taken, refused]);
  ledger.failure = null;
  await recorder.record([slot(5)]);
  expect(reasons(ledger)).toEqual([0, 1, 3, 5]);
});

it('gives what waits for a note to the ledger in one go: many at once cost no more commits than few', async () => {
  const { ledger, recorder } = await world();
  const { disk, sizes } = heldUp(ledger);
  const all = Array.from({ length: 500 }, (_, second) =>
    second % 2 === 0 ? recorder.note(slot(second)) : recorder.record([slot(second)]),
  );
  disk.resolve();
  await Promise.all(all);
  expect(sizes).toEqual([1, 499]);
  expect(reasons(ledger)).toEqual(Array.from({ length: 500 }, (_, second) => second));
});

it('holds no more for a ledger that does not answer than for one that refuses, and takes the rest of the time for unobserved', async () => {
  const { ledger, recorder, told } = await world();
  await recorder.record([planned('p', 0)]);
  const { disk } = heldUp(ledger);
  const all = Array.from({ length: KEPT_MAX + 10 }, (_, second) => recorder.note(slot(second)));
  await expect(recorder.record([slot(KEPT_MAX + 10)])).rejects.toThrow(LedgerRefused);
  all.push(recorder.note({ type: 'sink.unproven', at: at(KEPT_MAX + 10), since: at(0) }));
  disk.resolve();
  await Promise.all(all);
  await recorder.record([slot(KEPT_MAX + 11)]);
  expect(reasons(ledger)).toEqual([...Array.from({ length: KEPT_MAX }, (_, second) => second), KEPT_MAX + 11]);
  expect(ledger.events('sink.unproven')).toHaveLength(1);
  expect(ledger.events('sink.closed').map((event) => event.at)).toEqual([at(KEPT_MAX)]);
  expect(ledger.events('sink.opened').map((event) => event.at)).toEqual([at(KEPT_MAX + 9)]);
  expect(told.at(-1)).toBe('info: the ledger takes facts again, and has those that were kept');
});

it('keeps what casts doubt on the time before, and what bounced, however much is dropped', async () => {
  const { ledger, recorder } = await world();
  ledger.failure = new Error('disk full');
  for (let second = 0; second < KEPT_MAX; second += 1) await recorder.note(slot(second));
  const status = { action: 'failed', status: '5.1.1', recipient: null, diagnostic: null } as const;
  const doubts: LedgerEvent[] = [
    { type: 'mailbox.unproven', at: at(KEPT_MAX), provider: 'acme', since: at(0) },
    { type: 'sink.unproven', at: at(KEPT_MAX), since: at(0) },
    { type: 'probe.notified', at: at(KEPT_MAX), probe: 'p', where: 'sink', status },
  ];
  for (const doubt of doubts) await recorder.note(doubt);
  ledger.failure = null;
  await recorder.beat(at(KEPT_MAX + 1));
  expect(ledger.entries.slice(KEPT_MAX).map(({ event }) => event)).toEqual(doubts);
});
