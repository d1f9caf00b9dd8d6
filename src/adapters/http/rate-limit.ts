/** How often each asker may have something: a bucket of turns that fills again with time (a token bucket), for so many askers and no more. */
import type { Clock } from '../../ports.ts';

export interface Rate {
  /** Turns that may be taken at once. */
  readonly burst: number;
  /** Seconds after which one more may be taken. */
  readonly every: number;
}

export interface RateLimit {
  /** Seconds until there is a turn, 0 where there is one. Takes none. */
  wait(key: string): number;
  /** As `wait`, and takes the turn if there is one. */
  take(key: string): number;
}

/** Askers remembered; a flood from more addresses than these forgets those that asked longest ago, and takes no more memory. */
export const ASKERS_MAX = 4096;

interface Bucket {
  readonly turns: number;
  readonly atUs: number;
}

export function createRateLimit({ burst, every }: Rate, clock: Pick<Clock, 'now'>): RateLimit {
  // In the order in which they asked last.
  const buckets = new Map<string, Bucket>();
  const turnsOf = (key: string, nowUs: number): number => {
    const known = buckets.get(key);
    return known === undefined ? burst : Math.min(burst, known.turns + (nowUs - known.atUs) / 1e6 / every);
  };
  const waitFor = (turns: number): number => (turns >= 1 ? 0 : (1 - turns) * every);

  return {
    wait: (key) => waitFor(turnsOf(key, clock.now().monoUs)),
    take(key) {
      const atUs = clock.now().monoUs;
      const turns = turnsOf(key, atUs);
      if (turns < 1) return waitFor(turns);
      buckets.delete(key);
      const [oldest] = buckets.keys();
      if (buckets.size >= ASKERS_MAX && oldest !== undefined) buckets.delete(oldest);
      buckets.set(key, { turns: turns - 1, atUs });
      return 0;
    },
  };
}
