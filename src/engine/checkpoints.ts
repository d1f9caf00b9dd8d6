/** Appends a checkpoint to the ledger once a day, so that a long ledger can be evaluated from any of its days on. */
import { utcDay } from '../domain/time/calendar.ts';
import type { Instant } from '../domain/time/instant.ts';
import type { Ledger } from '../ports.ts';
import type { Recorder } from './recorder.ts';

/** What to call at each beat: appends one when the UTC day is another than the last one's, or when there is none yet. */
export function keepCheckpoints(ledger: Ledger, recorder: Recorder): (now: Instant) => Promise<void> {
  /** UTC day of the last one; undefined until the ledger was asked, null if it has none. */
  let last: number | null | undefined;
  return async (now) => {
    if (last === undefined) {
      const before = (await ledger.marked(['ledger.checkpoint'])).at(-1);
      last = before === undefined ? null : utcDay(before.event.at.wallMs);
    }
    if (last === utcDay(now.wallMs)) return;
    await recorder.checkpoint(now);
    last = utcDay(now.wallMs);
  };
}
