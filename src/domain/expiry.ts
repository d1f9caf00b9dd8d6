/** When a probe that is still awaited is given up. */
import { LOST_AFTER } from './contract.ts';
import { channelOf, outcomeOf, type ProbeRecord, sentAt } from './record.ts';
import { type Instant, isBefore, isClockSettled, spanBetween } from './time/instant.ts';
import type { TimelineState } from './timeline.ts';

/** Seconds. A mailbox that nobody could look into for so long is not waited for any more, or what is open would grow without end. */
const UNSEEN_MAX = 2 * LOST_AFTER;

/**
 * Whether a probe is over at `at`: LOST_AFTER after the provider had it. One that ends in a mailbox only once a look has shown that it
 * was not there by then: an agent that was away may find it at its next look.
 */
export function isOver(
  record: Pick<ProbeRecord, 'planned' | 'handover' | 'path' | 'provider' | 'absentUntil' | 'clockSet'>,
  absence: TimelineState['absence'],
  at: Instant,
): boolean {
  const { path, provider } = record;
  const age = ageAtLeast(record, at);
  if (path === 'send' || age <= LOST_AFTER) return age > LOST_AFTER;
  const looked = absence.get(channelOf(path, provider)) ?? null;
  return age > UNSEEN_MAX || (looked !== null && ageAtLeast(record, looked) > LOST_AFTER);
}

/**
 * Seconds. Of one that was sent before the clock of its boot was set, no more is sure over a reboot than how long the new boot lasts, since
 * when it was known to be missing, and since when a clock that was set knew of it.
 */
function ageAtLeast(record: Parameters<typeof isOver>[0], at: Instant): number {
  const sent = sentAt(record);
  const { absentUntil, clockSet } = record;
  const known = [sent];
  // Of another boot it is one that came later; of the same it may be from before it was sent.
  if (absentUntil !== null && (absentUntil.boot !== sent.boot || isBefore(sent, absentUntil))) known.push(absentUntil);
  if (clockSet !== undefined) known.push(clockSet);
  return Math.max(...known.map((since) => spanBetween(since, at).lo));
}

/** Whether nobody knows how old it is once the host boots again: a reading of a clock that is set tells from then on. */
export function awaitsDate(record: ProbeRecord): boolean {
  return record.clockSet === undefined && !isClockSettled(sentAt(record)) && outcomeOf(record) === 'pending';
}
