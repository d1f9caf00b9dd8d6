/** Keeps the time of one connection: between which instants the peer began to transfer each message (measurement.md, "Send delay"). */
import { earliest, type Instant, isBefore, laterOf, shift } from '../../domain/time/instant.ts';

export interface Transfer {
  /** The transfer of the message began in `[earliest, latest]`. */
  readonly earliest: Instant;
  readonly latest: Instant;
  /** Whether it was not the first on its connection. */
  readonly reusedConnection: boolean;
}

/**
 * States: owing (from accept to the banner, from a command or the end of data to its reply) and not owing.
 *
 * Lower bound: the accept, or the last end of data read. A transaction that ended without data (RSET, a new EHLO) does
 * not move it: what follows may be the same message once more, in other words, and its transfer began with the first try.
 *
 * Upper bound: when MAIL was read. For the first transaction less the spans we owed that were over by then, for a connection
 * is opened for a message in hand; a reply that came after MAIL was read was not waited for. For a later one nothing is taken
 * out: its message may have come to the peer only after we had replied, and then what we owed is no part of its delay. What
 * that costs is in the interval, which begins with the end of data before our slow reply.
 */
export class SessionClock {
  #earliest: Instant;
  /** Since when we owe a reply, null if we do not. */
  #owingSince: Instant | null;
  /** Microseconds owed so far. */
  #owedUs = 0;
  /** The last bytes read, and what had been owed by then. */
  #read: { readonly at: Instant; readonly owedUs: number };
  #reused = false;

  constructor(accepted: Instant) {
    this.#earliest = earliest(accepted);
    this.#owingSince = accepted;
    this.#read = { at: accepted, owedUs: 0 };
  }

  /** Since when a transfer that we know nothing of may have begun. */
  get earliest(): Instant {
    return this.#earliest;
  }

  get lastRead(): Instant {
    return this.#read.at;
  }

  /** Before whatever the bytes hold is acted on. */
  bytesRead(at: Instant): void {
    this.#read = { at, owedUs: this.#owedUs };
  }

  /** A command that was not answered (plain text behind STARTTLS) is owed nothing once the next one comes. */
  commandRead(at: Instant): void {
    this.#owingSince = at;
  }

  replyWritten(at: Instant): void {
    if (this.#owingSince !== null) this.#owedUs += Math.max(0, at.monoUs - this.#owingSince.monoUs);
    this.#owingSince = null;
  }

  /** The next message's MAIL may stand right behind the dot, in the same bytes. */
  endOfDataRead(at: Instant): void {
    this.#earliest = earliest(at);
    this.#owingSince = at;
    this.#read = { at: isBefore(this.#read.at, at) ? at : this.#read.at, owedUs: this.#owedUs };
  }

  /** Once for each MAIL FROM that is accepted, while it is being handled. */
  transferBegun(): Transfer {
    const { at, owedUs } = this.#read;
    const reusedConnection = this.#reused;
    this.#reused = true;
    const latest = laterOf(reusedConnection ? at : shift(at, -owedUs / 1000), this.#earliest);
    return { earliest: this.#earliest, latest, reusedConnection };
  }
}
