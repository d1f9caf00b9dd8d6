/** The clauses on availability against months worked out by hand: figures, verdicts, outages and what is left. */
import { describe, expect, it, test } from 'vitest';
import type { RoundTrip } from '../../../src/domain/availability/facts.ts';
import type { Run } from '../../../src/domain/availability/run.ts';
import { judgeProvider } from '../../../src/domain/report/judge.ts';
import {
  CONNECTIVITY,
  clauseOne,
  clauseThree,
  DAY,
  doubtful,
  down,
  downOf,
  exclusion,
  factsOf,
  HOUR,
  MINUTE,
  MONTH_SECONDS,
  matterOf,
  OPERATIONS,
  trip,
  up,
  upBut,
  type When,
} from '../availability-case.ts';

/** An outage in the middle of the month, of so many seconds, seen to the millisecond. */
const outage = (seconds: number) => upBut([[10 * DAY, 10 * DAY + seconds]]);

describe('limits', () => {
  test('of 44 minutes are kept below and missed at them', () => {
    const at = (seconds: number) => clauseOne({ runs: outage(seconds) }, { month: '2026-12' }).verdicts.downtime;
    expect([at(2639.999), at(2640), at(2640.001)]).toEqual(['MET', 'BREACH', 'BREACH']);
  });

  // A thousandth of 30, 31 and 28 days; in Berlin March 2026 has 743 hours and October 745.
  test.each([
    ['2026-11', 'Asia/Shanghai', 2592],
    ['2026-12', 'Asia/Shanghai', 2678.4],
    ['2027-02', 'Asia/Shanghai', 2419.2],
    ['2026-03', 'Europe/Berlin', 2674.8],
    ['2026-10', 'Europe/Berlin', 2682],
  ])('of 99.9%% of %s in %s may be reached', (month, timeZone, seconds) => {
    const at = (length: number) => clauseOne({ runs: outage(length) }, { month, timeZone }).verdicts.availability;
    expect([at(seconds), at(seconds + 0.001)]).toEqual(['MET', 'BREACH']);
  });

  test('conflict, and each is judged on its own words: 44 minutes are too long in December, and not below 99.9% of it', () => {
    const clause = clauseOne({ runs: outage(2640) }, { month: '2026-12' });
    expect(clause).toMatchObject({ verdict: 'BREACH', remedy: CONNECTIVITY.remedy });
    expect(clause.verdicts).toEqual({ downtime: 'BREACH', availability: 'MET' });
    expect(clauseOne({ runs: outage(2600) })).toMatchObject({
      verdict: 'BREACH',
      verdicts: { downtime: 'MET', availability: 'BREACH' },
    });
  });

  test('of 100 minutes of faults, and of adjustments, may be reached', () => {
    const faults = (seconds: number) => clauseThree({ runs: outage(seconds) }).verdicts.faults;
    expect([faults(6000), faults(6000.001)]).toEqual(['MET', 'BREACH']);
    const adjustments = (seconds: number) =>
      clauseThree({ runs: upBut([]), exclusions: [exclusion(0, seconds, { kind: 'adjustment' })] }).verdicts
        .adjustments;
    expect([adjustments(6000), adjustments(6000.001)]).toEqual(['MET', 'BREACH']);
  });

  test('are those of the contract', () => {
    const runs = outage(300);
    expect(clauseOne({ runs }, {}, { downUnderSeconds: 300 }).verdicts.downtime).toBe('BREACH');
    expect(clauseOne({ runs }, {}, { downUnderSeconds: 301 }).verdicts.downtime).toBe('MET');
    // 300 s of 2,592,000 are 0.0116%.
    expect(clauseOne({ runs }, {}, { availabilityMin: 0.9999 }).verdicts.availability).toBe('BREACH');
    expect(clauseOne({ runs }, {}, { availabilityMin: 0.9998 }).verdicts.availability).toBe('MET');
    expect(clauseThree({ runs }, {}, { faultsMaxSeconds: 299 }).verdicts.faults).toBe('BREACH');
  });
});

