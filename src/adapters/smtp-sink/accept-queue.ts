/** Since when a connection may have waited in the kernel until it was accepted. */
import { earliest, type Instant } from '../../domain/time/instant.ts';

/**
 * libuv accepts one connection in a turn of the event loop, so in a flood a provider's waits behind hundreds of others: that is no delay
 * of its. A turn without any shows that none waited.
 *
 * States: still (the last turn accepted none) and running (each turn since `#since` accepted one).
 */
export class AcceptQueue {
  #since: Instant | null = null;
  #isBusy = false;

  /** For each connection as it is accepted, `now`: the earliest that it may have come. */
  accepted(now: Instant): Instant {
    this.#isBusy = true;
    if (this.#since === null) {
      this.#since = earliest(now);
      setImmediate(() => this.#turned());
    }
    return this.#since;
  }

  /** Behind the part of a turn in which connections are accepted. */
  #turned(): void {
    if (!this.#isBusy) {
      this.#since = null;
      return;
    }
    this.#isBusy = false;
    setImmediate(() => this.#turned());
  }
}
