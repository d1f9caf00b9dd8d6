/** The delays of one route over time, thinned out for a chart so that nothing that matters is lost. */
import { type Interval, standing } from '../interval.ts';
import type { Path } from '../probe.ts';
import { toMicros } from '../probe-view.ts';
import type { Outcome, ProbeRecord } from '../record.ts';
import type { DelaySeries, DelaySeriesBucket } from '../status-view.ts';
import type { MsRange } from '../time/span-set.ts';
import type { TimelineState } from '../timeline.ts';
import { longestGaps, unusualGaps } from './coverage.ts';
import { assess } from './delay.ts';
import { sumMicros } from './delay-average.ts';

/** The scheduled probes of a route that were planned in `[fromMs, toMs)`. */
export interface SeriesQuery extends MsRange {
  readonly provider: string;
  readonly path: Path;
  /** How many buckets there may be. */
  readonly points: number;
  /** What counts as exceeded; null where nothing is promised. */
  readonly maximumSeconds: number | null;
  /** Now: later there is no gap. */
  readonly nowMs: number;
}

/** One probe of it. */
export interface SeriesPoint {
  readonly id: string;
  /** When it was planned. */
  readonly atMs: number;
  readonly outcome: Outcome;
  readonly delay: Interval | null;
}

/** More than this nobody tells apart. */
const GAPS_MAX = 200;

export function pointOf(record: ProbeRecord, absence: TimelineState['absence']): SeriesPoint {
  const { outcome, delay } = assess(record, absence);
  return { id: record.id, atMs: record.planned.wallMs, outcome, delay };
}

/** `points` in order, all within the range. A bucket each where there is room for that, else one for each of as many equal stretches. */
export function thinOut(
  points: readonly SeriesPoint[],
  { fromMs, toMs, points: bucketsMax, maximumSeconds, nowMs }: Omit<SeriesQuery, 'provider' | 'path'>,
): DelaySeries {
  const stretchOf = ({ atMs }: SeriesPoint): number => Math.floor(((atMs - fromMs) / (toMs - fromMs)) * bucketsMax);
  const groups =
    points.length <= bucketsMax ? points.map((point) => [point]) : [...Map.groupBy(points, stretchOf).values()];
  const measured = points.flatMap(({ atMs, outcome }) => (outcome === 'unmeasured' ? [] : [atMs]));
  const over = { fromMs, toMs: Math.max(fromMs, Math.min(toMs, nowMs)) };
  return {
    fromMs,
    toMs,
    buckets: groups.map((group) => bucketOf(group, maximumSeconds)),
    gaps: longestGaps(unusualGaps(measured, over), GAPS_MAX),
  };
}

function bucketOf(points: readonly SeriesPoint[], maximumSeconds: number | null): DelaySeriesBucket {
  const delays = points.flatMap(({ delay, outcome }) => (delay === null || outcome === 'failed' ? [] : [delay]));
  const los = Float64Array.from(delays, ({ lo }) => lo).sort();
  const his = Float64Array.from(delays, ({ hi }) => hi).sort();
  const [lowest, highestLo, highestHi] = [los[0], los.at(-1), his.at(-1)];
  const deliveredLos = points.flatMap(({ delay, outcome }) => (outcome === 'delivered' ? [delay?.lo ?? 0] : []));
  const isOver = ({ delay }: SeriesPoint): boolean =>
    maximumSeconds !== null && delay !== null && standing(delay, maximumSeconds) === 'exceeded';
  const count = (outcome: Outcome): number => points.filter((point) => point.outcome === outcome).length;
  return {
    fromMs: points[0]?.atMs ?? 0,
    toMs: points.at(-1)?.atMs ?? 0,
    count: points.length - count('unmeasured'),
    unmeasured: count('unmeasured'),
    lowest: seconds(lowest),
    median: seconds(his[Math.ceil(his.length / 2) - 1]),
    highest: highestLo === undefined ? null : { lo: toMicros(highestLo), hi: seconds(highestHi) },
    delivered: { count: count('delivered'), sumLo: sumMicros(deliveredLos) / 1e6 },
    pending: count('pending'),
    lost: count('lost'),
    failed: count('failed'),
    exceeded: points.filter(isOver).length,
    probe: worstOf(points).id,
  };
}

/** One that failed, else the one whose delay is surely the largest. */
function worstOf(points: readonly SeriesPoint[]): Pick<SeriesPoint, 'id'> {
  const rank = ({ outcome, delay }: SeriesPoint): readonly [number, number] =>
    outcome === 'failed' ? [Number.POSITIVE_INFINITY, 0] : [delay?.lo ?? -1, delay?.hi ?? -1];
  const isWorse = (one: SeriesPoint, other: SeriesPoint): boolean => {
    const [[lo, hi], [otherLo, otherHi]] = [rank(one), rank(other)];
    return lo > otherLo || (lo === otherLo && hi > otherHi);
  };
  return points.reduce((worst, point) => (isWorse(point, worst) ? point : worst));
}

/** Null where there is none, or nothing bounds it. */
function seconds(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : toMicros(value);
}
