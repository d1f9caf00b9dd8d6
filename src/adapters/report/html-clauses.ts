/** Each measured clause: limit, figure and interval, coverage, what is left, what was excluded, what is owed. */
import { pathAnchor } from '../../page/report-place.ts';
import { type FigureRow, figureRows, knownOf, partRows } from './figure-rows.ts';
import { badge, clauseName, facts, labelsOf, plainTimeElement, type Setting, table } from './html-parts.ts';
import { html, type Markup } from './html-text.ts';
import type { MeasuredReport } from './pledges.ts';

export function clausesSection(clauses: readonly MeasuredReport[], setting: Setting): Markup {
  return html`<section><h3>${setting.page.clauses}</h3>
${clauses.map((clause, index) => clauseArticle(clause, anchorOf(clause, clauses.slice(0, index), setting), setting))}${exclusions(clauses, setting)}</section>
`;
}

/** The first clause on a path's delay has a name of its own within the page. */
function anchorOf(clause: MeasuredReport, before: readonly MeasuredReport[], { provider }: Setting): Markup | null {
  if (clause.kind !== 'delay') return null;
  const isFirst = !before.some((each) => each.kind === 'delay' && each.path === clause.path);
  return isFirst ? html` id="${pathAnchor(provider, clause.path)}"` : null;
}

function clauseArticle(clause: MeasuredReport, anchor: Markup | null, setting: Setting): Markup {
  const { words, page, language } = setting;
  const { label } = words;
  const name = clauseName(clause, language);
  const caption = (about: string): string => `${name}${words.colon}${about}`;
  const owed = clause.remedy === null ? page.nothingOwed : clause.remedy[language];
  return html`<article class="clause"${anchor}><h4>${name} ${badge(clause.verdict, words)}</h4>
${table(
  caption(label.figure),
  labelsOf(words, 'figure', 'measured', 'raw', 'limit', 'verdict'),
  figureRows(clause, words).map((row) => [label[row.label], measured(row), row.raw, row.limit, row.verdict]),
)}${
  clause.kind === 'delay'
    ? null
    : table(caption(label.part), [label.part, label.downtime, page.known], partRows(clause, words))
}${facts([
  [label.remedy, owed],
  ...knownOf(clause, words).map(([known, text]) => [label[known], text] as const),
])}</article>
`;
}

function measured({ measured: exact, readable }: FigureRow): Markup {
  return readable === '' ? html`${exact}` : html`${exact}<small>${readable}</small>`;
}

/** Each entry once, with the clauses that leave it out. */
function exclusions(clauses: readonly MeasuredReport[], { words, timeZone }: Setting): Markup | null {
  const { label } = words;
  const entries = Map.groupBy(
    clauses.flatMap((clause) => clause.excluded.entries.map((entry) => ({ ...entry, clause: clause.id }))),
    ({ id }) => id,
  );
  if (entries.size === 0) return null;
  const rows = [...entries.values()].flatMap(([entry, ...others]) => {
    if (entry === undefined) return [];
    const { kind, path, from, to, by, evidence, note } = entry;
    const held = [entry, ...others].map(({ clause }) => clause).join(', ');
    const times = [plainTimeElement(from, timeZone), plainTimeElement(to, timeZone)];
    return [[words.kind[kind], held, path === null ? words.allPaths : words.path[path], ...times, by, evidence, note]];
  });
  const heads = labelsOf(words, 'kind', 'clause', 'path', 'from', 'to', 'by', 'evidence', 'note');
  return html`<article class="clause"><h4>${label.exclusions}</h4>
${table(label.exclusions, heads, rows)}</article>
`;
}
