/** The month in a sentence, and what is owed for it: what a stranger reads first, in every format for people. */
import type { Verdict } from '../../domain/delay/month-verdict.ts';
import type { ProviderReport } from '../../domain/report/report.ts';
import type { Language } from './format.ts';
import { isMeasuredClause, type MeasuredReport } from './pledges.ts';
import type { Words } from './words.ts';
import { pageWordsOf } from './words.ts';

export interface Headline {
  /** Null where no clause is measured. */
  readonly worst: Verdict | null;
  readonly sentence: string;
  /** A sentence for each remedy, however many clauses owe it. */
  readonly owed: readonly string[];
  /** What is not settled beside a breach. */
  readonly also: string | null;
}

/** `text` makes harmless what the contract calls a clause or a remedy. */
export function headlineOf(provider: ProviderReport, language: Language, text: (named: string) => string): Headline {
  const page = pageWordsOf(language);
  const measured = provider.clauses.filter(isMeasuredClause);
  const named = (verdict: Verdict): string => {
    const alike = measured.filter((clause) => clause.verdict === verdict);
    return page.listed(alike.map(({ id, title }) => `${text(id)} ${text(title[language])}`));
  };
  const worst = VERDICTS.find((verdict) => measured.some((clause) => clause.verdict === verdict)) ?? null;
  const open = named('INCONCLUSIVE');
  const remedies = measured.flatMap(({ remedy }) => (remedy === null ? [] : [withoutStop(remedy[language])]));
  return {
    worst,
    sentence: worst === null ? page.nothingMeasured : page.headline[worst](named(worst)),
    owed: [...new Set(remedies)].map((remedy) => page.owed(text(remedy))),
    also: worst === 'BREACH' && open !== '' ? page.alsoOpen(open) : null,
  };
}
/** The worst first. */
const VERDICTS = ['BREACH', 'INCONCLUSIVE', 'MET'] as const;

function withoutStop(remedy: string): string {
  return remedy.replace(/[.。]\s*$/, '');
}

/** What decides the clause: the parts that are broken, or those that are open. Empty where all are kept. */
export function decidedBy({ verdict, verdicts }: MeasuredReport, language: Language, { label }: Words): string {
  if (verdict === 'MET') return '';
  const parts = Object.entries(verdicts).filter(([, ofPart]) => ofPart === verdict);
  const names = parts.map(([part]) => label[part as keyof typeof label].toLowerCase());
  return pageWordsOf(language).listed(names);
}
