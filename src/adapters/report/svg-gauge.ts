/** An interval drawn against its limit: on which side it lies, and how far it is uncertain. */
import { html, type Markup } from './html-text.ts';
import type { Pledge } from './pledges.ts';
import { box, line, picture } from './svg.ts';
import { linearScale } from './svg-scale.ts';

const WIDTH = 240;
const HEIGHT = 28;
const BAR_TOP = 8;
const BAR_HEIGHT = 12;
/** A figure that is known exactly has no width; this is the least that can be seen. */
const BAR_WIDTH_MIN = 4;
/** As wide as the arrowhead that says that the figure, or its upper end, lies beyond the picture. */
const BEYOND_WIDTH_MIN = 14;
/** Where the limit stands; as much of the scale as this is for what keeps it. */
const KEPT_SHARE = 0.6;

export function gauge({ figure, limit, kept, name }: Pledge, text: string, id: string): Markup {
  const edge = kept === 'below' ? WIDTH * KEPT_SHARE : WIDTH * (1 - KEPT_SHARE);
  const scale = gaugeScale(limit, kept);
  const over = kept === 'below' ? { x: edge, width: WIDTH - edge } : { x: 0, width: edge };
  const frame = { width: WIDTH, height: HEIGHT, title: name, text, id };
  const track = [
    box('track', 0, BAR_TOP, WIDTH, BAR_HEIGHT),
    box('over', over.x, BAR_TOP, over.width, BAR_HEIGHT),
    line('gauge-limit', edge, 2, edge, HEIGHT - 2),
  ];
  if (figure === null) return picture(frame, track);
  const lo = scale.at(figure.lo);
  const hi = figure.hi === null ? WIDTH : scale.at(figure.hi);
  const beyond = kept === 'below' && (figure.hi === null || figure.hi > limitEnd(limit));
  const width = Math.max(beyond ? BEYOND_WIDTH_MIN : BAR_WIDTH_MIN, hi - lo);
  const x = Math.max(0, Math.min(lo, WIDTH - width));
  const open = beyond ? html`<path class="mark gauge-open" d="M${WIDTH - 9} ${BAR_TOP + 2}l5 4l-5 4"/>` : null;
  return picture(frame, [track, box('measured', x, BAR_TOP + 1, width, BAR_HEIGHT - 2), open]);
}

function gaugeScale(limit: number, kept: Pledge['kept']) {
  if (kept === 'above') {
    const allowed = 1 - limit;
    const all = allowed === 0 ? 1 : allowed / KEPT_SHARE;
    return linearScale(1 - all, 1, 0, WIDTH);
  }
  return linearScale(0, limitEnd(limit), 0, WIDTH);
}

function limitEnd(limit: number): number {
  return limit === 0 ? 1 : limit / KEPT_SHARE;
}