describe('what is left', () => {
  test('of the downtime is an interval, and never below nothing', () => {
    const runs = [up(-HOUR, DAY), down(DAY + 10, DAY + 70), up(DAY + 100, 40 * DAY)];
    // 99.9% of November allow 2592 s, which is less than 44 minutes; of December 2678.4 s, which is more.
    expect(clauseOne({ runs }).downtimeLeftSeconds).toEqual({ lo: 2492, hi: 2532 });
    expect(clauseOne({ runs }, { month: '2026-12' }).downtimeLeftSeconds).toEqual({ lo: 2540, hi: 2580 });
    expect(clauseThree({ runs }).faultsLeftSeconds).toEqual({ lo: 5900, hi: 5940 });
    expect(clauseOne({ runs: outage(2600) }).downtimeLeftSeconds).toEqual({ lo: 0, hi: 0 });
    expect(clauseOne({ runs: outage(HOUR) }).downtimeLeftSeconds).toEqual({ lo: 0, hi: 0 });
  });
});

describe('a check that failed', () => {
  test('once proves nothing, and leaves the time between the good ones about it open', () => {
    const clause = clauseOne({ runs: [up(-HOUR, DAY), down(DAY + 60, DAY + 60), up(DAY + 63, 40 * DAY)] });
    expect(downOf(clause)).toEqual([0, 63]);
    expect(clause.verdict).toBe('MET');
    expect(clause.outages).toMatchObject([{ certainty: 'possible', checks: 1, rawSeconds: { lo: 0, hi: 63 } }]);
  });

  test('twice is down from the first failure to the last for sure, and from good to good perhaps', () => {
    const clause = clauseOne({ runs: [up(-HOUR, DAY), down(DAY + 60, DAY + 63), up(DAY + 120, 40 * DAY)] });
    expect(downOf(clause)).toEqual([3, 120]);
    expect(clause.figures.availability).toEqual({
      // 120 and 3 of 2,592,000 seconds, rounded outwards.
      lo: 0.999953703,
      hi: 0.999998843,
    });
  });

  test('beside a control that failed too proves nothing however often', () => {
    const clause = clauseOne({
      runs: [up(-HOUR, DAY), doubtful(DAY + 60, 2 * DAY, { checks: 1440 }), up(2 * DAY + 60, 40 * DAY)],
    });
    expect(downOf(clause)).toEqual([0, DAY + 60]);
    expect(clause.verdict).toBe('INCONCLUSIVE');
    expect(clause.outages).toMatchObject([{ certainty: 'possible', checks: 1440, reason: 'connect ECONNREFUSED' }]);
  });

  test('with no control configured is never a breach, though it fails the whole month', () => {
    const runs = [doubtful(-HOUR, 40 * DAY, { checks: 50_000 })];
    expect(clauseOne({ runs })).toMatchObject({
      verdict: 'INCONCLUSIVE',
      figures: { downSeconds: { lo: 0, hi: MONTH_SECONDS } },
    });
    expect(clauseThree({ runs }).verdict).toBe('INCONCLUSIVE');
  });

  test('is not joined to another across time without checks', () => {
    const clause = clauseOne({
      runs: [up(-HOUR, DAY), down(DAY, DAY), down(2 * DAY, 2 * DAY + 60), up(2 * DAY + 60, 40 * DAY)],
    });
    expect(downOf(clause)).toEqual([60, DAY + 60]);
    expect(clause.outages).toHaveLength(1);
  });

  test('where the clock was put back and shows the same time as good proves neither', () => {
    const clause = clauseOne({ runs: [up(-HOUR, DAY), down(DAY - 60, DAY + 60), up(DAY + 60, 40 * DAY)] });
    expect(downOf(clause)).toEqual([60, 120]);
  });
});

