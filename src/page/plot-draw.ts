/** What is drawn into the chart: the time that is no evidence below, the delays, and the limits on top. */
import type uPlot from 'uplot';
import type { DelaySeries, DelaySeriesBucket } from '../domain/status-view.ts';
import type { Limits } from './day.ts';
import { limitText } from './format.ts';
import type { Words } from './words.ts';

export interface Picture {
  readonly series: DelaySeries;
  /** Milliseconds; what the picture begins and ends with. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Null where nothing is promised. */
  readonly limits: Limits | null;
  readonly excluded: readonly { readonly fromMs: number; readonly toMs: number }[];
  readonly timeZone: string;
  readonly words: Words;
}
/** Seconds: nothing is quicker, and a logarithm needs something. */
export const BOTTOM_MIN = 0.001;

export function middleOf({ fromMs, toMs }: DelaySeriesBucket): number {
  return (fromMs + toMs) / 2000;
}

/** Time that is no evidence: excluded with strokes one way, not measured with strokes the other. */
export function drawGround(chart: uPlot, host: HTMLElement, { excluded, series, words }: Picture): void {
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
    ctx.textAlign = 'left';
    ctx.textBaseline = 'bottom';
    ctx.fillText(text, left + 4 * ratio, bbox.top + bbox.height - 4 * ratio);
  }
  ctx.restore();
}

export function drawBuckets(chart: uPlot, host: HTMLElement, picture: Picture): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const ink = inkOf(host);
  for (const bucket of picture.series.buckets) drawBucket(chart, bucket, ink);
  const { limits, words } = picture;
  if (limits !== null) {
    const { average, maximum } = limits;
    drawLimit(chart, host, average, words.chart.limitAverage(limitText(average, words.units)));
    drawLimit(chart, host, maximum, words.chart.limitMaximum(limitText(maximum, words.units)));
  }
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
  ctx.textAlign = 'left';
  // A line at the top has its name below it.
  const isAtTop = y - bbox.top < 16 * ratio;
  ctx.textBaseline = isAtTop ? 'top' : 'bottom';
  const textY = y + (isAtTop ? 3 : -3) * ratio;
  ctx.lineWidth = 3 * ratio;
  ctx.strokeStyle = colour(host, '--raised');
  ctx.strokeText(text, bbox.left + 6 * ratio, textY);
  ctx.fillStyle = limit;
  ctx.fillText(text, bbox.left + 6 * ratio, textY);
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

export function colour(host: HTMLElement, name: string): string {
  return getComputedStyle(host).getPropertyValue(name).trim();
}
