/** What the verdict on a provider's availability is made from: the runs of its endpoints' checks, and the probes that failed. */

import { ENDPOINTS, type Endpoint } from '../endpoint.ts';
import type { ChainHead } from '../evidence/chain.ts';
import type { Exclusion } from '../exclusion.ts';
import type { Path } from '../probe.ts';
import type { Instant } from '../time/instant.ts';
import type { MsRange } from '../time/span-set.ts';
import type { TimelineState } from '../timeline.ts';
import type { Run } from './run.ts';

/** One provider's part of `[fromMs, toMs)`, wall time in milliseconds since the epoch. */
export interface AvailabilityQuery {
  readonly provider: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** When what is said of the range is final: what became of a probe planned after the range counts only if it was known by then. */
  readonly finalMs: number;
}

/** A probe, as the ground truth of a round trip at the moment it was planned. */
export interface RoundTrip {
  readonly probe: string;
  readonly path: Path;
  readonly planned: Instant;
  /**
   * False also where nobody knows whose fault it was that the message was not taken when it was sent (round-trip.ts). Null for one
   * that may arrive yet, and for a spot check that did or may: two failures around it prove nothing, or a breach would be
   * taken back, and one be claimed of time in which mail was seen to arrive. More a spot check does not say: it enters no figure.
   */
  readonly delivered: boolean | null;
  /**
   * Whether a failure shows by itself that the provider answered, and so that the fault is its own: it refused the message, bounced
   * it, or took it and lost it. A server that could not be reached shows nothing without a control. False where it did not fail.
   */
  readonly byProvider: boolean;
  /** Whether it was refused no later than a check of its entry (`ENTRY`) would have been, which then tells of the time after it. */
  readonly isCovered: boolean;
  /** What went wrong, in one line as the network gave it; null where nothing did. */
  readonly reason: string | null;
}

/** An endpoint took the message of a probe that arrived, or may yet, at this moment, wall time in milliseconds since the epoch. */
export interface Served {
  readonly endpoint: Endpoint;
  readonly ms: number;
}

/** Milliseconds before the range in which every failure is told; of those before it only the last, if nothing was delivered since. */
export const ROUND_TRIP_BEFORE_MS = 86_400_000;

/** Of the probes that may have been served within a run: one that is put off is served later than it was planned. */
export function plannedFor({ fromMs, toMs }: MsRange): MsRange {
  return { fromMs: fromMs - SERVED_LATE_MAX_MS, toMs: toMs + 1 };
}
const SERVED_LATE_MAX_MS = 3_600_000;

/** All of it as of one entry of the ledger. */
export interface AvailabilityFacts {
  /** Those that touch the range, of every endpoint, in the order of their beginning, with the ones right before and after it of each endpoint. */
  readonly runs: readonly Run[];
  /**
   * In the order in which they were planned, which no clock disturbs. Each path's failed ones, from a day before the range (see
   * ROUND_TRIP_BEFORE_MS) until the first one delivered after it, with the delivered ones about each of them by wall time, however
   * far away those lie; of that time those still pending, those that were answered and are nobody's, and spot checks that did not fail.
   * All others were delivered, or said nothing.
   */
  readonly roundTrips: readonly RoundTrip[];
  /** In the order of time: in each run that proves a fault of its endpoint, of probes planned in it or shortly before (`plannedFor`), and some others. */
  readonly served: readonly Served[];
  /** Checks of the range that were due and did not take place, by our own doing. */
  readonly unmeasured: Readonly<Record<Endpoint, number>>;
  /** All in force for the provider, of any path and time, in the order of their beginning. */
  readonly exclusions: readonly Exclusion[];
  /**
   * Endpoints of which a check was due before the range's end, whatever became of it: a provider without a mailbox is not held to one,
   * a month not to what was new after it, and of one that showed nothing nothing is known.
   */
  readonly endpoints: readonly Endpoint[];
  readonly head: ChainHead;
}

/** In the order of ENDPOINTS. */
export function endpointsOf({ checks }: TimelineState, { provider, toMs }: AvailabilityQuery): readonly Endpoint[] {
  const due = [...checks.values()].filter((each) => each.provider === provider && each.firstMs < toMs);
  return ENDPOINTS.filter((endpoint) => due.some((each) => each.endpoint === endpoint));
}

/** The order of `AvailabilityFacts.runs`: by their beginning, then by endpoint. */
export function byBeginning(one: Run, other: Run): number {
  return one.fromMs - other.fromMs || ENDPOINTS.indexOf(one.endpoint) - ENDPOINTS.indexOf(other.endpoint);
}
