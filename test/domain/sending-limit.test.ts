/** How many messages may leave in a day. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createSendingCount,
  DAY_MS,
  DAYS_BACK,
  dayOf,
  type PlannedCount,
  type SendingLimit,
  scheduledPerDayMost,
  secondsToNextDay,
} from '../../src/domain/sending-limit.ts';
import { nextGapSeconds } from '../../src/domain/time/schedule.ts';
import { seededRandom } from '../fakes/agent.ts';

const NOON = Date.UTC(2026, 10, 29, 12);
const LIMIT: SendingLimit = { perDay: 5, scheduled: 3 };

test('as many messages go as the limit says, and again the day after', () => {
  const count = createSendingCount(LIMIT, []);
  const taken = (ms: number) => Array.from({ length: 7 }, () => count.take('scheduled', ms)).filter(Boolean).length;
  expect([taken(NOON), taken(NOON + 11.99 * 3_600_000), taken(NOON + DAY_MS / 2)]).toEqual([5, 0, 5]);
});

test('spot checks leave the schedule its share, and none is kept from them beyond it', () => {
  const count = createSendingCount(LIMIT, []);
  expect([1, 2, 3].map(() => count.take('spot', NOON))).toEqual([true, true, false]);
  expect([1, 2, 3, 4].map(() => count.take('scheduled', NOON))).toEqual([true, true, true, false]);
});

test('what was given back may be sent', () => {
  const count = createSendingCount({ perDay: 1, scheduled: 0 }, []);
  expect(count.take('spot', NOON)).toBe(true);
  count.giveBack('spot', NOON);
  expect([count.take('spot', NOON), count.take('spot', NOON)]).toEqual([true, false]);
});

test('today is not forgotten for days that a clock put ahead has gone through, before a start or since', () => {
  const limit = { perDay: 1, scheduled: 0 };
  const ahead = Array.from({ length: 12 }, (_, day) => ({ day, kind: 'spot' as const, count: 1 }));
  expect(createSendingCount(limit, ahead).take('spot', 0)).toBe(false);
  const count = createSendingCount(limit, []);
  const taken = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0].map((day) => count.take('spot', day * DAY_MS));
  expect(taken).toEqual([...Array<boolean>(12).fill(true), false]);
});

test('the next day begins at midnight in UTC', () => {
  expect(secondsToNextDay(NOON)).toBe(43_200);
  expect(secondsToNextDay(NOON + DAY_MS / 2)).toBe(86_400);
});

/** Seconds that pass, a wall clock that is set, or a restart. */
const happenings = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom('scheduled' as const, 'spot' as const) }) },
    { weight: 3, arbitrary: fc.record({ passMs: fc.integer({ min: 0, max: DAY_MS }) }) },
    { weight: 1, arbitrary: fc.record({ stepMs: fc.integer({ min: -3 * DAY_MS, max: 3 * DAY_MS }) }) },
    { weight: 2, arbitrary: fc.constant('restart' as const) },
    { weight: 1, arbitrary: fc.record({ refused: fc.constantFrom('scheduled' as const, 'spot' as const) }) },
  ),
  { maxLength: 200 },
);

test('no day has more than its limit, whenever the agent starts anew and the clock is set, and a refusal has its reason', () => {
  const limits = fc
    .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 12 }))
    .map(([perDay, scheduled]) => ({ perDay, scheduled: Math.min(perDay, scheduled) }));
  fc.assert(
    fc.property(limits, happenings, (limit, what) => {
      expect(wrongOf(limit, what)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

type Happening = typeof happenings extends fc.Arbitrary<infer T> ? (T extends readonly (infer E)[] ? E : never) : never;

/** Lives through all of it beside a ledger of its own, and tells of each message that went or stayed against the limit. */
function wrongOf({ perDay, scheduled: kept }: SendingLimit, what: readonly Happening[]): readonly string[] {
  const wrong: string[] = [];
  let [nowMs, latestMs] = [NOON, NOON];
  // The ledger: what was planned, by day and kind.
  const planned = new Map<string, PlannedCount>();
  const ofDay = (day: number, kind: PlannedCount['kind']) => planned.get(`${day} ${kind}`)?.count ?? 0;
  const start = () =>
    createSendingCount(
      { perDay, scheduled: kept },
      [...planned.values()].filter(({ day }) => day >= dayOf(nowMs) - DAYS_BACK),
    );
  let count = start();
  for (const each of what) {
    latestMs = Math.max(latestMs, nowMs);
    if (each === 'restart') count = start();
    else if ('passMs' in each) nowMs += each.passMs;
    else if ('stepMs' in each) nowMs = Math.max(nowMs + each.stepMs, latestMs - 3 * DAY_MS);
    else if ('refused' in each) {
      if (count.take(each.refused, nowMs)) count.giveBack(each.refused, nowMs);
    } else {
      const { kind } = each;
      const day = dayOf(nowMs);
      const [scheduled, spot] = [ofDay(day, 'scheduled'), ofDay(day, 'spot')];
      const isFree = scheduled + spot < perDay && (kind === 'scheduled' || spot < perDay - kept);
      const isTaken = count.take(kind, nowMs);
      if (isTaken) planned.set(`${day} ${kind}`, { day, kind, count: ofDay(day, kind) + 1 });
      if (isTaken !== isFree) wrong.push(`${kind} after ${scheduled} and ${spot}: ${isTaken ? 'sent' : 'refused'}`);
    }
  }
  return wrong;
}

describe('what a schedule can need', () => {
  test.each([
    [{ every: 120, minGap: 10, maxGap: 600 }, 885],
    [{ every: 86_400, minGap: 10, maxGap: 432_000 }, 8],
    // No chance is left: as many as there are gaps, and as much again as chance would have had.
    [{ every: 10, minGap: 10, maxGap: 10 }, 8640 + 558],
    // Cut at its mean, a gap is shorter by a third and more.
    [{ every: 100, minGap: 1, maxGap: 100 }, 1359 + 222],
  ])('%j: %d messages a day', (gaps, most) => expect(scheduledPerDayMost([gaps])).toBe(most));

  test('is not exceeded by days as they are drawn', () => {
    const random = seededRandom(7);
    for (const gaps of [
      { every: 60, minGap: 10, maxGap: 300 },
      { every: 120, minGap: 1, maxGap: 120 },
      { every: 3600, minGap: 10, maxGap: 18_000 },
    ]) {
      const most = scheduledPerDayMost([gaps]);
      for (let day = 0; day < 200; day += 1) {
        let messages = 0;
        for (let at = nextGapSeconds(random.uniform(), gaps); at < 86_400; messages += 1)
          at += nextGapSeconds(random.uniform(), gaps);
        expect(messages).toBeLessThanOrEqual(most);
      }
    }
  });
});
