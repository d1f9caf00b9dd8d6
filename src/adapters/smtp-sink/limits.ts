/** What one message, one session and one address may take of the sink, each with its reason. */

/** A probe is a few kilobytes and a DSN that returns it whole some tens; announced as SIZE (RFC 1870). */
export const MESSAGE_BYTES_MAX = 1_048_576;
/** A peer somewhat over the limit hears 552 at its dot; one that goes on for ever is cut off here. */
export const MESSAGE_BYTES_CUT = 2 * MESSAGE_BYTES_MAX;
/** The least a server must take in one transaction (RFC 5321 §4.5.3.1.8). */
export const RECIPIENTS_MAX = 100;
/** Postfix takes lines of 2048 bytes; RFC 3461 parameters can make MAIL and RCPT lines longer than the 512 of RFC 5321. */
export const COMMAND_BYTES_MAX = 4096;
/** Commands of one session without a message in between. A transaction of 100 recipients takes about 110. */
export const COMMANDS_MAX = 500;
/** RFC 3461 §4.4. */
export const ENVELOPE_ID_LENGTH_MAX = 100;

export const CLIENTS_MAX = 100;
/** What one address may hold of these: Postfix opens up to 20 connections to one destination. */
export const CLIENTS_PER_ADDRESS_MAX = 20;

/** How long a peer may keep silent between commands, milliseconds (RFC 5321 §4.5.3.2.7: at least 5 minutes). */
export const IDLE_MS_MAX = 300_000;
/** From 354 to the dot: the largest message at 56 kbit/s takes half of it. A trickle never idles, so silence alone is no bound. */
export const DATA_MS_MAX = 300_000;
/** A session is asked to end between two messages after this; hosts reuse a connection for minutes, not hours. */
export const SESSION_MS_MAX = 1_800_000;
/** What the transactions that run when the sink closes may still take. */
export const CLOSE_MS_MAX = 2000;
