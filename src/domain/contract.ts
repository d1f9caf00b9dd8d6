/** The contract's limits on delay (clauses 2a and 2b of `enterprise-mail-sla`). */

/** Seconds. The monthly average of a delay may reach this, not exceed it. */
export const DELAY_AVERAGE_LIMIT = 60;
/** Seconds. Every single delay may reach this, not exceed it; past it, a message still missing is a breach. */
export const DELAY_MAXIMUM_LIMIT = 3600;
/** Seconds. A message not seen for this long is lost: senders give up after 4 to 5 days (RFC 5321 §4.5.4.1). */
export const LOST_AFTER = 120 * 3600;
