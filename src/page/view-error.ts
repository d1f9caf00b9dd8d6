/** What a browser shows of an address that gives no page: what is wrong, and the way back. */
import type { Language } from './format.ts';
import { element, type TreeElement } from './tree.ts';
import { otherLanguage, pageHead } from './view-page.ts';
import { type Words, wordsOf } from './words.ts';

export interface ErrorState {
  readonly language: Language;
  /** Of HTTP, 400 or more. */
  readonly status: number;
  /** The same line that a program gets; it may quote what was asked for. */
  readonly message: string;
}

export function errorView(state: ErrorState): TreeElement {
  const { language, status, message } = state;
  const words = wordsOf(language);
  return element(
    'div',
    { class: 'page' },
    element('a', { class: 'skip', href: '#content' }, words.skip),
    pageHead(words, null, `/?lang=${otherLanguage({ language })}`),
    element(
      'main',
      { id: 'content', class: 'failure', tabindex: -1 },
      element('p', { class: 'soft' }, `HTTP ${status}`),
      element('h2', {}, titleOf(status, words)),
      element('p', {}, element('code', {}, message)),
      element('p', { class: 'back' }, element('a', { href: `/?lang=${language}` }, `← ${words.life.back}`)),
    ),
  );
}

export function errorTitle({ language, status }: ErrorState): string {
  return `${titleOf(status, wordsOf(language))} – mailflow-probe`;
}

function titleOf(status: number, { failure }: Words): string {
  if (status === 404) return failure.notFound;
  if (status === 401 || status === 403) return failure.forbidden;
  if (status === 503 || status === 429) return failure.notNow;
  return status < 500 ? failure.malformed : failure.broken;
}
