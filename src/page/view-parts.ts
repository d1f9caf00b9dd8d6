/** What the page is made of again and again: verdicts, signs, times, tables. */
import { dateTime } from './format.ts';
import { type Attributes, type Child, element, type TreeElement } from './tree.ts';
import type { Verdict, Words } from './words.ts';

const CLASS: Readonly<Record<Verdict, string>> = { MET: 'met', BREACH: 'breach', INCONCLUSIVE: 'inconclusive' };
/** Each has a shape of its own, beside its word and colour; as in the report. */
const SIGNS: Readonly<Record<Verdict, readonly string[]>> = {
  MET: ['M1 8a7 7 0 1 0 14 0a7 7 0 1 0 -14 0', 'M4.6 8.3l2.4 2.4 4.5-5'],
  BREACH: ['M5 1h6l4 4v6l-4 4H5l-4-4V5z', 'M5.4 5.4l5.2 5.2m0-5.2l-5.2 5.2'],
  INCONCLUSIVE: ['M8 1l7 7-7 7-7-7z', 'M8 4.6v4.2m0 1.8v.8'],
};

export function classOf(verdict: Verdict): string {
  return CLASS[verdict];
}

export function sign(verdict: Verdict): TreeElement {
  const paths = SIGNS[verdict].map((d) => element('path', { d }));
  return element('svg', { class: 'sign', viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true' }, paths);
}

export function badge(verdict: Verdict, text: string): TreeElement {
  return element('span', { class: `badge ${classOf(verdict)}` }, sign(verdict), text);
}

/** What the page's script is about to bring, and where none runs, that it will not come. */
export function fromScript(loading: string, without: string): readonly Child[] {
  return [element('span', { class: 'with-script' }, loading), element('noscript', {}, without)];
}

/** A table that scrolls by itself on a narrow screen, also by keyboard. */
export function table(caption: string, heads: readonly string[], rows: readonly TreeElement[]): TreeElement {
  const head = element('tr', {}, ...heads.map((text) => element('th', { scope: 'col' }, text)));
  return element(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: 0 },
    element('table', {}, element('caption', {}, caption), element('thead', {}, head), element('tbody', {}, rows)),
  );
}

/** The first cell heads the row. */
export function row(attributes: Attributes, [first = null, ...rest]: readonly Child[]): TreeElement {
  return element(
    'tr',
    attributes,
    element('th', { scope: 'row' }, first),
    ...rest.map((cell) => element('td', {}, cell)),
  );
}

export function timeElement(iso: string, timeZone: string, text = dateTime(Date.parse(iso), timeZone)): TreeElement {
  return element('time', { datetime: iso }, text);
}

/** `month` is `2026-11`. */
export function monthName(month: string, words: Words): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return words.month(year, number);
}

/** A choice of one among a few. `data` goes to whoever handles the click. */
export function choice(
  label: string,
  data: Attributes,
  options: readonly { readonly value: string; readonly text: string; readonly chosen: boolean }[],
): TreeElement {
  const buttons = options.map(({ value, text, chosen }) =>
    element(
      'button',
      { type: 'button', ...data, 'data-value': value, 'aria-pressed': chosen ? 'true' : 'false' },
      text,
    ),
  );
  return element('div', { class: 'choice', role: 'group', 'aria-label': label }, buttons);
}

/** A label and what it names, one below the other. */
export function field(label: string, control: TreeElement): TreeElement {
  return element('label', { class: 'field' }, element('span', {}, label), control);
}

export function options(entries: readonly (readonly [value: string, text: string])[]): readonly TreeElement[] {
  return entries.map(([value, text]) => element('option', { value }, text));
}

/** The bearer token, asked for where an action needs it. */
export function tokenForm(action: string, provider: string, message: string | null, { token }: Words): TreeElement {
  const input = element('input', {
    type: 'password',
    name: 'token',
    autocomplete: 'off',
    required: true,
    spellcheck: 'false',
  });
  return element(
    'form',
    { class: 'token', 'data-action': action, 'data-provider': provider },
    field(token.label, input),
    element('button', { type: 'submit' }, token.use),
    element('p', { class: 'note' }, token.text),
    message === null ? null : element('p', { class: 'problem', role: 'alert' }, message),
  );
}
