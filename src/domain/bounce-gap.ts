/** While the sink cannot be reached, a bounce that would tell why a message never came to its mailbox is turned away: we may have had no room for it. */
import { earlierOf, type Instant, spanBetween } from './time/instant.ts';

/** When, as far as is known, the sink was away from a message on its way to a mailbox. Several such times are one from the first to the last. */
export interface BounceGap {
  readonly since: Instant;
  /** The sink is `closed`, or `unproven`: nothing has come to it since it fell silent. Else since when it has been back. */
  readonly until: 'closed' | 'unproven' | Instant;
}

/**
 * Seconds after which a bounce that was turned away has been tried again (RFC 5321 §4.5.4.1: for at least four to five days): Exim's
 * longest interval is 6 h, qmail's in five days 6.7 h, Postfix's 4000 s, and a host is remembered as down for an hour.
 */
const TRIED_AGAIN_AFTER = 8 * 3600;

/** Up to when no bounce can have gone unheard, at `at` or before. */
export function bouncesHeardUntil(gap: BounceGap | undefined, at: Instant): Instant {
  return gap === undefined || isMadeUp(gap, at) ? at : earlierOf(gap.since, at);
}

/** The sink is away from `since` on. */
export function widenGap(before: BounceGap | undefined, since: Instant, until: 'closed' | 'unproven'): BounceGap {
  if (before === undefined || isMadeUp(before, since)) return { since, until };
  // What was silent before it was closed is not known to be reachable once it is open again.
  return { since: earlierOf(before.since, since), until: before.until === 'unproven' ? 'unproven' : until };
}

/** Whether all that was turned away in the gap has been tried again by then. */
function isMadeUp({ until }: BounceGap, at: Instant): boolean {
  return typeof until === 'object' && spanBetween(until, at).lo > TRIED_AGAIN_AFTER;
}
