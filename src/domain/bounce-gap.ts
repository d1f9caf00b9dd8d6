/** While the sink cannot be reached, a bounce that would tell why a message never came to its mailbox is turned away: we may have had no room for it. */
import { type Boots, earlierOf, type Instant, isClockSettled, shorterOf, spanBetween } from './time/instant.ts';

/** When, as far as is known, the sink was away from a message on its way to a mailbox. Several such times are one from the first to the last. */
export interface BounceGap {
  readonly since: Instant;
  /** Up to when it is known to have been away; null while it is closed. */
  readonly until: Instant | null;
}

/**
 * Seconds after which a bounce that was turned away has been tried again (RFC 5321 §4.5.4.1: for at least four to five days): Exim's
 * longest interval is 6 h, qmail's in five days 6.7 h, Postfix's 4000 s; a host is remembered as down, and a gap goes on unnoticed, for an hour.
 */
const TRIED_AGAIN_AFTER = 8 * 3600;

/** Up to when no bounce of a message that was sent at `sent` can have gone unheard, at `at` or before. */
export function bouncesHeardUntil(gap: BounceGap | undefined, sent: Instant, at: Instant): Instant {
  return gap === undefined || isMadeUp(gap, at) ? at : shorterOf(sent, gap.since, at);
}

/** The sink was away from `since` to `until` as well. */
export function widenGap(before: BounceGap | undefined, { since, until }: BounceGap, boots: Boots): BounceGap {
  if (before === undefined || isMadeUp(before, since)) return { since, until };
  return { since: earlierOf(before.since, since, boots), until: before.until === null ? null : until };
}

/** Whether all that was turned away in the gap has been tried again by then. Which of two boots came first is told by clocks that were set alone. */
export function isMadeUp({ until }: BounceGap, at: Instant): boolean {
  if (until === null) return false;
  const isOrdered = until.boot === at.boot || (isClockSettled(until) && isClockSettled(at));
  return isOrdered && spanBetween(until, at).lo > TRIED_AGAIN_AFTER;
}
