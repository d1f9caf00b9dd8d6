/** A provider's month, judged clause by clause from what the ledger holds of it. */
import type { AvailabilityFacts, AvailabilityQuery } from '../availability/facts.ts';
import type { ClauseTerms, DelayClause } from '../contract-terms.ts';
import type { MonthFacts, MonthQuery } from '../delay/month-facts.ts';
import { contentHash } from '../evidence/chain.ts';
import type { Month } from '../time/calendar.ts';
import {
  buildReport,
  type ClauseReport,
  type DelayClauseReport,
  finalAtMs,
  type Matter,
  type ProviderReport,
  type Report,
  rangeOf,
  reportProvider,
} from './report.ts';
import { reportConnectivity, reportOperations } from './report-availability.ts';
import type { DelayChart, ProviderCharts } from './report-charts.ts';
import { reportAttested, reportDelay, reportTracked } from './report-clause.ts';
import type { ChangeSource, RouteStandings } from './route-standing.ts';

/** Where the facts are read, without a wait: the ledger's own thread, or a ledger in memory. */
export interface FactSource {
  month(query: MonthQuery): MonthFacts;
  availability(query: AvailabilityQuery): AvailabilityFacts;
}

/** What one evaluation gives: the report, and beside it what charts of the same facts are drawn from. */
export interface Judgement {
  readonly report: ProviderReport;
  /** Lower-case hex SHA-256 of the report alone, not of what it says of an earlier closing. Of one with thousands of breaches it takes seconds, which the caller's thread may not have. */
  readonly sha256: string;
  readonly charts: ProviderCharts;
}

/** A month of several providers: the report, and beside it their charts in the same order. */
export interface MonthReport {
  readonly report: Report;
  readonly charts: readonly ProviderCharts[];
}

export function monthReport(month: Month, nowMs: number, judgements: readonly Judgement[]): MonthReport {
  return {
    report: buildReport(
      month,
      nowMs,
      judgements.map(({ report }) => report),
    ),
    charts: judgements.map(({ charts }) => charts),
  };
}

/** One clause after another, and one path at a time: a month of one may have a hundred thousand probes. */
export function judgeProvider(matter: Matter, source: FactSource): Judgement {
  const { provider } = matter;
  const range = rangeOf(matter);
  const delays: DelayChart[] = [];
  const report = judgeWith(matter, source, (clause) => {
    const judged = reportDelay(clause, matter, source.month({ provider, path: clause.path, ...range }));
    delays.push(judged.chart);
    return judged.report;
  });
  return { report, sha256: contentHash({ ...report, closed: undefined }), charts: { provider, delays } };
}

/** The report without its hash and its charts. */
export function reportAlone(matter: Matter, source: FactSource): ProviderReport {
  const { provider } = matter;
  const range = rangeOf(matter);
  return judgeWith(
    matter,
    source,
    (clause) => reportDelay(clause, matter, source.month({ provider, path: clause.path, ...range })).report,
  );
}

/** The same report from what `kept` holds of the month from the last time, and what changed since. */
export function judgeAgain(matter: Matter, source: FactSource & ChangeSource, kept: RouteStandings): ProviderReport {
  return judgeWith(matter, source, (clause) => {
    const { tracker, facts } = kept.track(clause, matter, source);
    return reportTracked(clause, matter, tracker, facts).report;
  });
}

type JudgeDelay = (clause: DelayClause) => DelayClauseReport;

function judgeWith(matter: Matter, source: FactSource, judgeDelay: JudgeDelay): ProviderReport {
  let facts: AvailabilityFacts | null = null;
  const availability = (): AvailabilityFacts => (facts ??= availabilityIn(matter, source));
  return reportProvider(
    matter,
    matter.contract.clauses.map((clause) => judgeClause(clause, matter, availability, judgeDelay)),
  );
}

/** Whether the ledger knows anything of the month; that what failed before it may have gone on is no knowledge of it. */
export function isMeasured({ clauses, from, to }: ProviderReport): boolean {
  return clauses.some((clause) => {
    switch (clause.kind) {
      case 'attested':
        return false;
      case 'connectivity':
      case 'operations':
        return (
          clause.figures.parts.some(({ coverage }) => (coverage ?? 0) > 0) ||
          clause.outages.some(({ beganBy, endedAfter }) => from <= endedAfter && beganBy < to)
        );
      case 'delay':
        return [clause.figures.outcomes, clause.figures.spotChecks].some((counts) =>
          Object.values(counts).some((count) => count > 0),
        );
    }
  });
}

/** The same for every clause, so they are read once for all. */
function availabilityIn(matter: Matter, source: FactSource): AvailabilityFacts {
  const finalMs = finalAtMs(matter);
  const facts = source.availability({ provider: matter.provider, ...rangeOf(matter), finalMs });
  // The next run, or probe, is the neighbour of the month's last, however late it comes; once the month is final it must change nothing.
  const runs = facts.runs.filter(({ fromMs }) => fromMs < finalMs);
  const roundTrips = facts.roundTrips.filter(({ planned }) => planned.wallMs < finalMs);
  return { ...facts, runs, roundTrips };
}

function judgeClause(
  clause: ClauseTerms,
  matter: Matter,
  availability: () => AvailabilityFacts,
  judgeDelay: JudgeDelay,
): ClauseReport {
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
