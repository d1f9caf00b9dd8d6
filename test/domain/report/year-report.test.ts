/** A year: twelve months by clause, and the days without a fault, counted by hand. */
import { expect, test } from 'vitest';
import { renderYearCsv, renderYearMarkdown } from '../../../src/adapters/report/year.ts';
import type { ClosedClause } from '../../../src/domain/event.ts';
import { finalAtMs } from '../../../src/domain/report/report.ts';
import { buildYear, type JudgedMonth, reportYear } from '../../../src/domain/report/year-report.ts';
import { CONTRACT } from '../../fakes/contract.ts';

const NOW = Date.parse('2026-03-10T04:00:00Z');

const operations = (faultFree: number, faulty: number, open: number, ahead = 0): ClosedClause => ({
  id: '3',
  verdict: faulty > 0 ? 'BREACH' : 'MET',
  figures: Object.fromEntries(
    Object.entries({
      ...{ daysFaultFree: faultFree, daysFaulty: faulty, daysOpen: open, daysAhead: ahead, daysInDoubt: 0 },
    }).map(([name, days]) => [name, [days, days]]),
  ),
});
const delay: ClosedClause = { id: '2a', verdict: 'MET', figures: {} };
const attested: ClosedClause = { id: '9', verdict: 'INCONCLUSIVE', figures: {} };

/** January without a fault; in February two days with one, and four of which nothing is known; the 10th of March is under way. */
const JUDGED: readonly JudgedMonth[] = [
  { clauses: [delay, operations(31, 0, 0), attested], closed: true, measured: true },
  { clauses: [delay, operations(22, 2, 4), attested], closed: false, measured: true },
  { clauses: [delay, operations(9, 0, 0, 22), attested], closed: false, measured: true },
  ...Array.from({ length: 9 }, () => null),
];
const year = (judged = JUDGED) => reportYear('acme', CONTRACT, { year: '2026', nowMs: NOW }, judged);

test('months are told by the clauses that are measured, those to come are blank', () => {
  const { months } = year();
  expect(months).toHaveLength(12);
  expect(months[0]).toMatchObject({ month: '2026-01', status: 'final', closed: true });
  expect(months[0]?.clauses.map(({ id, verdict }) => [id, verdict])).toEqual([
    ['2a', 'MET'],
    ['3', 'MET'],
  ]);
  // February ended nine days ago, final five days after its end; March is under way.
  expect(months.slice(1, 3).map(({ status }) => status)).toEqual(['final', 'provisional']);
  expect(months[3]).toEqual({ month: '2026-04', status: 'future', closed: false, clauses: [] });
});

test('a month that was closed by the terms of then says so, one in which nothing was measured is told where a promise was broken, and one is final in its last moment', () => {
  const judged = JUDGED.with(0, { clauses: [delay], closed: true, measured: true, otherTerms: true })
    .with(1, { clauses: [delay, operations(28, 0, 0)], closed: false, measured: false })
    .with(2, { clauses: [delay, { id: '3', verdict: 'BREACH', figures: {} }], closed: false, measured: false });
  expect(year(judged).months.slice(0, 3)).toMatchObject([
    { status: 'final', otherTerms: true },
    { status: 'unmeasured', clauses: [] },
    { status: 'provisional', clauses: [{ verdict: 'MET' }, { verdict: 'BREACH' }] },
  ]);
  expect(Object.keys(year().months[0] ?? {})).not.toContain('otherTerms');
  const final = finalAtMs({ contract: CONTRACT, month: '2026-02' });
  const at = (nowMs: number) => reportYear('acme', CONTRACT, { year: '2026', nowMs }, JUDGED).months[1]?.status;
  expect([at(final - 1), at(final)]).toEqual(['provisional', 'final']);
});

test('days of the twelve months are added up, and leave the year open while enough may yet be without a fault', () => {
  // 31 + 22 + 9 without; 2 with; 4 not known; of 365 days 360 must be without: 5 may have a fault, and 2 surely have.
  expect(year().faultFreeDays).toEqual([
    {
      ...{ clause: '3', days: { lo: 62, hi: 66 }, faultyDays: { lo: 2, hi: 6 }, minimum: 360 },
      ...{ coverage: 64 / 68, verdict: 'INCONCLUSIVE' },
    },
  ]);
});

test('the year is missed once more days had a fault than may', () => {
  const missed = JUDGED.with(1, { clauses: [operations(18, 6, 4)], closed: true, measured: true });
  expect(year(missed).faultFreeDays[0]).toMatchObject({ faultyDays: { lo: 6, hi: 10 }, verdict: 'BREACH' });
});

test('as Markdown it is a table of months down and clauses across, with the days above it', () => {
  const report = buildYear('2026', NOW, [year()]);
  const markdown = renderYearMarkdown(report, 'en');
  expect(markdown).toContain(
    '- Clause 3: 62–66 days without a fault (at least 360 in the year), 2–6 with one; known of 94.11% of the days over: **INCONCLUSIVE**',
  );
  expect(markdown).toContain(
    '| Month | Status | 2a 2a | 3 3 |\n| --- | --- | --- | --- |\n| 2026-01 | final, closed | MET | MET |\n',
  );
  expect(markdown).toContain(
    '| 2026-02 | final | MET | BREACH |\n| 2026-03 | provisional | MET | MET |\n| 2026-04 | to come |  |  |\n',
  );
  expect(renderYearMarkdown(report, 'zh')).toContain('无故障 62–66 天（全年不少于 360 天）');
});

test('a month that the ledger knows nothing of is not measured, rather than final and open', () => {
  const nothing = { clauses: [{ ...delay, verdict: 'INCONCLUSIVE' as const }], closed: false, measured: false };
  const report = buildYear('2026', NOW, [year(JUDGED.with(0, nothing))]);
  expect(report.providers[0]?.months[0]).toEqual({
    month: '2026-01',
    status: 'unmeasured',
    closed: false,
    clauses: [],
  });
  expect(renderYearMarkdown(report, 'en')).toContain('| 2026-01 | not measured |  |  |\n| 2026-02 | final |');
  expect(renderYearMarkdown(report, 'zh')).toContain('| 2026-01 | 未测 |  |  |');
  expect(renderYearCsv(report, 'en')).toContain('acme,test,2026-01,unmeasured,,,,,');
});

test('a month of nothing but too many announced adjustments keeps its breach', () => {
  const broken = { clauses: [{ ...delay, verdict: 'BREACH' as const }], closed: false, measured: false };
  expect(year(JUDGED.with(0, broken)).months[0]).toMatchObject({ status: 'final', clauses: [{ verdict: 'BREACH' }] });
});

test('as CSV it is a line for each month and clause, and one for the days', () => {
  const lines = renderYearCsv(buildYear('2026', NOW, [year()]), 'en').split('\r\n');
  expect(lines[0]).toBe(
    'year,generated_at,provider,contract,month,status,closed,clause,title,verdict,fault_free_days_lo,fault_free_days_hi,faulty_days_lo,faulty_days_hi,fault_free_days_min,coverage_ratio',
  );
  expect(lines[1]).toBe('2026,2026-03-10T04:00:00.000Z,acme,test,2026-01,final,yes,2a,2a,MET,,,,,,');
  expect(lines).toContain('2026,2026-03-10T04:00:00.000Z,acme,test,2026-12,future,,,,,,,,,,');
  expect(lines.at(-2)).toMatch(/^2026,[^,]*,acme,test,,,,3,,INCONCLUSIVE,62,66,2,6,360,0\.94/);
  expect(new Set(lines.slice(0, -1).map((line) => line.split(',').length))).toEqual(new Set([16]));
});
