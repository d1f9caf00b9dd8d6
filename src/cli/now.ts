/** The time for commands that ask for it once. */
import { systemClock } from '../app.ts';
import type { Instant } from '../domain/time/instant.ts';

export function now(): Instant {
  const clock = systemClock();
  try {
    return clock.now();
  } finally {
    clock.close();
  }
}
