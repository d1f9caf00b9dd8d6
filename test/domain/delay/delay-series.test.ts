/** A route's delays for a chart: however much is thinned out, the extremes and the counts stay. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { pointOf, type SeriesPoint, thinOut } from '../../../src/domain/delay/delay-series.ts';
import { OUTCOMES } from '../../../src/domain/record.ts';
import { delivered, lost, probe, refused, T0 } from '../month-case.ts';

const NEVER = Number.POSITIVE_INFINITY;
const RANGE = { fromMs: T0, toMs: T0 + 100_000, points: 10, maximumSeconds: 3600, nowMs: T0 + 100_000 };
const point = (seconds: number, lo: number, hi = lo, change: Partial<SeriesPoint> = {}): SeriesPoint => {
  return { id: `at ${seconds}`, atMs: T0 + seconds * 1000, outcome: 'delivered', delay: { lo, hi }, ...change };
};
const none = {
  ...{ unmeasured: 0, lowest: null, median: null, highest: null, delivered: { count: 0, sumLo: 0 } },
  ...{ pending: 0, lost: 0, failed: 0, exceeded: 0 },
};

describe('a point', () => {
  it('is a probe when it was planned, with its delay', () => {
    const absence = new Map();
    expect(pointOf(delivered('p', 1, 10, { planned: { ...probe('p', 0).planned } }), absence)).toEqual({
      ...{ id: 'p', atMs: T0, outcome: 'delivered' },
      delay: { lo: expect.closeTo(10, 1), hi: expect.closeTo(10, 1) },
    });
    expect(pointOf(probe('p', 0, { handover: refused(550, '5.1.1') }), absence)).toMatchObject({
      ...{ outcome: 'failed', delay: null },
    });
    expect(pointOf(lost('p', 0, 7200), absence).delay).toEqual({ lo: expect.closeTo(7200, -1), hi: NEVER });
  });
});

describe('a bucket', () => {
  it('is one probe where there is room for all', () => {
    const { buckets } = thinOut([point(1, 3, 4.1234567), point(2, 5)], RANGE);
    expect(buckets).toEqual([
      {
        ...{ ...none, fromMs: T0 + 1000, toMs: T0 + 1000, count: 1, probe: 'at 1' },
        ...{ lowest: 3, median: 4.123457, highest: { lo: 3, hi: 4.123457 }, delivered: { count: 1, sumLo: 3 } },
      },
      expect.objectContaining({ fromMs: T0 + 2000, probe: 'at 2' }),
    ]);
  });

  it('is an equal stretch where there is not, from its first probe to its last', () => {
    const points = [0, 1, 9.999, 10, 11, 50, 51, 99, 99.5, 99.9, 99.99].map((seconds) => point(seconds, seconds));
    const { buckets } = thinOut(points, RANGE);
    expect(buckets.map(({ fromMs, toMs, count }) => [fromMs - T0, toMs - T0, count])).toEqual([
      [0, 9999, 3],
      [10_000, 11_000, 2],
      [50_000, 51_000, 2],
      [99_000, 99_990, 4],
    ]);
    expect(buckets[3]).toMatchObject({
      lowest: 99,
      median: 99.5,
      highest: { lo: 99.99, hi: 99.99 },
      probe: 'at 99.99',
    });
  });

  it('counts how its probes ended, and has no delay of those that failed', () => {
    const points = [
      point(0, 1),
      point(1, 10, NEVER, { outcome: 'pending' }),
      point(2, 7200, NEVER, { outcome: 'lost' }),
      point(3, 4000, 4001, { outcome: 'failed' }),
      point(4, 0, 0, { outcome: 'failed', delay: null }),
      point(5, 0, 0, { outcome: 'unmeasured', delay: null }),
    ];
    expect(thinOut(points, { ...RANGE, points: 1 }).buckets).toEqual([
      {
        ...{ fromMs: T0, toMs: T0 + 5000, count: 5, unmeasured: 1, probe: 'at 3' },
        ...{ lowest: 1, median: null, highest: { lo: 7200, hi: null } },
        ...{ delivered: { count: 1, sumLo: 1 }, pending: 1, lost: 1, failed: 2, exceeded: 2 },
      },
    ]);
    expect(thinOut([points[4]!], RANGE).buckets).toMatchObject([{ ...none, count: 1, failed: 1 }]);
  });

  it('sums up the lower ends of what was delivered, in whole microseconds', () => {
    const points = [0.1, 0.2, 0.3].map((lo, index) => point(index, lo, 9));
    const [{ delivered: told } = { delivered: null }] = thinOut(points, { ...RANGE, points: 1 }).buckets;
    expect(told).toEqual({ count: 3, sumLo: 0.6 });
  });

  it('counts what could not be measured by itself', () => {
    const idle = point(1, 0, 0, { outcome: 'unmeasured', delay: null });
    expect(thinOut([idle], RANGE).buckets).toMatchObject([{ ...none, count: 0, unmeasured: 1 }]);
  });

  it('has nothing that is exceeded where nothing is promised', () => {
    expect(thinOut([point(0, 9000)], { ...RANGE, maximumSeconds: null }).buckets).toMatchObject([{ exceeded: 0 }]);
  });

  it('names the probe whose delay is surely the largest', () => {
    const worst = (...points: SeriesPoint[]) => thinOut(points, { ...RANGE, points: 1 }).buckets[0]?.probe;
    expect(worst(point(0, 5), point(1, 9, 10), point(2, 9, 12), point(3, 4, NEVER, { outcome: 'pending' }))).toBe(
      'at 2',
    );
    expect(worst(point(0, 0, 0, { delay: null }), point(1, 1))).toBe('at 1');
  });
});

describe('gaps', () => {
  const every = (from: number, count: number) => Array.from({ length: count }, (_, index) => point(from + index, 1));
  it('are longer than is usual, up to now, and probes that measured nothing end none', () => {
    const idle = { ...point(40, 0), outcome: 'unmeasured', delay: null } as const;
    const { gaps } = thinOut([...every(0, 20), idle, ...every(60, 20)], { ...RANGE, nowMs: T0 + 80_000 });
    expect(gaps).toEqual([{ fromMs: T0 + 19_000, toMs: T0 + 60_000 }]);
    expect(thinOut(every(0, 20), RANGE).gaps).toEqual([{ fromMs: T0 + 19_000, toMs: T0 + 100_000 }]);
    expect(thinOut([], { ...RANGE, nowMs: T0 - 1 }).gaps, 'is to come').toEqual([]);
  });
});

const anyPoints = fc
  .array(
    fc.record({
      second: fc.integer({ min: 0, max: 99_999 }),
      outcome: fc.constantFrom(...OUTCOMES),
      delay: fc.option(
        fc.record({ lo: fc.double({ min: 0, max: 1e4, noNaN: true }), more: fc.constantFrom(0, 1, NEVER) }),
      ),
    }),
    { maxLength: 200 },
  )
  .map((drawn) =>
    drawn
      .toSorted((one, other) => one.second - other.second)
      .map(({ second, outcome, delay }, index) => ({
        ...{ id: `p${index}`, atMs: T0 + second, outcome },
        delay: delay === null ? null : { lo: delay.lo, hi: delay.lo + delay.more },
      })),
  );

test('whatever is thinned out, at most so many buckets in order keep the extremes, the counts and the breaches of the whole', () => {
  fc.assert(
    fc.property(anyPoints, fc.integer({ min: 1, max: 50 }), (points, most) => {
      const { buckets } = thinOut(points, { ...RANGE, points: most });
      const [whole] = thinOut(points, { ...RANGE, points: 1 }).buckets;
      expect(buckets.length).toBeLessThanOrEqual(most);
      for (const [index, { fromMs, toMs, probe: named }] of buckets.entries()) {
        expect(fromMs).toBeLessThanOrEqual(toMs);
        expect(fromMs).toBeGreaterThanOrEqual(buckets[index - 1]?.toMs ?? T0);
        const { atMs } = points.find(({ id }) => id === named)!;
        expect(atMs >= fromMs && atMs <= toMs).toBe(true);
      }
      for (const name of ['count', 'unmeasured', 'pending', 'lost', 'failed', 'exceeded'] as const)
        expect(buckets.reduce((sum, bucket) => sum + bucket[name], 0)).toBe(whole?.[name] ?? 0);
      expect((whole?.count ?? 0) + (whole?.unmeasured ?? 0)).toBe(points.length);
      const lows = buckets.flatMap(({ lowest }) => lowest ?? []);
      const highs = buckets.flatMap(({ highest }) => highest ?? []);
      expect(lows.length === 0 ? null : Math.min(...lows)).toBe(whole?.lowest ?? null);
      const largest = (values: readonly number[]): number | null => (values.length === 0 ? null : Math.max(...values));
      expect(largest(highs.map(({ lo }) => lo))).toBe(whole?.highest?.lo ?? null);
      const ends = (highest: (typeof highs)[number] | null | undefined) =>
        highest === null || highest === undefined ? [] : [highest.hi ?? NEVER];
      expect(largest(highs.flatMap(ends))).toBe(largest(ends(whole?.highest)));
    }),
  );
});
