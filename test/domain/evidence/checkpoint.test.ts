/** From a checkpoint on, a history folds to what the whole of it folds to. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeEvent, encodeEvent } from '../../../src/domain/codec.ts';
import type { LedgerCheckpoint, LedgerEvent } from '../../../src/domain/event.ts';
import { canBegin, checkpointDifference, checkpointOf, isFromBefore } from '../../../src/domain/evidence/checkpoint.ts';
import { PATHS } from '../../../src/domain/probe.ts';
import { emptyTimeline, foldEvent, storeTimeline } from '../../../src/domain/timeline.ts';
import { historyOf, step } from '../../adapters/sqlite/any-history.ts';
import { at, checked, handedOver, planned } from '../../adapters/sqlite/support.ts';
import { MemoryLedger } from '../../fakes/memory-ledger.ts';

/** Without what is said of probes that were closed by then: that needs what came before. */
function ofKnown(events: readonly LedgerEvent[], open: ReadonlySet<string>): readonly LedgerEvent[] {
  const known = new Set(open);
  return events.filter((event) => {
    if (event.type === 'probe.planned') known.add(event.probe);
    return !('probe' in event) || event.probe === null || known.has(event.probe);
  });
}

test('records, exclusions, runs and months are the same from a checkpoint on', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 120 }), fc.nat(120), async (steps, nth) => {
      const events = historyOf(steps);
      const cut = nth % events.length;
      const whole = new MemoryLedger();
      await whole.append(events.slice(0, cut));
      // Through its text, as a file would have it.
      const checkpoint = decodeEvent(encodeEvent((await whole.checkpoint(at(0))).event)) as LedgerCheckpoint;
      const later = ofKnown(events.slice(cut), new Set(checkpoint.open.map(({ id }) => id)));
      await whole.append(later);
      const rest = new MemoryLedger();
      await rest.append([checkpoint, ...later]);

      expect(checkpointOf((await rest.snapshot()).state, at(0))).toEqual(
        checkpointOf((await whole.snapshot()).state, at(0)),
      );
      const known = new Set(rest.records.keys());
      for (const [id, record] of rest.records) expect(record).toEqual(whole.records.get(id));
      for (const provider of ['acme', 'Ünïcode "quoted"']) {
        const range = { provider, fromMs: at(0).wallMs, toMs: at(1e6).wallMs, finalMs: at(1e6).wallMs };
        for (const path of PATHS) {
          const [one, other] = [rest.month({ ...range, path }), whole.month({ ...range, path })];
          expect([...one.records].map(({ id }) => id).sort()).toEqual(
            [...other.records]
              .map(({ id }) => id)
              .filter((id) => known.has(id))
              .sort(),
          );
          expect(one.exclusions).toEqual(other.exclusions);
          expect(one.absence).toEqual(other.absence);
        }
        const [one, other] = [rest.availability(range), whole.availability(range)];
        for (const endpoint of one.endpoints) {
          const runs = one.runs.filter((run) => run.endpoint === endpoint);
          // The last of the whole: those before were closed for good at the checkpoint.
          const all = other.runs.filter((run) => run.endpoint === endpoint);
          expect(runs).toEqual(runs.length === 0 ? [] : all.slice(-runs.length));
          const begun = checkpoint.timeline.checks?.find(
            (checks) => checks.provider === provider && checks.endpoint === endpoint,
          );
          const firstMs = begun?.settled?.run.fromMs ?? begun?.recent[0]?.began.wallMs ?? Number.NEGATIVE_INFINITY;
          expect(runs.map(({ fromMs }) => fromMs)).toEqual(
            all.map(({ fromMs }) => fromMs).filter((fromMs) => fromMs >= Math.min(firstMs, runs[0]?.fromMs ?? firstMs)),
          );
        }
        expect(one.endpoints).toEqual(other.endpoints);
        expect(one.exclusions).toEqual(other.exclusions);
      }
    }),
    { numRuns: 200 },
  );
});

test('a checkpoint anywhere but at the very beginning changes nothing, even where the state is empty', () => {
  const other = emptyTimeline();
  for (const event of [planned('p', 0), checked(1)]) foldEvent(other, event);
  const checkpoint = checkpointOf(other, at(9));
  const state = emptyTimeline();
  foldEvent(state, { type: 'agent.stopped', at: at(0) });
  expect(foldEvent(state, checkpoint)).toMatchObject({ changed: [], runs: [] });
  expect(storeTimeline(state)).toEqual(storeTimeline(emptyTimeline()));
  expect(state.open.size).toBe(0);
});

