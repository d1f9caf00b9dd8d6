/** Appends a checkpoint to the ledger once a day, so that a long ledger can be evaluated from any of its days on. */
import type { Instant } from '../domain/instant.ts';
import type { Ledger } from '../ports.ts';
import type { Recorder } from './recorder.ts';

const DAY_MS = 86_400_000;

/** What to call at each beat: appends one when the UTC day is another than the last one's, or when there is none yet. */
export function keepCheckpoints(ledger: Ledger, recorder: Recorder): (now: Instant) => Promise<void> {
  /** UTC day of the last one; undefined until the ledger was asked, null if it has none. */
  let last: number | null | undefined;
  return async (now) => {
    if (last === undefined) {
      const before = (await ledger.marked(['ledger.checkpoint'])).at(-1);
      last = before === undefined ? null : dayOf(before.event.at);
    }
    if (last === dayOf(now)) return;
    await recorder.checkpoint(now);
    last = dayOf(now);
  };
}

function dayOf({ wallMs }: Instant): number {
  return Math.floor(wallMs / DAY_MS);
}
