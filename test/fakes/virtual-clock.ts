/** A clock that stands still until it is told to go on: simulated hours take milliseconds. */
import type { Instant } from '../../src/domain/instant.ts';
import type { Clock } from '../../src/ports.ts';

interface Sleeper {
  readonly dueUs: number;
  readonly wake: () => void;
}

export class VirtualClock implements Clock {
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
      const sleeper = { dueUs: this.#monoUs + Math.max(0, ms) * 1000, wake: done };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', done);
    });
  }

  /** Lets `seconds` pass, waking each sleeper at its moment and letting what follows from it settle. */
  async advance(seconds: number): Promise<void> {
    const endUs = this.#monoUs + Math.round(seconds * 1e6);
    await settle();
    for (;;) {
      const next = [...this.#sleepers].toSorted((a, b) => a.dueUs - b.dueUs)[0];
      if (next === undefined || next.dueUs > endUs) break;
      this.#pass(Math.max(0, next.dueUs - this.#monoUs));
      next.wake();
      await settle();
    }
    this.#pass(endUs - this.#monoUs);
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

  /** Another boot, `downSeconds` later. */
  reboot(downSeconds: number): void {
    this.#wallMs += downSeconds * 1000;
    this.#monoUs = 5_000_000;
    this.#suspendedMs = 0;
    this.#boot = `boot${this.#wallMs}`.slice(0, 12);
  }

  /** How many sleeps are under way: a test that ends with any has left something running. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  #pass(us: number): void {
    this.#monoUs += us;
    this.#wallMs += us / 1000;
  }
}

/** Lets promises and immediates run out. */
async function settle(): Promise<void> {
  for (let round = 0; round < 5; round += 1) await new Promise((resolve) => setImmediate(resolve));
}