test('a checkpoint says what it differs in from the state before it', () => {
  const state = emptyTimeline();
  for (const event of [planned('p', 0), handedOver('p', 1), checked(1)]) foldEvent(state, event);
  const checkpoint = checkpointOf(state, at(9));
  expect(checkpointDifference(checkpoint, state)).toBeNull();
  const closed: LedgerCheckpoint = { ...checkpoint, timeline: { ...checkpoint.timeline, sinkClosedSince: at(3) } };
  expect(checkpointDifference(closed, state)).toMatch(/^sinkClosedSince is \["@".*by the events before it null$/);
  expect(checkpointDifference({ ...checkpoint, open: [] }, state)).toMatch(/^open is \[\], by the events/);
  const { checks: _, ...unchecked } = checkpoint.timeline;
  expect(checkpointDifference({ ...checkpoint, timeline: unchecked }, state)).toMatch(/^checks is missing, by/);
});

test('one without the order of boots, as older ones are, differs in nothing by that, and none begins with it', () => {
  const state = emptyTimeline();
  foldEvent(state, { type: 'agent.started', at: at(0), version: '1', unwatchedSince: null });
  const { boots, ...older } = checkpointOf(state, at(9)).timeline;
  const checkpoint = { ...checkpointOf(state, at(9)), timeline: older };
  expect(boots).toHaveLength(1);
  expect(checkpointDifference(checkpoint, state)).toBeNull();
  const other = checkpointOf(state, at(9));
  expect(checkpointDifference({ ...other, timeline: { ...other.timeline, boots: ['x'] } }, state)).toMatch(/^boots is/);
  expect([canBegin(checkpoint, at(10).wallMs), canBegin(other, at(10).wallMs)]).toEqual([false, true]);
});

test.each([
  ['itself', [], 9],
  ['a probe that is open', [planned('p', 20)], 20],
  ['a check', [checked(20)], 20],
  ['a check that is settled', [20, 80, 140, 200, 260, 320].map((seconds) => checked(seconds)), 320],
  ['what is known of a mailbox', [{ type: 'absence.proven' as const, at: at(20), channel: 'acme', until: at(20) }], 20],
])('one is from before a time where all that it remembers is: %s', (_, events, last) => {
  const state = emptyTimeline();
  for (const event of events) foldEvent(state, event);
  const checkpoint = checkpointOf(state, at(9));
  const { wallMs } = at(last);
  for (const isBefore of [isFromBefore, canBegin])
    expect([isBefore(checkpoint, wallMs), isBefore(checkpoint, wallMs + 1)]).toEqual([false, true]);
});

test('open probes are told of in the order of planning, and by their names where that is the same', () => {
  const told = [planned('c', 2), planned('b', 1), planned('a', 2), planned('d', 0)];
  for (const events of [told, told.toReversed()]) {
    const state = emptyTimeline();
    for (const event of events) foldEvent(state, event);
    expect(checkpointOf(state, at(9)).open.map(({ id }) => id)).toEqual(['d', 'b', 'a', 'c']);
  }
});

test('one from before deferrals were bounded remembers the same state, and begins a ledger as today', () => {
  const deferred = Array.from(
    { length: 40 },
    (_, index): LedgerEvent => ({
      ...{ type: 'probe.deferred', at: at(index + 2), probe: 'p', attempt: index + 1, retryAfterSeconds: 1 },
      refusal: { kind: 'refused', stage: index < 20 ? 'rcpt' : 'data', code: 450, enhanced: null, text: `no ${index}` },
    }),
  );
  const state = emptyTimeline();
  for (const event of [planned('p', 1), ...deferred]) foldEvent(state, event);
  const today = checkpointOf(state, at(50));
  const all = deferred.map((event) =>
    event.type === 'probe.deferred' ? { at: event.at, refusal: event.refusal } : [],
  );
  const older = { ...today, open: today.open.map((record) => ({ ...record, deferrals: all })) } as LedgerCheckpoint;
  expect(checkpointDifference(older, state)).toBeNull();
  const begun = emptyTimeline();
  foldEvent(begun, older);
  expect(checkpointOf(begun, at(50))).toEqual(today);
  const other = { ...older, open: older.open.map((record) => ({ ...record, deferrals: all.slice(1) })) };
  expect(checkpointDifference(other as LedgerCheckpoint, state)).toMatch(/^open is /);
});