describe('time without checks', () => {
  test('is neither uptime nor downtime: a day without the agent widens and blames nobody', () => {
    const clause = clauseOne({
      runs: [up(-HOUR, 10 * DAY), up(11 * DAY, 40 * DAY)],
      unmeasured: { submission: 1400, mx: 20, mailbox: 3 },
    });
    expect(downOf(clause)).toEqual([0, DAY]);
    expect(clause.verdict).toBe('INCONCLUSIVE');
    // 29 days of 30, rounded down.
    expect(clause.coverage).toEqual({
      ratio: 0.966666,
      longestGapSeconds: DAY,
      unmeasured: 1423,
      resolutionSeconds: 120,
    });
    expect(clause.outages).toEqual([]);
  });

  test('hides no breach that was proven beside it', () => {
    const runs = [up(-HOUR, DAY), down(DAY, DAY + HOUR), up(20 * DAY, 40 * DAY)];
    expect(clauseOne({ runs })).toMatchObject({ verdict: 'BREACH', coverage: { ratio: 0.368055 } });
  });

  test('before the first check of all is not known', () => {
    expect(downOf(clauseOne({ runs: [up(DAY, 40 * DAY)] }))).toEqual([0, DAY]);
  });

  test('of a provider that was never checked is the whole of it, and nothing is met', () => {
    const clause = clauseOne({});
    expect(downOf(clause)).toEqual([0, MONTH_SECONDS]);
    expect(clause).toMatchObject({
      verdict: 'INCONCLUSIVE',
      coverage: { ratio: 0, resolutionSeconds: null },
      outages: [],
    });
    expect(clauseOne({}, { now: MINUTE }).verdict).toBe('INCONCLUSIVE');
    expect(clauseOne({ exclusions: [exclusion(0, MONTH_SECONDS)] }).verdict).toBe('INCONCLUSIVE');
  });

  test('is as coarse as the longest cell', () => {
    const runs = [up(-HOUR, DAY, { cellMs: 30_000 }), up(DAY, 40 * DAY, { cellMs: 300_000 })];
    expect(clauseOne({ runs }).coverage.resolutionSeconds).toBe(600);
  });
});

describe('the edges of the month', () => {
  test('cut an outage that goes across them', () => {
    const across = [
      up(-HOUR, -300),
      down(-290, 310),
      up(320, MONTH_SECONDS - 100),
      down(MONTH_SECONDS - 90, MONTH_SECONDS + 90),
    ];
    const clause = clauseOne({ runs: across });
    expect(downOf(clause)).toEqual([310 + 90, 320 + 100]);
    expect(clause.outages).toMatchObject([
      { beganAfter: '2026-10-31T15:55:00.000Z', beganBy: '2026-10-31T15:55:10.000Z', rawSeconds: { lo: 310, hi: 320 } },
      { endedAfter: '2026-11-30T16:01:30.000Z', endedBy: null, rawSeconds: { lo: 90, hi: 100 } },
    ]);
  });

  test('leave out what was over before and what began after', () => {
    const runs = [down(-600, -300), up(-200, MONTH_SECONDS + 100), down(MONTH_SECONDS + 200, MONTH_SECONDS + 300)];
    expect(clauseOne({ runs })).toMatchObject({
      verdict: 'MET',
      figures: { downSeconds: { lo: 0, hi: 0 } },
      outages: [],
    });
  });

  test('cut round trips and exclusions too', () => {
    const roundTrips = [trip(-100, 'failed'), trip(100, 'failed'), trip(150, 'delivered')];
    const story = { runs: upBut([]), roundTrips, exclusions: [exclusion(-50, 20)] };
    const clause = clauseOne(story);
    expect(downOf(clause)).toEqual([80, 130]);
    expect(clause.excluded.seconds).toBe(20);
  });
});

