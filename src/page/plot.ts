/** Draws a delay series: what is measured, what is uncertain, the limits, and the time that is excluded or was not measured. */
import uPlot from 'uplot';
import { spanText } from './format.ts';
import { BOTTOM_MIN, colour, drawBuckets, drawGround, middleOf, type Picture } from './plot-draw.ts';

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
/** Where there are none: seconds, against which quick mail is seen to be quick. */
const TOP_MIN = 60;
const BOTTOM_MAX = 0.5;
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
    padding: [8, 18, 0, 0],
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

function rangeOf({ series, limits }: Picture): [number, number] {
  let bottom = BOTTOM_MAX;
  let top = limits === null ? TOP_MIN : limits.maximum * TOP_OVER_MAXIMUM;
  for (const { lowest, highest } of series.buckets) {
    if (lowest !== null) bottom = Math.min(bottom, lowest / 1.5);
    if (highest !== null) top = Math.max(top, (highest.hi ?? highest.lo) * 1.5);
  }
  return [Math.max(BOTTOM_MIN, bottom), top];
}
