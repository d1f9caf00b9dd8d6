/** Which parts of a service availability is made of, and what of them exclusions excuse: months worked out by hand. */
import { describe, expect, test } from 'vitest';
import {
  clauseOne,
  clauseThree,
  DAY,
  downOf,
  exclusion,
  HOUR,
  MONTH_SECONDS,
  trip,
  up,
  upBut,
} from '../availability-case.ts';

/** An outage in the middle of the month, of so many seconds, seen to the millisecond. */
const outage = (seconds: number) => upBut([[10 * DAY, 10 * DAY + seconds]]);

describe('a service of several parts', () => {
  const three = [
    ...upBut([[DAY, DAY + 600]]),
    ...upBut([[DAY + 300, DAY + 900]], { endpoint: 'mx' }),
    ...upBut([[2 * DAY, 2 * DAY + 60]], { endpoint: 'mailbox' }),
  ];

  test('is down while any of them is, and that time counts once', () => {
    const clause = clauseOne({ runs: three });
    expect(downOf(clause)).toEqual([960, 960]);
    expect(clause.figures.parts).toEqual([
      { part: 'submission', downSeconds: { lo: 600, hi: 600 }, coverage: 1 },
      { part: 'mx', downSeconds: { lo: 600, hi: 600 }, coverage: 1 },
      { part: 'mailbox', downSeconds: { lo: 60, hi: 60 }, coverage: 1 },
    ]);
  });

  test('is up only while all of them are known to be', () => {
    const runs = [...upBut([]), up(-HOUR, 20 * DAY, { endpoint: 'mailbox' })];
    const clause = clauseOne({ runs });
    expect(downOf(clause)).toEqual([0, 10 * DAY]);
    expect(clause.coverage.ratio).toBe(0.666666);
    expect(clause.figures.parts).toMatchObject([{ coverage: 1 }, { part: 'mailbox', coverage: 0.666666 }]);
  });

  test('is held to one that was checked once, and not to one that never was', () => {
    expect(downOf(clauseOne({ runs: upBut([]), endpoints: ['submission', 'mailbox'] }))).toEqual([0, MONTH_SECONDS]);
    expect(downOf(clauseOne({ runs: upBut([]), endpoints: ['submission'] }))).toEqual([0, 0]);
  });
});

test('outages come in the order in which they can have begun at the earliest', () => {
  const runs = upBut([[DAY + 300, DAY + 600]]);
  const roundTrips = [trip(DAY, 'delivered'), trip(DAY + 400, 'failed'), trip(DAY + 700, 'delivered')];
  // Submission failed first, but mail may have failed since the probe that was delivered before.
  expect(clauseOne({ runs, roundTrips }).outages.map(({ part }) => part)).toEqual(['round-trip', 'submission']);
});

describe('round trips', () => {
  const runs = upBut([]);
  const judged = (...roundTrips: readonly ReturnType<typeof trip>[]) => clauseOne({ runs, roundTrips });

  test('that fail twice in a row by the provider are down in between, and perhaps from delivered to delivered', () => {
    const clause = judged(trip(0, 'delivered'), trip(300, 'failed'), trip(700, 'failed'), trip(1000, 'delivered'));
    expect(downOf(clause)).toEqual([400, 1000]);
    expect(clause.figures.parts).toEqual([
      { part: 'submission', downSeconds: { lo: 0, hi: 0 }, coverage: 1 },
      // No failure speaks for the rest of the month, nor says how much of it was measured.
      { part: 'round-trip', downSeconds: { lo: 400, hi: 1000 }, coverage: null },
    ]);
    expect(clause.outages).toEqual([
      {
        part: 'round-trip',
        path: 'receive',
        certainty: 'proven',
        beganAfter: '2026-10-31T16:00:00.000Z',
        beganBy: '2026-10-31T16:05:00.000Z',
        endedAfter: '2026-10-31T16:11:40.000Z',
        endedBy: '2026-10-31T16:16:40.000Z',
        seconds: { lo: 400, hi: 1000 },
        rawSeconds: { lo: 400, hi: 1000 },
        checks: 2,
        reason: '550 5.1.1 no such user',
      },
    ]);
  });

  test('that fail once, or by what may be our own doing, prove nothing', () => {
    expect(downOf(judged(trip(0, 'delivered'), trip(300, 'failed'), trip(1000, 'delivered')))).toEqual([0, 1000]);
    const own = { byProvider: false };
    expect(
      downOf(judged(trip(0, 'delivered'), trip(300, 'failed', own), trip(700, 'failed'), trip(1000, 'delivered'))),
    ).toEqual([0, 1000]);
    const send = { path: 'send' } as const;
    expect(
      downOf(
        judged(
          trip(0, 'delivered', send),
          trip(300, 'failed', send),
          trip(700, 'failed', send),
          trip(1000, 'delivered', send),
        ),
      ),
    ).toEqual([0, 1000]);
  });

  test('prove nothing together with those of another path', () => {
    const roundTrips = [
      trip(0, 'failed'),
      trip(100, 'delivered'),
      trip(10, 'failed', { path: 'internal' }),
      trip(200, 'delivered', { path: 'internal' }),
    ];
    expect(downOf(judged(...roundTrips))).toEqual([0, 200]);
  });

  test('prove nothing of more than half an hour between them', () => {
    const apart = (seconds: number) =>
      downOf(judged(trip(0, 'failed'), trip(seconds, 'failed'), trip(2000, 'delivered')));
    expect(apart(1800)).toEqual([1800, 2000]);
    expect(apart(1800.001)).toEqual([0, 2000]);
  });

  test('prove nothing while one between them may still arrive, or a breach would be taken back', () => {
    const ends = [trip(0, 'delivered'), trip(300, 'failed'), trip(700, 'failed'), trip(1000, 'delivered')];
    expect(downOf(judged(...ends, trip(500, 'pending')))).toEqual([0, 1000]);
    expect(downOf(judged(...ends, trip(500, 'delivered')))).toEqual([0, 1000]);
    expect(downOf(judged(...ends, trip(500, 'failed')))).toEqual([400, 1000]);
    expect(downOf(judged(...ends, trip(710, 'pending'), trip(290, 'pending')))).toEqual([400, 1000]);
  });

  test('that nothing delivered bounds leave all of the time open', () => {
    expect(downOf(judged(trip(DAY, 'failed'), trip(DAY + 60, 'failed')))).toEqual([60, MONTH_SECONDS]);
    expect(
      clauseOne({ runs, roundTrips: [trip(DAY, 'delivered'), trip(DAY + 60, 'failed')] }, { now: 2 * DAY }).figures
        .downSeconds,
    ).toEqual({
      lo: 0,
      hi: DAY,
    });
  });

  test('that were all delivered make no difference, and no part', () => {
    expect(judged(trip(0, 'delivered'), trip(60, 'pending'))).toEqual(judged());
  });

  test('show a breach even where no server was ever checked', () => {
    const roundTrips = [trip(0, 'failed'), trip(1500, 'failed'), trip(3000, 'failed')];
    expect(clauseOne({ roundTrips })).toMatchObject({ verdict: 'BREACH', figures: { downSeconds: { lo: 3000 } } });
  });
});

