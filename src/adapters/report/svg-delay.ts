/** The month's delays over time, on a logarithmic scale with both limits drawn. */

import type { DelayBucket } from '../../domain/report/report-charts.ts';
import type { Day } from '../../domain/time/calendar.ts';
import type { MsRange } from '../../domain/time/span-set.ts';
import { html, type Markup, pathData } from './html-text.ts';
import { box, label, line, type Mark, mark, type Picture, picture } from './svg.ts';
import { linearScale, logScale, type Scale, secondTicks, tickRange } from './svg-scale.ts';
import type { Words } from './words.ts';

export interface DelayDrawing {
  readonly buckets: readonly DelayBucket[];
  /** The month's, in order, at least one. */
  readonly days: readonly Day[];
  readonly gaps: readonly MsRange[];
  readonly excluded: readonly MsRange[];
  /** What comes after has not happened yet. */
  readonly nowMs: number;
  readonly limits: readonly { readonly seconds: number; readonly name: string }[];
  readonly words: Words;
  readonly notYet: string;
}

/** Pixels. */
const LEFT = 66;
const RIGHT = 10;
const TOP = 12;
const BOTTOM = 26;
const LANE = 15;
/** Between the lanes and the scale, so that neither's words stand in the other. */
const LANE_GAP = 9;
/** A stretch that is shorter than this would not be seen. */
const SPAN_MIN = 1.5;
/** As many days apart as their numbers need room. */
const DAY_LABEL_ROOM = 30;

/** What has no delay stands in a lane of its own above the scale. */
const LANES = [
  ['lost', 'cross'],
  ['pending', 'square'],
  ['failed', 'plus'],
] as const satisfies readonly (readonly ['lost' | 'pending' | 'failed', Mark])[];

export function drawDelays(drawing: DelayDrawing, frame: Picture): Markup {
  const { buckets, days, limits, words } = drawing;
  const lanes = LANES.filter(([outcome]) => buckets.some((bucket) => bucket[outcome] > 0));
  const top = TOP + lanes.length * LANE;
  const bottom = frame.height - BOTTOM;
  const right = frame.width - RIGHT;
  const [fromMs, toMs] = [days[0]?.fromMs ?? 0, days.at(-1)?.toMs ?? 1];
  const x = linearScale(fromMs, toMs, LEFT, right);
  const range = secondsRange(drawing);
  const y = logScale(range.from, range.to, bottom, top + (lanes.length > 0 ? LANE_GAP : 0));
  const ticks = secondTicks(range, words.units).map(({ seconds, text }) => [
    line('grid', LEFT, y.at(seconds), right, y.at(seconds)),
    label('tick', LEFT - 6, y.at(seconds) + 4, 'end', seconds === range.from ? `≤ ${text}` : text),
  ]);
  const shaded = (className: string, spans: readonly MsRange[]) =>
    spans
      .filter((span) => span.toMs > fromMs && span.fromMs < toMs)
      .map((span) => {
        const start = x.at(span.fromMs);
        return box(className, start, TOP, Math.max(SPAN_MIN, x.at(span.toMs) - start), bottom - TOP);
      });
  const laneMarks = lanes.map(([outcome, kind], index) => {
    const height = TOP + LANE * (index + 0.5);
    return [
      label('tick', LEFT - 6, height + 4, 'end', words.outcome[outcome]),
      buckets.filter((bucket) => bucket[outcome] > 0).map((bucket) => mark(kind, middle(bucket, x), height)),
    ];
  });
  return picture(frame, [
    shaded(
      'gap',
      drawing.gaps.map((gap) => ({ ...gap, toMs: Math.min(gap.toMs, drawing.nowMs) })),
    ),
    shaded('excluded', drawing.excluded),
    drawing.nowMs < toMs ? future(drawing, x, top, bottom, right) : null,
    ticks,
    line('axis', LEFT, bottom, right, bottom),
    lanes.length > 0 ? line('axis', LEFT, top - 2, right, top - 2) : null,
    dayAxis(days, x, bottom, right),
    columns(buckets, x, y, top),
    limits.map(({ seconds, name }) => [
      line('limit', LEFT, y.at(seconds), right, y.at(seconds)),
      label('limit-name', right - 2, y.at(seconds) - 5, 'end', name),
    ]),
    breaches(buckets, Math.max(...limits.map(({ seconds }) => seconds)), x, y),
    laneMarks,
  ]);
}

