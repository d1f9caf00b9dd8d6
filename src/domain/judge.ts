/** A provider's month, judged clause by clause from what the ledger holds of it. */
import type { AvailabilityFacts, AvailabilityQuery } from './availability/facts.ts';
import { monthRange } from './calendar.ts';
import type { ClauseTerms, DelayClause } from './contract-terms.ts';
import type { MonthFacts, MonthQuery } from './month-facts.ts';
import {
  type ClauseReport,
  type DelayClauseReport,
  type Matter,
  type ProviderReport,
  reportProvider,
} from './report.ts';
import { reportConnectivity, reportOperations } from './report-availability.ts';
import { reportAttested, reportDelay, reportTracked } from './report-clause.ts';
import type { ChangeSource, RouteStandings } from './route-standing.ts';

/** Where the facts are read, without a wait: the ledger's own thread, or a ledger in memory. */
export interface FactSource {
  month(query: MonthQuery): MonthFacts;
  availability(query: AvailabilityQuery): AvailabilityFacts;
}

/** One clause after another, and one path at a time: a month of one may have a hundred thousand probes. */
export function judgeProvider(matter: Matter, source: FactSource): ProviderReport {
  const { provider, contract, month } = matter;
  const range = monthRange(month, contract.timeZone);
  return judgeWith(matter, source, (clause) =>
    reportDelay(clause, matter, source.month({ provider, path: clause.path, ...range })),
  );
}

/** The same from what `kept` holds of the month from the last time, and what changed since. */
export function judgeAgain(matter: Matter, source: FactSource & ChangeSource, kept: RouteStandings): ProviderReport {
  return judgeWith(matter, source, (clause) => {
    const { tracker, facts } = kept.track(clause, matter, source);
    return reportTracked(clause, matter, tracker, facts);
  });
}

type JudgeDelay = (clause: DelayClause) => DelayClauseReport;

function judgeWith(matter: Matter, source: FactSource, judgeDelay: JudgeDelay): ProviderReport {
  return reportProvider(
    matter,
    matter.contract.clauses.map((clause) => judgeClause(clause, matter, source, judgeDelay)),
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

function judgeClause(clause: ClauseTerms, matter: Matter, source: FactSource, judgeDelay: JudgeDelay): ClauseReport {
  const { provider, contract, month } = matter;
  const availability = () => source.availability({ provider, ...monthRange(month, contract.timeZone) });
  switch (clause.kind) {
    case 'attested':
      return reportAttested(clause);
    case 'delay':
      return judgeDelay(clause);
    case 'connectivity':
      return reportConnectivity(clause, matter, availability());
    case 'operations':
      return reportOperations(clause, matter, availability());
  }
}
