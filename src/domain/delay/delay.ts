/** The delay of one probe as an interval that holds the truth (measurement.md, "Send delay" and "Receive delay"). */
import { longerProof, underWayUntil } from '../absence.ts';
import { bouncesHeardUntil } from '../bounce-gap.ts';
import { DELAY_MAXIMUM_LIMIT } from '../contract.ts';
import { atLeastZero, type Interval, standing } from '../interval.ts';
import { type Outcome, outcomeOf, type ProbeRecord, sentAt } from '../record.ts';
import {
  type ClockFlag,
  type Instant,
  isBefore,
  isClockSettled,
  type Span,
  shorterOf,
  spanBetween,
} from '../time/instant.ts';
import type { TimelineState } from '../timeline.ts';

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
  const bounds = boundsOf(record, absence);
  // A message for which our mailbox had no room was on its way for as long as we left it so.
  if (bounds === null || outcome === 'unmeasured') return { outcome, delay: null, flags: [] };
  const { shortest, longest } = bounds;
  const flags = new Set<DelayFlag>(bounds.flags);
  if (record.capture?.found?.role === 'junk') flags.add('junk');
  if (record.capture?.found?.role === 'trash') flags.add('trash');
  const measure = (stretch: Stretch): Interval => {
    const span = spanOf(stretch);
    for (const flag of span.flags) flags.add(flag);
    return span;
  };
  const lo = shortest === null ? 0 : measure(shortest).lo;
  const hi = longest === null ? Number.POSITIVE_INFINITY : measure(longest).hi;
  return { outcome, delay: atLeastZero({ lo: Math.min(lo, hi), hi }), flags: [...flags] };
}

/** Whether the record proves that the maximum of one hour was exceeded, be the message there by now or not. */
export function exceedsMaximum(record: ProbeRecord, absence: TimelineState['absence']): boolean {
  const { delay } = assess(record, absence);
  return delay !== null && standing(delay, DELAY_MAXIMUM_LIMIT) === 'exceeded';
}

/** From one instant to another; in a `shortest` they may stand the wrong way round, then it is no time at all. */
export interface Stretch {
  readonly from: Instant;
  readonly to: Instant;
  /** As `spanBetween` has it. */
  readonly set: Instant | null;
}

export function spanOf({ from, to, set }: Stretch): Span {
  return spanBetween(from, to, set);
}

/** What a delay is measured by. The truth lasts at least as long as `shortest` and lies within `longest`. */
export interface DelayBounds {
  /** From the latest acceptance to the earliest moment the message can have come out; null if nothing proves one of them. */
  readonly shortest: Stretch | null;
  /** From the earliest acceptance to the latest moment it can have come out; null while it is missing. */
  readonly longest: Stretch | null;
  readonly flags: readonly DelayFlag[];
}

/** Null if the message never got as far as its acceptance. */
export function boundsOf(record: ProbeRecord, absence: TimelineState['absence']): DelayBounds | null {
  const acceptance = acceptanceOf(record);
  if (acceptance === null) return null;
  const { unseenSince } = record;
  const outcome = outcomeOf(record);
  const emergence = emergenceOf(record, outcome);
  const flags: DelayFlag[] = [];
  let shortest: Stretch | null = null;
  const proven = provenAbsent(record, outcome, absence);
  if (acceptance.hi === null) flags.push('acceptance-unknown');
  else if (proven !== null) {
    const to = unseenSince === null ? proven : shorterOf(acceptance.hi, proven, unseenSince);
    if (to !== proven) flags.push('unwatched');
    // What came first in two boots is told by wall clocks that may not have been set: dated by a later one, it would be too much.
    shortest = { from: acceptance.hi, to, set: null };
  }
  if (emergence === null) return { shortest, longest: null, flags };
  if (acceptance.hi !== null && isBefore(emergence.latest, acceptance.hi)) flags.push('before-acceptance');
  return { shortest, longest: { from: acceptance.lo, to: emergence.latest, set: record.clockSet ?? null }, flags };
}

/** Of a message that bounced: from its earliest acceptance until the notice of that was read, by when it was no longer under way. Else null. */
export function untilBounce(record: ProbeRecord): Stretch | null {
  const acceptance = acceptanceOf(record);
  const { notice, noticedAt } = record;
  if (notice?.action !== 'failed' || noticedAt === undefined || acceptance === null) return null;
  return { from: acceptance.lo, to: noticedAt, set: record.clockSet ?? null };
}

/** Whether the probe ended in this boot after a reboot, before the wall clock was set: its delay has no upper bound until a later reading tells. */
export function awaitsClock(record: ProbeRecord, boot: string): boolean {
  const longest = boundsOf(record, new Map())?.longest ?? untilBounce(record);
  if (longest === null) return false;
  const { from, to, set } = longest;
  return set === null && from.boot !== boot && to.boot === boot && isClockSettled(from) && !isClockSettled(to);
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
      // Interrupted, or tried or captured before the reply was read: it was handed over some time after it was planned.
      return record.interrupted || record.attempt !== null || record.capture !== null
        ? { lo: record.planned, hi: null }
        : null;
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

/**
 * Up to when the message is proven to have been under way; a closed probe keeps to what was proven when it closed. What has bounced
 * unheard may have found our mailbox full.
 */
function provenAbsent(record: ProbeRecord, outcome: Outcome, absence: TimelineState['absence']): Instant | null {
  // After a failed attempt it is missing as before, but no longer under way.
  if (record.attempt !== null) return record.attempt.earliest;
  const emergence = emergenceOf(record, outcome);
  if (emergence !== null) return longerProof(record, record.absentUntil, emergence.earliest);
  // The bounce of an internal message goes to the same mailbox, and is never heard from a full one.
  if (record.path === 'internal' && outcome !== 'failed') return null;
  const absent = outcome === 'pending' ? underWayUntil(record, absence) : record.absentUntil;
  return absent === null ? null : bouncesHeardUntil(record.bounceGap, sentAt(record), absent);
}
