/** A provider's month, judged clause by clause from what the ledger holds of it. */
import type { AvailabilityFacts, AvailabilityQuery } from './availability/facts.ts';
import { monthRange } from './calendar.ts';
import type { ClauseTerms } from './contract-terms.ts';
import type { MonthFacts, MonthQuery } from './month-facts.ts';
import { type ClauseReport, type Matter, type ProviderReport, reportProvider } from './report.ts';
import { reportConnectivity, reportOperations } from './report-availability.ts';
import type { DelayChart, ProviderCharts } from './report-charts.ts';
import { reportAttested, reportDelay } from './report-clause.ts';

/** Where the facts are read, without a wait: the ledger's own thread, or a ledger in memory. */
export interface FactSource {
  month(query: MonthQuery): MonthFacts;
  availability(query: AvailabilityQuery): AvailabilityFacts;
}

/** What one evaluation gives: the report, and beside it what charts of the same facts are drawn from. */
export interface Judgement {
  readonly report: ProviderReport;
  readonly charts: ProviderCharts;
}

/** One clause after another, and one path at a time: a month of one may have a hundred thousand probes. */
export function judgeProvider(matter: Matter, source: FactSource): Judgement {
  const judged = matter.contract.clauses.map((clause) => judgeClause(clause, matter, source));
  const reports = judged.map(({ report }) => report);
  const delays = judged.flatMap(({ chart }) => (chart === null ? [] : [chart]));
  return { report: reportProvider(matter, reports), charts: { provider: matter.provider, delays } };
}

/** Whether the ledger knows anything of the month. */
export function isMeasured({ clauses }: ProviderReport): boolean {
  return clauses.some((clause) => {
    switch (clause.kind) {
      case 'attested':
        return false;
      case 'connectivity':
      case 'operations':
        return clause.coverage.ratio > 0 || clause.outages.length > 0;
      case 'delay':
        return [clause.figures.outcomes, clause.figures.spotChecks].some((counts) =>
          Object.values(counts).some((count) => count > 0),
        );
    }
  });
}

interface JudgedClause {
  readonly report: ClauseReport;
  /** Null where there is none to draw. */
  readonly chart: DelayChart | null;
}

function judgeClause(clause: ClauseTerms, matter: Matter, source: FactSource): JudgedClause {
  const { provider, contract, month } = matter;
  const range = monthRange(month, contract.timeZone);
  switch (clause.kind) {
    case 'attested':
      return { report: reportAttested(clause), chart: null };
    case 'delay':
      return reportDelay(clause, matter, source.month({ provider, path: clause.path, ...range }));
    case 'connectivity':
      return { report: reportConnectivity(clause, matter, source.availability({ provider, ...range })), chart: null };
    case 'operations':
      return { report: reportOperations(clause, matter, source.availability({ provider, ...range })), chart: null };
  }
}
