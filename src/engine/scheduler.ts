/** Starts the scheduled probes of one route at Poisson times, and records each slot that our own doing left empty. */

import type { RouteSettings } from '../domain/settings.ts';
import { spanBetween } from '../domain/time/instant.ts';
import { nextGapSeconds } from '../domain/time/schedule.ts';
import { type Clock, LedgerRefused, type Log, type Random, SendingLimitReached } from '../ports.ts';
import type { Line, Prober } from './prober.ts';
import type { Recorder } from './recorder.ts';

/** Seconds a slot may be late and still be its own: a busy host is a few seconds late, a suspended one has missed it. */
const SLOT_LATE_MAX = 10;

/** Runs until `signal` is aborted. The first probe comes after a gap too, so that restarts make no pattern. */
export async function runSchedule(
  route: RouteSettings,
  line: Line,
  parts: {
    readonly prober: Prober;
    readonly recorder: Recorder;
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Log;
  },
  signal: AbortSignal,
): Promise<void> {
  const { prober, recorder, clock, random, log } = parts;
  while (!signal.aborted) {
    const gap = nextGapSeconds(random.uniform(), route);
    const from = clock.now();
    await clock.sleep(gap * 1000, signal);
    if (signal.aborted) return;
    const lateSeconds = spanBetween(from, clock.now()).hi - gap;
    const reason =
      lateSeconds > SLOT_LATE_MAX
        ? `the agent woke ${Math.round(lateSeconds)} s late`
        : prober.hasRoom(line)
          ? null
          : 'too many handovers under way';
    const missed = reason ?? (await probeOrReason(prober, line, log));
    if (missed !== null) {
      const { provider, path } = route;
      await recorder.note({ type: 'slot.unmeasured', at: clock.now(), provider, path, reason: missed });
    }
  }
}

/** A plan that is not durable is not sent. */
async function probeOrReason(prober: Prober, line: Line, log: Log): Promise<string | null> {
  try {
    await prober.probe(line, 'scheduled');
    return null;
  } catch (error) {
    if (error instanceof SendingLimitReached) return 'the messages of the day are sent';
    // The recorder tells of a ledger that refuses, once.
    if (!(error instanceof LedgerRefused))
      log.error('a scheduled probe could not be planned', { provider: line.provider, path: line.path, error });
    return 'the ledger refused the plan';
  }
}
