/** What the report's charts are drawn from: a month of delays, thinned out so that nothing that matters for the verdict is lost. */

import { longestGaps } from '../delay/coverage.ts';
import type { MonthPoint } from '../delay/month-tracker.ts';
import type { Interval } from '../interval.ts';
import { standing } from '../interval.ts';
import type { Outcome } from '../record.ts';
import { daysOf, type Month } from '../time/calendar.ts';
import type { MsRange } from '../time/span-set.ts';

export interface ProviderCharts {
  readonly provider: string;
  /** Of each delay clause, in the contract's order. */
  readonly delays: readonly DelayChart[];
}

export interface DelayChart {
  /** The clause's id. */
  readonly clause: string;
  /** Those in which a probe was accepted, in order; at most `BUCKETS_PER_DAY` for each day of the month. */
  readonly buckets: readonly DelayBucket[];
  /** In the order of seconds, at most `STEPS_MAX`; empty where there is no delay. */
  readonly distribution: readonly DistributionStep[];
  /** Stretches without a probe that are longer than is usual for the route, in order; the longest `GAPS_MAX` of them. */
  readonly gaps: readonly MsRange[];
}

/** The probes accepted in one stretch of the month. Seconds, exclusions taken out; an upper end is Infinity while nothing bounds it. */
export interface DelayBucket extends MsRange {
  /** `2026-11-05`, the day it belongs to in the contract's zone. */
  readonly day: string;
  /** How many have a delay and have not failed. */
  readonly count: number;
  /** The least lower end of them, the median, and the largest delay; null where `count` is 0. */
  readonly delays: { readonly lowest: number; readonly median: Interval; readonly highest: Interval } | null;
  readonly pending: number;
  readonly lost: number;
  readonly failed: number;
  /** How many exceeded the clause's maximum, and how many more may have. */
  readonly exceeded: number;
  readonly mayHaveExceeded: number;
}

/** The share of accepted mail that came out within so many seconds lies in `[lo, hi]`. */
export interface DistributionStep {
  readonly seconds: number;
  readonly share: Interval;
}

export interface ChartTerms {
  readonly clause: string;
  readonly month: Month;
  readonly timeZone: string;
  readonly averageSeconds: number;
  readonly maximumSeconds: number;
  readonly gaps: readonly MsRange[];
}

/** Two hours each: some 370 a month, about as many as a page is wide enough to show apart. */
export const BUCKETS_PER_DAY = 12;
/** Half of them even on the scale, half even in rank, and the two limits. */
export const STEPS_MAX = 200;
/** More than this nobody tells apart on a month's chart. */
export const GAPS_MAX = 200;

/** `points` are those of the month in the order of acceptance. */
export function chartDelays(points: readonly MonthPoint[], terms: ChartTerms): DelayChart {
  const { clause, month, timeZone, averageSeconds, maximumSeconds, gaps } = terms;
  return {
    clause,
    buckets: bucketsOf(points, month, timeZone, maximumSeconds),
    distribution: distributionOf(points, [averageSeconds, maximumSeconds]),
    gaps: longestGaps(gaps, GAPS_MAX),
  };
}

function bucketsOf(
  points: readonly MonthPoint[],
  month: Month,
  timeZone: string,
  maximumSeconds: number,
): readonly DelayBucket[] {
  const buckets: DelayBucket[] = [];
  let next = 0;
  for (const { day, fromMs, toMs } of daysOf(month, timeZone)) {
    for (let part = 1; part <= BUCKETS_PER_DAY; part += 1) {
      const edge = (index: number): number => Math.round(fromMs + ((toMs - fromMs) * index) / BUCKETS_PER_DAY);
      const first = next;
      while ((points[next]?.atMs ?? Number.POSITIVE_INFINITY) < edge(part)) next += 1;
      if (next === first) continue;
      const range = { day, fromMs: edge(part - 1), toMs: edge(part) };
      buckets.push({ ...range, ...summarise(points.slice(first, next), maximumSeconds) });
    }
  }
  return buckets;
}

