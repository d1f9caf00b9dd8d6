/** Averages of delays that are bounds, and of a sample that is not yet complete. */
import type { Interval } from '../interval.ts';

/** The delays of one route's month by what became of their messages. */
export interface DelaysByFate {
  readonly delivered: readonly Interval[];
  readonly lost: readonly Interval[];
  /** Accepted and still missing. */
  readonly pending: readonly Interval[];
}

/** RFC 6703 §4.1: the mean of those that arrived. Null if none did. */
export function conditionalAverage({ delivered }: DelaysByFate): Interval | null {
  if (delivered.length === 0) return null;
  return { lo: mean(delivered.map((delay) => delay.lo)), hi: mean(delivered.map((delay) => delay.hi)) };
}

/**
 * [M_lo, M_hi] of measurement.md. A pending message may yet arrive, be lost or bounce, and a bounce is no delay: it enters the
 * floor only where it lowers it, with lost ones counted or not. Where none is sure to count there may be no average at all, and its
 * floor is zero: no breach. Null if no message was accepted.
 */
export function averageOf(delays: DelaysByFate, lossesCount: boolean): Interval | null {
  const { delivered, lost, pending } = delays;
  const certain = lossesCount ? [...delivered, ...lost] : delivered;
  const possible = lossesCount ? pending : [...pending, ...lost];
  const lo = leastMean(
    certain.map((delay) => delay.lo),
    possible.map((delay) => delay.lo),
  );
  if (lo === null) return null;
  const complete = delivered.length > 0 && pending.length === 0 && (!lossesCount || lost.length === 0);
  return { lo, hi: complete ? mean(delivered.map((delay) => delay.hi)) : Number.POSITIVE_INFINITY };
}

/** The least mean of all that is certain with any part of what is possible; zero if nothing is certain, null if there is neither. */
export function leastMean(certain: readonly number[], possible: readonly number[]): number | null {
  if (certain.length === 0) return possible.length === 0 ? null : 0;
  let count = certain.length;
  let micros = sumMicros(certain);
  for (const value of possible.map(toMicros).sort((one, other) => one - other)) {
    if (value * count >= micros) break;
    micros += value;
    count += 1;
  }
  return meanOf(micros, count);
}

function mean(seconds: readonly number[]): number {
  return meanOf(sumMicros(seconds), seconds.length);
}

/** Seconds; NaN of nothing. */
export function meanOf(micros: number, count: number): number {
  return micros / count / 1e6;
}

/** Sums of whole microseconds, the clocks' resolution, are exact up to 285 years: a mean of exactly 60 s is 60 s. */
export function sumMicros(seconds: readonly number[]): number {
  return seconds.reduce((sum, value) => sum + toMicros(value), 0);
}

function toMicros(seconds: number): number {
  return Math.round(seconds * 1e6);
}
