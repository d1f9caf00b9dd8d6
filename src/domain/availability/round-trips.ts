/** What probes that failed say of the time between them: mail from one end to the other is a part of the service too. */
import type { Path } from '../probe.ts';
import { type MsRange, normalise, type SpanSet } from '../time/span-set.ts';
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
  /** From the delivered one before a failure to the delivered one after it, the proven time included. Open where there is none. */
  readonly possible: SpanSet;
}

/** Of one path. Null if no probe failed there: round trips speak against a service, what speaks for it are its checks. */
export function tripTime(roundTrips: readonly RoundTrip[], path: Path): TripTime | null {
  const trips = roundTrips.filter((trip) => trip.path === path).sort(byPlanning);
  if (!trips.some(({ delivered }) => delivered === false)) return null;
  const [observations, proven, possible]: [Observation[], MsRange[], MsRange[]] = [[], [], []];
  let deliveredMs = Number.NEGATIVE_INFINITY;
  let failed: RoundTrip | null = null;
  let suspect = false;
  for (const trip of trips) {
    const { plannedMs, delivered, reason } = trip;
    const between = { fromMs: failed?.plannedMs ?? plannedMs, toMs: plannedMs };
    const confirms = delivered === false && failed !== null && proves(failed, trip);
    if (confirms) proven.push(between);
    failed = delivered === false ? trip : null;
    if (delivered === null) continue;
    observations.push({ fromMs: plannedMs, toMs: plannedMs, good: delivered, checks: 1, proven: confirms, reason });
    if (delivered && suspect) possible.push({ fromMs: deliveredMs, toMs: plannedMs });
    if (delivered) deliveredMs = plannedMs;
    suspect = !delivered;
  }
  if (suspect) possible.push({ fromMs: deliveredMs, toMs: Number.POSITIVE_INFINITY });
  return { observations, proven: normalise(proven), possible: normalise(possible) };
}

function proves(one: RoundTrip, other: RoundTrip): boolean {
  const near = other.plannedMs - one.plannedMs <= FAILURES_APART_MAX_MS;
  return near && one.byProvider && other.byProvider && !UNPROVEN.has(one.path);
}

/** One order for all readers, however the probes come. */
function byPlanning(one: RoundTrip, other: RoundTrip): number {
  return one.plannedMs - other.plannedMs || (one.probe < other.probe ? -1 : 1);
}
