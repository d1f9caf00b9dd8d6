/** What is seen beside a check while it lasts: whether our own line worked, and the agent was awake, all along. */
import { type Instant, spanBetween } from '../domain/time/instant.ts';
import { type Clock, type Control, OVER } from '../ports.ts';

/** Milliseconds from one look at the neutral hosts to the next: only a check that hangs lasts so long. */
const LOOK_EVERY = 5000;
const TICK = 1000;
/** Milliseconds: what a busy host may be late. More eats up the time that a server has to answer, or comes before the first packet. */
const LATE_MAX = 2000;

export interface Witness {
  /** Ends it. Whether the process ran all along: what a stopped or starved one took for silence may have been an answer. */
  awake(): boolean;
  /** Whether no look failed so far: a line that was down while a server was waited for may be up again when it is given up. */
  readonly lineHeld: boolean;
}

/** Looks on until `awake` is called. */
export function standBy(control: Control | null, clock: Clock): Witness {
  const over = new AbortController();
  const { signal } = over;
  let lineHeld = true;
  let [late, tickedAt] = [false, clock.now()];
  const tick = (now: Instant): void => {
    late ||= spanBetween(tickedAt, now).hi * 1000 > TICK + LATE_MAX;
    tickedAt = now;
  };
  const ticking = async (): Promise<void> => {
    while (!signal.aborted) {
      await clock.sleep(TICK, signal);
      if (!signal.aborted) tick(clock.now());
    }
  };
  const looking = async (control: Control): Promise<void> => {
    while (!signal.aborted) {
      await clock.sleep(LOOK_EVERY, signal);
      // One that is cut off has not failed.
      if (!signal.aborted && !(await control.healthy(false, signal)) && !signal.aborted) lineHeld = false;
    }
  };
  void ticking();
  if (control !== null) void looking(control);
  return {
    awake() {
      if (!signal.aborted) tick(clock.now());
      over.abort(OVER);
      return !late;
    },
    get lineHeld() {
      return lineHeld;
    },
  };
}
