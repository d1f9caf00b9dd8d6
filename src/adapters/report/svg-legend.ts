/** What the marks and fills of a chart mean. */
import { html, type Markup } from './html-text.ts';
import { box, type Mark, mark } from './svg.ts';

type Fill = 'range' | 'median' | 'open-range' | 'band' | 'gap' | 'excluded' | 'outage-proven' | 'outage-possible';
export type LegendEntry = readonly [what: Fill | Mark, words: string];

export function legend(entries: readonly LegendEntry[]): Markup | null {
  if (entries.length === 0) return null;
  return html`<ul class="legend">${entries.map(
    ([what, words]) =>
      html`<li><svg viewBox="0 0 18 14" width="18" height="14" aria-hidden="true" focusable="false">${sample(what)}</svg>${words}</li>`,
  )}</ul>
`;
}

function sample(what: Fill | Mark): Markup {
  switch (what) {
    case 'range':
      return html`<path class="range" stroke-width="5" d="M9 13V1"/>`;
    case 'median':
      return html`<path class="median" stroke-width="9" d="M9 8.5V5.5"/>`;
    case 'open-range':
      return html`<path class="open-range" d="M9 14V1"/>`;
    case 'band':
    case 'gap':
    case 'excluded':
    case 'outage-proven':
    case 'outage-possible':
      return box(what, 1, 2, 16, 10);
    case 'diamond':
    case 'open-diamond':
    case 'cross':
    case 'square':
    case 'plus':
    case 'arrow':
      return mark(what, 9, 7);
  }
}