function summarise(
  points: readonly MonthPoint[],
  maximumSeconds: number,
): Omit<DelayBucket, 'day' | 'fromMs' | 'toMs'> {
  const delays = points.flatMap(({ delay, outcome }) => (delay === null || outcome === 'failed' ? [] : [delay]));
  const los = ordered(delays.map(({ lo }) => lo));
  const his = ordered(delays.map(({ hi }) => hi));
  const tally = (outcome: Outcome): number => points.filter((point) => point.outcome === outcome).length;
  const against = (wanted: 'exceeded' | 'indeterminate'): number =>
    points.filter(({ delay }) => delay !== null && standing(delay, maximumSeconds) === wanted).length;
  const middle = Math.ceil(delays.length / 2) - 1;
  return {
    count: delays.length,
    delays:
      delays.length === 0
        ? null
        : {
            lowest: valueAt(los, 0),
            median: { lo: valueAt(los, middle), hi: valueAt(his, middle) },
            highest: { lo: valueAt(los, -1), hi: valueAt(his, -1) },
          },
    pending: tally('pending'),
    lost: tally('lost'),
    failed: tally('failed'),
    exceeded: against('exceeded'),
    mayHaveExceeded: against('indeterminate'),
  };
}

/**
 * Of what was accepted and has not failed. Lost mail never came out; a pending message may yet bounce and leave the sample, so it
 * counts above only where it raises the share (as in `quantilesOf`).
 */
function distributionOf(points: readonly MonthPoint[], limits: readonly number[]): readonly DistributionStep[] {
  const of = (...outcomes: readonly Outcome[]): readonly Interval[] =>
    points.flatMap(({ delay, outcome }) => (delay !== null && outcomes.includes(outcome) ? [delay] : []));
  const [delivered, certain, pending] = [of('delivered'), of('delivered', 'lost'), of('pending')];
  const accepted = certain.length + pending.length;
  if (accepted === 0) return [];
  const above = ordered(delivered.map(({ hi }) => hi));
  const certainLos = ordered(certain.map(({ lo }) => lo));
  const pendingLos = ordered(pending.map(({ lo }) => lo));
  return thresholds(certainLos, above, limits).map((seconds) => {
    const joined = countUpTo(pendingLos, seconds);
    const most = certain.length + joined;
    const hi = most === 0 ? 0 : (countUpTo(certainLos, seconds) + joined) / most;
    return { seconds, share: { lo: countUpTo(above, seconds) / accepted, hi } };
  });
}

/** Where the curves are told: close together where many delays lie, and nowhere far apart. */
function thresholds(los: Float64Array, his: Float64Array, limits: readonly number[]): readonly number[] {
  const ends = [...los.filter((lo) => lo > 0).slice(0, 1), ...his.slice(-1), ...los.slice(-1)];
  const finite = ends.filter((end) => end > 0 && Number.isFinite(end));
  const [from, to] = [Math.min(...finite, ...limits), Math.max(...finite, ...limits)];
  const even = (STEPS_MAX - limits.length) / 2;
  const places = Array.from({ length: even }, (_, index) => index / (even - 1));
  const ranked = places.flatMap((place) => his[Math.round(place * (his.length - 1))] ?? []);
  const scaled = places.map((place) => from * (to / from) ** place);
  return [...new Set([...limits, ...ranked, ...scaled])].sort((one, other) => one - other);
}

/** From the end where it is negative; NaN where there is none. */
function valueAt(values: Float64Array, index: number): number {
  return values.at(index) ?? Number.NaN;
}

/** How many of the values, in order, are no larger. */
function countUpTo(values: Float64Array, most: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0) <= most) low = middle + 1;
    else high = middle;
  }
  return low;
}

function ordered(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort();
}
