/** Which share of the mail had come out by which delay: two curves, with the true one between them. */
import type { DistributionStep } from '../../domain/report/report-charts.ts';
import { html, type Markup, pathData } from './html-text.ts';
import { label, line, type Picture, picture } from './svg.ts';
import { linearScale, logScale, type Scale, secondTicks, tickRange } from './svg-scale.ts';
import type { Words } from './words.ts';

export interface DistributionDrawing {
  /** At least one. */
  readonly steps: readonly DistributionStep[];
  readonly limits: readonly { readonly seconds: number; readonly name: string }[];
  readonly words: Words;
}

/** Pixels. */
const LEFT = 48;
const RIGHT = 14;
const TOP = 24;
const BOTTOM = 26;
/** Ticks nearer than this would write over each other. */
const TICK_ROOM = 48;

export function drawDistribution({ steps, limits, words }: DistributionDrawing, frame: Picture): Markup {
  const bottom = frame.height - BOTTOM;
  const right = frame.width - RIGHT;
  const range = tickRange(2 * (steps.at(-1)?.seconds ?? 1));
  const x = logScale(range.from, range.to, LEFT, right);
  const y = linearScale(0, 1, bottom, TOP);
  let last = Number.NEGATIVE_INFINITY;
  const ticks = secondTicks(range, words.units).map(({ seconds, text }) => {
    const place = x.at(seconds);
    const named = place - last >= TICK_ROOM;
    if (named) last = place;
    const grid = line('grid', place, TOP, place, bottom);
    return named ? [grid, label('tick', place, bottom + 17, 'middle', text)] : grid;
  });
  const shares = [0, 0.25, 0.5, 0.75, 1].map((share) => [
    line('grid', LEFT, y.at(share), right, y.at(share)),
    label('tick', LEFT - 6, y.at(share) + 4, 'end', `${share * 100}%`),
  ]);
  return picture(frame, [
    ticks,
    shares,
    band(steps, x, y, right),
    limits.map(({ seconds, name }, index) => {
      const place = x.at(seconds);
      // The first limit's name stands before its line and the last one's after it, so that they cannot meet.
      const before = index === 0;
      return [
        line('limit', place, TOP - 4, place, bottom),
        label('limit-name', before ? place + 4 : place - 4, TOP - 10, before ? 'end' : 'start', name),
      ];
    }),
  ]);
}

/**
 * From one step to the next the share is at least that of the first and at most that of the second. Before the first step nothing
 * is told of it but that it is no larger.
 */
function band(steps: readonly DistributionStep[], x: Scale, y: Scale, right: number): readonly Markup[] {
  const lower = steps.map(({ seconds, share }) => ({ x: x.at(seconds), y: y.at(share.lo) }));
  const upper = steps.map(({ seconds, share }) => ({ x: x.at(seconds), y: y.at(share.hi) }));
  const [first, last] = [lower[0], lower.at(-1)];
  if (first === undefined || last === undefined) return [];
  const floor = y.at(0);
  const steppedBelow = lower.slice(1).map((point) => pathData(['H', point.x], ['V', point.y]));
  const steppedAbove = upper.toReversed().map((point, index, all) => {
    const next = all[index + 1];
    return next === undefined ? pathData(['V', point.y]) : pathData(['V', point.y], ['H', next.x]);
  });
  const end = upper.at(-1)?.y ?? last.y;
  return [
    html`<path class="band" d="${pathData(['M', first.x, floor], ['V', first.y])}${steppedBelow}${pathData(['H', right], ['V', end], ['H', last.x])}${steppedAbove}Z"/>`,
    html`<path class="curve" d="${pathData(['M', first.x, floor], ['V', first.y])}${steppedBelow}${pathData(['H', right])}"/>`,
  ];
}
