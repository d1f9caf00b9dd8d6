/** What one message, one session and one address may take of the sink, each with its reason. */

/** A probe is a few kilobytes and a DSN that returns it whole some tens; announced as SIZE (RFC 1870). */
export const MESSAGE_BYTES_MAX = 1_048_576;
/** A peer somewhat over the limit hears 552 at its dot; one that goes on for ever is cut off here. */
export const MESSAGE_BYTES_CUT = 2 * MESSAGE_BYTES_MAX;
/**
 * Lines of one message that begin with a dot. smtp-server takes a turn of the event loop for each that is doubled, so that a megabyte of
 * them holds it for two seconds; a message that somebody wrote has some tens.
 */
export const DOTTED_LINES_MAX = 5000;
/** The least a server must take in one transaction (RFC 5321 §4.5.3.1.8). */
export const RECIPIENTS_MAX = 100;
/** Postfix takes lines of 2048 bytes; RFC 3461 parameters can make MAIL and RCPT lines longer than the 512 of RFC 5321. */
export const COMMAND_BYTES_MAX = 4096;
/** Commands of one session without a message in between. A transaction of 100 recipients takes about 110. */
export const COMMANDS_MAX = 500;
/** Bytes of one session, after which it is asked to end between two messages: some thousand probes, or 32 messages of the largest size. */
export const SESSION_BYTES_MAX = 32 * MESSAGE_BYTES_MAX;
/** RFC 3461 §4.4. */
export const ENVELOPE_ID_LENGTH_MAX = 100;

/**
 * Connections from elsewhere than the providers' networks. A transaction takes a second or two, so that one goes on to its end beside
 * a hundred newcomers a second; each takes some 30 kB.
 */
export const STRANGERS_MAX = 200;
/** Connections from the providers' networks: five hosts like Postfix, which opens up to 20 to one destination. */
export const PROVIDERS_MAX = 100;
/** What one IPv4 address, or one /64 of IPv6, may hold of the strangers' places: as many as such a host opens. */
export const CLIENTS_PER_SOURCE_MAX = 20;
/**
 * TLS handshakes of strangers: a host opens its twenty connections at once, with one each, and a transaction on a new one each second is
 * more than any sends us.
 */
export const HANDSHAKES_PER_SOURCE = { burst: CLIENTS_PER_SOURCE_MAX, everyUs: 1_000_000 };
/**
 * Of all strangers: one takes 1 ms of the measuring thread with an elliptic key, 3 with an RSA key of 2048 bits, so that a flood of them
 * takes less than a twelfth of it.
 */
export const HANDSHAKES = { burst: STRANGERS_MAX, everyUs: 40_000 };
/** Connections that the kernel holds until we accept them; it drops more, and a host comes again only seconds later. Node asks for 511. */
export const BACKLOG = 4096;

/** How long a peer may take from our reply to its next command, the TLS handshake included, milliseconds (RFC 5321 §4.5.3.2.7: at least 5 minutes). */
export const STEP_MS_MAX = 300_000;
/** How often a session is held to its time: what takes longer than it may is noticed up to so much later, milliseconds. */
export const LOOK_MS = 60_000;
/** From 354 to the dot: the largest message at 56 kbit/s takes half of it. A trickle never idles, so silence alone is no bound. */
export const DATA_MS_MAX = 300_000;
/** A session is asked to end between two messages after this; hosts reuse a connection for minutes, not hours. */
export const SESSION_MS_MAX = 1_800_000;
/** What the transactions that run when the sink closes may still take. */
export const CLOSE_MS_MAX = 2000;
