/** Fetches what the charts and the day's summaries need, and moves the charts as the reader wishes. */
import type { Path } from '../domain/probe.ts';
import type { DelaySeries, ProviderStatus } from '../domain/status-view.ts';
import { type Answer, getJson } from './api.ts';
import { limitsOf, seriesKey, summariseSeries, zoneOf } from './day.ts';
import { dayStart } from './format.ts';
import { createPlot, type Plot } from './plot.ts';
import { type ChartState, windowOf } from './state.ts';
import { type Store, withEntry } from './store.ts';
import { probeLink } from './view-probes.ts';
import { type Range, wordsOf } from './words.ts';

/** Milliseconds. */
const REFRESH_EVERY = 15_000;
const DAY_EVERY = 60_000;
const HOUR_MS = 3_600_000;
/** Nothing narrower has anything to show. */
const WINDOW_MIN = 10_000;
const PIXELS_A_POINT = 3;
const POINTS_MIN = 40;
const POINTS_MAX = 600;
/** Of a day only sums are shown. */
const DAY_POINTS = 100;

export interface Charts {
  /** Draws what is known into the page; call after it was updated. */
  readonly draw: () => void;
  /** Handles a click on what has a `data-action`; false where it is not the charts'. */
  readonly act: (action: string, provider: string, value: string) => boolean;
}

