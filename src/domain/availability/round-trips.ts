/** What probes that failed say of the time between them: mail from one end to the other is a part of the service too. */
import type { Path } from '../probe.ts';
import { spanBetween } from '../time/instant.ts';
import { type MsRange, normalise, overlapMs, type SpanSet } from '../time/span-set.ts';
import type { RoundTrip } from './facts.ts';
import type { Observation } from './observation.ts';

/**
 * Milliseconds. Two failures further apart say nothing of the time between: a sender tries again after half an hour at the soonest
 * (RFC 5321 §4.5.4.1), so within it mail that failed had no other chance, and past it the service may have been back.
 */
const FAILURES_APART_MAX_MS = 30 * 60_000;
/** At its far end stands our own sink: what is lost there may be our loss, so a failure proves nothing by itself. */
const UNPROVEN: ReadonlySet<Path> = new Set(['send']);

export interface TripTime {
  readonly observations: readonly Observation[];
  /** Between two failures in a row, both by the provider. */
  readonly proven: SpanSet;
  /** What of that lies next to a failure that is not held against the provider. */
  readonly halfExcused: SpanSet;
  /** From the delivered one before a failure to the delivered one after it, the proven time included. Open where there is none. */
  readonly possible: SpanSet;
}

/** What else is known of the time in which a path's probes failed. */
export interface Beside {
  /** Time in which its entry was seen to be up, by checks: a single one is a millisecond. Beyond `elapsed` not all is known. */
  readonly up: SpanSet;
  readonly elapsed: MsRange;
  /** Not held against the provider. */
  readonly excused: SpanSet;
}

/** Of one path, in the order of planning. Null if no probe failed there: round trips speak against a service, what speaks for it are its checks. */
export function tripTime(roundTrips: readonly RoundTrip[], path: Path, beside: Beside): TripTime | null {
  const trips = roundTrips.filter((trip) => trip.path === path);
  if (!trips.some(({ delivered }) => delivered === false)) return null;
  const observations: Observation[] = [];
  const [proven, halfExcused, possible]: [MsRange[], MsRange[], MsRange[]] = [[], [], []];
  let failed: RoundTrip | null = null;
  let [stretch, suspect]: [number[], boolean] = [[Number.NEGATIVE_INFINITY], false];
  for (const trip of trips) {
    const { planned, delivered, reason } = trip;
    const { wallMs } = planned;
    const between = delivered === false && failed !== null ? provenBetween(failed, trip, beside) : null;
    if (between !== null) {
      proven.push(between);
      if (failed !== null && (holds(beside.excused, failed) || holds(beside.excused, trip))) halfExcused.push(between);
    }
    failed = delivered === false ? trip : null;
    if (delivered === null) continue;
    observations.push({ fromMs: wallMs, toMs: wallMs, good: delivered, checks: 1, proven: between !== null, reason });
    stretch.push(wallMs);
    suspect ||= !delivered;
    if (!delivered) continue;
    if (suspect) possible.push(hullOf(stretch));
    [stretch, suspect] = [[wallMs], false];
  }
  if (suspect) possible.push(hullOf([...stretch, Number.POSITIVE_INFINITY]));
  return {
    observations,
    proven: normalise(proven),
    halfExcused: normalise(halfExcused),
    possible: normalise(possible),
  };
}

/** All the wall time from one delivered probe to the next; where the clock was put back meanwhile, both times that it showed a moment. */
function hullOf(moments: readonly number[]): MsRange {
  return { fromMs: Math.min(...moments), toMs: Math.max(...moments) };
}

/**
 * No longer than by either clock. Nothing, where the wall clock was put back: what it showed twice may have been the other time. Nor
 * where checks that go as far as both refusals found its entry up in between, or may have beyond the month's edge.
 */
function provenBetween(one: RoundTrip, other: RoundTrip, { up, elapsed }: Beside): MsRange | null {
  if (!one.byProvider || !other.byProvider || UNPROVEN.has(one.path)) return null;
  const between = { fromMs: one.planned.wallMs + 1, toMs: other.planned.wallMs };
  const isWithin = elapsed.fromMs < between.fromMs && between.toMs <= elapsed.toMs;
  if (one.isCovered && other.isCovered && (!isWithin || overlapMs(up, between) > 0)) return null;
  const range = { fromMs: one.planned.wallMs, toMs: other.planned.wallMs };
  const { lo, hi, flags } = spanBetween(one.planned, other.planned);
  if (flags.length === 0) return range.toMs - range.fromMs <= FAILURES_APART_MAX_MS ? range : null;
  const leastMs = Math.floor(lo * 1000);
  if (hi * 1000 > FAILURES_APART_MAX_MS || range.toMs - range.fromMs < leastMs) return null;
  return { ...range, fromMs: range.toMs - leastMs };
}

function holds(set: SpanSet, { planned }: RoundTrip): boolean {
  return overlapMs(set, { fromMs: planned.wallMs, toMs: planned.wallMs + 1 }) > 0;
}
