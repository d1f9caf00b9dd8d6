/** Holds one session to its time: each command of the peer's, and the whole. */
import { type Clock, OVER } from '../../ports.ts';
import { DATA_MS_MAX, LOOK_MS, SESSION_MS_MAX, STEP_MS_MAX } from './limits.ts';

/** `step`: the next command takes too long. `session`: no message may begin any more. `end`: not even the one under way may go on. */
export type TimeOver = 'step' | 'session' | 'end';

export class SessionTime {
  readonly #ended = new AbortController();
  /** Commands and replies so far, and whether the peer is the next to speak. */
  #steps = 0;
  #isPeersTurn = false;

  /** `over` may be told the same again, as long as it lasts. */
  constructor(clock: Clock, over: (what: TimeOver) => void) {
    void this.#look(clock, over);
  }

  stepped(isPeersTurn: boolean): void {
    this.#steps += 1;
    this.#isPeersTurn = isPeersTurn;
  }

  stop(): void {
    this.#ended.abort(OVER);
  }

  /** One timer for all: one for each command would cost more than the command. */
  async #look(clock: Clock, over: (what: TimeOver) => void): Promise<void> {
    let [stepsBefore, sameMs] = [0, 0];
    for (let ageMs = LOOK_MS; ; ageMs += LOOK_MS) {
      await clock.sleep(LOOK_MS, this.#ended.signal);
      if (this.#ended.signal.aborted) return;
      sameMs = this.#isPeersTurn && this.#steps === stepsBefore ? sameMs + LOOK_MS : 0;
      stepsBefore = this.#steps;
      if (sameMs >= STEP_MS_MAX) over('step');
      else if (ageMs >= SESSION_MS_MAX + DATA_MS_MAX) over('end');
      else if (ageMs >= SESSION_MS_MAX) over('session');
    }
  }
}
