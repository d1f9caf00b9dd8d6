/** When a probe that is still awaited is given up. */
import { LOST_AFTER } from './contract.ts';
import { channelOf, type ProbeRecord, sentAt } from './record.ts';
import { type Instant, isClockSettled, spanBetween, wallSpan } from './time/instant.ts';
import type { TimelineState } from './timeline.ts';

/** Seconds. A mailbox that nobody could look into for so long is not waited for any more, or what is open would grow without end. */
const UNSEEN_MAX = 2 * LOST_AFTER;

/**
 * Whether a probe is over at `at`: LOST_AFTER after the provider had it. One that ends in a mailbox only once a look has shown that it
 * was not there by then: an agent that was away may find it at its next look.
 */
export function isOver(
  record: Pick<ProbeRecord, 'planned' | 'handover' | 'path' | 'provider'>,
  absence: TimelineState['absence'],
  at: Instant,
): boolean {
  const { path, provider } = record;
  const sent = sentAt(record);
  const age = ageAtLeast(sent, at);
  if (path === 'send' || age <= LOST_AFTER) return age > LOST_AFTER;
  const looked = absence.get(channelOf(path, provider)) ?? null;
  return age > UNSEEN_MAX || (looked !== null && ageAtLeast(sent, looked) > LOST_AFTER);
}

/** Seconds. Whether the clock was right when it was sent is not asked: what is sent in the first hour of a boot would wait for 120 h without another. */
function ageAtLeast(sent: Instant, at: Instant): number {
  return sent.boot !== at.boot && isClockSettled(at) ? wallSpan(sent, at).lo : spanBetween(sent, at).lo;
}