export function startCharts(store: Store): Charts {
  const plots = new Map<string, { readonly plot: Plot; shown: DelaySeries | null }>();
  const orders = new Map<string, number>();
  const settled = new Set<string>();

  const providerOf = (name: string): ProviderStatus | undefined =>
    store.state().status.providers.find((provider) => provider.name === name);
  const edit = (name: string, next: (chart: ChartState) => ChartState): void =>
    store.change((state) => {
      const chart = state.charts.get(name);
      return chart === undefined ? state : { ...state, charts: withEntry(state.charts, name, next(chart)) };
    });

  const problemOf = (answer: Exclude<Answer<unknown>, { readonly kind: 'ok' }>): string =>
    answer.kind === 'refused' ? answer.why : wordsOf(store.state().language).spot.unreachable;

  const load = async (name: string): Promise<void> => {
    const { charts, nowMs } = store.state();
    const chart = charts.get(name);
    const provider = providerOf(name);
    if (chart === undefined || provider === undefined) return;
    const order = (orders.get(name) ?? 0) + 1;
    orders.set(name, order);
    const { fromMs, toMs } = windowOf(chart, provider, nowMs);
    const answer = await getJson<DelaySeries>(delaysPath(name, chart.path, fromMs, toMs, pointsOf(name)));
    // Meanwhile something else was asked for.
    if (orders.get(name) !== order) return;
    if (answer.kind === 'ok') {
      if (isYoung(name, chart, answer.value)) return go(name, (now) => ({ ...now, range: 'hour' }));
      edit(name, (now) => ({ ...now, series: answer.value, problem: null, cursor: null }));
    } else {
      const problem = problemOf(answer);
      // What is there stays: that nothing comes any more, the head of the page says.
      edit(name, (now) => (now.series === null ? { ...now, problem } : now));
    }
  };
  const go = (name: string, next: (chart: ChartState) => ChartState): void => {
    edit(name, next);
    void load(name);
  };

  /** Of an agent that has just begun the last day shows nothing; asked once a chart. */
  const isYoung = (name: string, { range, zoom }: ChartState, { buckets, toMs }: DelaySeries): boolean => {
    if (settled.has(name)) return false;
    settled.add(name);
    const [first] = buckets;
    return range === 'day' && zoom === null && first !== undefined && first.fromMs > toMs - HOUR_MS;
  };

  const loadDays = async (): Promise<void> => {
    const { status, nowMs } = store.state();
    for (const provider of status.providers) {
      const fromMs = dayStart(nowMs, zoneOf(provider));
      for (const path of provider.paths) {
        const answer = await getJson<DelaySeries>(delaysPath(provider.name, path, fromMs, nowMs + 1000, DAY_POINTS));
        const key = seriesKey(provider.name, path);
        const told = answer.kind === 'ok' ? summariseSeries(answer.value) : { problem: problemOf(answer) };
        store.change((state) => ({ ...state, days: withEntry(state.days, key, told) }));
      }
    }
  };
  /** One after the other: the agent answers few at once, and there may be many providers. */
  const refresh = async (): Promise<void> => {
    if (document.hidden) return;
    for (const [name, { zoom, cursor }] of store.state().charts) if (zoom === null && cursor === null) await load(name);
  };

  const plotIn = (host: HTMLElement, name: string): Plot => {
    const plot = createPlot(host, {
      pointed: (index) => {
        if (store.state().charts.get(name)?.cursor !== index) edit(name, (chart) => ({ ...chart, cursor: index }));
      },
      selected: (fromMs, toMs) => go(name, (chart) => ({ ...chart, zoom: widened(fromMs, toMs) })),
    });
    host.addEventListener('dblclick', () => go(name, (chart) => ({ ...chart, zoom: null })));
    host.addEventListener('keydown', (event) => onKey(event, name));
    return plot;
  };
  const onKey = (event: KeyboardEvent, name: string): void => {
    const { charts, language } = store.state();
    const chart = charts.get(name);
    const count = chart?.series?.buckets.length ?? 0;
    if (chart === undefined) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const zoom = { '+': 'closer', '=': 'closer', '-': 'wider', Escape: 'reset' }[event.key];
    if (step !== undefined && count > 0) {
      const index = Math.min(count - 1, Math.max(0, (chart.cursor ?? (step > 0 ? -1 : count)) + step));
      edit(name, (now) => ({ ...now, cursor: index }));
      plots.get(name)?.plot.point(index);
    } else if (zoom !== undefined) move(name, zoom);
    else if (event.key === 'Enter' && chart.cursor !== null) {
      const probe = chart.series?.buckets[chart.cursor]?.probe;
      if (probe !== undefined) location.assign(probeLink(probe, language));
    } else return;
    event.preventDefault();
  };
  const move = (name: string, value: string): void => {
    const provider = providerOf(name);
    const chart = store.state().charts.get(name);
    if (provider === undefined || chart === undefined) return;
    const { fromMs, toMs } = windowOf(chart, provider, store.state().nowMs);
    const half = (toMs - fromMs) / 2;
    const zoom = {
      earlier: { fromMs: fromMs - half, toMs: toMs - half },
      later: { fromMs: fromMs + half, toMs: toMs + half },
      closer: widened(fromMs + half / 2, toMs - half / 2),
      wider: { fromMs: fromMs - half, toMs: toMs + half },
    }[value];
    go(name, (now) => ({ ...now, zoom: zoom ?? null }));
  };

  void refresh();
  void loadDays();
  setInterval(() => void refresh(), REFRESH_EVERY);
  setInterval(() => void loadDays(), DAY_EVERY);

  return {
    draw() {
      for (const host of document.querySelectorAll<HTMLElement>('.plot[data-provider]')) {
        const name = host.dataset['provider'] ?? '';
        const chart = store.state().charts.get(name);
        const provider = providerOf(name);
        const series = chart?.series ?? null;
        if (chart === undefined || series === null || provider === undefined) continue;
        let entry = plots.get(name);
        if (entry === undefined) {
          entry = { plot: plotIn(host, name), shown: null };
          plots.set(name, entry);
        }
        if (entry.shown === series) continue;
        entry.shown = series;
        entry.plot.show({
          series,
          fromMs: series.fromMs,
          toMs: series.toMs,
          limits: limitsOf(provider, chart.path),
          excluded: (provider.month?.exclusions ?? []).filter(({ path }) => path === null || path === chart.path),
          timeZone: zoneOf(provider),
          words: wordsOf(store.state().language),
        });
      }
    },
    act(action, provider, value) {
      if (action === 'path') go(provider, (chart) => ({ ...chart, path: value as Path, series: null }));
      else if (action === 'range') go(provider, (chart) => ({ ...chart, range: value as Range, zoom: null }));
      else if (action === 'move') move(provider, value);
      else return false;
      return true;
    },
  };
}

function pointsOf(name: string): number {
  const host = document.querySelector(`.plot[data-provider="${CSS.escape(name)}"]`);
  return Math.round(Math.min(POINTS_MAX, Math.max(POINTS_MIN, (host?.clientWidth ?? 0) / PIXELS_A_POINT)));
}

function widened(fromMs: number, toMs: number): { readonly fromMs: number; readonly toMs: number } {
  const missing = Math.max(0, WINDOW_MIN - (toMs - fromMs)) / 2;
  return { fromMs: fromMs - missing, toMs: toMs + missing };
}

function delaysPath(provider: string, path: Path, fromMs: number, toMs: number, points: number): string {
  const query = new URLSearchParams({
    provider,
    path,
    from: String(Math.round(fromMs)),
    to: String(Math.round(toMs)),
    points: String(points),
  });
  return `/api/v1/delays?${query.toString()}`;
}