describe('exclusions', () => {
  test('are taken out of both ends, and what was before them stays beside', () => {
    // Down for 20 minutes, the first ten of them agreed.
    const story = { runs: outage(1200), exclusions: [exclusion(10 * DAY - HOUR, 10 * DAY + 600)] };
    const clause = clauseOne(story);
    expect(downOf(clause)).toEqual([600, 600]);
    expect(clause.figures.raw.downSeconds).toEqual({ lo: 1200, hi: 1200 });
    expect(clause.figures.raw.availability.lo).toBeLessThan(clause.figures.availability.lo);
    expect(clause.excluded).toMatchObject({ seconds: 4200, entries: [{ kind: 'agreed-maintenance' }] });
    expect(clause.outages).toMatchObject([{ seconds: { lo: 600, hi: 600 }, rawSeconds: { lo: 1200, hi: 1200 } }]);
  });

  test('are those of the kinds that the clause leaves out', () => {
    const story = (kind: 'adjustment' | 'foreign-system' | 'carrier') => ({
      runs: outage(1200),
      exclusions: [exclusion(10 * DAY, 11 * DAY, { kind })],
    });
    expect(downOf(clauseOne(story('carrier')))).toEqual([0, 0]);
    expect(downOf(clauseOne(story('foreign-system')))).toEqual([1200, 1200]);
    expect(downOf(clauseOne(story('adjustment')))).toEqual([1200, 1200]);
    expect(downOf(clauseThree(story('adjustment')))).toEqual([0, 0]);
    expect(downOf(clauseOne(story('carrier'), {}, { exclusions: ['adjustment'] }))).toEqual([1200, 1200]);
  });

  test('of one path excuse its mail and what it alone needs', () => {
    const both = [
      ...upBut([[DAY, DAY + 60]]),
      ...upBut([[2 * DAY, 2 * DAY + 60]], { endpoint: 'mx' }),
      ...upBut([[3 * DAY, 3 * DAY + 60]], { endpoint: 'mailbox' }),
    ];
    const day = (path: 'send' | 'receive' | 'internal') => exclusion(0, 10 * DAY, { path });
    const without = (...exclusions: readonly ReturnType<typeof exclusion>[]) =>
      downOf(clauseOne({ runs: both, exclusions }))[0];
    expect(without()).toBe(180);
    expect(without(day('receive'))).toBe(120);
    expect(without(day('internal'))).toBe(180);
    expect(without(day('send'), day('internal'))).toBe(120);
    expect(without(day('receive'), day('internal'))).toBe(60);
    const roundTrips = [trip(0, 'failed'), trip(60, 'failed'), trip(90, 'delivered')];
    expect(downOf(clauseOne({ runs: upBut([]), roundTrips, exclusions: [day('receive')] }))).toEqual([0, 0]);
    expect(downOf(clauseOne({ runs: upBut([]), roundTrips, exclusions: [day('internal')] }))).toEqual([60, 90]);
    // Not everything is excused while one path is.
    expect(clauseOne({ runs: both, exclusions: [day('receive')] }).excluded.seconds).toBe(0);
  });

  test('shorten what availability is a share of only where the contract says so', () => {
    // A thousandth of 15 days is 1,296 s, of 30 days 2,592 s.
    const story = { runs: outage(1400), exclusions: [exclusion(15 * DAY, 30 * DAY)] };
    expect(clauseOne(story).verdicts.availability).toBe('MET');
    const clause = clauseOne(story, {}, { denominator: 'month-less-exclusions' });
    expect(clause.verdicts.availability).toBe('BREACH');
    // 1 - 1400 / 1,296,000, rounded outwards; before exclusions of 2,592,000.
    expect(clause.figures.availability).toEqual({ lo: 0.998919753, hi: 0.998919754 });
    expect(clause.figures.raw.availability).toEqual({ lo: 0.999459876, hi: 0.999459877 });
  });

  test('of all the month leave nothing to be down in', () => {
    const story = { runs: outage(1200), exclusions: [exclusion(-DAY, 40 * DAY)] };
    const clause = clauseOne(story, {}, { denominator: 'month-less-exclusions' });
    expect(clause).toMatchObject({
      verdict: 'MET',
      figures: { availability: { lo: 1, hi: 1 } },
      excluded: { seconds: MONTH_SECONDS },
    });
  });
});
