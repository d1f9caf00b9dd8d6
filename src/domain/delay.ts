/** The delay of one probe as an interval that holds the truth (measurement.md, "Send delay" and "Receive delay"). */
import { DELAY_MAXIMUM_LIMIT } from './contract.ts';
import { type ClockFlag, earlierOf, type Instant, isBefore, spanBetween } from './instant.ts';
import { atLeastZero, type Interval } from './interval.ts';
import { channelOf, type Outcome, outcomeOf, type ProbeRecord } from './record.ts';
import type { TimelineState } from './timeline.ts';

/** What made a delay less certain or odd, for people: never a reason to discard it. */
export type DelayFlag = ClockFlag | 'before-acceptance' | 'acceptance-unknown' | 'unwatched' | 'junk' | 'trash';

export interface Assessment {
  readonly outcome: Outcome;
  /** Null where there is none: it was refused, or not yet handed over. `hi` is Infinity while the message is missing. */
  readonly delay: Interval | null;
  readonly flags: readonly DelayFlag[];
}

/** All that follows from a record now. Derived from durable facts alone, so that every reader sees the same. */
export function assess(record: ProbeRecord, absence: TimelineState['absence']): Assessment {
  const outcome = outcomeOf(record);
  const acceptance = acceptanceOf(record);
  if (acceptance === null) return { outcome, delay: null, flags: [] };
  const flags = new Set<DelayFlag>();
  if (acceptance.hi === null) flags.add('acceptance-unknown');
  if (record.capture?.found?.role === 'junk') flags.add('junk');
  if (record.capture?.found?.role === 'trash') flags.add('trash');
  const lo = lowerBound(acceptance.hi, provenAbsent(record, outcome, absence), record.unseenSince, flags);
  const hi = upperBound(record, outcome, acceptance, flags);
  return { outcome, delay: atLeastZero({ lo: Math.min(lo, hi), hi }), flags: [...flags] };
}

/** Whether the record proves that the maximum of one hour was exceeded, be the message there by now or not. */
export function exceedsMaximum(record: ProbeRecord, absence: TimelineState['absence']): boolean {
  const { delay } = assess(record, absence);
  return delay !== null && delay.lo > DELAY_MAXIMUM_LIMIT;
}

/** Complete reception lies in `[lo, hi]`; `hi` is null while no reply told. */
interface Acceptance {
  readonly lo: Instant;
  readonly hi: Instant | null;
}

/** Null if the message never got that far. */
function acceptanceOf(record: ProbeRecord): Acceptance | null {
  switch (record.handover?.kind) {
    case 'accepted':
      return { lo: record.handover.handedOver, hi: record.handover.acknowledged };
    case 'uncertain':
      return { lo: record.handover.handedOver, hi: null };
    case 'refused':
    case 'unreachable':
      return null;
    case undefined:
      // Interrupted, or captured before the reply was read: it was handed over some time after it was planned.
      return record.interrupted || record.capture !== null ? { lo: record.planned, hi: null } : null;
  }
}

/**
 * When the message came out: the first attempt at our sink counts, even if nothing came of it. Null while nothing is known
 * of it, and for one that ended otherwise: what turns up after a bounce or after 120 h changes no figure.
 */
function emergenceOf(
  { attempt, capture }: ProbeRecord,
  outcome: Outcome,
): { readonly earliest: Instant | null; readonly latest: Instant } | null {
  return attempt ?? (outcome === 'pending' || outcome === 'delivered' ? capture : null);
}

/** Up to when the message is proven not to have come out; a closed probe keeps to what was proven when it closed. */
function provenAbsent(record: ProbeRecord, outcome: Outcome, absence: TimelineState['absence']): Instant | null {
  const emergence = emergenceOf(record, outcome);
  if (emergence !== null) return emergence.earliest;
  if (outcome !== 'pending') return record.absentUntil;
  return absence.get(channelOf(record.path, record.provider)) ?? null;
}

/** Seconds from the latest acceptance to the earliest moment the message can have come out. */
function lowerBound(
  acknowledged: Instant | null,
  proven: Instant | null,
  unseenSince: Instant | null,
  flags: Set<DelayFlag>,
): number {
  if (acknowledged === null || proven === null) return 0;
  const bound = unseenSince === null ? proven : earlierOf(unseenSince, proven);
  if (bound !== proven) flags.add('unwatched');
  const span = spanBetween(acknowledged, bound);
  for (const flag of span.flags) flags.add(flag);
  return span.lo;
}

/** Seconds from the earliest acceptance to the latest moment the message can have come out. */
function upperBound(record: ProbeRecord, outcome: Outcome, acceptance: Acceptance, flags: Set<DelayFlag>): number {
  const emergence = emergenceOf(record, outcome);
  if (emergence === null) return Number.POSITIVE_INFINITY;
  const span = spanBetween(acceptance.lo, emergence.latest);
  for (const flag of span.flags) flags.add(flag);
  if (acceptance.hi !== null && isBefore(emergence.latest, acceptance.hi)) flags.add('before-acceptance');
  return span.hi;
}
