/** Where a figure stands to a limit, and what it does not know. */
import { expect, it, test } from 'vitest';
import { atLeastZero, type Interval, standing, width } from '../../src/domain/interval.ts';

it.each<[number, number, string]>([
  [0, 59, 'met'],
  [60, 60, 'met'],
  [59, 60.000001, 'indeterminate'],
  [60, 61, 'indeterminate'],
  [0, Number.POSITIVE_INFINITY, 'indeterminate'],
  [60.000001, 60.000001, 'exceeded'],
  [61, Number.POSITIVE_INFINITY, 'exceeded'],
])('a figure from %d to %d, of which 60 is allowed, is %s', (lo, hi, expected) => {
  expect(standing({ lo, hi }, 60)).toBe(expected);
});

test('a delay below zero is none, at either end', () => {
  const ends = (lo: number, hi: number): Interval => atLeastZero({ lo, hi });
  expect([ends(-2, -1), ends(-2, 1), ends(1, 2)]).toEqual([
    { lo: 0, hi: 0 },
    { lo: 0, hi: 1 },
    { lo: 1, hi: 2 },
  ]);
});

test('what a figure does not know is its width', () => {
  expect(width({ lo: 2, hi: 5 })).toBe(3);
  expect(width({ lo: 2, hi: Number.POSITIVE_INFINITY })).toBe(Number.POSITIVE_INFINITY);
});
