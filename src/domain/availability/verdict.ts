/** The verdict on a month's downtime: a breach only by what is proven, met only by what is left open (measurement.md). */
import type { ConnectivityClause, OperationsClause } from '../contract-terms.ts';
import type { Verdict } from '../delay/month-verdict.ts';
import type { Interval } from '../interval.ts';
import type { DownBounds, Downtime } from './downtime.ts';

/** A ratio is held in whole millionths, a percentage to four digits, so that no sum is off by a hair at the limit. */
const RATIO_PARTS = 1e6;
/** Digits behind the point of a ratio in a report: a millisecond is some 4e-10 of a month. */
const RATIO_SHOWN = 1_000_000_000n;

export function judgeConnectivity(
  clause: Pick<ConnectivityClause, 'downUnderSeconds' | 'availabilityMin'>,
  time: Downtime,
): { readonly downtime: Verdict; readonly availability: Verdict; readonly verdict: Verdict } {
  const { down, ofMs } = time;
  const limitMs = clause.downUnderSeconds * 1000;
  const downtime = judged(down.loMs >= limitMs, down.hiMs < limitMs, time);
  const availability = judged(...shareStanding(down, ofMs, clause.availabilityMin), time);
  return { downtime, availability, verdict: together([downtime, availability]) };
}

export function judgeOperations(
  clause: Pick<OperationsClause, 'faultsMaxSeconds' | 'adjustmentsMaxSeconds' | 'availabilityMin'>,
  time: Downtime,
  adjustmentsMs: number,
): {
  readonly faults: Verdict;
  readonly adjustments: Verdict;
  readonly availability: Verdict;
  readonly verdict: Verdict;
} {
  const { down, ofMs } = time;
  const limitMs = clause.faultsMaxSeconds * 1000;
  const faults = judged(down.loMs > limitMs, down.hiMs <= limitMs, time);
  // Entered by a person, in whole and ahead of time: known to the millisecond whether or not anything was measured.
  const adjustments: Verdict = adjustmentsMs > clause.adjustmentsMaxSeconds * 1000 ? 'BREACH' : 'MET';
  const availability = judged(...shareStanding(down, ofMs, clause.availabilityMin), time);
  return { faults, adjustments, availability, verdict: together([faults, adjustments, availability]) };
}

/** 1 is always up, as is a month of which exclusions leave nothing. Rounded outwards to nine digits. */
export function availabilityOf({ loMs, hiMs }: DownBounds, ofMs: number): Interval {
  if (ofMs === 0) return { lo: 1, hi: 1 };
  const [least, most, of] = [BigInt(ofMs - hiMs), BigInt(ofMs - loMs), BigInt(ofMs)];
  return {
    lo: Number((least * RATIO_SHOWN) / of) / Number(RATIO_SHOWN),
    hi: Number((most * RATIO_SHOWN + of - 1n) / of) / Number(RATIO_SHOWN),
  };
}

/** Whether a least share is missed, and whether it is reached. */
function shareStanding({ loMs, hiMs }: DownBounds, ofMs: number, min: number): readonly [boolean, boolean] {
  const allowed = allowedParts(ofMs, min);
  return [loMs * RATIO_PARTS > allowed, hiMs * RATIO_PARTS <= allowed];
}

/** Milliseconds that may be down where a least share of `ofMs` is promised. */
export function allowedMs(ofMs: number, min: number): number {
  return Math.floor(allowedParts(ofMs, min) / RATIO_PARTS);
}

/** In millionths of a millisecond, whole numbers below 2^53. */
function allowedParts(ofMs: number, min: number): number {
  return (RATIO_PARTS - Math.round(min * RATIO_PARTS)) * ofMs;
}

/** Where nothing at all is known of the month nothing is met, however short it is so far or much of it excluded. */
function judged(missed: boolean, kept: boolean, { coverage, elapsed }: Downtime): Verdict {
  if (missed) return 'BREACH';
  return kept && coverage.unknownMs < elapsed.toMs - elapsed.fromMs ? 'MET' : 'INCONCLUSIVE';
}

function together(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('BREACH')) return 'BREACH';
  return verdicts.every((verdict) => verdict === 'MET') ? 'MET' : 'INCONCLUSIVE';
}
