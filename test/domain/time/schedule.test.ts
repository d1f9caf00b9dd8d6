import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextGapSeconds } from '../../../src/domain/time/schedule.ts';

/** mulberry32: the same chances on every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('nextGapSeconds', () => {
  it('stays between the least and the greatest gap', () => {
    const gaps = fc
      .tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 5000 }))
      .map(([minGap, over, more]) => ({ minGap, every: minGap + over, maxGap: minGap + over + more }));
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), gaps, (uniform, route) => {
        const gap = nextGapSeconds(uniform, route);
        expect(gap).toBeGreaterThanOrEqual(route.minGap);
        expect(gap).toBeLessThanOrEqual(route.maxGap);
      }),
    );
  });
  it('has the mean it is asked for where the ceiling is far', () => {
    const uniform = seeded(2026);
    const route = { every: 60, minGap: 10, maxGap: 3600 };
    const draws = Array.from({ length: 20_000 }, () => nextGapSeconds(uniform(), route));
    const mean = draws.reduce((sum, gap) => sum + gap, 0) / draws.length;
    // The exponential's standard deviation is its mean, 50 s: four standard errors are 1.4 s.
    expect(Math.abs(mean - 60)).toBeLessThan(1.4);
    // Memoryless above the floor: half of the gaps are under the median, minGap + 50 ln 2.
    const under = draws.filter((gap) => gap < 10 + 50 * Math.LN2).length / draws.length;
    expect(Math.abs(under - 0.5)).toBeLessThan(0.015);
  });
  it('grows with the draw', () => {
    const route = { every: 60, minGap: 10, maxGap: 200 };
    expect([0, 0.5, 0.9, 0.99999].map((u) => Math.round(nextGapSeconds(u, route)))).toEqual([10, 45, 125, 200]);
  });
});
