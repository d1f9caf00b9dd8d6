/** Text from the network, made fit for a terminal and for one line of it. */
import { stripVTControlCharacters } from 'node:util';

/** Controls, and what cannot be seen or turns the direction of what follows. */
const UNFIT = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;
/** The longest reply that a person reads; JSON has the whole of it. */
const LENGTH_MAX = 1000;

/** One line of at most `lengthMax` characters in which nothing drives a terminal. */
export function plain(text: string, lengthMax: number = LENGTH_MAX): string {
  // Cut first: finding the end of escape sequences takes the square of a hostile text's length.
  const line = stripVTControlCharacters(text.slice(0, 2 * lengthMax))
    .replaceAll(UNFIT, ' ')
    .trim();
  const cut = text.length > 2 * lengthMax || line.length > lengthMax;
  return cut ? `${line.slice(0, lengthMax - 1)}…` : line;
}

/** As much of a line as surely fits: what is not ASCII counts as two columns, as East Asian letters take. */
export function fitColumns(line: string, columns: number): string {
  let left = columns;
  let end = 0;
  for (const char of line) {
    left -= char > '\x7f' ? 2 : 1;
    if (left < 0) break;
    end += char.length;
  }
  return line.slice(0, end);
}
