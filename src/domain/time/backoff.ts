/** How long to wait before something that failed is tried again: ever longer, capped, and never in step with others. */

export interface Backoff {
  /** Milliseconds after the first failure, at most. */
  readonly firstMs: number;
  /** Milliseconds after any number of failures, at most. */
  readonly maxMs: number;
}

/**
 * Milliseconds to wait after `failures` in a row, 1 or more: doubled by each up to the cap, and of that at least half, with
 * `chance` (0 <= chance < 1) deciding the rest: agents that lost the same server must not come back to it all at once.
 */
export function retryDelayMs(failures: number, { firstMs, maxMs }: Backoff, chance: number): number {
  const whole = Math.min(maxMs, firstMs * 2 ** (failures - 1));
  return (whole / 2) * (1 + chance);
}
