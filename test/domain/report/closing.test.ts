/** What a later report of a closed month says: what changed, worked out by hand, and why. */
import { describe, expect, it } from 'vitest';
import type { LedgerEntry, LedgerEvent, MonthClosed } from '../../../src/domain/event.ts';
import { contentHash } from '../../../src/domain/evidence/chain.ts';
import type { Exclusion } from '../../../src/domain/exclusion.ts';
import type { ProbeRecord } from '../../../src/domain/record.ts';
import {
  type Aftermath,
  closingOf,
  compareClosing,
  findClosing,
  stillHolds,
  termsHash,
} from '../../../src/domain/report/closing.ts';
import { type Judgement, judgeProvider } from '../../../src/domain/report/judge.ts';
import { finalAtMs, type Matter, rangeOf } from '../../../src/domain/report/report.ts';
import { CONTRACT } from '../../fakes/contract.ts';
import { at, capture, delivered, exclusion, HOUR, lost, probe } from '../month-case.ts';

const CONTRACT_2A = { ...CONTRACT, clauses: CONTRACT.clauses.filter(({ id }) => id === '2a' || id === '9') };
const MATTER: Matter = {
  ...{ provider: 'acme', contract: CONTRACT_2A, month: '2026-11' },
  nowMs: Date.parse('2026-12-08T00:00:00Z'),
};
const HEAD = { seq: 10, hash: 'ab'.repeat(32) };

function reportOf(records: readonly ProbeRecord[], exclusions: readonly Exclusion[] = []): Judgement {
  const bearings = { unmeasured: 0, exclusions, absence: new Map(), head: HEAD };
  return judgeProvider(MATTER, {
    month: () => ({ ...bearings, records }),
    availability: () => {
      throw new Error('no clause asks for it');
    },
  });
}
function close(judged: Judgement, change: Partial<MonthClosed> = {}): MonthClosed {
  const { clauses: summary, report: hash, head: asOf } = closingOf(judged, HEAD);
  return {
    ...{ type: 'month.closed', at: at(30 * 86_400), provider: 'acme', month: '2026-11', version: '1.0.0' },
    ...{ contract: termsHash(CONTRACT_2A), report: hash, summary, asOf },
    ...change,
  };
}
const NOTHING: Aftermath = { entries: [], lateProbes: 0, rewound: 0, version: '1.0.0' };
const entries = (...events: readonly (readonly [number, LedgerEvent])[]): readonly LedgerEntry[] =>
  events.map(([seq, event]) => ({ seq, event, hash: '' }));
const added = (given: Exclusion): LedgerEvent => ({ type: 'exclusion.added', at: at(40 * 86_400), exclusion: given });
const retracted = (id: string): LedgerEvent => ({
  ...{ type: 'exclusion.retracted', at: at(41 * 86_400), id },
  ...{ by: 'Zhang San', note: 'not agreed' },
});

/** Two that take 5000 s, and one of 10 s: two breaches. */
const RECORDS = [delivered('a', 0, 5000), delivered('b', 10_000, 5000), delivered('c', 20_000, 10)];

