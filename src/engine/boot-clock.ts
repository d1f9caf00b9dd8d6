/** Brings to date what came out after a reboot, before the wall clock was set, and what was sent then and is awaited still. */
import { awaitsClock } from '../domain/delay/delay.ts';
import type { LedgerEvent } from '../domain/event.ts';
import { awaitsDate } from '../domain/expiry.ts';
import type { ProbeRecord } from '../domain/record.ts';
import { clockSettlesIn, isClockSettled } from '../domain/time/instant.ts';
import type { Clock, Ledger, Log } from '../ports.ts';
import type { Recorder } from './recorder.ts';

/** Read at a start: what an earlier process of this boot saw come out. Of a probe that is not among them the delay stays open. */
const RECENT = 1000;

export interface BootClockParts {
  readonly recorder: Pick<Recorder, 'note' | 'subscribe' | 'state'>;
  readonly ledger: Pick<Ledger, 'recent'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Waits until the wall clock of this boot is known to be set, and records a reading of it for each such probe. Resolves then, or when it is stopped. */
export async function timeEarlyProbes(
  { recorder, ledger, clock, log }: BootClockParts,
  stopped: AbortSignal,
): Promise<void> {
  const ended = new Map<string, ProbeRecord>();
  const { boot } = clock.now();
  const unsubscribe = recorder.subscribe((_, changed) => {
    for (const record of changed) if (awaitsClock(record, boot)) ended.set(record.id, record);
  });
  try {
    while (!isClockSettled(clock.now()) && !stopped.aborted)
      await clock.sleep(Math.max(1, clockSettlesIn(clock.now())) * 1000, stopped);
    if (stopped.aborted) return;
    const now = clock.now();
    for (const record of await ledger.recent(RECENT)) if (awaitsClock(record, boot)) ended.set(record.id, record);
    const undated = [...recorder.state.open.values()].filter(awaitsDate).map(({ id }) => id);
    const all = [...ended.keys(), ...undated];
    if (all.length === 0) return;
    await recorder.note(...all.map((probe): LedgerEvent => ({ type: 'probe.timed', at: now, probe })));
  } catch (error) {
    // The ledger's thread is gone, or is stopping: their delays stay open, which is less and not wrong.
    log.warn('the delays of what came out before the clock was set stay open', { error });
  } finally {
    unsubscribe();
  }
}
