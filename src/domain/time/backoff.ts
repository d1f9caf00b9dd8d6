/** How long to wait before something that failed is tried again: ever longer, capped, and never in step with others. */

export interface Backoff {
  /** Milliseconds after the first failure, at most. */
  readonly firstMs: number;
  /** Milliseconds after any number of failures, at most. */
  readonly maxMs: number;
}

/** Seconds. What had worked for so long before it failed had recovered; a server that drops every session after a moment has not. */
const STEADY_AFTER = 60;

/** Failures in a row with the one that comes after `workedSeconds`, 0 if it did not work at all. */
export function failuresInRow(before: number, workedSeconds: number): number {
  return workedSeconds >= STEADY_AFTER ? 1 : before + 1;
}

/**
 * Milliseconds to wait after `failures` in a row, 1 or more: doubled by each up to the cap, and of that at least half, with
 * `chance` (0 <= chance < 1) deciding the rest: agents that lost the same server must not come back to it all at once.
 */
export function retryDelayMs(failures: number, { firstMs, maxMs }: Backoff, chance: number): number {
  const whole = Math.min(maxMs, firstMs * 2 ** (failures - 1));
  return (whole / 2) * (1 + chance);
}
