/** Durations for people. */

const MILLISECOND = 1000;
const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Up to where seconds with a fraction are read more easily than minutes. */
const SECONDS_MAX = 2 * MINUTE;

/** Three digits that matter: `0.412 ms`, `41.2 ms`, `5.012 s`, `2 min 5 s`, `1 h 2 min`. `round` says which way the rest goes. */
export function formatSeconds(seconds: number, round: (steps: number) => number = Math.round): string {
  // The clocks are read in microseconds.
  const exact = Math.round(seconds * SECOND);
  const step = stepOf(exact);
  const us = round(exact / step) * step;
  if (us < SECOND) return `${us / MILLISECOND} ms`;
  if (us < SECONDS_MAX) return `${(us / SECOND).toFixed(3)} s`;
  if (us < HOUR) return `${Math.floor(us / MINUTE)} min ${Math.floor((us % MINUTE) / SECOND)} s`;
  return `${Math.floor(us / HOUR)} h ${Math.floor((us % HOUR) / MINUTE)} min`;
}

/** What the last digit shown stands for, microseconds. */
function stepOf(us: number): number {
  if (us < MILLISECOND) return 1;
  if (us < 10 * MILLISECOND) return 10;
  if (us < 100 * MILLISECOND) return 100;
  if (us < SECONDS_MAX) return MILLISECOND;
  return us < HOUR ? SECOND : MINUTE;
}
