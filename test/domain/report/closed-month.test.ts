/** A month that is closed: what may come after without a change in it that no reason is given for. */
import { expect, test } from 'vitest';
import type { ContractTerms } from '../../../src/domain/contract-terms.ts';
import type { MonthClosed } from '../../../src/domain/event.ts';
import type { Exclusion } from '../../../src/domain/exclusion.ts';
import {
  type Aftermath,
  closingOf,
  compareClosing,
  stillHolds,
  termsHash,
} from '../../../src/domain/report/closing.ts';
import type { Judgement } from '../../../src/domain/report/judge.ts';
import { finalAtMs, rangeOf } from '../../../src/domain/report/report.ts';
import { judgeYear } from '../../../src/engine/reports.ts';
import type { Ledger } from '../../../src/ports.ts';
import { CONTRACT } from '../../fakes/contract.ts';
import {
  accepted,
  at,
  check,
  checks,
  clause,
  DAY,
  DOWN,
  delivered,
  END,
  FINAL,
  FROM_MS,
  HOUR,
  judged,
  ledgerOf,
  MINUTE,
  MONTH,
  matter,
  refused,
} from '../november.ts';

/** What the ledger says of the time after a closing. */
async function aftermathOf(ledger: Ledger, { asOf }: MonthClosed): Promise<Aftermath> {
  const { provider, ...range } = { provider: 'acme', ...rangeOf(matter(0)), afterSeq: asOf.seq };
  return {
    entries: await ledger.marked(['exclusion.added', 'exclusion.retracted']),
    lateProbes: await ledger.lateProbes({ provider, ...range }),
    rewound: await ledger.rewound({ ...range, toMs: finalAtMs(matter(0)) }),
    version: '1.0.0',
  };
}

function closingAt(judgement: Judgement, now: number, seq: number): MonthClosed {
  const { report, clauses, head } = closingOf(judgement, { seq, hash: '' });
  return {
    ...{ type: 'month.closed', at: at(now), provider: 'acme', month: MONTH, version: '1.0.0' },
    ...{ contract: termsHash(CONTRACT), report, summary: clauses, asOf: head },
  };
}

test('an outage that goes on after the closing changes no figure of the closed month, and is told as the reason', async () => {
  // The mailbox fails from the 20th of November until the middle of December.
  const failing = { endpoint: 'mailbox', ...DOWN } as const;
  const ledger = await ledgerOf(
    ...checks(-HOUR, 20 * DAY, { endpoint: 'mailbox' }),
    ...checks(20 * DAY + 600, FINAL + HOUR, failing),
  );
  const { head } = await ledger.snapshot();
  const closed = closingAt(await judged(ledger, FINAL + HOUR), FINAL + HOUR, head.seq);
  await ledger.append(checks(FINAL + HOUR + 600, FINAL + 5 * DAY, failing));
  const now = FINAL + 5 * DAY;
  const comparison = compareClosing(closed, await judged(ledger, now), matter(now), await aftermathOf(ledger, closed));
  expect(comparison).toMatchObject({ same: false, changes: [], reasons: [{ kind: 'went-on' }] });
});

test('a longer cell set in December, with the same good run going on, changes no figure, and is told as the reason', async () => {
  const ledger = await ledgerOf(...checks(-HOUR, FINAL + HOUR));
  const { head } = await ledger.snapshot();
  const closed = closingAt(await judged(ledger, FINAL + HOUR), FINAL + HOUR, head.seq);
  await ledger.append(checks(FINAL + HOUR + 1200, FINAL + DAY, { everySeconds: 1200 }));
  const now = FINAL + DAY;
  const comparison = compareClosing(closed, await judged(ledger, now), matter(now), await aftermathOf(ledger, closed));
  expect(comparison).toMatchObject({ same: false, changes: [], reasons: [{ kind: 'went-on' }] });
});

