/** Whether anything is known of a month, and the few numbers that are shown of it while it runs and kept once it is closed. */
import { describe, expect, it, test } from 'vitest';
import type { ProbeRecord } from '../../../src/domain/record.ts';
import { isMeasured, monthReport } from '../../../src/domain/report/judge.ts';
import { type ClauseReport, hasBegun, reportProvider } from '../../../src/domain/report/report.ts';
import { reportAttested, reportDelay } from '../../../src/domain/report/report-clause.ts';
import { daysIn, summariseReport } from '../../../src/domain/report/standing.ts';
import {
  clauseOne,
  clauseThree,
  DAY,
  down,
  exclusion,
  HOUR,
  MINUTE,
  MONTH_SECONDS,
  matterOf,
  upBut,
} from '../availability-case.ts';
import { CLAUSE, delivered, probe } from '../month-case.ts';

const ATTESTED = reportAttested({ kind: 'attested', id: '9', title: { en: '', zh: '' }, remedy: { en: '', zh: '' } });
const delayOf = (records: readonly ProbeRecord[], unmeasured = 0): ClauseReport => {
  const facts = { records, unmeasured, exclusions: [], absence: new Map(), head: { seq: 1, hash: '' } };
  return reportDelay(CLAUSE, matterOf(), facts).report;
};
const knows = (...clauses: readonly ClauseReport[]): boolean => isMeasured(reportProvider(matterOf(), clauses));

describe('of a month', () => {
  it('nothing is known where nothing was measured, whatever a person attests', () => {
    expect(knows()).toBe(false);
    expect(knows(ATTESTED)).toBe(false);
    expect(knows(ATTESTED, delayOf([]), clauseOne({ endpoints: ['submission'] }))).toBe(false);
  });

  it('something is known by any probe, also one that is under way, nobody’s or a spot check', () => {
    expect(knows(ATTESTED, delayOf([delivered('p', 0, 4)]))).toBe(true);
    expect(knows(delayOf([probe('p', 0)]), ATTESTED)).toBe(true);
    expect(knows(delayOf([], 1))).toBe(true);
    expect(knows(delayOf([delivered('p', 0, 4, { kind: 'spot' })]))).toBe(true);
  });

  it('something is known by any check of it, also one that failed and shows no stretch of time', () => {
    const day = upBut([]).map((each) => ({ ...each, fromMs: DAY, toMs: 2 * DAY }));
    for (const clauseOf of [clauseOne, clauseThree]) {
      expect(knows(clauseOf({ runs: day, endpoints: ['submission', 'mx'] }))).toBe(true);
      expect(knows(delayOf([]), clauseOf({ runs: [down(DAY, DAY)] }))).toBe(true);
      expect(knows(clauseOf({ runs: [down(0, 0)] })), 'at its first moment').toBe(true);
    }
  });

  it('nothing is known by what failed before it or after it, though that may have gone on, or begun, in it', () => {
    expect(knows(clauseOne({ runs: [down(-HOUR, -MINUTE)] }))).toBe(false);
    expect(knows(clauseOne({ runs: [down(MONTH_SECONDS, MONTH_SECONDS + HOUR)] }))).toBe(false);
    expect(knows(clauseOne({ runs: [down(-HOUR, -MINUTE), down(DAY, DAY)] })), 'one of two is of it').toBe(true);
  });
});

test('a month has begun at its first moment', () => {
  expect([-0.001, 0, 0.001].map((now) => hasBegun(matterOf({ now })))).toEqual([false, true, true]);
});

test('a report has each provider’s judgement, its charts in the same order', () => {
  const charts = (provider: string) => ({ provider, delays: [] });
  const report = (provider: string) => reportProvider({ ...matterOf(), provider }, [ATTESTED]);
  const judged = ['beta', 'acme'].map((name) => ({ report: report(name), sha256: '', charts: charts(name) }));
  const made = monthReport('2026-11', matterOf().nowMs, judged);
  expect(made.report.providers).toEqual([report('beta'), report('acme')]);
  expect(made.charts).toEqual([charts('beta'), charts('acme')]);
});

describe('what is kept of a clause', () => {
  /** An outage of an hour on the second day, in its last half announced, seen to the second; 40 minutes of adjustments on the third. */
  const story = {
    runs: upBut([[DAY, DAY + HOUR]]),
    exclusions: [
      exclusion(DAY + HOUR / 2, DAY + HOUR, { kind: 'agreed-maintenance' }),
      exclusion(2 * DAY, 2 * DAY + 40 * MINUTE, { kind: 'adjustment' }),
    ],
  };
  const kept = (clause: ClauseReport) => summariseReport({ clauses: [clause] })[0];
  const exactly = (value: number) => [value, value];

  it('on connectivity is how long it was down, its share of the month, what is left and how much is known', () => {
    expect(kept(clauseOne(story, {}, { exclusions: ['agreed-maintenance'] }))).toEqual({
      id: '1',
      verdict: 'MET',
      figures: {
        downSeconds: exactly(HOUR / 2),
        // 1 - 1800 / 2592000, rounded outwards.
        availability: [0.999_305_555, 0.999_305_556],
        downLeftSeconds: exactly(MONTH_SECONDS / 1000 - HOUR / 2),
        coverage: exactly(1),
      },
    });
  });

  it('on operations is faults and adjustments apart, what is left of each, and the days', () => {
    const clause = clauseThree(story, {}, { exclusions: ['agreed-maintenance'] });
    const summary = kept(clause);
    expect(summary?.figures).toMatchObject({
      downSeconds: exactly(HOUR / 2),
      adjustmentSeconds: exactly(40 * MINUTE),
      faultyDays: exactly(1),
      downLeftSeconds: exactly(70 * MINUTE),
      adjustmentsLeftSeconds: exactly(60 * MINUTE),
      coverage: exactly(1),
    });
    const days = { faultFree: 29, faulty: 1, open: 0, ahead: 0, aheadInDoubt: 0 };
    expect(summary === undefined ? null : daysIn(summary)).toEqual(days);
  });

  it('on delay counts breaches as the contract does, and nothing of one that is attested', () => {
    const late = [
      ...[delivered('a', 0, 5000), delivered('b', 60, 5000)],
      ...[delivered('prompt', 45_000, 4), delivered('c', 90_000, 5000)],
    ];
    const breaches = (countedPer: 'message' | 'episode') => {
      const facts = { records: late, unmeasured: 0, exclusions: [], absence: new Map(), head: { seq: 1, hash: '' } };
      return kept(reportDelay({ ...CLAUSE, countedPer }, matterOf(), facts).report)?.figures['breaches'];
    };
    expect([breaches('message'), breaches('episode')]).toEqual([exactly(3), exactly(2)]);
    expect(kept(ATTESTED)).toEqual({ id: '9', verdict: ATTESTED.verdict, figures: {} });
    expect(daysIn({ id: '2a', verdict: 'MET', figures: {} })).toBeNull();
  });
});
