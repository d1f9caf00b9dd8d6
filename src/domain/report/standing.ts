/** How a provider's month stands in a few numbers: what metrics show while it runs, and what is kept of it when it is closed. */
import type { DayTally } from '../availability/year.ts';
import type { ClosedClause } from '../event.ts';
import type { ChainHead } from '../evidence/chain.ts';
import type { ClauseReport, ProviderReport } from './report.ts';
import type { Figure } from './report-evidence.ts';

/** As of one entry of the ledger. */
export interface Standing {
  /** As the report's, in the contract's order. */
  readonly clauses: readonly ClosedClause[];
  readonly head: ChainHead;
}

/** Verdicts and main figures by name, durations in seconds; a figure that there is not is left out. */
export function summariseReport({ clauses }: Pick<ProviderReport, 'clauses'>): readonly ClosedClause[] {
  return clauses.map((clause) => {
    const named = Object.entries(figuresOf(clause)).flatMap(([name, figure]) =>
      figure === null ? [] : [[name, [figure.lo, figure.hi]] as const],
    );
    return { id: clause.id, verdict: clause.verdict, figures: Object.fromEntries(named) };
  });
}

function figuresOf(clause: ClauseReport): Readonly<Record<string, Figure | null>> {
  switch (clause.kind) {
    case 'attested':
      return {};
    case 'delay': {
      const { figures, limits, breachesLeft, coverage } = clause;
      const { messages, episodes } = figures.breaches;
      return {
        averageSeconds: figures.average,
        maximumSeconds: figures.maximum,
        breaches: limits.countedPer === 'message' ? messages : episodes,
        breachesLeft,
        ...exactly({ ...figures.outcomes, coverage: coverage.ratio }),
      };
    }
    case 'connectivity':
      return {
        downSeconds: clause.figures.downSeconds,
        availability: clause.figures.availability,
        downLeftSeconds: clause.downtimeLeftSeconds,
        ...exactly({ coverage: clause.coverage.ratio }),
      };
    case 'operations':
      return {
        downSeconds: clause.figures.downSeconds,
        availability: clause.figures.availability,
        adjustmentSeconds: clause.figures.adjustmentSeconds,
        faultyDays: clause.figures.faultyDays,
        downLeftSeconds: clause.faultsLeftSeconds,
        adjustmentsLeftSeconds: clause.adjustmentsLeftSeconds,
        ...exactly({ coverage: clause.coverage.ratio, ...dayFigures(clause.figures.days) }),
      };
  }
}

function dayFigures({ faultFree, faulty, open, ahead, aheadInDoubt }: DayTally): Readonly<Record<string, number>> {
  return { daysFaultFree: faultFree, daysFaulty: faulty, daysOpen: open, daysAhead: ahead, daysInDoubt: aheadInDoubt };
}

/** The days of an operations clause, from what is kept of it; null of any other. */
export function daysIn({ figures }: ClosedClause): DayTally | null {
  const count = (name: string): number | undefined => figures[name]?.[0] ?? undefined;
  const faultFree = count('daysFaultFree');
  if (faultFree === undefined) return null;
  const [faulty = 0, open = 0, ahead = 0, aheadInDoubt = 0] = [
    'daysFaulty',
    'daysOpen',
    'daysAhead',
    'daysInDoubt',
  ].map(count);
  return { faultFree, faulty, open, ahead, aheadInDoubt };
}

function exactly(values: Readonly<Record<string, number>>): Record<string, Figure> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { lo: value, hi: value }]));
}