test('checks that come into a closed month by a clock that was put back are a reason that is told, and the closing does not hold any more', async () => {
  // The clock was 40 days ahead on the 5th of November, for longer than an hour: November was closed. Then it is set right.
  const ahead = 40 * DAY;
  const ledger = await ledgerOf(...checks(-HOUR, 5 * DAY));
  const closedAt = 5 * DAY + 2 * HOUR;
  const before = await judged(ledger, closedAt + ahead);
  const { head } = await ledger.snapshot();
  const closed = closingAt(before, closedAt, head.seq);
  await ledger.append([...checks(closedAt + 600, 10 * DAY, DOWN), ...checks(10 * DAY + 600, END + DAY)]);
  const later = await judged(ledger, FINAL + DAY);
  expect(clause(later, '1', 'connectivity').verdict).toBe('BREACH');
  const aftermath = await aftermathOf(ledger, closed);
  const comparison = compareClosing(closed, later, matter(FINAL + DAY), aftermath);
  expect(comparison.changes).not.toEqual([]);
  expect(comparison.reasons).toMatchObject([{ kind: 'clock-put-back' }]);
  expect(stillHolds(closed, matter(FINAL + DAY), aftermath)).toBe(false);
});

test('the year’s report does not say MET of a month whose closed report came too early, and whose breaches are in the ledger', async () => {
  const ahead = 40 * DAY;
  const ledger = await ledgerOf(...delivered('fine', 4 * DAY));
  const closedAt = 5 * DAY;
  const closed = closingAt(await judged(ledger, closedAt + ahead), closedAt, (await ledger.snapshot()).head.seq);
  expect(closed.summary.find(({ id }) => id === '2b')?.verdict).toBe('MET');
  await ledger.append([closed, ...delivered('late', 10 * DAY, 2 * HOUR), ...delivered('later', 11 * DAY, 2 * HOUR)]);
  expect(clause(await judged(ledger, FINAL + DAY), '2b', 'delay').verdict).toBe('BREACH');
  const when = { year: '2026', nowMs: FROM_MS + (FINAL + DAY) * 1000, version: '1.0.0' };
  const year = await judgeYear(ledger, { provider: 'acme', contract: CONTRACT }, when);
  const november = year?.months.find(({ month }) => month === MONTH);
  expect(november?.clauses.find(({ id }) => id === '2b')?.verdict).toBe('BREACH');
});

test('an exclusion of the hours in which a message of the month was still on its way after the report was final is a reason that is told', async () => {
  // Accepted in the month's last minute; the agent was away and finds it on the seventh day.
  const accept = END - MINUTE;
  const ledger = await ledgerOf(...delivered('fine', 5 * DAY), ...delivered('late', accept, 7 * DAY));
  const now = END + 8 * DAY;
  const closed = closingAt(await judged(ledger, now), now, (await ledger.snapshot()).head.seq);
  const [fromMs, toMs] = [FINAL + HOUR, FINAL + DAY].map((each) => FROM_MS + each * 1000) as [number, number];
  const exclusion: Exclusion = {
    ...({ id: 'x', kind: 'agreed-maintenance', provider: 'acme', path: null, fromMs, toMs } as const),
    ...{ by: 'Li Wei', evidence: '', note: '' },
  };
  await ledger.append([{ type: 'exclusion.added', at: at(now), exclusion }]);
  const aftermath = await aftermathOf(ledger, closed);
  const comparison = compareClosing(closed, await judged(ledger, now + 1), matter(now + 1), aftermath);
  expect(comparison.same).toBe(false);
  expect(comparison.reasons).toMatchObject([{ kind: 'exclusion-added', id: 'x' }]);
  expect(stillHolds(closed, matter(now + 1), aftermath)).toBe(false);
});

