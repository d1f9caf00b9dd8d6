/** A figure against its limit: filled as far as is measured, hatched where it is uncertain. */
import type { Bar, Pledge } from './pledges.ts';
import { element, type TreeElement } from './tree.ts';
import { classOf } from './view-parts.ts';
import type { Words } from './words.ts';

/** Where the limit stands, in per cent of the width; what lies beyond the right end is cut off with an arrow. */
const LIMIT_AT = 75;
/** Of the width: what is known exactly and tiny must still be seen. */
const LEAST = 0.8;
const HEIGHT = 16;
const BOX = 16;
const BOX_STEP = 21;
/** More boxes than this nobody counts: then it is a bar. */
const BOXES_MAX = 10;
/** Boxes beyond the limit. */
const BEYOND_MAX = 3;

export function gauge({ bar, found, promised, verdict }: Pledge, words: Words): TreeElement | null {
  if (bar === null) return null;
  const state = verdict === null ? 'plain' : classOf(verdict);
  const label = words.pledge.gauge(found, promised, verdict === null ? '' : words.verdict[verdict]);
  const parts = bar.kind === 'times' && bar.limit <= BOXES_MAX ? boxes(bar) : filling(bar);
  return element(
    'svg',
    { class: `gauge ${state}`, role: 'img', 'aria-label': label, width: '100%', height: HEIGHT },
    parts,
  );
}

function filling({ figure, limit }: Bar): readonly TreeElement[] {
  const at = (value: number): number => Math.min(100, (value / (limit === 0 ? 1 : limit)) * LIMIT_AT);
  const parts = [
    element('rect', { class: 'track', x: 0, y: 3, width: '100%', height: 10, rx: 3 }),
    element('rect', { class: 'over', x: `${LIMIT_AT}%`, y: 3, width: `${100 - LIMIT_AT}%`, height: 10 }),
  ];
  if (figure !== null) {
    const from = at(figure.lo);
    const to = figure.hi === null ? 100 : at(figure.hi);
    parts.push(
      element('rect', { class: 'sure', x: 0, y: 3, width: percent(Math.max(from, LEAST)), height: 10, rx: 3 }),
    );
    if (to - from > LEAST / 2)
      parts.push(element('rect', { class: 'unsure', x: percent(from), y: 3, width: percent(to - from), height: 10 }));
    if (to >= 100) parts.push(arrow());
  }
  parts.push(element('line', { class: 'limit-line', x1: `${LIMIT_AT}%`, x2: `${LIMIT_AT}%`, y1: 0, y2: HEIGHT }));
  return parts;
}

/** It goes on beyond the picture. */
function arrow(): TreeElement {
  return element(
    'svg',
    { x: '100%', y: 3, width: 12, height: 10, overflow: 'visible' },
    element('path', { class: 'beyond', d: 'M-9 1.5l4 3.5l-4 3.5' }),
  );
}

/** One box a time: those up to the limit, and some of what is beyond. The line stands before the one that breaks the contract. */
function boxes({ figure, limit }: Bar): readonly TreeElement[] {
  const lo = figure?.lo ?? 0;
  const hi = figure === null ? 0 : (figure.hi ?? Number.POSITIVE_INFINITY);
  const count = Math.min(limit + BEYOND_MAX, Math.max(limit, Number.isFinite(hi) ? hi : limit));
  const all = Array.from({ length: count }, (_, index) => {
    const kind = index < lo ? 'sure' : index < hi ? 'unsure' : 'empty';
    return element('rect', { class: `box ${kind}`, x: 1 + index * BOX_STEP, y: 2, width: BOX, height: 12, rx: 2 });
  });
  const x = (limit - 1) * BOX_STEP - 1.5;
  return [...all, element('line', { class: 'limit-line', x1: x, x2: x, y1: 0, y2: HEIGHT })];
}

function percent(value: number): string {
  return `${Math.round(value * 100) / 100}%`;
}

/** The hatching that the page's pictures share, once on the page. */
export function hatching(): TreeElement {
  const patterns = ['met', 'breach', 'inconclusive', 'plain'].map((name) =>
    element(
      'pattern',
      { id: `hatch-${name}`, width: 5, height: 5, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      element('path', { class: `hatch ${name}`, d: 'M1 0v5' }),
    ),
  );
  return element(
    'svg',
    { class: 'hatches', width: 0, height: 0, 'aria-hidden': 'true' },
    element('defs', {}, patterns),
  );
}
