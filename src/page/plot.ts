/** Draws a delay series: what is measured, what is uncertain, the limits, and the time that is excluded or was not measured. */
import uPlot from 'uplot';
import type { DelaySeries, DelaySeriesBucket } from '../domain/status-view.ts';
import { spanText } from './format.ts';
import type { Words } from './words.ts';

export interface Picture {
  readonly series: DelaySeries;
  /** Milliseconds; what the picture begins and ends with. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly limits: { readonly average: number; readonly maximum: number };
  readonly excluded: readonly { readonly fromMs: number; readonly toMs: number }[];
  readonly timeZone: string;
  readonly words: Words;
}
export interface Plot {
  readonly show: (picture: Picture) => void;
  /** Puts the pointer's line to a bucket. */
  readonly point: (index: number) => void;
}
export interface PlotEvents {
  /** The bucket that the pointer is at, null where it is at none. */
  readonly pointed: (index: number | null) => void;
  readonly selected: (fromMs: number, toMs: number) => void;
}

/** Seconds, at which the scale may say a figure. */
const TICKS = [0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 36_000, 360_000];
/** The limits are seen, however quick the mail is. */
const TOP_OVER_MAXIMUM = 2;
const BOTTOM_MAX = 0.5;
const BOTTOM_MIN = 0.001;
/** A drag of fewer pixels is a click. */
const DRAG_MIN = 6;
const AXIS_FONT = '12px system-ui, sans-serif';

export function createPlot(host: HTMLElement, events: PlotEvents): Plot {
  let picture: Picture | null = null;
  let chart: uPlot | null = null;

  const show = (next: Picture): void => {
    picture = next;
    if (chart === null) chart = open(next);
    const data = dataOf(next);
    chart.batch(() => {
      chart?.setData(data, false);
      chart?.setScale('x', { min: next.fromMs / 1000, max: next.toMs / 1000 });
    });
  };
  const open = (first: Picture): uPlot => {
    const now = (): Picture => picture ?? first;
    const made = new uPlot(optionsOf(host, now, events), dataOf(first), host);
    new ResizeObserver(() => made.setSize(sizeOf(host))).observe(host);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => made.redraw(false, true));
    return made;
  };
  return {
    show,
    point(index) {
      const x = chart?.data[0][index];
      if (chart === null || x === undefined) return;
      chart.setCursor({ left: chart.valToPos(x, 'x'), top: 10 }, false);
    },
  };
}

