/** Each measured clause: limit, figure and interval, coverage, what is left, what was excluded, what is owed. */
import { figureRows, knownOf, partRows } from './figure-rows.ts';
import { badge, clauseName, exclusionsTable, facts, labelsOf, type Setting, table } from './html-parts.ts';
import { html, type Markup } from './html-text.ts';
import type { MeasuredReport } from './pledges.ts';

export function clausesSection(clauses: readonly MeasuredReport[], setting: Setting): Markup {
  return html`<section><h3>${setting.page.clauses}</h3>
${clauses.map((clause) => clauseArticle(clause, setting))}</section>
`;
}

function clauseArticle(clause: MeasuredReport, setting: Setting): Markup {
  const { words, page, language } = setting;
  const { label } = words;
  const name = clauseName(clause, language);
  const caption = (about: string): string => `${name}${words.colon}${about}`;
  const owed = clause.remedy === null ? page.nothingOwed : clause.remedy[language];
  return html`<article class="clause"><h4>${name} ${badge(clause.verdict, words)}</h4>
${table(
  caption(label.figure),
  labelsOf(words, 'figure', 'measured', 'raw', 'limit', 'verdict'),
  figureRows(clause, words).map((row) => [label[row.label], row.measured, row.raw, row.limit, row.verdict]),
)}${
  clause.kind === 'delay'
    ? null
    : table(caption(label.part), [label.part, label.downtime, page.known], partRows(clause, words))
}${facts([
  [label.remedy, owed],
  ...knownOf(clause, words).map(([known, text]) => [label[known], text] as const),
])}${exclusionsTable(caption(label.exclusions), clause.excluded.entries, setting)}</article>
`;
}
