/** The report as one HTML page that needs nothing else: no script, no other file, no host; for screens of any width and for paper. */
import { createHash } from 'node:crypto';
import type { ProviderReport, Report } from '../../domain/report/report.ts';
import type { ProviderCharts } from '../../domain/report/report-charts.ts';
import { closedText } from './closed-text.ts';
import { type Language, localTime } from './format.ts';
import { chartsSection } from './html-charts.ts';
import { clausesSection } from './html-clauses.ts';
import { evidenceSection } from './html-evidence.ts';
import { facts, plainTimeElement, type Setting, table } from './html-parts.ts';
import { STYLE } from './html-style.ts';
import { headline, verdictList } from './html-summary.ts';
import { html, type Markup, styleElement } from './html-text.ts';
import { isMeasuredClause } from './pledges.ts';
import { HATCHES } from './svg.ts';
import { pageWordsOf, wordsOf } from './words.ts';

/** Nothing is loaded, run or sent, whatever a browser may find in the page. */
export const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** `charts` are of the same evaluation, a provider's found by its name. */
export function renderHtml(report: Report, charts: readonly ProviderCharts[], language: Language): string {
  const words = wordsOf(language);
  const page = pageWordsOf(language);
  const { month, status, generatedAt, timeZone, providers } = report;
  let ids = 0;
  const newId = (): string => `p${++ids}`;
  const [year = 0, number = 1] = month.split('-').map(Number);
  const title = `${words.title}${words.colon}${page.month(year, number)}`;
  const sections = providers.map((provider) => {
    const { timeZone: zone, provider: name } = provider;
    const setting = { language, words, page, provider: name, timeZone: zone, newId };
    const drawn = charts.find((each) => each.provider === provider.provider);
    return providerSection(report, provider, drawn ?? { provider: provider.provider, delays: [] }, setting);
  });
  const generated = localTime(generatedAt, timeZone ?? 'UTC');
  return html`<!doctype html>
<html lang="${page.lang}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="mailflow-probe">
<title>${page.listed(providers.map(({ provider }) => provider))} – ${title}</title>
${styleElement(STYLE)}
</head>
<body>
${HATCHES}
<header class="page-head"><p class="eyebrow">${words.title}</p><h1>${page.month(year, number)}</h1><p class="state">${words.status[status]} · ${words.label.generated} <time datetime="${generatedAt}">${generated}</time></p></header>
<main>
${sections}<section class="method"><h2>${words.label.method}</h2><ul>${words.method.map(sentence)}</ul></section>
</main>
</body>
</html>
`.toString();
}

function providerSection(report: Report, provider: ProviderReport, charts: ProviderCharts, setting: Setting): Markup {
  const { words, page, language, timeZone } = setting;
  const { label } = words;
  const measured = provider.clauses.filter(isMeasuredClause);
  const nowMs = Date.parse(report.generatedAt);
  return html`<section class="provider"><h2>${provider.provider}</h2>
${headline(provider, setting)}${closing(provider, setting)}${verdictList(provider, setting)}${facts([
  [label.contract, `${provider.contractTitle[language]} (${provider.contract})`],
  [label.month, html`${plainTimeElement(provider.from, timeZone)} – ${plainTimeElement(provider.to, timeZone)}`],
  [label.finalAt, plainTimeElement(provider.finalAt, timeZone)],
  [page.zoneLabel, timeZone],
])}${measured.length === 0 ? null : html`${clausesSection(measured, setting)}${chartsSection({ month: report.month, nowMs, provider, charts }, setting)}${evidenceSection(measured, setting)}`}</section>
`;
}

/** The command in it, between backquotes as in Markdown, is code. */
function sentence(text: string): Markup {
  return html`<li>${text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}</li>`;
}

/** What became of the report since its month was closed; nothing where it was not. */
function closing({ closed }: ProviderReport, { language, timeZone }: Setting): Markup | null {
  if (closed === null) return null;
  const { statement, heads, changes, reasons } = closedText(closed, { language, timeZone }, (text) => text);
  const why = reasons.length === 0 ? null : html`<ul>${reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`;
  return html`<div class="closed"><p>${statement}</p>${changes.length === 0 ? null : table(statement, heads, changes)}${why}</div>
`;
}
