/** HTML and SVG whose every value is text unless it was made here: what strangers wrote cannot become markup. */
import { htmlText } from './escape.ts';

/** Finished markup. Only this file makes any. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** Null and an empty list are nothing. */
export type Value = string | number | null | Markup | readonly Value[];

/** A template in which strings become one line of text each (`htmlText`), also within quotation marks; lists are joined. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(parts.reduce((text, part, index) => text + written(values[index - 1] ?? null) + part));
}

/** The page's one style sheet, which is a constant of the program. */
export function styleElement(css: string): Markup {
  if (css.includes('<')) throw new Error('a style sheet must not hold <');
  return new Markup(`<style>${css}</style>`);
}

/** The `d` of an SVG path: letters of ours and numbers, to a tenth of a pixel. */
export function pathData(
  ...steps: readonly (readonly [letter: 'M' | 'L' | 'H' | 'V' | 'h' | 'v' | 'l' | 'Z', ...number[]])[]
): Markup {
  return new Markup(steps.map(([letter, ...numbers]) => letter + numbers.map(tenth).join(' ')).join(''));
}

export function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

function written(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return htmlText(value);
  return value instanceof Markup ? value.toString() : value.map(written).join('');
}
