/** Makes text that others wrote harmless where it is shown: one line of it, without markup, formulas or hidden characters. */

/** Controls, and what cannot be seen or turns the direction of what follows. */
const UNFIT = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;
/** The longest SMTP reply line (RFC 5321 §4.5.3.1.5), for anything one is shown. */
const LENGTH_MAX = 512;
/** What means something in HTML, in text and in an attribute between quotation marks. */
const HTML_MARKUP = /[&<>"'`]/g;
/** What means something within a line of CommonMark or GFM, tables, mentions, mathematics and links by their scheme included. */
const MARKUP = /[\\`*_[\]<>&|~$:@#!^]/g;
/** GFM makes a link of it without any other mark. */
const BARE_LINK = /\bwww\./gi;
/** A spreadsheet takes a cell that begins with one of these for a formula. */
const FORMULA = /^[=+\-@\t\r]/;
/** RFC 4180 §2: what must stand in quotation marks. */
const QUOTED = /[",\r\n]/;

/** One line of at most `LENGTH_MAX` characters that is all text in Markdown, in a table's cell too. */
export function markdownText(text: string): string {
  return oneLine(text)
    .replaceAll(MARKUP, (char) => `\\${char}`)
    .replaceAll(BARE_LINK, (start) => `${start.slice(0, -1)}\\.`);
}

/** One line of at most `LENGTH_MAX` characters that is all text in HTML and SVG, in an attribute between quotation marks too. */
export function htmlText(text: string): string {
  return oneLine(text).replaceAll(HTML_MARKUP, (char) => `&#${char.charCodeAt(0)};`);
}

/** A cell of CSV (RFC 4180). Text that a spreadsheet would compute gets an apostrophe in front, numbers stay what they are. */
export function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const line = oneLine(value);
  const text = FORMULA.test(line) ? `'${line}` : line;
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function oneLine(text: string): string {
  const line = text
    .slice(0, 2 * LENGTH_MAX)
    .replaceAll(UNFIT, ' ')
    .trim();
  return line.length > LENGTH_MAX ? `${line.slice(0, LENGTH_MAX - 1)}…` : line;
}
