/** Notices that the agent was away, with its host or by itself: nobody was at the sink, and what comes in next may have been tried meanwhile. */
import { type Instant, spanBetween } from '../domain/time/instant.ts';
import type { Clock } from '../ports.ts';
import type { Recorder } from './recorder.ts';

/** Seconds for which a process may be held up; a busy disk holds one up for a few. */
const AWAY_AFTER = 30;
/**
 * Seconds by which a wall clock is put forward that was slewed before: whoever tried to connect to a frozen host heard nothing, and tries
 * again after twice as long each time.
 */
const FROZEN_AFTER = 0.25;

export interface Wake {
  /** To be called once a second, and when a connection comes in, before anything of it is recorded. Never rejects; resolves once it was tried to record it. */
  check(): Promise<void>;
}

/** A sink that is closed stays so. */
export function createWake(isSinkOpen: () => boolean, recorder: Recorder, clock: Clock): Wake {
  let last: Instant | null = null;
  return {
    async check() {
      const before = last;
      const now = clock.now();
      last = now;
      if (before === null || !wasAway(before, now) || !isSinkOpen()) return;
      // At once: were it to fail between the two, it would count as open while it is not.
      await Promise.all([
        recorder.note({ type: 'sink.closed', at: before }),
        recorder.note({ type: 'sink.opened', at: now, address: 'awake again' }),
      ]);
    },
  };
}

function wasAway(last: Instant, now: Instant): boolean {
  const span = spanBetween(last, now);
  // A frozen host wakes with a wall clock that is put forward, sooner or later.
  const mayHaveBeenFrozen = span.hi - span.lo > FROZEN_AFTER;
  return span.flags.includes('host-suspended') || mayHaveBeenFrozen || span.hi > AWAY_AFTER;
}
