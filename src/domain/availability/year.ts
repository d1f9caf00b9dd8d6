/** Days with and without a fault, and what a year of them amounts to: a year is its twelve months added up. */

import type { Verdict } from '../delay/month-verdict.ts';
import type { Interval } from '../interval.ts';
import { type MsRange, overlapMs, type SpanSet } from '../time/span-set.ts';

/** How many calendar days of a month, or of several. Each day is in one of the first four. */
export interface DayTally {
  /** Over, and surely up all day but for what is excluded. */
  readonly faultFree: number;
  /** With a proven fault, over or not. */
  readonly faulty: number;
  /** Over, and not known. */
  readonly open: number;
  /** Not over, and without a proven fault so far. */
  readonly ahead: number;
  /** How many of those have begun and may hold a fault already: one at most. */
  readonly aheadInDoubt: number;
}

/** `down` as within the part of the time that is over, exclusions taken out: a day of nothing but exclusions has no fault. */
export function tallyDays(
  days: readonly MsRange[],
  down: { readonly proven: SpanSet; readonly possible: SpanSet },
  elapsedToMs: number,
): DayTally {
  const tally = { faultFree: 0, faulty: 0, open: 0, ahead: 0, aheadInDoubt: 0 };
  for (const day of days) {
    const doubtful = overlapMs(down.possible, day) > 0;
    if (overlapMs(down.proven, day) > 0) tally.faulty += 1;
    else if (day.toMs > elapsedToMs) {
      tally.ahead += 1;
      tally.aheadInDoubt += doubtful ? 1 : 0;
    } else if (doubtful) tally.open += 1;
    else tally.faultFree += 1;
  }
  return tally;
}

/** So far: at least the days with a proven fault, at most also those that may have one. */
export function faultyDays({ faulty, open, aheadInDoubt }: DayTally): Interval {
  return { lo: faulty, hi: faulty + open + aheadInDoubt };
}

export interface YearOfDays {
  /** Days, of those that are over or have begun. */
  readonly faultFree: Interval;
  readonly faulty: Interval;
  /** Share of the days over of which it is known whether they had a fault; 0 if none is over. */
  readonly coverage: number;
  readonly verdict: Verdict;
}

/**
 * `months` are all twelve of the year, those to come with their days ahead. Missed once so many days had a fault that too few are
 * left, kept only when the year is over.
 */
export function faultFreeDays(months: readonly DayTally[], faultFreeDaysMin: number): YearOfDays {
  const { faultFree, faulty, open, ahead, aheadInDoubt } = months.reduce(addTallies);
  const known = faultFree + faulty;
  const spare = known + open + ahead - faultFreeDaysMin;
  const kept = ahead === 0 && faulty + open <= spare;
  return {
    faultFree: { lo: faultFree, hi: faultFree + open },
    faulty: { lo: faulty, hi: faulty + open + aheadInDoubt },
    coverage: known === 0 ? 0 : known / (known + open),
    verdict: faulty > spare ? 'BREACH' : kept ? 'MET' : 'INCONCLUSIVE',
  };
}

function addTallies(one: DayTally, other: DayTally): DayTally {
  return {
    faultFree: one.faultFree + other.faultFree,
    faulty: one.faulty + other.faulty,
    open: one.open + other.open,
    ahead: one.ahead + other.ahead,
    aheadInDoubt: one.aheadInDoubt + other.aheadInDoubt,
  };
}
