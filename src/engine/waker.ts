/** A sleep that can be cut short, also by a wake that came just before it. */
import type { Clock } from '../ports.ts';

export interface Waker {
  wake(): void;
  /** Resolves after `ms`, at a wake, or when `signal` is aborted; at once if there was a wake since the last sleep. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export function createWaker(clock: Clock): Waker {
  let woken = false;
  let current: AbortController | null = null;
  return {
    wake() {
      woken = true;
      current?.abort();
    },
    async sleep(ms, signal) {
      if (!woken && !signal.aborted) {
        current = new AbortController();
        await clock.sleep(ms, AbortSignal.any([signal, current.signal]));
        current = null;
      }
      woken = false;
    },
  };
}
