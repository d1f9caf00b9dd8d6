/** The first look: the month of a provider in a verdict and a sentence or two. */
import type { ClauseStatus, ProviderStatus, RunningMonth, StatusView } from '../domain/status-view.ts';
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

/** `problems` are the agent's own. */
export function headlineOf(
  { name, month }: ProviderStatus,
  words: Words,
  language: Language,
  problems: StatusView['problems'] = {},
): Headline {
  if (month === null) return { verdict: null, sentences: [words.headline.unjudged] };
  const measured = measuredClauses(month.clauses);
  const verdict = VERDICTS.find((worst) => measured.some((clause) => clause.verdict === worst)) ?? null;
  switch (verdict) {
    case null:
      return {
        verdict,
        sentences: [isJudgeable(name, month, problems) ? words.headline.notYet : words.headline.notNow],
      };
    case 'MET':
      return { verdict, sentences: [words.headline.met] };
    case 'INCONCLUSIVE':
      return { verdict, sentences: [words.headline.open(namesOf(measured, verdict, words, language))] };
    case 'BREACH':
      return { verdict, sentences: measured.flatMap((clause) => reasonsOf(clause, words, language)) };
  }
}

/** False where it was judged before and is no longer, or whatever it takes fails. */
function isJudgeable(name: string, { judgedAt }: RunningMonth, problems: StatusView['problems']): boolean {
  return judgedAt === null && !['ledger', `judge ${name}`].some((part) => Object.hasOwn(problems, part));
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