describe('a month that is not over', () => {
  const when: When = { now: 10 * DAY };

  test('is judged as far as it is, by the limits of the whole of it', () => {
    const runs = [up(-HOUR, DAY), down(DAY, DAY + 2000), up(DAY + 2000, 10 * DAY - 30)];
    const clause = clauseOne({ runs }, when);
    expect(downOf(clause)).toEqual([2000, 2030]);
    expect(clause.verdict).toBe('MET');
    // Of 30 days, though ten are over.
    expect(clause.figures.availability.lo).toBe(0.99921682);
    expect(clause.coverage.longestGapSeconds).toBe(30);
  });

  test('has its breach already, whatever the rest of it brings', () => {
    const runs = [up(-HOUR, DAY), down(DAY, DAY + HOUR), up(DAY + HOUR, 10 * DAY)];
    expect(clauseOne({ runs }, when).verdict).toBe('BREACH');
  });

  test('takes what lasts as down until the last check that failed, and perhaps until now', () => {
    const clause = clauseOne({ runs: [up(-HOUR, 9 * DAY), down(9 * DAY + 60, 10 * DAY - 20)] }, when);
    expect(downOf(clause)).toEqual([DAY - 80, DAY]);
    expect(clause.outages).toMatchObject([{ certainty: 'proven', endedBy: null }]);
  });

  test('that has not begun has no figures and no verdict', () => {
    expect(clauseOne({ runs: upBut([]) }, { now: 0 })).toMatchObject({
      verdict: 'INCONCLUSIVE',
      figures: { downSeconds: { lo: 0, hi: 0 }, availability: { lo: 1, hi: 1 } },
      coverage: { ratio: 0, longestGapSeconds: 0 },
    });
  });

  test('has the adjustments announced for its rest', () => {
    const exclusions = [exclusion(20 * DAY, 20 * DAY + 2 * HOUR, { kind: 'adjustment' })];
    expect(clauseThree({ runs: upBut([]), exclusions }, when)).toMatchObject({
      verdict: 'BREACH',
      verdicts: { faults: 'MET', adjustments: 'BREACH', availability: 'MET' },
    });
  });
});

describe('adjustments', () => {
  test('count once where they overlap, as far as they fall into the month, on whatever path', () => {
    const adjustment = (from: number, to: number, change = {}) =>
      exclusion(from, to, { kind: 'adjustment', ...change });
    const exclusions = [
      adjustment(-600, 600),
      adjustment(300, 1200),
      adjustment(DAY, DAY + 60, { path: 'send' }),
      exclusion(0, HOUR),
    ];
    const clause = clauseThree({ runs: upBut([]), exclusions });
    expect(clause.figures.adjustmentSeconds).toEqual({ lo: 1260, hi: 1260 });
    expect(clause.adjustmentsLeftSeconds).toEqual({ lo: 4740, hi: 4740 });
  });

  test('are shown with the clause though it does not leave them out of faults', () => {
    const story = { runs: outage(60), exclusions: [exclusion(10 * DAY, 11 * DAY, { kind: 'adjustment' })] };
    const clause = clauseThree(story, {}, { exclusions: ['carrier'] });
    expect(downOf(clause)).toEqual([60, 60]);
    expect(clause.excluded).toMatchObject({ seconds: 0, entries: [{ kind: 'adjustment' }] });
  });
});

describe('days', () => {
  test('are faulty if some of them is proven down outside exclusions, perhaps if not all is known', () => {
    const runs = [
      up(-HOUR, 2 * DAY - 60),
      down(2 * DAY - 60, 2 * DAY + 60),
      up(2 * DAY + 60, 5 * DAY + 10),
      up(5 * DAY + 20, 40 * DAY),
    ];
    expect(clauseThree({ runs }).figures.faultyDays).toEqual({ lo: 2, hi: 3 });
    // A day of nothing but exclusions has no fault.
    const excused = [exclusion(2 * DAY, 3 * DAY), exclusion(5 * DAY, 6 * DAY)];
    expect(clauseThree({ runs, exclusions: excused }).figures.faultyDays).toEqual({ lo: 1, hi: 1 });
  });

  test('of the rest of the month are not counted, and of today what is over', () => {
    const runs = [up(-HOUR, 9.5 * DAY - 60)];
    expect(clauseThree({ runs }, { now: 9.5 * DAY }).figures.faultyDays).toEqual({ lo: 0, hi: 1 });
    expect(clauseThree({ runs: [up(-HOUR, 9.5 * DAY)] }, { now: 9.5 * DAY }).figures.faultyDays).toEqual({
      lo: 0,
      hi: 0,
    });
  });

  test("are those of the zone's calendar", () => {
    // In Berlin clocks go from 02:00 to 03:00 on the 29th: it ends 28 days and 23 hours after the month began.
    const at = 28 * DAY + 23 * HOUR;
    const when = { month: '2026-03', timeZone: 'Europe/Berlin' };
    expect(clauseThree({ runs: upBut([[at - 60, at]]) }, when).figures.faultyDays).toEqual({ lo: 1, hi: 1 });
    expect(clauseThree({ runs: upBut([[at - 60, at + 60]]) }, when).figures.faultyDays).toEqual({ lo: 2, hi: 2 });
  });
});

