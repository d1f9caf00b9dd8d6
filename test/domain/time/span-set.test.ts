/** The algebra of wall time agrees with that of sets of single milliseconds. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  clip,
  intersect,
  type MsRange,
  normalise,
  overlapMs,
  type SpanSet,
  subtract,
  totalMs,
  union,
} from '../../../src/domain/time/span-set.ts';

const END = 40;
const moment = fc.integer({ min: 0, max: END });
const anyRange = fc.record({ fromMs: moment, toMs: moment });
const anyRanges = fc.array(anyRange, { maxLength: 8 });

/** One by one, the milliseconds that some range holds. */
const points = (ranges: readonly MsRange[]): ReadonlySet<number> =>
  new Set(
    Array.from({ length: END }, (_, ms) => ms).filter((ms) =>
      ranges.some(({ fromMs, toMs }) => fromMs <= ms && ms < toMs),
    ),
  );

function expectSet(set: SpanSet, expected: ReadonlySet<number>): void {
  expect(points(set)).toEqual(expected);
  expect(set).toEqual(normalise(set));
  expect(totalMs(set)).toBe(expected.size);
}

it('joins what overlaps or touches, and drops what is empty', () => {
  const set = normalise([
    { fromMs: 5, toMs: 7 },
    { fromMs: 1, toMs: 3 },
    { fromMs: 3, toMs: 4 },
    { fromMs: 6, toMs: 9 },
    { fromMs: 20, toMs: 20 },
    { fromMs: 30, toMs: 10 },
  ]);
  expect(set).toEqual([
    { fromMs: 1, toMs: 4 },
    { fromMs: 5, toMs: 9 },
  ]);
});

it('holds no range that touches the next, in order', () => {
  fc.assert(
    fc.property(anyRanges, (ranges) => {
      const set = normalise(ranges);
      for (const [index, { fromMs, toMs }] of set.entries()) {
        expect(fromMs).toBeLessThan(toMs);
        expect(toMs).toBeLessThan(set[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY);
      }
    }),
  );
});

it('unites, intersects, subtracts, clips and measures as sets of milliseconds do', () => {
  fc.assert(
    fc.property(anyRanges, anyRanges, anyRange, (one, other, range) => {
      const [a, b, c] = [points(one), points(other), points([range])];
      const [first, second] = [normalise(one), normalise(other)];
      expectSet(first, a);
      expectSet(union(first, second), a.union(b));
      expectSet(intersect(first, second), a.intersection(b));
      expectSet(subtract(first, second), a.difference(b));
      expectSet(clip(first, range), a.intersection(c));
      expect(overlapMs(first, range)).toBe(a.intersection(c).size);
    }),
    { numRuns: 500 },
  );
});

it('does not touch at a half-open edge', () => {
  const set = normalise([{ fromMs: 10, toMs: 20 }]);
  expect(overlapMs(set, { fromMs: 0, toMs: 10 })).toBe(0);
  expect(overlapMs(set, { fromMs: 20, toMs: 30 })).toBe(0);
  expect(overlapMs(set, { fromMs: 9, toMs: 11 })).toBe(1);
});
