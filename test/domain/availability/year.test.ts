/** Fault-free days of a year, added up from its months. */
import { describe, expect, it, test } from 'vitest';
import { type DayTally, faultFreeDays, faultyDays, tallyDays } from '../../../src/domain/availability/year.ts';
import { downtimeOf } from '../../../src/domain/report/report-availability.ts';
import { daysOf } from '../../../src/domain/time/calendar.ts';
import { DAY, factsOf, HOUR, matterOf, OPERATIONS, upBut } from '../availability-case.ts';

const NONE: DayTally = { faultFree: 0, faulty: 0, open: 0, ahead: 0, aheadInDoubt: 0 };
/** A year in twelve months of which only the sum matters. */
const yearOf = (tally: Partial<DayTally>) => [{ ...NONE, ...tally }, ...Array.from({ length: 11 }, () => NONE)];
const verdictOn = (tally: Partial<DayTally>, min = 360) => faultFreeDays(yearOf(tally), min).verdict;

describe('360 fault-free days of 365', () => {
  test('are missed by the sixth faulty day, and not by the fifth', () => {
    expect(verdictOn({ faultFree: 360, faulty: 5 })).toBe('MET');
    expect(verdictOn({ faultFree: 359, faulty: 6 })).toBe('BREACH');
    // A leap year has one more to spare.
    expect(verdictOn({ faultFree: 360, faulty: 6 })).toBe('MET');
    expect(verdictOn({ faultFree: 360, faulty: 5 }, 361)).toBe('BREACH');
  });

  test('are missed as soon as six are proven faulty, and kept only when the year is over', () => {
    expect(verdictOn({ faultFree: 20, faulty: 6, ahead: 339 })).toBe('BREACH');
    expect(verdictOn({ faultFree: 364, ahead: 1 })).toBe('INCONCLUSIVE');
    expect(verdictOn({ faultFree: 365 })).toBe('MET');
  });

  test('are neither while days that are not known could tell', () => {
    expect(verdictOn({ faultFree: 355, faulty: 5, open: 5 })).toBe('INCONCLUSIVE');
    expect(verdictOn({ faultFree: 360, faulty: 2, open: 3 })).toBe('MET');
    expect(verdictOn({ open: 365 })).toBe('INCONCLUSIVE');
  });
});

it('tells how many days were and were not, as bounds, and of how many it is known', () => {
  const tally = { faultFree: 150, faulty: 2, open: 48, ahead: 165, aheadInDoubt: 1 };
  expect(faultFreeDays(yearOf(tally), 360)).toEqual({
    faultFree: { lo: 150, hi: 198 },
    faulty: { lo: 2, hi: 51 },
    coverage: 0.76,
    verdict: 'INCONCLUSIVE',
  });
  expect(faultFreeDays(yearOf({ ahead: 365 }), 360).coverage).toBe(0);
});

it('adds twelve months up, those to come as days ahead', () => {
  const months = Array.from({ length: 12 }, (_, index) => `2026-${String(index + 1).padStart(2, '0')}`);
  // Up all year but for a minute on the 11th of each month; now is the end of 10 November.
  const now = { month: '2026-11', now: 10 * DAY };
  const { nowMs } = matterOf(now);
  const tallies = months.map((month) => {
    const facts = factsOf({ runs: upBut([[10 * DAY, 10 * DAY + 60]]) }, { month });
    return downtimeOf(OPERATIONS, { ...matterOf({ month }), nowMs }, facts).days;
  });
  expect(tallies[1]).toEqual({ faultFree: 27, faulty: 1, open: 0, ahead: 0, aheadInDoubt: 0 });
  expect(tallies[10]).toEqual({ faultFree: 10, faulty: 0, open: 0, ahead: 20, aheadInDoubt: 0 });
  expect(tallies[11]).toEqual({ faultFree: 0, faulty: 0, open: 0, ahead: 31, aheadInDoubt: 0 });
  expect(faultFreeDays(tallies, 360)).toEqual({
    // 304 days from January to October, ten of them faulty, and ten of November.
    faultFree: { lo: 304, hi: 304 },
    faulty: { lo: 10, hi: 10 },
    coverage: 1,
    verdict: 'BREACH',
  });
});

it('counts today with a fault at once, and otherwise not before it is over', () => {
  const days = daysOf('2026-11', 'UTC');
  const start = days[0]?.fromMs ?? 0;
  const [noon, hour] = [start + DAY * 1500, HOUR * 1000];
  const never: readonly { fromMs: number; toMs: number }[] = [];
  const morning = [{ fromMs: noon - hour, toMs: noon }];
  expect(tallyDays(days, { proven: never, possible: never }, noon)).toMatchObject({
    faultFree: 1,
    ahead: 29,
    aheadInDoubt: 0,
  });
  const doubted = tallyDays(days, { proven: never, possible: morning }, noon);
  expect(doubted).toMatchObject({ open: 0, ahead: 29, aheadInDoubt: 1 });
  expect(faultyDays(doubted)).toEqual({ lo: 0, hi: 1 });
  expect(tallyDays(days, { proven: morning, possible: morning }, noon)).toMatchObject({ faulty: 1, ahead: 28 });
});
