/** A clock whose readings are real and whose sleeps end only when the test says so. */
import type { Instant } from '../../../src/domain/time/instant.ts';
import type { Clock } from '../../../src/ports.ts';

export interface ManualClock extends Clock {
  /** Resolves when someone sleeps for exactly so long. */
  sleeping(ms: number): Promise<void>;
  /** Ends the sleeps of this length. */
  expire(ms: number): void;
  /** How many sleep now. */
  sleepers(): number;
}

export function manualClock(): ManualClock {
  const sleepers = new Set<{ readonly ms: number; readonly wake: () => void }>();
  const watchers = new Map<number, PromiseWithResolvers<void>>();
  return {
    now: readNow,
    sleep(ms, signal) {
      return new Promise((resolve) => {
        const wake = () => {
          sleepers.delete(sleeper);
          resolve();
        };
        const sleeper = { ms, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake, { once: true });
        watchers.get(ms)?.resolve();
      });
    },
    async sleeping(ms) {
      if ([...sleepers].some((sleeper) => sleeper.ms === ms)) return;
      const watcher = Promise.withResolvers<void>();
      watchers.set(ms, watcher);
      await watcher.promise;
    },
    expire(ms) {
      for (const sleeper of sleepers) if (sleeper.ms === ms) sleeper.wake();
    },
    sleepers: () => sleepers.size,
  };
}

function readNow(): Instant {
  const monoUs = Number(process.hrtime.bigint() / 1000n);
  return { wallMs: Date.now(), monoUs, suspendedMs: 0, errorUs: 0, boot: 'test' };
}
