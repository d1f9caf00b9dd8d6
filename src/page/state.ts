/** All that the status page shows at one moment; the page is a function of it. */
import type { Path } from '../domain/probe.ts';
import type { ProbeView } from '../domain/probe-view.ts';
import type { ExclusionPreview } from '../domain/report/exclusion-preview.ts';
import type { DelaySeries, ProviderStatus, StatusView } from '../domain/status-view.ts';
import type { DayProblem, DaySummary } from './day.ts';
import type { Language } from './format.ts';
import type { Range } from './words.ts';

export interface PageState {
  readonly language: Language;
  readonly status: StatusView;
  /** The agent's clock, as this page reckons it. */
  readonly nowMs: number;
  /** When the agent was last heard, by the same clock. */
  readonly heardMs: number;
  readonly link: Link;
  /** By provider. */
  readonly charts: ReadonlyMap<string, ChartState>;
  /** By `seriesKey`. */
  readonly days: ReadonlyMap<string, DaySummary | DayProblem>;
  /** By provider. */
  readonly spots: ReadonlyMap<string, SpotState>;
  readonly exclusions: ReadonlyMap<string, ExclusionState>;
  readonly retractions: ReadonlyMap<string, ExclusionState>;
}

/** `loaded`: as the server wrote it. `lost`: heard lately, being sought again. `stale`: what is shown may be wrong by now. */
export type Link = 'loaded' | 'live' | 'lost' | 'stale';

export interface ChartState {
  readonly path: Path;
  readonly range: Range;
  /** What is shown, where it was zoomed or moved; null follows the range. */
  readonly zoom: { readonly fromMs: number; readonly toMs: number } | null;
  readonly series: DelaySeries | null;
  /** Why there is none. */
  readonly problem: string | null;
  /** Which bucket the pointer or the arrow keys are at. */
  readonly cursor: number | null;
}
export interface SpotState {
  readonly path: Path;
  readonly phase: 'token' | 'starting' | 'running' | 'done' | 'refused';
  readonly probe: ProbeView | null;
  /** Why it was refused; in `token`, that the last one was wrong. */
  readonly message: string | null;
}
export interface ExclusionState {
  readonly phase: 'token' | 'working' | 'preview' | 'saved' | 'refused';
  readonly preview: ExclusionPreview | null;
  readonly message: string | null;
}

/** What the first answer of the server shows. */
export function firstState(status: StatusView, language: Language): PageState {
  const nowMs = Date.parse(status.at);
  const charts = status.providers.flatMap((provider) => {
    const [path] = provider.paths;
    return path === undefined ? [] : [[provider.name, newChart(path)] as const];
  });
  return {
    language,
    status,
    nowMs,
    heardMs: nowMs,
    link: 'loaded',
    charts: new Map(charts),
    days: new Map(),
    spots: new Map(),
    exclusions: new Map(),
    retractions: new Map(),
  };
}

export function newChart(path: Path): ChartState {
  return { path, range: 'day', zoom: null, series: null, problem: null, cursor: null };
}

const RANGE_MS: Readonly<Record<Exclude<Range, 'month'>, number>> = {
  hour: 3_600_000,
  'six-hours': 21_600_000,
  day: 86_400_000,
  week: 604_800_000,
};
export const RANGES: readonly Range[] = ['hour', 'six-hours', 'day', 'week', 'month'];
const MONTH_MS = 31 * 86_400_000;

/** What a chart shows now, `[fromMs, toMs)`. */
export function windowOf(
  { zoom, range }: ChartState,
  { month }: ProviderStatus,
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number } {
  if (zoom !== null) return zoom;
  if (range !== 'month') return { fromMs: nowMs - RANGE_MS[range], toMs: nowMs };
  return { fromMs: month?.fromMs ?? nowMs - MONTH_MS, toMs: nowMs };
}
