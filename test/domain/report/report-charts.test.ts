/** What the charts show is what was measured: thinned out, but with every extreme, and with curves that hold the truth. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { unusualGaps } from '../../../src/domain/delay/coverage.ts';
import type { MonthPoint } from '../../../src/domain/delay/month-tracker.ts';
import type { Outcome } from '../../../src/domain/record.ts';
import { type Judgement, judgeProvider } from '../../../src/domain/report/judge.ts';
import {
  BUCKETS_PER_DAY,
  chartDelays,
  type DelayChart,
  GAPS_MAX,
  STEPS_MAX,
} from '../../../src/domain/report/report-charts.ts';
import { CLAUSE, delivered, HOUR, lost, T0 } from '../month-case.ts';

const TERMS = {
  clause: '2a',
  month: '2026-11',
  timeZone: 'Asia/Shanghai',
  averageSeconds: 60,
  maximumSeconds: 3600,
  gaps: [],
};
const FROM = Date.parse('2026-10-31T16:00:00Z');
const TO = Date.parse('2026-11-30T16:00:00Z');
const NEVER = Number.POSITIVE_INFINITY;

const point = (atMs: number, lo: number, hi = lo, outcome: Outcome = 'delivered'): MonthPoint => {
  return { atMs, outcome, delay: { lo, hi } };
};
const chart = (points: readonly MonthPoint[]): DelayChart => chartDelays(points, TERMS);
const within = ({ distribution }: DelayChart, seconds: number) =>
  distribution.find((step) => step.seconds === seconds)?.share;

describe('a bucket', () => {
  it('is two hours of a day in the contract’s zone, and only where a probe was accepted', () => {
    const { buckets } = chart([point(T0, 4), point(T0 + 2 * HOUR * 1000 - 1, 5), point(T0 + 2 * HOUR * 1000, 6)]);
    expect(buckets).toMatchObject([
      { day: '2026-11-10', fromMs: T0, toMs: T0 + 2 * HOUR * 1000, count: 2 },
      { day: '2026-11-10', fromMs: T0 + 2 * HOUR * 1000, count: 1 },
    ]);
  });

  it('keeps the least lower end, the largest delay and the median', () => {
    // By lower ends 1, 3, 9, by upper ends 2, 5, 90: the second of each is the median.
    const { buckets } = chart([point(T0, 9, 90), point(T0 + 1, 1, 2), point(T0 + 2, 3, 5)]);
    expect(buckets[0]?.delays).toEqual({ lowest: 1, median: { lo: 3, hi: 5 }, highest: { lo: 9, hi: 90 } });
  });

  it('counts what is missing, what failed, and what exceeded the maximum or may have', () => {
    const { buckets } = chart([
      point(T0, 7200, NEVER, 'lost'),
      point(T0 + 1, 10, NEVER, 'pending'),
      point(T0 + 2, 3600, 3601),
      point(T0 + 3, 3600),
      { atMs: T0 + 4, outcome: 'failed', delay: null },
    ]);
    expect(buckets).toMatchObject([
      { count: 4, lost: 1, pending: 1, failed: 1, exceeded: 1, mayHaveExceeded: 2, delays: { highest: { hi: NEVER } } },
    ]);
  });

  it('has no delays where everything failed, though what bounced late exceeded the maximum all the same', () => {
    const bounced = point(T0, 4000, 4001, 'failed');
    expect(chart([bounced]).buckets).toMatchObject([{ count: 0, delays: null, failed: 1, exceeded: 1 }]);
  });
});

describe('the distribution', () => {
  it('counts what surely came out below, and what may have above', () => {
    // Within 60 s: the first surely, the second perhaps, the third not, the lost one never. Within 3600 s: three of four.
    const points = [point(T0, 4), point(T0 + 1, 50, 70), point(T0 + 2, 100), point(T0 + 3, 7200, NEVER, 'lost')];
    expect(within(chart(points), 60)).toEqual({ lo: 1 / 4, hi: 2 / 4 });
    expect(within(chart(points), 3600)).toEqual({ lo: 3 / 4, hi: 3 / 4 });
  });

  it('holds for a pending message that comes out as well as for one that bounces', () => {
    // Should it bounce, all of the mail came out within 60 s; should it come out later, half of it.
    const points = [point(T0, 4), point(T0 + 1, 90, NEVER, 'pending')];
    expect(within(chart(points), 60)).toEqual({ lo: 1 / 2, hi: 1 });
  });

  it('leaves out what failed, and is empty where nothing has a delay', () => {
    expect(within(chart([point(T0, 4), point(T0, 5000, 5000, 'failed')]), 60)).toEqual({ lo: 1, hi: 1 });
    expect(chart([{ atMs: T0, outcome: 'failed', delay: null }]).distribution).toEqual([]);
  });
});

describe('the curve is told', () => {
  const secondsOf = (points: readonly MonthPoint[]) => chart(points).distribution.map(({ seconds }) => seconds);
  const spread = (count: number, delay: (share: number) => number) =>
    Array.from({ length: count }, (_, index) => point(T0 + index, delay(index / (count - 1))));

  it('from the least delay to the largest, on a scale of steps that are nowhere far apart', () => {
    const seconds = secondsOf([point(T0, 0.01, 0.02), point(T0 + 1, 20_000, 50_000)]);
    expect([seconds[0], seconds.at(-1)]).toEqual([0.01, expect.closeTo(50_000, 6)]);
    // Of 99 steps of a scale from a hundredth of a second to fourteen hours.
    const ratios = seconds.slice(1).map((each, index) => each / (seconds[index] ?? each));
    expect(Math.max(...ratios)).toBeLessThan(5e6 ** (1 / 95));
  });

  it('from limit to limit where every delay lies between them', () => {
    const seconds = secondsOf([point(T0, 100), point(T0 + 1, 200)]);
    expect([seconds[0], seconds.at(-1)]).toEqual([60, 3600]);
    expect(seconds.length).toBeGreaterThan(95);
  });

  it('up to where it is surely late, and from where a delay begins to show', () => {
    const seconds = secondsOf([
      point(T0, 0, NEVER, 'pending'),
      point(T0 + 1, 0, 2),
      point(T0 + 2, 90_000, NEVER, 'lost'),
    ]);
    expect([seconds[0], seconds.at(-1)]).toEqual([2, expect.closeTo(90_000, 6)]);
    expect(secondsOf([point(T0, 0, 1), point(T0 + 1, 1.5, 9)])[0], 'the least that is more than nothing').toBe(1);
  });

  it('closest together where many delays lie', () => {
    const dense = secondsOf(spread(1000, (share) => 10 + share / 10)).filter((each) => each >= 10 && each <= 10.1);
    expect(dense.length).toBeGreaterThanOrEqual(99);
    expect(dense).toEqual(expect.arrayContaining([10, 10.1]));
  });
});

const anyPoint = fc
  .record({
    atMs: fc.integer({ min: FROM, max: TO - 1 }),
    lo: fc.oneof(fc.constant(0), fc.double({ min: 1e-4, max: 5e5, noNaN: true })),
    wide: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e4, noNaN: true })),
    outcome: fc.constantFrom<Outcome>('delivered', 'pending', 'lost', 'failed'),
  })
  .map(({ atMs, lo, wide, outcome }) => point(atMs, lo, outcome === 'delivered' ? lo + wide : NEVER, outcome));
const anyMonth = fc
  .array(anyPoint, { maxLength: 60 })
  .map((points) => points.toSorted((one, other) => one.atMs - other.atMs));

test('whatever the month: bounded, no extreme lost, no probe counted twice', () => {
  fc.assert(
    fc.property(anyMonth, (points) => {
      const { buckets, distribution } = chart(points);
      expect(buckets.length).toBeLessThanOrEqual(31 * BUCKETS_PER_DAY);
      expect(distribution.length).toBeLessThanOrEqual(STEPS_MAX);
      const told = points.filter(({ outcome }) => outcome !== 'failed').flatMap(({ delay }) => delay ?? []);
      expect(buckets.reduce((sum, { count, failed }) => sum + count + failed, 0)).toBe(points.length);
      const known = buckets.flatMap(({ delays }) => delays ?? []);
      const most = (values: readonly number[]) => Math.max(...values);
      expect(most(known.map(({ highest }) => highest.lo))).toBe(most(told.map(({ lo }) => lo)));
      expect(most(known.map(({ highest }) => highest.hi))).toBe(most(told.map(({ hi }) => hi)));
      expect(most(known.map(({ lowest }) => -lowest))).toBe(most(told.map(({ lo }) => -lo)));
    }),
  );
});

test('whatever the month: between the two curves lies every way in which it can have been', () => {
  fc.assert(
    fc.property(anyMonth, fc.double({ min: 0, max: 1, noNaN: true }), (points, fate) => {
      // One of the truths that the bounds allow: delays somewhere within, pending mail out or bounced, lost mail never out.
      const truth = points.flatMap(({ delay, outcome }, index) => {
        if (delay === null || outcome === 'failed') return [];
        if (outcome === 'pending' && (index + Math.round(fate * 2)) % 2 === 0) return [];
        if (outcome === 'lost') return [NEVER];
        return [Number.isFinite(delay.hi) ? delay.lo + (delay.hi - delay.lo) * fate : delay.lo + 1e5 * fate];
      });
      for (const { seconds, share } of chart(points).distribution) {
        if (truth.length === 0) return;
        const came = truth.filter((delay) => delay <= seconds).length / truth.length;
        // Adding a part of an interval to its lower end may round beyond the upper one.
        const near = truth.some((delay) => Math.abs(delay - seconds) <= 1e-9 * seconds);
        if (near) continue;
        expect(came).toBeGreaterThanOrEqual(share.lo);
        expect(came).toBeLessThanOrEqual(share.hi);
      }
      const steps = chart(points).distribution;
      expect(steps.map(({ seconds }) => seconds)).toEqual(
        steps.map(({ seconds }) => seconds).toSorted((a, b) => a - b),
      );
    }),
  );
});

test('a hundred thousand probes make no larger a chart', () => {
  const points = Array.from({ length: 100_000 }, (_, index) =>
    point(FROM + Math.floor(((TO - FROM) * index) / 100_000), 1 + (index % 977) / 10),
  );
  const { buckets, distribution } = chart(points);
  expect(buckets).toHaveLength(30 * BUCKETS_PER_DAY);
  expect(distribution.length).toBeLessThanOrEqual(STEPS_MAX);
});

describe('gaps', () => {
  const MINUTE = 60_000;
  const everyMinute = Array.from({ length: 100 }, (_, index) => FROM + index * MINUTE);

  it('are the stretches that the coverage leaves out, the one before the first probe and after the last too', () => {
    const times = [...everyMinute, FROM + 200 * MINUTE, FROM + 201 * MINUTE];
    const range = { fromMs: FROM - 60 * MINUTE, toMs: FROM + 202 * MINUTE };
    expect(unusualGaps(times, range)).toEqual([
      { fromMs: FROM - 60 * MINUTE, toMs: FROM },
      { fromMs: FROM + 99 * MINUTE, toMs: FROM + 200 * MINUTE },
    ]);
    expect(unusualGaps([], range)).toEqual([range]);
  });

  it('are bounded, the longest first, and stay in order', () => {
    const gaps = Array.from({ length: GAPS_MAX + 50 }, (_, index) => {
      return { fromMs: index * 1000, toMs: index * 1000 + (index % 7) + 1 };
    });
    const { gaps: kept } = chartDelays([], { ...TERMS, gaps });
    expect(kept).toHaveLength(GAPS_MAX);
    expect(kept.map(({ fromMs }) => fromMs)).toEqual(kept.map(({ fromMs }) => fromMs).toSorted((a, b) => a - b));
    // 250 gaps of 1 to 7 ms in turn: the 50 that go are all 36 of 1 ms and 14 of 2 ms.
    expect(kept.filter(({ fromMs, toMs }) => toMs - fromMs === 1)).toEqual([]);
  });
});

test('charts come of the same evaluation as the report, with exclusions taken out and each record read but once', () => {
  let passes = 0;
  const records = [delivered('late', 0, 2 * HOUR), delivered('prompt', 1200, 4), lost('gone', 2400, 120 * HOUR)];
  const contract = {
    name: 'x',
    title: { en: '', zh: '' },
    timeZone: 'Asia/Shanghai',
    finalAfterSeconds: 120 * HOUR,
    clauses: [CLAUSE, { kind: 'attested', id: '9', title: { en: '', zh: '' }, remedy: null } as const],
  };
  const judgement: Judgement = judgeProvider(
    { provider: 'acme', contract, month: '2026-11', nowMs: TO + 120 * HOUR * 1000 },
    {
      month: () => ({
        records: {
          [Symbol.iterator]: () => {
            passes += 1;
            return records[Symbol.iterator]();
          },
        },
        unmeasured: 0,
        exclusions: [],
        absence: new Map(),
        head: { seq: 1, hash: '' },
      }),
      availability: () => {
        throw new Error('not asked for');
      },
    },
  );
  expect(passes).toBe(1);
  expect(judgement.report.clauses.map(({ id }) => id)).toEqual(['2a', '9']);
  expect(judgement.charts).toMatchObject({
    provider: 'acme',
    delays: [{ clause: '2a', buckets: [{ count: 3, exceeded: 2, lost: 1 }] }],
  });
});