describe('a later report of a closed month', () => {
  it('is the same to the letter where nothing changed, whatever the order of its keys', () => {
    const closed = close(reportOf(RECORDS));
    expect(compareClosing(closed, reportOf(RECORDS), MATTER, NOTHING)).toEqual({
      at: new Date(closed.at.wallMs).toISOString(),
      reportSha256: closed.report,
      same: true,
      changes: [],
      reasons: [],
    });
    expect(contentHash({ a: 1, b: { d: [2], c: null } })).toBe(contentHash({ b: { c: null, d: [2] }, a: 1 }));
    expect(contentHash({ a: 1 })).not.toBe(contentHash({ a: 2 }));
  });

  it('is the same though a message that was lost, as the month was closed, turned up after all', () => {
    const gone = lost('gone', 0, 119 * HOUR);
    const late = { ...gone, capture: capture(at(119 * HOUR), at(125 * HOUR)) };
    const closed = close(reportOf([gone]));
    expect(compareClosing(closed, reportOf([late]), MATTER, { ...NOTHING, lateProbes: 1 })).toMatchObject({
      same: true,
    });
  });

  it('went on where something else than its figures changed, for whatever reason beside', () => {
    // Their order is no figure.
    const [first, ...rest] = RECORDS;
    const closed = close(reportOf(RECORDS), { report: 'ab'.repeat(32) });
    const { same, changes, reasons } = compareClosing(closed, reportOf([...rest, first!]), MATTER, {
      ...NOTHING,
      lateProbes: 1,
    });
    expect({ same, changes }).toEqual({ same: false, changes: [] });
    expect(reasons).toEqual([{ kind: 'late-facts', probes: 1 }, { kind: 'went-on' }]);
    const { reasons: known } = compareClosing(close(reportOf(RECORDS)), reportOf(RECORDS.slice(1)), MATTER, NOTHING);
    expect(known, 'figures that changed are told').toEqual([]);
  });

  it('leaves out exclusions that end as the month begins, or begin once it is final and closed', () => {
    const { fromMs } = rangeOf(MATTER);
    const untilMs = Math.max(finalAtMs(MATTER), at(30 * 86_400).wallMs);
    const given = (seq: number, from: number, to: number) =>
      [seq, added({ ...exclusion(0, 1, { id: `${seq}` }), fromMs: from, toMs: to })] as const;
    const all = entries(
      given(11, fromMs - 9, fromMs),
      given(12, fromMs - 9, fromMs + 1),
      given(13, untilMs, untilMs + 9),
      given(14, untilMs - 1, untilMs + 9),
      // As of which it was closed, so that it had it already.
      given(HEAD.seq, fromMs, untilMs),
      [HEAD.seq, retracted('12')],
    );
    const { reasons } = compareClosing(close(reportOf([])), reportOf([]), MATTER, { ...NOTHING, entries: all });
    expect(reasons).toMatchObject([
      { kind: 'exclusion-added', id: '12' },
      { kind: 'exclusion-added', id: '14' },
    ]);
  });

  it('tells verdict and figures that an exclusion changed, and who entered it', () => {
    // All of `a` but its first and last 500 s is excluded: 1000 s are left of it, and one breach. With two as with one none is left.
    const excused = exclusion(500, 4500, { id: 'x', note: 'agreed by mail' });
    const { same, changes, reasons } = compareClosing(close(reportOf(RECORDS)), reportOf(RECORDS, [excused]), MATTER, {
      ...NOTHING,
      entries: entries([11, added(excused)]),
    });
    expect(same).toBe(false);
    expect(changes.map(({ what }) => what)).toEqual(['averageSeconds', 'breaches']);
    expect(changes).toContainEqual({
      ...{ clause: '2a', what: 'breaches' },
      ...{ before: { lo: 2, hi: 2 }, after: { lo: 1, hi: 1 } },
    });
    expect(reasons).toEqual([
      {
        ...{ kind: 'exclusion-added', at: new Date(at(40 * 86_400).wallMs).toISOString() },
        ...{ id: 'x', by: 'Li Wei', note: 'agreed by mail' },
      },
    ]);
  });

  it('tells a verdict that changed, and a figure that there was not', () => {
    const prompt = [delivered('c', 20_000, 10)];
    const { changes } = compareClosing(close(reportOf([])), reportOf(prompt), MATTER, NOTHING);
    expect(changes).toContainEqual({ clause: '2a', what: 'verdict', before: 'INCONCLUSIVE', after: 'MET' });
    expect(changes.find(({ what }) => what === 'averageSeconds')).toMatchObject({ before: null });
  });

  it('names what was retracted since, be it entered before the closing, and leaves out what cannot bear on the month', () => {
    const before = exclusion(0, 60, { id: 'before' });
    const given = entries(
      [5, added(before)],
      [11, added(exclusion(0, 60, { id: 'others', provider: 'other' }))],
      [12, added(exclusion(-80 * 86_400, -79 * 86_400, { id: 'earlier' }))],
      [13, added(exclusion(80 * 86_400, 81 * 86_400, { id: 'later' }))],
      [14, retracted('before')],
      [15, retracted('earlier')],
      [16, retracted('nobody')],
    );
    const { reasons } = compareClosing(close(reportOf([])), reportOf([]), MATTER, { ...NOTHING, entries: given });
    expect(reasons).toMatchObject([{ kind: 'exclusion-retracted', id: 'before', by: 'Zhang San', note: 'not agreed' }]);
  });

  it('names late facts, a clock put back, another contract and another version of the program', () => {
    const closed = close(reportOf(RECORDS), { contract: 'cd'.repeat(32), version: '0.9.0' });
    const { reasons } = compareClosing(closed, reportOf(RECORDS), MATTER, { ...NOTHING, lateProbes: 3, rewound: 5 });
    expect(reasons).toEqual([
      { kind: 'late-facts', probes: 3 },
      { kind: 'clock-put-back', entries: 5 },
      { kind: 'contract', before: 'cd'.repeat(32), after: termsHash(CONTRACT_2A) },
      { kind: 'version', before: '0.9.0', after: '1.0.0' },
    ]);
  });
});

describe('what was closed still holds', () => {
  it('where nothing was pending and nothing came since', () => {
    expect(stillHolds(close(reportOf(RECORDS)), MATTER, NOTHING)).toBe(true);
  });

  it('though other terms were agreed since', () => {
    expect(stillHolds(close(reportOf(RECORDS), { contract: '' }), MATTER, NOTHING)).toBe(true);
  });

  it('but not with a probe that was pending, an exclusion since, a clock put back or another program', () => {
    const excused = entries([11, added(exclusion(0, 60, { id: 'x' }))]);
    expect(stillHolds(close(reportOf([probe('p', 0)])), MATTER, NOTHING)).toBe(false);
    expect(stillHolds(close(reportOf(RECORDS)), MATTER, { ...NOTHING, entries: excused })).toBe(false);
    expect(stillHolds(close(reportOf(RECORDS)), MATTER, { ...NOTHING, rewound: 1 })).toBe(false);
    expect(stillHolds(close(reportOf(RECORDS)), MATTER, { ...NOTHING, version: '1.0.1' })).toBe(false);
  });
});

it('of several closings of a month the first one holds, and another month or provider has none', () => {
  const [first, second] = [close(reportOf([])), close(reportOf(RECORDS))];
  const all = entries([11, close(reportOf([]), { month: '2026-10' })], [12, first], [13, second]);
  expect(findClosing(all, 'acme', '2026-11')).toBe(first);
  expect(findClosing(all, 'acme', '2026-12')).toBeNull();
  expect(findClosing(all, 'other', '2026-11')).toBeNull();
});
