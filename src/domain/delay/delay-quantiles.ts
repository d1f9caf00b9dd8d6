/** Quantiles of delays that are bounds, by the nearest rank, with what never arrives as infinity. */

import type { Interval } from '../interval.ts';
import type { DelaysByFate } from './delay-average.ts';

export interface Quantiles {
  readonly p50: Interval;
  readonly p95: Interval;
  readonly p99: Interval;
}

/** Null if no message was accepted. A pending message may bounce and leave the sample: it counts below only where it lowers. */
export function quantilesOf({ delivered, lost, pending }: DelaysByFate): Quantiles | null {
  const accepted = delivered.length + lost.length + pending.length;
  if (accepted === 0) return null;
  const certain = sorted([...delivered, ...lost].map((delay) => delay.lo));
  const possible = sorted(pending.map((delay) => delay.lo));
  const above = sorted(delivered.map((delay) => delay.hi));
  const quantile = (percent: number): Interval => ({
    lo: leastQuantile(certain, possible, percent),
    hi: above[rank(percent, accepted) - 1] ?? Number.POSITIVE_INFINITY,
  });
  return { p50: quantile(50), p95: quantile(95), p99: quantile(99) };
}

/**
 * The least quantile of all that is certain with any part of what is possible, both in order and not both empty.
 * As with a mean, adding from the least upwards lowers it as long as what is added lies below it, and never after.
 */
export function leastQuantile(certain: Float64Array, possible: Float64Array, percent: number): number {
  const quantile = (added: number) =>
    atRank(certain, possible.subarray(0, added), rank(percent, certain.length + added));
  let [low, high] = [certain.length === 0 ? 1 : 0, possible.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((possible[middle] ?? 0) < quantile(middle)) low = middle + 1;
    else high = middle;
  }
  return quantile(low);
}

/** From 1; in whole numbers, since 0.95 × 60 is more than 57 to a computer. */
function rank(percent: number, count: number): number {
  return Math.ceil((percent * count) / 100);
}

/** The element of that rank, from 1, of two ordered lists taken together. */
function atRank(one: Float64Array, other: Float64Array, place: number): number {
  let [i, j, value] = [0, 0, Number.NaN];
  while (i + j < place) {
    const [a = Number.POSITIVE_INFINITY, b = Number.POSITIVE_INFINITY] = [one[i], other[j]];
    value = Math.min(a, b);
    if (a <= b) i += 1;
    else j += 1;
  }
  return value;
}

function sorted(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort();
}
