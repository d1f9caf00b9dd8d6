/** A sleep that can be cut short, also by a wake that came just before it. */
import { type Clock, OVER } from '../ports.ts';

export interface Waker {
  wake(): void;
  /** Resolves after `ms`, at a wake, or when `signal` is aborted; at once if there was a wake since the last sleep. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export function createWaker(clock: Clock): Waker {
  let woken = false;
  let waking = new AbortController();
  /** What cuts a sleep short. One does for all sleeps until a wake: each one made stays known to `signal` until it is collected. */
  let cut: { readonly signal: AbortSignal; readonly either: AbortSignal } | null = null;
  return {
    wake() {
      woken = true;
      waking.abort(OVER);
    },
    async sleep(ms, signal) {
      if (!woken && !signal.aborted) {
        if (cut?.signal !== signal) cut = { signal, either: AbortSignal.any([signal, waking.signal]) };
        await clock.sleep(ms, cut.either);
      }
      woken = false;
      if (waking.signal.aborted) {
        waking = new AbortController();
        cut = null;
      }
    },
  };
}
