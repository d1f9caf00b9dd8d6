/** What a clause still allows, and what was promised when. */
import { expect, test } from 'vitest';
import type { ContractTerms } from '../../src/domain/contract-terms.ts';
import { closingOf, termsHash } from '../../src/domain/report/closing.ts';
import { judgeYear } from '../../src/engine/reports.ts';
import { clauseOne, HOUR as H, MINUTE as M, upBut } from '../domain/availability-case.ts';
import {
  at,
  checks,
  clause,
  DAY,
  DOWN,
  END,
  FINAL,
  FROM_MS,
  HOUR,
  judged,
  ledgerOf,
  MINUTE,
  MONTH,
} from '../domain/november.ts';
import { CONTRACT } from '../fakes/contract.ts';

test.each(['2027-02', '2026-11'])(
  'in %s a clause that is broken by its share of the month allows no more downtime, though 44 minutes are not over',
  (month) => {
    const days = month === '2027-02' ? 28 : 30;
    const down = days * 86.4 + 20;
    const report = clauseOne({ runs: upBut([[10 * H, 10 * H + down]]) }, { month });
    expect(report.verdict).toBe('BREACH');
    expect(down).toBeLessThan(44 * M);
    // report.ts: "How many more seconds of downtime the clause allows this month."
    expect(report.downtimeLeftSeconds).toEqual({ lo: 0, hi: 0 });
  },
);

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
  expect(november?.clauses.find(({ id }) => id === '1')?.verdict).toBe('MET');
  expect(clause(await judged(ledger, FINAL + HOUR), '1', 'connectivity').verdict).toBe('MET');
});