test('mail of after the month that comes once it is closed changes nothing of it', async () => {
  // Refused in the month's last hour; the next one, of the first minute after it, is pending when the month is closed, and arrives then.
  const [next, seen] = [delivered('next', END + MINUTE, FINAL - END), accepted('next', END + MINUTE)];
  const ledger = await ledgerOf(
    ...checks(-HOUR, FINAL),
    ...delivered('fine', 5 * DAY),
    ...refused('bad', END - 30 * MINUTE),
    ...seen,
  );
  const closed = await judged(ledger, FINAL + 1);
  await ledger.append(next.slice(2));
  expect((await judged(ledger, FINAL + HOUR)).sha256).toBe(closed.sha256);
});

test('a month that ended well stays as it was closed', async () => {
  const ledger = await ledgerOf(...checks(-HOUR, FINAL + HOUR), ...delivered('fine', 5 * DAY));
  const closed = await judged(ledger, FINAL + HOUR);
  await ledger.append([...checks(FINAL + HOUR + 600, FINAL + DAY), check(FINAL + DAY + 60, DOWN)]);
  expect((await judged(ledger, FINAL + DAY + HOUR)).sha256).toBe(closed.sha256);
});

test('a month that was closed as MET by the terms of its time is no BREACH in the year’s report because stricter terms were agreed later', async () => {
  const ledger = await ledgerOf(
    ...checks(-HOUR, 10 * DAY),
    ...checks(10 * DAY + 600, 10 * DAY + 20 * MINUTE, DOWN),
    ...checks(10 * DAY + 30 * MINUTE, FINAL + HOUR),
  );
  const { report, clauses, head } = closingOf(await judged(ledger, FINAL + HOUR), (await ledger.snapshot()).head);
  expect(clauses.find(({ id }) => id === '1')?.verdict).toBe('MET');
  await ledger.append([
    {
      ...{ type: 'month.closed', at: at(FINAL + HOUR), provider: 'acme', month: MONTH, version: '1.0.0' },
      ...{ contract: termsHash(CONTRACT), report, summary: clauses, asOf: head },
    },
  ]);
  const later: ContractTerms = {
    ...CONTRACT,
    clauses: CONTRACT.clauses.map((each) => (each.kind === 'connectivity' ? { ...each, downUnderSeconds: 300 } : each)),
  };
  const when = { year: '2026', nowMs: FROM_MS + (END + 29 * DAY) * 1000, version: '1.0.0' };
  const year = await judgeYear(ledger, { provider: 'acme', contract: later }, when);
  const november = year?.months.find(({ month }) => month === MONTH);
  expect(november).toMatchObject({ closed: true, otherTerms: true });
  expect(november?.clauses.find(({ id }) => id === '1')?.verdict).toBe('MET');
  expect(clause(await judged(ledger, FINAL + HOUR), '1', 'connectivity').verdict).toBe('MET');
});

test('a month that was closed and can no longer be judged is in the year as it was closed, by whatever version', async () => {
  const ledger = await ledgerOf(...checks(-HOUR, FINAL + HOUR), ...delivered('fine', 5 * DAY));
  const closed = closingAt(await judged(ledger, FINAL + HOUR), FINAL + HOUR, (await ledger.snapshot()).head.seq);
  await ledger.append([closed]);
  const archived: Parameters<typeof judgeYear>[0] = {
    judge: (asked) => (asked.month === MONTH ? Promise.reject(new Error(`${MONTH} is archived`)) : ledger.judge(asked)),
    marked: (types, afterSeq) => ledger.marked(types, afterSeq),
    rewound: (query) => ledger.rewound(query),
    archive: async () => ({ before: '2027-01', months: [] }),
  };
  const when = { year: '2026', nowMs: FROM_MS + (FINAL + DAY) * 1000, version: 'next' };
  const year = await judgeYear(archived, { provider: 'acme', contract: CONTRACT }, when);
  const november = year?.months.find(({ month }) => month === MONTH);
  expect(november).toMatchObject({ closed: true });
  expect(november?.clauses.find(({ id }) => id === '2b')?.verdict).toBe('MET');
});
