/** Whether the host lets anything be measured: what it does wrong now and then widens intervals, what it does all the time ends the agent. */
import { type Instant, isoText, spanBetween } from './instant.ts';

/** No clock that is right shows a time before this program was written. */
const EPOCH_MS = Date.UTC(2026, 0, 1);
/** Seconds that one observation may come late: a busy disk or host holds everything up for a few. */
const LATE_MAX = 5;
/** Seconds that one hold-up counts for at most, however long it was: a process that was stopped once goes on. */
const HOLD_UP_MAX = 20;
/** Seconds of hold-ups that are too many, where each second that passes takes off this much. */
const HELD_UP_MAX = 120;
const HELD_UP_DRAIN = 0.1;
/** Steps of the wall clock that are too many, where one is forgotten after so many seconds. NTP steps at most now and then. */
const STEPS_MAX = 5;
const STEP_FORGOTTEN_AFTER = 600;

export interface Soundness {
  readonly last: Instant;
  /** Since when the wall clock has kept to the monotonic one. */
  readonly steadySince: Instant;
  /** Seconds and steps, less what was forgotten of them. */
  readonly heldUp: number;
  readonly steps: number;
}

export function beginSoundness(now: Instant): Soundness {
  return { last: now, steadySince: now, heldUp: 0, steps: 0 };
}

/** What is to be observed every `everySeconds`, as exactly as timers are. */
export function observeSoundness(before: Soundness, now: Instant, everySeconds: number): Soundness {
  const passed = Math.max(0, spanBetween(before.last, now).lo);
  const late = passed - everySeconds;
  const heldUp = before.heldUp - passed * HELD_UP_DRAIN + (late > LATE_MAX ? Math.min(late, HOLD_UP_MAX) : 0);
  // Short spans tell steps, which hide in the slack of long ones; long spans tell a rate that is wrong.
  const stepped = [before.last, before.steadySince].some((from) =>
    spanBetween(from, now).flags.includes('clock-stepped'),
  );
  return {
    last: now,
    steadySince: stepped ? now : before.steadySince,
    heldUp: Math.max(0, heldUp),
    steps: Math.max(0, before.steps - passed / STEP_FORGOTTEN_AFTER) + (stepped ? 1 : 0),
  };
}

/** What makes measuring senseless, in one line; null if nothing does. `before` is the reading before `last`. */
export function unsoundness({ last, heldUp, steps }: Soundness, before: Instant): string | null {
  if (last.boot === before.boot && last.monoUs < before.monoUs)
    return `the monotonic clock must not go back, it went from ${before.monoUs} to ${last.monoUs} µs`;
  if (heldUp > HELD_UP_MAX)
    return `the process must run when it has to, it was held up for ${Math.round(heldUp)} s of late`;
  if (steps > STEPS_MAX)
    return `the wall clock must keep to the monotonic one, it left it ${Math.ceil(steps)} times of late: is it set by two at once?`;
  return clockUnset(last);
}

/** A host without a clock of its own starts in 1970, and would write that into the ledger. */
export function clockUnset({ wallMs }: Instant): string | null {
  return wallMs >= EPOCH_MS ? null : `the host's clock must be set, it says ${isoText(wallMs)}`;
}
