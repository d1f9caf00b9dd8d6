/** What an exclusion would change before it is entered, or before it is taken back. */
import type { ClosedClause } from '../event.ts';
import type { Exclusion } from '../exclusion.ts';
import { type FactSource, reportAlone } from './judge.ts';
import type { Matter } from './report.ts';
import { summariseReport } from './standing.ts';

/** The month's clauses as they stand, and as they would stand after the change. */
export interface ExclusionPreview {
  readonly month: string;
  readonly now: readonly ClosedClause[];
  readonly then: readonly ClosedClause[];
}

export type ExclusionChange =
  | { readonly kind: 'added'; readonly exclusion: Omit<Exclusion, 'id'> }
  /** One that is in force. */
  | { readonly kind: 'retracted'; readonly exclusion: Exclusion };

export function previewExclusion(matter: Matter, source: FactSource, change: ExclusionChange): ExclusionPreview {
  const clauses = (facts: FactSource): readonly ClosedClause[] => summariseReport(reportAlone(matter, facts));
  // oxlint-disable-next-line unicorn/no-thenable -- a list, which nobody calls
  return { month: matter.month, now: clauses(source), then: clauses(changed(source, change)) };
}

/** The same facts, as if it had been entered or taken back. */
function changed(source: FactSource, change: ExclusionChange): FactSource {
  const { exclusion } = change;
  const after = (exclusions: readonly Exclusion[]): readonly Exclusion[] =>
    change.kind === 'added'
      ? [...exclusions, { id: '', ...exclusion }].sort((one, other) => one.fromMs - other.fromMs)
      : exclusions.filter(({ id }) => id !== change.exclusion.id);
  return {
    month(query) {
      const facts = source.month(query);
      const concerns =
        exclusion.provider === query.provider && (exclusion.path === null || exclusion.path === query.path);
      return concerns ? { ...facts, exclusions: after(facts.exclusions) } : facts;
    },
    availability(query) {
      const facts = source.availability(query);
      return exclusion.provider === query.provider ? { ...facts, exclusions: after(facts.exclusions) } : facts;
    },
  };
}
