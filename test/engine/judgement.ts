/** What the agent says of a probe, held against the provider's own books. */
import { DELAY_MAXIMUM_LIMIT } from '../../src/domain/contract.ts';
import { assess, exceedsMaximum } from '../../src/domain/delay/delay.ts';
import type { Outcome, ProbeRecord } from '../../src/domain/record.ts';
import type { TimelineState } from '../../src/domain/timeline.ts';
import type { Truth } from '../fakes/fate.ts';

/** NTP may slew the agent's clocks by this: an interval must hold the truth at either end of it. */
const CLOCK_RATE = 500e-6;
const ROUNDING = 1e-6;

/** What a record says, at any moment, that is not so. */
export function contradictions(
  record: ProbeRecord,
  absence: TimelineState['absence'],
  truth: Truth | undefined,
): readonly string[] {
  const { outcome, delay } = assess(record, absence);
  const trueDelay = delayOf(truth);
  const claims: readonly (readonly [boolean, string])[] = [
    [record.capture !== null && (truth?.acceptedMs ?? null) === null, 'captured, but the provider never took it'],
    [
      outcome === 'delivered' && (delay === null || !Number.isFinite(delay.hi)) && !isOverBoot(record),
      'delivered without a delay',
    ],
    [outcome === 'lost', 'lost within hours'],
    [outcome === 'failed' && truth?.faulted !== true, 'failed without a fault of the provider'],
    [(delay?.lo ?? 0) > trueDelay * (1 - CLOCK_RATE) + ROUNDING, 'the lower bound is above the truth'],
    [
      (delay?.hi ?? Number.POSITIVE_INFINITY) < trueDelay * (1 + CLOCK_RATE) - ROUNDING,
      'the upper bound is below the truth',
    ],
    [exceedsMaximum(record, absence) && !(trueDelay > DELAY_MAXIMUM_LIMIT), 'a breach that was none'],
  ];
  const figures = `true delay ${trueDelay} s, delay ${JSON.stringify(delay)}`;
  return claims.filter(([wrong]) => wrong).map(([, what]) => `${what}; ${figures}`);
}

/** What may become of a record once everything has come to its end, hours before anything expires. */
export function finalOutcomes(record: ProbeRecord, truth: Truth | undefined): readonly Outcome[] {
  // Whoever was interrupted in a handover does not know that it was refused.
  if (truth?.faulted === true) return record.interrupted ? ['failed', 'pending'] : ['failed'];
  if (truth !== undefined && truth.reachedMs !== null) return ['delivered'];
  // Never taken: still awaited after an interruption, nobody's where the agent itself gave up.
  if (truth === undefined || truth.acceptedMs === null) return ['pending', 'unmeasured'];
  return ['pending'];
}

/** Seconds from complete reception to when the provider was ready to pass the message on; infinite if it never was. */
function delayOf(truth: Truth | undefined): number {
  if (truth === undefined || truth.acceptedMs === null || truth.fate.end.what !== 'delivered')
    return Number.POSITIVE_INFINITY;
  return truth.fate.end.afterMs / 1000;
}

/** Whether it came out in another boot than that in which it was planned: until its clock is set nothing tells how long it took. */
export function isOverBoot({ planned, capture }: ProbeRecord): boolean {
  return planned.boot !== capture?.latest.boot;
}
