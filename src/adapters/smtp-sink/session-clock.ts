/** Keeps the time of one connection: between which instants the peer began to transfer each message (measurement.md, "Send delay"). */
import { earliest, type Instant, isBefore, laterOf, shift } from '../../domain/instant.ts';

/**
 * A peer that answers us does so within a round trip, 300 ms around the world. One that is silent for longer was not
 * waiting for us: its next message may have come to it since, and then what we owed before is no part of its delay.
 */
const REST_MS = 500;

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
 * Upper bound: when MAIL was read, less the spans we owed that were over by then. A reply that came after MAIL was read
 * was not waited for. For the first transaction all spans since the accept count, as a connection is opened for a message
 * in hand. For a later one only those after the lower bound and after the peer last rested.
 */
export class SessionClock {
  #earliest: Instant;
  /** Since when we owe a reply, null if we do not. */
  #owingSince: Instant | null;
  #repliedAt: Instant | null = null;
  /** Microseconds owed since the lower bound, and since the peer last rested. */
  #owed = { sinceBoundUs: 0, sinceRestUs: 0 };
  /** The last bytes read, and what had been owed by then. */
  #read: { readonly at: Instant; readonly owed: { readonly sinceBoundUs: number; readonly sinceRestUs: number } };
  #reused = false;

  constructor(accepted: Instant) {
    this.#earliest = earliest(accepted);
    this.#owingSince = accepted;
    this.#read = { at: accepted, owed: this.#owed };
  }

  get lastRead(): Instant {
    return this.#read.at;
  }

  /** Before whatever the bytes hold is acted on. */
  bytesRead(at: Instant): void {
    const rested = this.#repliedAt !== null && at.monoUs - this.#repliedAt.monoUs > REST_MS * 1000;
    if (rested) this.#owed = { ...this.#owed, sinceRestUs: 0 };
    this.#read = { at, owed: this.#owed };
  }

  /** A command that was not answered (plain text behind STARTTLS) is owed nothing once the next one comes. */
  commandRead(at: Instant): void {
    this.#owingSince = at;
  }

  replyWritten(at: Instant): void {
    if (this.#owingSince !== null) {
      const spanUs = Math.max(0, at.monoUs - this.#owingSince.monoUs);
      const { sinceBoundUs, sinceRestUs } = this.#owed;
      this.#owed = { sinceBoundUs: sinceBoundUs + spanUs, sinceRestUs: sinceRestUs + spanUs };
    }
    this.#owingSince = null;
    this.#repliedAt = at;
  }

  /** The next message's MAIL may stand right behind the dot, in the same bytes. */
  endOfDataRead(at: Instant): void {
    this.#earliest = earliest(at);
    this.#owingSince = at;
    this.#owed = { sinceBoundUs: 0, sinceRestUs: 0 };
    this.#read = { at: isBefore(this.#read.at, at) ? at : this.#read.at, owed: this.#owed };
  }

  /** Once for each MAIL FROM that is accepted, while it is being handled. */
  transferBegun(): Transfer {
    const { at, owed } = this.#read;
    const reusedConnection = this.#reused;
    this.#reused = true;
    const owedUs = reusedConnection ? owed.sinceRestUs : owed.sinceBoundUs;
    const latest = laterOf(shift(at, -owedUs / 1000), this.#earliest);
    return { earliest: this.#earliest, latest, reusedConnection };
  }
}
