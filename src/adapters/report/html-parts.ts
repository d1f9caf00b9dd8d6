/** What the page is made of again and again: verdicts, tables, lists of what is known. */
import type { Verdict } from '../../domain/delay/month-verdict.ts';
import type { ClauseReport } from '../../domain/report/report.ts';
import { type Language, localTime, plainTime } from './format.ts';
import { html, type Markup, type Value } from './html-text.ts';
import type { PageWords } from './page-words.ts';
import type { Label, Words } from './words.ts';

/** One provider's part of the page. */
export interface Setting {
  readonly language: Language;
  readonly words: Words;
  readonly page: PageWords;
  readonly provider: string;
  readonly timeZone: string;
  /** Another one at every call, for what must have a name within the page. */
  readonly newId: () => string;
}

/** Each verdict has a shape of its own, beside its word and colour. */
const SIGNS: Readonly<Record<Verdict, Markup>> = {
  MET: html`<circle cx="8" cy="8" r="7"/><path d="M4.6 8.3l2.4 2.4 4.5-5"/>`,
  BREACH: html`<path class="sign-ground" d="M5 1h6l4 4v6l-4 4H5l-4-4V5z"/><path d="M5.4 5.4l5.2 5.2m0-5.2l-5.2 5.2"/>`,
  INCONCLUSIVE: html`<path class="sign-ground" d="M8 1l7 7-7 7-7-7z"/><path d="M8 4.6v4.2m0 1.8v.8"/>`,
};

export function badge(verdict: Verdict, words: Words): Markup {
  return html`<span class="badge ${CLASS[verdict]}"><svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">${SIGNS[verdict]}</svg>${words.verdict[verdict]}</span>`;
}
const CLASS: Readonly<Record<Verdict, string>> = { MET: 'met', BREACH: 'breach', INCONCLUSIVE: 'inconclusive' };

export function clauseName({ id, title }: ClauseReport, language: Language): string {
  return `${id} ${title[language]}`;
}

/** The first cell of each row heads it. Wide tables scroll by themselves on a narrow screen, and a keyboard can scroll them. */
export function table(caption: string, heads: readonly string[], rows: readonly (readonly Value[])[]): Markup {
  const row = ([first = null, ...rest]: readonly Value[]): Markup =>
    html`<tr><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>`;
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table><caption>${caption}</caption><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows.map(row)}</tbody></table></div>
`;
}

export type Fact = readonly [name: string, value: Value];

/** What is null is not known and left out. */
export function facts(known: readonly Fact[]): Markup {
  const told = known.filter(([, value]) => value !== null);
  return html`<dl class="facts">${told.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
`;
}

export function labelsOf({ label }: Words, ...names: readonly Label[]): readonly string[] {
  return names.map((name) => label[name]);
}

/** Where the zone is named beside it. */
export function plainTimeElement(iso: string, timeZone: string): Markup {
  return html`<time datetime="${iso}">${plainTime(iso, timeZone)}</time>`;
}

export function timeElement(iso: string, timeZone: string): Markup {
  return html`<time datetime="${iso}">${localTime(iso, timeZone)}</time>`;
}