it('asks once for the facts of the month, and judges each clause by them', () => {
  const matter = matterOf();
  const contract = { ...matter.contract, clauses: [CONNECTIVITY, OPERATIONS] };
  const asked: unknown[] = [];
  const { report } = judgeProvider(
    { ...matter, contract },
    {
      month: () => {
        throw new Error('no clause asks for delays');
      },
      availability: (query) => {
        asked.push(query);
        return factsOf({ runs: outage(HOUR) });
      },
    },
  );
  const query = {
    provider: 'acme',
    fromMs: Date.parse('2026-10-31T16:00:00Z'),
    toMs: Date.parse('2026-11-30T16:00:00Z'),
    finalMs: Date.parse('2026-12-05T16:00:00Z'),
  };
  expect(asked).toEqual([query]);
  expect(report.clauses).toMatchObject([
    { kind: 'connectivity', id: '1', verdict: 'BREACH' },
    { kind: 'operations', id: '3', verdicts: { faults: 'MET', availability: 'BREACH' } },
  ]);
});

test('a breach of one part is one of the clause, and all must be met to meet it', () => {
  const adjusted = [exclusion(0, 2 * HOUR, { kind: 'adjustment' })];
  expect(clauseThree({ runs: upBut([]), exclusions: adjusted })).toMatchObject({
    verdict: 'BREACH',
    remedy: OPERATIONS.remedy,
  });
  expect(clauseThree({ runs: [up(-HOUR, DAY), up(DAY + 10 * MINUTE, 40 * DAY)] })).toMatchObject({
    verdict: 'INCONCLUSIVE',
    remedy: null,
    verdicts: { faults: 'MET', adjustments: 'MET', availability: 'INCONCLUSIVE' },
  });
});

test('a month that is final is not changed by checks and probes that come later, though they are the next ones', () => {
  const matter = matterOf();
  const contract = { ...matter.contract, clauses: [CONNECTIVITY, OPERATIONS] };
  const judged = (runs: readonly Run[], roundTrips: readonly RoundTrip[] = []) =>
    judgeProvider(
      { ...matter, contract },
      {
        month: () => {
          throw new Error('no clause asks for delays');
        },
        availability: () => factsOf({ runs, roundTrips }),
      },
    ).sha256;
  const measured = [up(0, 29 * DAY)];
  const finalSeconds = MONTH_SECONDS + contract.finalAfterSeconds;
  expect(judged([...measured, down(finalSeconds, finalSeconds)])).toBe(judged(measured));
  expect(judged([...measured, down(finalSeconds - 1, finalSeconds - 1)])).not.toBe(judged(measured));
  const failed = trip(MONTH_SECONDS - 60, 'failed');
  const withNext = (seconds: number) => judged(measured, [failed, trip(seconds, 'delivered')]);
  expect(withNext(finalSeconds)).toBe(judged(measured, [failed]));
  expect(withNext(finalSeconds - 1)).not.toBe(judged(measured, [failed]));
});

test('the limits that a clause was judged by are told beside it, and a remedy only where they were missed', () => {
  const { downUnderSeconds, availabilityMin, denominator } = CONNECTIVITY;
  expect(clauseOne({ runs: upBut([]) })).toMatchObject({
    ...{ verdict: 'MET', remedy: null },
    limits: { downUnderSeconds, availabilityMin, denominator },
  });
  const { faultsMaxSeconds, adjustmentsMaxSeconds } = OPERATIONS;
  expect(clauseThree({ runs: upBut([]) })).toMatchObject({
    ...{ verdict: 'MET', remedy: null },
    limits: { faultsMaxSeconds, adjustmentsMaxSeconds, availabilityMin: 0.9999, denominator: 'month' },
  });
});

test('of an outage before which nothing was seen up it is not told after which moment it began', () => {
  const { outages } = clauseOne({ runs: [down(DAY, DAY + HOUR), up(DAY + 2 * HOUR, 40 * DAY)] });
  expect(outages).toMatchObject([{ beganAfter: null }]);
});
