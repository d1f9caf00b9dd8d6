import fc from 'fast-check';
import { expect, it } from 'vitest';
import { failuresInRow, retryDelayMs } from '../../../src/domain/time/backoff.ts';

const TERMS = { firstMs: 1000, maxMs: 60_000 };

it('doubles from failure to failure, up to the cap', () => {
  const waits = [1, 2, 3, 6, 7, 8, 5000].map((failures) => retryDelayMs(failures, TERMS, 0));
  expect(waits).toEqual([500, 1000, 2000, 16_000, 30_000, 30_000, 30_000]);
});

it('waits at least half of the time and never more than all of it, so that there is no busy loop and no convoy', () => {
  const any = fc.record({
    failures: fc.integer({ min: 1, max: 1_000_000 }),
    chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    firstMs: fc.integer({ min: 1, max: 10_000 }),
    factor: fc.integer({ min: 1, max: 1000 }),
  });
  fc.assert(
    fc.property(any, ({ failures, chance, firstMs, factor }) => {
      const terms = { firstMs, maxMs: firstMs * factor };
      const wait = retryDelayMs(failures, terms, chance);
      expect(wait).toBeGreaterThanOrEqual(firstMs / 2);
      expect(wait).toBeLessThanOrEqual(terms.maxMs);
      expect(retryDelayMs(failures + 1, terms, chance)).toBeGreaterThanOrEqual(wait);
    }),
  );
});

it('spreads by chance', () => {
  expect(retryDelayMs(3, TERMS, 0.5)).toBe(3000);
});

it('counts as a failure in a row what had not worked for a minute, and begins anew after what had', () => {
  expect([0, 59.9, 60, 1e9].map((worked) => failuresInRow(7, worked))).toEqual([8, 8, 1, 1]);
});
