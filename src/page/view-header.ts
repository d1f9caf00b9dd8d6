/** The header section of a probe as it came, folded away until somebody asks for it. */
import type { KeptHeader } from '../domain/kept-header.ts';
import { element, TEXT_LENGTH_MAX, type TreeElement } from './tree.ts';
import type { Words } from './words.ts';

/** Bytes. */
const KILOBYTE = 1024;

export function headerView({ text, cut }: KeptHeader, { life }: Words): TreeElement {
  const lines = linesOf(text);
  return element(
    'section',
    { class: 'card raw-header' },
    element('h3', {}, life.header),
    element('p', { class: 'note' }, life.headerText),
    element(
      'details',
      {},
      element('summary', {}, life.headerLines(lines.length)),
      element('pre', { tabindex: 0, 'aria-label': life.header }, lines.map(lineView)),
      cut && element('p', { class: 'note' }, life.headerCut(Math.round(text.length / KILOBYTE))),
    ),
  );
}

/** Of bytes; what is no UTF-8 (RFC 6532) is shown as U+FFFD. */
function linesOf(text: string): readonly string[] {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const lines = new TextDecoder().decode(bytes).split(/\r\n|\n|\r/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** A line may have 998 characters (RFC 5322 §2.1.1), or any number from who breaks that: it is shown whole, piece by piece. */
function lineView(line: string): TreeElement {
  const name = /^[\x21-\x39\x3b-\x7e]{1,78}:/.exec(line)?.[0] ?? '';
  return element('span', {}, name !== '' && element('b', {}, name), pieces(line.slice(name.length)));
}

function pieces(text: string): readonly string[] {
  const count = Math.ceil(text.length / TEXT_LENGTH_MAX);
  return Array.from({ length: count }, (_, index) =>
    text.slice(index * TEXT_LENGTH_MAX, (index + 1) * TEXT_LENGTH_MAX),
  );
}
