/** A provider's year as plain data: the twelve months' verdicts by clause, and the days without a fault. */
import { type DayTally, faultFreeDays } from '../availability/year.ts';
import type { ContractTerms, Localised, OperationsClause } from '../contract-terms.ts';
import type { Verdict } from '../delay/month-verdict.ts';
import type { ClosedClause } from '../event.ts';
import { daysOf, type Month } from '../time/calendar.ts';
import { isoText } from '../time/instant.ts';
import { finalAtMs, type ReportStatus } from './report.ts';
import { type Figure, figureOf } from './report-evidence.ts';
import { daysIn } from './standing.ts';

export interface YearReport {
  /** `2026`. */
  readonly year: string;
  readonly generatedAt: string;
  readonly providers: readonly ProviderYear[];
}
export interface ProviderYear {
  readonly provider: string;
  readonly contract: string;
  readonly contractTitle: Localised;
  readonly timeZone: string;
  /** All twelve. */
  readonly months: readonly YearMonth[];
  /** One for each clause that promises them. */
  readonly faultFreeDays: readonly FaultFreeDays[];
}
export interface YearMonth {
  readonly month: string;
  /** `future` until it begins, `unmeasured` where the ledger knows nothing of it. */
  readonly status: ReportStatus | 'future' | 'unmeasured';
  /** Whether the verdicts are those of the closed report; otherwise they are judged as the ledger stands. */
  readonly closed: boolean;
  /** That it was closed by other terms than those that hold now. Missing where it is not so. */
  readonly otherTerms?: true;
  /** Clauses that are measured, in the contract's order; empty for a month to come and for one not measured. */
  readonly clauses: readonly { readonly id: string; readonly title: Localised; readonly verdict: Verdict }[];
}
export interface FaultFreeDays {
  readonly clause: string;
  /** Days of the year that are over. */
  readonly days: Figure;
  readonly faultyDays: Figure;
  readonly minimum: number;
  /** Share of the days over of which it is known whether they had a fault. */
  readonly coverage: number;
  readonly verdict: Verdict;
}

/** What is known of one month; null while it is to come. */
export type JudgedMonth = {
  readonly clauses: readonly ClosedClause[];
  readonly closed: boolean;
  readonly otherTerms?: true;
  /** Whether the ledger knows anything of it. */
  readonly measured: boolean;
} | null;

/** `2026-01` … `2026-12`. */
export function monthsOf(year: string): readonly Month[] {
  return Array.from({ length: 12 }, (_, index) => `${year}-${String(index + 1).padStart(2, '0')}`);
}

/** `judged` are the twelve months in order. */
export function reportYear(
  provider: string,
  contract: ContractTerms,
  { year, nowMs }: { readonly year: string; readonly nowMs: number },
  judged: readonly JudgedMonth[],
): ProviderYear {
  const months = monthsOf(year);
  return {
    provider,
    contract: contract.name,
    contractTitle: contract.title,
    timeZone: contract.timeZone,
    months: months.map((month, index) => yearMonth(month, judged[index] ?? null, contract, nowMs)),
    faultFreeDays: contract.clauses.flatMap((clause) =>
      clause.kind === 'operations' ? [daysWithout(clause, months, judged, contract)] : [],
    ),
  };
}

export function buildYear(year: string, nowMs: number, providers: readonly ProviderYear[]): YearReport {
  return { year, generatedAt: isoText(nowMs), providers };
}

function yearMonth(month: Month, judged: JudgedMonth, contract: ContractTerms, nowMs: number): YearMonth {
  if (judged === null) return { month, status: 'future', closed: false, clauses: [] };
  // Adjustments are entered by a person, and can break a promise in a month in which nothing was measured.
  const broken = judged.clauses.some(({ verdict }) => verdict === 'BREACH');
  if (!judged.measured && !broken) return { month, status: 'unmeasured', closed: false, clauses: [] };
  return {
    month,
    status: nowMs >= finalAtMs({ contract, month }) ? 'final' : 'provisional',
    closed: judged.closed,
    ...(judged.otherTerms === undefined ? {} : { otherTerms: judged.otherTerms }),
    clauses: contract.clauses.flatMap(({ id, title, kind }) => {
      const verdict = judged.clauses.find((clause) => clause.id === id)?.verdict;
      return kind === 'attested' || verdict === undefined ? [] : [{ id, title, verdict }];
    }),
  };
}

function daysWithout(
  { id, faultFreeDaysMin }: OperationsClause,
  months: readonly Month[],
  judged: readonly JudgedMonth[],
  { timeZone }: ContractTerms,
): FaultFreeDays {
  const tallies = months.map((month, index): DayTally => {
    const clause = judged[index]?.clauses.find((each) => each.id === id);
    const known = clause === undefined ? null : daysIn(clause);
    return known ?? { faultFree: 0, faulty: 0, open: 0, ahead: daysOf(month, timeZone).length, aheadInDoubt: 0 };
  });
  const { faultFree, faulty, coverage, verdict } = faultFreeDays(tallies, faultFreeDaysMin);
  return {
    clause: id,
    days: figureOf(faultFree),
    faultyDays: figureOf(faulty),
    minimum: faultFreeDaysMin,
    coverage,
    verdict,
  };
}
