/** The frame of every picture, and the marks they share: each tells what it is by its shape, and needs no colour for it. */
import { html, type Markup, pathData, tenth, type Value } from './html-text.ts';

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly text: string;
  /** Unlike that of any other picture of the page. */
  readonly id: string;
}

/** For eyes and for screen readers. */
export function picture({ width, height, title, text, id }: Picture, content: Value): Markup {
  return html`<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="${id}-title ${id}-text"><title id="${id}-title">${title}</title><desc id="${id}-text">${text}</desc>${content}</svg>`;
}

/** Fills for what was not measured and for what is excluded; `HATCHES` holds them for the whole page. */
export const HATCHES: Markup = html`<svg class="hatches" width="0" height="0" aria-hidden="true" focusable="false"><defs><pattern id="hatch-gap" width="6" height="6" patternUnits="userSpaceOnUse"><path class="gap-line" d="M0 6L6 0"/></pattern><pattern id="hatch-excluded" width="6" height="6" patternUnits="userSpaceOnUse"><rect class="excluded-ground" width="6" height="6"/><path class="excluded-line" d="M0 0L6 6"/></pattern><pattern id="hatch-over" width="5" height="5" patternUnits="userSpaceOnUse"><path class="over-line" d="M0 5L5 0"/></pattern></defs></svg>`;

export function box(className: string, x: number, y: number, width: number, height: number): Markup {
  return html`<rect class="${className}" x="${tenth(x)}" y="${tenth(y)}" width="${tenth(width)}" height="${tenth(height)}"/>`;
}

export function line(className: string, x1: number, y1: number, x2: number, y2: number): Markup {
  return html`<path class="${className}" d="${pathData(['M', x1, y1], ['L', x2, y2])}"/>`;
}

/** `words` at a point: `anchor` says which end of them stands there. */
export function label(
  className: string,
  x: number,
  y: number,
  anchor: 'start' | 'middle' | 'end',
  words: string,
): Markup {
  return html`<text class="${className}" x="${tenth(x)}" y="${tenth(y)}" text-anchor="${anchor}">${words}</text>`;
}

export type Mark = 'diamond' | 'open-diamond' | 'cross' | 'square' | 'plus' | 'arrow';

/** Half its size. */
const R = 4.5;

export function mark(kind: Mark, x: number, y: number): Markup {
  return html`<path class="mark ${kind}" d="${shape(kind, x, y)}"/>`;
}

function shape(kind: Mark, x: number, y: number): Markup {
  switch (kind) {
    case 'diamond':
    case 'open-diamond':
      return pathData(['M', x, y - R], ['L', x + R, y], ['L', x, y + R], ['L', x - R, y], ['Z']);
    case 'cross':
      return pathData(['M', x - 3, y - 3], ['l', 6, 6], ['M', x + 3, y - 3], ['l', -6, 6]);
    case 'square':
      return pathData(['M', x - 3, y - 3], ['h', 6], ['v', 6], ['h', -6], ['Z']);
    case 'plus':
      return pathData(['M', x - 3.5, y], ['h', 7], ['M', x, y - 3.5], ['v', 7]);
    case 'arrow':
      return pathData(['M', x - 3, y + 4], ['L', x, y], ['L', x + 3, y + 4]);
  }
}
