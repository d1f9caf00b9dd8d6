/** When a probe that is still awaited is given up. */
import { LOST_AFTER } from './contract.ts';
import { channelOf, type ProbeRecord, sentAt } from './record.ts';
import { type Instant, spanBetween } from './time/instant.ts';
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
  const age = spanBetween(sent, at).lo;
  if (path === 'send' || age <= LOST_AFTER) return age > LOST_AFTER;
  const looked = absence.get(channelOf(path, provider)) ?? null;
  return age > UNSEEN_MAX || (looked !== null && spanBetween(sent, looked).lo > LOST_AFTER);
}
