/** A provider's month, judged clause by clause from what the ledger holds of it. */
import type { AvailabilityFacts, AvailabilityQuery } from './availability/facts.ts';
import { monthRange } from './calendar.ts';
import type { ClauseTerms } from './contract-terms.ts';
import type { MonthFacts, MonthQuery } from './month-facts.ts';
import { type ClauseReport, type Matter, type ProviderReport, reportProvider } from './report.ts';
import { reportConnectivity, reportOperations } from './report-availability.ts';
import { reportAttested, reportDelay } from './report-clause.ts';

/** Where the facts are read, without a wait: the ledger's own thread, or a ledger in memory. */
export interface FactSource {
  month(query: MonthQuery): MonthFacts;
  availability(query: AvailabilityQuery): AvailabilityFacts;
}

/** One clause after another, and one path at a time: a month of one may have a hundred thousand probes. */
export function judgeProvider(matter: Matter, source: FactSource): ProviderReport {
  return reportProvider(
    matter,
    matter.contract.clauses.map((clause) => judgeClause(clause, matter, source)),
  );
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

function judgeClause(clause: ClauseTerms, matter: Matter, source: FactSource): ClauseReport {
  const { provider, contract, month } = matter;
  const range = monthRange(month, contract.timeZone);
  switch (clause.kind) {
    case 'attested':
      return reportAttested(clause);
    case 'delay':
      return reportDelay(clause, matter, source.month({ provider, path: clause.path, ...range }));
    case 'connectivity':
      return reportConnectivity(clause, matter, source.availability({ provider, ...range }));
    case 'operations':
      return reportOperations(clause, matter, source.availability({ provider, ...range }));
  }
}
