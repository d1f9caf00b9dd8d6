/** The first look: the month of a provider in a verdict and a sentence or two. */
import type { ClauseStatus, ProviderStatus } from '../domain/status-view.ts';
import type { Language } from './format.ts';
import { pledgesOf } from './pledges.ts';
import type { Verdict, Words } from './words.ts';

export interface Headline {
  /** Null where nothing is judged, or not yet. */
  readonly verdict: Verdict | null;
  readonly sentences: readonly string[];
}

/** The worst first. */
const VERDICTS = ['BREACH', 'INCONCLUSIVE', 'MET'] as const;

export function headlineOf({ month }: ProviderStatus, words: Words, language: Language): Headline {
  if (month === null) return { verdict: null, sentences: [words.headline.unjudged] };
  const measured = measuredClauses(month.clauses);
  const verdict = VERDICTS.find((worst) => measured.some((clause) => clause.verdict === worst)) ?? null;
  switch (verdict) {
    case null:
      return { verdict, sentences: [words.headline.notYet] };
    case 'MET':
      return { verdict, sentences: [words.headline.met] };
    case 'INCONCLUSIVE':
      return { verdict, sentences: [words.headline.open(namesOf(measured, verdict, words, language))] };
    case 'BREACH':
      return { verdict, sentences: measured.flatMap((clause) => reasonsOf(clause, words, language)) };
  }
}

export function measuredClauses(clauses: readonly ClauseStatus[]): readonly ClauseStatus[] {
  return clauses.filter(({ terms }) => terms.kind !== 'attested');
}

export function clauseName({ terms }: ClauseStatus, language: Language): string {
  return `${terms.id}\u00a0${terms.title[language]}`;
}

function namesOf(clauses: readonly ClauseStatus[], verdict: Verdict, words: Words, language: Language): string {
  return words.listed(
    clauses.filter((clause) => clause.verdict === verdict).map((clause) => clauseName(clause, language)),
  );
}

/** What broke it; where its figures do not tell, that it is broken. Availability says the same as a downtime that is told. */
function reasonsOf(clause: ClauseStatus, words: Words, language: Language): readonly string[] {
  if (clause.verdict !== 'BREACH') return [];
  const told = pledgesOf(clause, words).flatMap(({ why }) => (why === null ? [] : [why]));
  if (told.length === 0) return [words.headline.clause(clauseName(clause, language))];
  const isDelay = clause.terms.kind === 'delay';
  return isDelay ? told : told.slice(0, 1);
}
