/** What an exclusion would change before it is entered. */
import type { ClosedClause } from '../event.ts';
import type { Exclusion } from '../exclusion.ts';
import { type FactSource, reportAlone } from './judge.ts';
import type { Matter } from './report.ts';
import { summariseReport } from './standing.ts';

/** The month's clauses as they stand, and as they would stand with the exclusion. */
export interface ExclusionPreview {
  readonly month: string;
  readonly now: readonly ClosedClause[];
  readonly then: readonly ClosedClause[];
}

export function previewExclusion(matter: Matter, source: FactSource, exclusion: Exclusion): ExclusionPreview {
  const clauses = (facts: FactSource): readonly ClosedClause[] => summariseReport(reportAlone(matter, facts));
  // oxlint-disable-next-line unicorn/no-thenable -- a list, which nobody calls
  return { month: matter.month, now: clauses(source), then: clauses(withExclusion(source, exclusion)) };
}

/** The same facts, as if it had been entered. */
function withExclusion(source: FactSource, exclusion: Exclusion): FactSource {
  const joined = (exclusions: readonly Exclusion[]): readonly Exclusion[] =>
    [...exclusions, exclusion].sort((one, other) => one.fromMs - other.fromMs);
  return {
    month(query) {
      const facts = source.month(query);
      const concerns =
        exclusion.provider === query.provider && (exclusion.path === null || exclusion.path === query.path);
      return concerns ? { ...facts, exclusions: joined(facts.exclusions) } : facts;
    },
    availability(query) {
      const facts = source.availability(query);
      return exclusion.provider === query.provider ? { ...facts, exclusions: joined(facts.exclusions) } : facts;
    },
  };
}