function secondsRange({ buckets, limits }: DelayDrawing): { readonly from: number; readonly to: number } {
  const told = buckets.flatMap(({ delays }) => (delays === null ? [] : [delays.highest.lo, delays.highest.hi]));
  const seconds = [...told, ...limits.map((limit) => limit.seconds)].filter(
    (each) => each > 0 && Number.isFinite(each),
  );
  // Room above the highest line for its name.
  return tickRange(2 * Math.max(...seconds));
}

function middle({ fromMs, toMs }: MsRange, x: Scale): number {
  return x.at((fromMs + toMs) / 2);
}

/** Of every bucket: what is proven as a bar, what is possible above it as a thin line, the median across. */
function columns(buckets: readonly DelayBucket[], x: Scale, y: Scale, top: number): readonly Markup[] {
  const known = buckets.flatMap(({ delays, ...bucket }) => (delays === null ? [] : [{ ...bucket, ...delays }]));
  const first = known[0];
  const width = first === undefined ? 1 : Math.max(1, x.at(first.toMs) - x.at(first.fromMs) - 0.4);
  const bars = known.map(({ lowest, highest, ...bucket }) =>
    pathData(['M', middle(bucket, x), y.at(lowest) + 0.5], ['V', Math.min(y.at(highest.lo), y.at(lowest) - 0.5)]),
  );
  const open = known
    .filter(({ highest }) => y.at(highest.lo) - y.at(highest.hi) > 1)
    .map(({ highest, ...bucket }) =>
      pathData(['M', middle(bucket, x), y.at(highest.lo)], ['V', Number.isFinite(highest.hi) ? y.at(highest.hi) : top]),
    );
  const medians = known
    .filter(({ median }) => Number.isFinite(median.hi))
    .map(({ median, ...bucket }) =>
      pathData(['M', middle(bucket, x), y.at(median.lo) + 0.8], ['V', y.at(median.hi) - 0.8]),
    );
  return [
    html`<path class="open-range" d="${open}"/>`,
    html`<path class="range" stroke-width="${width}" d="${bars}"/>`,
    html`<path class="median" stroke-width="${width}" d="${medians}"/>`,
    ...known
      .filter(({ highest }) => !Number.isFinite(highest.hi))
      .map((bucket) => mark('arrow', middle(bucket, x), top)),
  ];
}

/** What bounced late has no place among the delays, and exceeded the maximum all the same: its mark is never under the line. */
function breaches(buckets: readonly DelayBucket[], maximum: number, x: Scale, y: Scale): readonly Markup[] {
  return buckets.flatMap(({ delays, exceeded, mayHaveExceeded, ...bucket }) => {
    if (exceeded > 0) return [mark('diamond', middle(bucket, x), y.at(Math.max(delays?.highest.lo ?? 0, maximum)))];
    return mayHaveExceeded > 0 ? [mark('open-diamond', middle(bucket, x), y.at(delays?.highest.lo ?? maximum))] : [];
  });
}

function dayAxis(days: readonly Day[], x: Scale, bottom: number, right: number): readonly Markup[] {
  const step = Math.max(1, Math.ceil((DAY_LABEL_ROOM * days.length) / (right - LEFT)));
  return days.flatMap(({ day, fromMs, toMs }, index) => {
    const start = x.at(fromMs);
    const tick = line('axis', start, bottom, start, bottom + 4);
    if (index % step !== 0) return [tick];
    return [tick, label('tick', x.at((fromMs + toMs) / 2), bottom + 17, 'middle', String(Number(day.slice(-2))))];
  });
}

function future(
  { nowMs, notYet }: DelayDrawing,
  x: Scale,
  top: number,
  bottom: number,
  right: number,
): readonly Markup[] {
  const start = x.at(nowMs);
  return [
    box('future', start, top, right - start, bottom - top),
    line('now', start, TOP, start, bottom),
    ...(right - start > 90 ? [label('tick', start + 6, bottom - 8, 'start', notYet)] : []),
  ];
}