function optionsOf(host: HTMLElement, now: () => Picture, events: PlotEvents): uPlot.Options {
  const axis = (): Partial<uPlot.Axis> => ({
    stroke: () => colour(host, '--soft'),
    grid: { stroke: () => colour(host, '--rule'), width: 1 },
    ticks: { stroke: () => colour(host, '--rule'), width: 1 },
    font: AXIS_FONT,
  });
  return {
    ...sizeOf(host),
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), now().timeZone),
    legend: { show: false },
    padding: [8, 8, 0, 0],
    scales: { x: { time: true, auto: false }, y: { distr: 3, log: 10, range: () => rangeOf(now()) } },
    axes: [
      { ...axis(), values: DATE_FORMATS },
      {
        ...axis(),
        size: 64,
        splits: (_chart, _axis, min, max) => TICKS.filter((tick) => tick >= min && tick <= max),
        filter: (_chart, splits) => splits,
        values: (_chart, splits) => splits.map((seconds) => spanText(seconds, now().words.units)),
      },
    ],
    series: [{}, { scale: 'y', paths: () => null, points: { show: false } }],
    cursor: {
      drag: { x: true, y: false, setScale: false },
      points: { show: false },
      bind: { dblclick: () => null },
    },
    hooks: {
      drawClear: [(chart) => drawGround(chart, host, now())],
      draw: [(chart) => drawBuckets(chart, host, now())],
      setCursor: [({ cursor }) => events.pointed(cursor.idx ?? null)],
      setSelect: [
        (chart) => {
          const { left, width } = chart.select;
          if (width < DRAG_MIN) return;
          events.selected(chart.posToVal(left, 'x') * 1000, chart.posToVal(left + width, 'x') * 1000);
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

/** `14:05`, with the date below where it changes; the year nobody needs. */
const DATE_FORMATS: (string | number | null)[][] = [
  [86_400, '{MM}-{DD}', null, null, null, null, null, null, 1],
  [3600, '{HH}:{mm}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
  [60, '{HH}:{mm}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
  [0.001, '{HH}:{mm}:{ss}.{fff}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
];

function sizeOf(host: HTMLElement): { readonly width: number; readonly height: number } {
  return { width: Math.max(120, host.clientWidth), height: Math.max(120, host.clientHeight) };
}

function dataOf({ series }: Picture): uPlot.AlignedData {
  const xs = series.buckets.map(middleOf);
  const ys = series.buckets.map(({ highest, median }) => highest?.lo ?? median ?? 1);
  return [xs, ys];
}

function middleOf({ fromMs, toMs }: DelaySeriesBucket): number {
  return (fromMs + toMs) / 2000;
}

function rangeOf({ series, limits }: Picture): [number, number] {
  let bottom = BOTTOM_MAX;
  let top = limits.maximum * TOP_OVER_MAXIMUM;
  for (const { lowest, highest } of series.buckets) {
    if (lowest !== null) bottom = Math.min(bottom, lowest / 1.5);
    if (highest !== null) top = Math.max(top, (highest.hi ?? highest.lo) * 1.5);
  }
  return [Math.max(BOTTOM_MIN, bottom), top];
}

/** Time that is no evidence: excluded with strokes one way, not measured with strokes the other. */
function drawGround(chart: uPlot, host: HTMLElement, { excluded, series, words }: Picture): void {
  for (const gap of series.gaps)
    shade(chart, gap, {
      fill: colour(host, '--future'),
      line: colour(host, '--gap'),
      slope: -1,
      text: words.chart.gap,
    });
  for (const span of excluded)
    shade(chart, span, {
      fill: colour(host, '--excluded-ground'),
      line: colour(host, '--excluded'),
      slope: 1,
      text: words.chart.excluded,
    });
}

interface Shade {
  readonly fill: string;
  readonly line: string;
  readonly slope: 1 | -1;
  readonly text: string;
}

function shade(
  chart: uPlot,
  span: { readonly fromMs: number; readonly toMs: number },
  { fill, line, slope, text }: Shade,
): void {
  const { ctx, bbox } = chart;
  const at = (ms: number): number =>
    Math.min(bbox.left + bbox.width, Math.max(bbox.left, chart.valToPos(ms / 1000, 'x', true)));
  const left = at(span.fromMs);
  const width = at(span.toMs) - left;
  if (width <= 0) return;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, bbox.top, width, bbox.height);
  ctx.clip();
  ctx.fillStyle = fill;
  ctx.fill();
  ctx.strokeStyle = line;
  ctx.globalAlpha = 0.35;
  ctx.lineWidth = ratio;
  ctx.beginPath();
  for (let x = left - bbox.height; x < left + width + bbox.height; x += 9 * ratio) {
    ctx.moveTo(x, slope > 0 ? bbox.top + bbox.height : bbox.top);
    ctx.lineTo(x + bbox.height, slope > 0 ? bbox.top : bbox.top + bbox.height);
  }
  ctx.stroke();
  ctx.globalAlpha = 1;
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  if (ctx.measureText(text).width < width - 8 * ratio) {
    ctx.fillStyle = line;
    ctx.textBaseline = 'bottom';
    ctx.fillText(text, left + 4 * ratio, bbox.top + bbox.height - 4 * ratio);
  }
  ctx.restore();
}

function drawBuckets(chart: uPlot, host: HTMLElement, picture: Picture): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  drawLimit(
    chart,
    host,
    picture.limits.average,
    picture.words.chart.limitAverage(spanText(picture.limits.average, picture.words.units)),
  );
  drawLimit(
    chart,
    host,
    picture.limits.maximum,
    picture.words.chart.limitMaximum(spanText(picture.limits.maximum, picture.words.units)),
  );
  const ink = inkOf(host);
  for (const bucket of picture.series.buckets) drawBucket(chart, bucket, ink);
  ctx.restore();
}

interface Ink {
  readonly soft: string;
  readonly data: string;
  readonly breach: string;
  readonly open: string;
}
function inkOf(host: HTMLElement): Ink {
  return {
    soft: colour(host, '--data-soft'),
    data: colour(host, '--data'),
    breach: colour(host, '--breach'),
    open: colour(host, '--open'),
  };
}

function drawBucket(chart: uPlot, bucket: DelaySeriesBucket, { soft, data, breach, open }: Ink): void {
  const { ctx, bbox } = chart;
  const ratio = devicePixelRatio;
  const x = chart.valToPos(middleOf(bucket), 'x', true);
  const y = (seconds: number): number => chart.valToPos(Math.max(BOTTOM_MIN, seconds), 'y', true);
  const { lowest, median, highest, exceeded, failed, lost, pending } = bucket;
  if (highest !== null) {
    stroke(ctx, soft, 2 * ratio, [], () => line(ctx, x, y(lowest ?? highest.lo), y(highest.lo)));
    const top = highest.hi === null ? bbox.top : y(highest.hi);
    if (y(highest.lo) - top > ratio)
      stroke(ctx, data, ratio, [2 * ratio, 2 * ratio], () => line(ctx, x, y(highest.lo), top));
  }
  if (median !== null) fill(ctx, data, () => ctx.arc(x, y(median), 2.2 * ratio, 0, 2 * Math.PI));
  if (exceeded > 0 && highest !== null) fill(ctx, breach, () => diamond(ctx, x, y(highest.lo), 5.5 * ratio));
  const foot = bbox.top + bbox.height - 9 * ratio;
  if (failed + lost > 0) stroke(ctx, breach, 2 * ratio, [], () => cross(ctx, x, foot, 4 * ratio));
  if (pending > 0) stroke(ctx, open, 1.6 * ratio, [], () => ctx.arc(x, foot, 4 * ratio, 0, 2 * Math.PI));
}

function drawLimit(chart: uPlot, host: HTMLElement, seconds: number, text: string): void {
  const { ctx, bbox } = chart;
  const ratio = devicePixelRatio;
  const y = chart.valToPos(seconds, 'y', true);
  const limit = colour(host, '--limit');
  stroke(ctx, limit, 1.3 * ratio, [7 * ratio, 4 * ratio], () => {
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
  });
  ctx.font = `600 ${11.5 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = 'bottom';
  ctx.lineWidth = 3 * ratio;
  ctx.strokeStyle = colour(host, '--raised');
  ctx.strokeText(text, bbox.left + 6 * ratio, y - 3 * ratio);
  ctx.fillStyle = limit;
  ctx.fillText(text, bbox.left + 6 * ratio, y - 3 * ratio);
}

type Context = CanvasRenderingContext2D;

function stroke(ctx: Context, style: string, width: number, dash: readonly number[], path: () => void): void {
  ctx.strokeStyle = style;
  ctx.lineWidth = width;
  ctx.setLineDash([...dash]);
  ctx.beginPath();
  path();
  ctx.stroke();
  ctx.setLineDash([]);
}

function fill(ctx: Context, style: string, path: () => void): void {
  ctx.fillStyle = style;
  ctx.beginPath();
  path();
  ctx.fill();
}

function line(ctx: Context, x: number, from: number, to: number): void {
  ctx.moveTo(x, from);
  // One that has no length is drawn all the same.
  ctx.lineTo(x, Math.abs(to - from) < 1 ? from - 1 : to);
}

function diamond(ctx: Context, x: number, y: number, size: number): void {
  ctx.moveTo(x, y - size);
  ctx.lineTo(x + size, y);
  ctx.lineTo(x, y + size);
  ctx.lineTo(x - size, y);
}

function cross(ctx: Context, x: number, y: number, size: number): void {
  ctx.moveTo(x - size, y - size);
  ctx.lineTo(x + size, y + size);
  ctx.moveTo(x + size, y - size);
  ctx.lineTo(x - size, y + size);
}

function colour(host: HTMLElement, name: string): string {
  return getComputedStyle(host).getPropertyValue(name).trim();
}
