/** What a stranger reads first: the month in a sentence, then each promise with what was measured, the verdict, how much of the month that rests on, and what is owed. */
import type { ProviderReport } from '../../domain/report/report.ts';
import { percent, plainTime } from './format.ts';
import { headlineOf } from './headline.ts';
import { badge, clauseName, type Setting } from './html-parts.ts';
import { html, type Markup } from './html-text.ts';
import { type AttestedReport, isMeasuredClause, type MeasuredReport, type Pledge, pledgesOf } from './pledges.ts';
import { gauge } from './svg-gauge.ts';

export function headline(provider: ProviderReport, setting: Setting): Markup {
  const { page, words, language, timeZone } = setting;
  // Made harmless where it is put into the page.
  const { worst, sentence, owed, also } = headlineOf(provider, language, (named) => named);
  const until = plainTime(provider.finalAt, timeZone);
  return html`<div class="headline">${worst === null ? null : badge(worst, words)}<p>${sentence}${owed.map((remedy) => html` <strong>${remedy}</strong>`)}${also === null ? null : html` <span class="also">${also}</span>`}</p></div>
${provider.status === 'final' ? null : html`<p class="note">${page.provisional(until)}</p>`}
`;
}

export function verdictList(provider: ProviderReport, setting: Setting): Markup {
  const measured = provider.clauses.filter(isMeasuredClause);
  return html`<section><h3>${setting.page.verdicts}</h3>
<ul class="verdicts">${measured.map((clause) => verdictItem(clause, setting))}</ul>
${attestedList(
  provider.clauses.filter((clause) => clause.kind === 'attested'),
  setting,
)}</section>
`;
}

function verdictItem(clause: MeasuredReport, setting: Setting): Markup {
  const { words, page, language } = setting;
  const owed =
    clause.remedy === null
      ? html`<span class="nothing">${words.none}</span>`
      : html`<strong>${clause.remedy[language]}</strong>`;
  return html`<li class="verdict"><div class="verdict-head"><h4><span class="clause-id">${clause.id}</span> ${clause.title[language]}</h4>${badge(clause.verdict, words)}</div>
<ul class="pledges">${pledgesOf(clause, words, page).map((pledge) => pledgeItem(pledge, setting))}</ul>
<p class="owed"><span class="term">${words.label.coverage}</span> ${percent(clause.coverage.ratio)}</p>
<p class="owed"><span class="term">${words.label.remedy}</span> ${owed}</p></li>
`;
}

function pledgeItem(pledge: Pledge, { words, page, newId }: Setting): Markup {
  const { name, promised, measured, verdict } = pledge;
  return html`<li class="pledge"><div class="pledge-name">${name}</div><div class="promised"><span class="term">${page.promised}</span> ${promised}</div><div class="found"><span class="term">${words.label.measured}</span> <b>${measured}</b></div><div class="gauge">${gauge(pledge, page.gauge(measured, promised), newId())}</div><div class="pledge-verdict">${badge(verdict, words)}</div></li>
`;
}

/** Clauses that nobody measures share a line for each reason: as rows of their own they would bury the others. */
function attestedList(clauses: readonly AttestedReport[], { words, page, language }: Setting): Markup | null {
  if (clauses.length === 0) return null;
  const reasons = Map.groupBy(clauses, ({ reason }) => reason[language]);
  const lines = [...reasons].map(
    ([reason, alike]) =>
      html`<li>${badge('INCONCLUSIVE', words)} <span>${alike.map((clause, index) => html`${index > 0 ? html` · ` : null}<span class="name">${clauseName(clause, language)}</span>`)}</span><span class="reason">${reason}</span></li>`,
  );
  return html`<h4 class="attested-head">${page.notMeasured}</h4><ul class="attested">${lines}</ul>
`;
}
