/** By when a peer must have done what. */
import type { Clock } from '../../ports.ts';

/**
 * `step`: the next command, whole. `data`: the message. `session`: to begin no message any more. `end`: to be gone.
 */
export type Deadline = 'step' | 'data' | 'session' | 'end';

export class Deadlines {
  readonly #clock: Clock;
  readonly #running = new Map<Deadline, AbortController>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** In place of one of that name that is still running. */
  set(name: Deadline, ms: number, action: () => void): void {
    this.clear(name);
    const over = new AbortController();
    this.#running.set(name, over);
    void this.#clock.sleep(ms, over.signal).then(() => {
      if (!over.signal.aborted) action();
    });
  }

  clear(name: Deadline): void {
    this.#running.get(name)?.abort();
    this.#running.delete(name);
  }

  clearAll(): void {
    for (const name of [...this.#running.keys()]) this.clear(name);
  }
}
