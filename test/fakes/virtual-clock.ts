/** A clock that stands still until it is told to go on: simulated hours take milliseconds. */
import type { Instant } from '../../src/domain/time/instant.ts';
import type { Clock } from '../../src/ports.ts';

interface Sleeper {
  readonly dueUs: number;
  readonly wake: () => void;
}

export class VirtualClock implements Clock {
  /** Time that has passed for everybody, reboots or not; sleeps are due by it. */
  #passedUs = 0;
  #monoUs = 1_000_000_000;
  #wallMs = Date.UTC(2026, 10, 10);
  #suspendedMs = 0;
  #boot = 'boot0001';
  readonly #sleepers = new Set<Sleeper>();

  now(): Instant {
    return {
      wallMs: Math.round(this.#wallMs),
      monoUs: this.#monoUs,
      suspendedMs: this.#suspendedMs,
      errorUs: 0,
      boot: this.#boot,
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const done = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      // Rounded up to the microsecond that the clock counts: nobody wakes early.
      const sleeper = { dueUs: this.#passedUs + Math.ceil(Math.max(0, ms) * 1000), wake: done };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', done);
    });
  }

  /** Lets `seconds` pass, waking each sleeper at its moment and letting what follows from it settle. */
  async advance(seconds: number): Promise<void> {
    const endUs = this.#passedUs + Math.round(seconds * 1e6);
    await settle();
    for (;;) {
      const next = this.#first();
      if (next === null || next.dueUs > endUs) break;
      this.#pass(Math.max(0, next.dueUs - this.#passedUs));
      next.wake();
      await settle();
    }
    this.#pass(endUs - this.#passedUs);
    await settle();
  }

  /** The wall clock is set; nothing else notices. */
  stepWall(seconds: number): void {
    this.#wallMs += seconds * 1000;
  }

  /** The host sleeps: monotonic time stands still. */
  suspend(seconds: number): void {
    this.#suspendedMs += seconds * 1000;
    this.#wallMs += seconds * 1000;
  }

  /** Another boot. The time it took is what was advanced before. */
  reboot(): void {
    this.#monoUs = 5_000_000;
    this.#suspendedMs = 0;
    this.#boot = `boot${this.#passedUs.toString(36)}`;
  }

  /** Seconds that have passed since the clock was made, by no clock of the agent's. */
  get passedSeconds(): number {
    return this.#passedUs / 1e6;
  }

  /** How many sleeps are under way: a test that ends with any has left something running. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** The one due next; of several the one that slept first. */
  #first(): Sleeper | null {
    let first: Sleeper | null = null;
    for (const sleeper of this.#sleepers) if (first === null || sleeper.dueUs < first.dueUs) first = sleeper;
    return first;
  }

  #pass(us: number): void {
    this.#passedUs += us;
    this.#monoUs += us;
    this.#wallMs += us / 1000;
  }
}

/** Lets promises run out. Fakes wait for nothing but promises and sleeps, so one turn of the event loop does. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
