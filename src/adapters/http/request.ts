/** Reads what a request asks for, and says what is wrong with it. */
import type { SeriesQuery } from '../../domain/delay/delay-series.ts';
import { PATHS, type Path } from '../../domain/probe.ts';
import { parseMonth } from '../../domain/time/calendar.ts';
import { UnknownRoute } from '../../ports.ts';

/** The request breaks a rule; the message names it. */
export class MalformedRequest extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MalformedRequest';
  }
}

/** Milliseconds a client may wait for a probe in one request, however long it asks for; it can ask again. */
const WAIT_MAX = 60_000;
/** Milliseconds for a spot check by scrape when Prometheus does not say. */
const SCRAPE_DEFAULT = 10_000;
const SCRAPE_MAX = 120_000;
/** Milliseconds the answer needs to get back within the scrape's own limit, as blackbox_exporter has it. */
const SCRAPE_MARGIN = 500;
/** Characters of a wrong value shown in an error. */
const QUOTED_MAX = 64;

/** Milliseconds: a year with room at either end. */
const SERIES_MS_MAX = 400 * 86_400_000;
/** Milliseconds since the epoch, up to the year 9999. */
const TIME_MS = { least: 0, most: Date.UTC(10_000, 0, 1) - 1 };
/** As many as a wide screen has columns of three dots, and about as many as it has at all. */
const POINTS_DEFAULT = 600;
const POINTS = { least: 10, most: 2000 };

type Route = { readonly provider: string; readonly path: Path };

/** `provider` may be left out if there is one only. Throws MalformedRequest or UnknownRoute. */
export function readRoute(source: unknown, routes: readonly Route[]): Route {
  const { provider, path } = (source ?? {}) as { readonly provider?: unknown; readonly path?: unknown };
  const known = PATHS.find((each) => each === path);
  if (known === undefined) throw new MalformedRequest(`path must be one of ${PATHS.join(', ')}, is ${describe(path)}`);
  const providers = new Set(routes.map((route) => route.provider));
  const [only] = providers;
  const named = provider ?? (providers.size === 1 ? only : undefined);
  if (typeof named !== 'string')
    throw new MalformedRequest(`provider must be one of ${[...providers].join(', ')}, is ${describe(provider)}`);
  const route = routes.find((each) => each.provider === named && each.path === known);
  if (route === undefined) throw new UnknownRoute(named.slice(0, QUOTED_MAX), known);
  return route;
}

/** Milliseconds from `wait` in seconds; none is 0. Throws MalformedRequest. */
export function readWait(wait: unknown): number {
  if (wait === undefined) return 0;
  const seconds = typeof wait === 'string' && wait.trim() !== '' ? Number(wait) : Number.NaN;
  if (!Number.isFinite(seconds) || seconds < 0)
    throw new MalformedRequest(`wait must be a number of seconds, is ${describe(wait)}`);
  return Math.min(seconds * 1000, WAIT_MAX);
}

/** Milliseconds a check may take so that its answer still meets Prometheus's own limit. */
export function scrapeBudget(headers: Readonly<Record<string, string | string[] | undefined>>): number {
  const seconds = Number(headers['x-prometheus-scrape-timeout-seconds']);
  if (!Number.isFinite(seconds) || seconds <= 0) return SCRAPE_DEFAULT;
  const ms = seconds * 1000;
  return Math.min(Math.max(ms - SCRAPE_MARGIN, ms / 2), SCRAPE_MAX);
}

/** Throws MalformedRequest. */
export function readMonth(value: unknown): string {
  const parsed = parseMonth(typeof value === 'string' ? value : '');
  if (parsed.ok) return parsed.month;
  throw new MalformedRequest(`month must be a month such as 2026-11, is ${describe(value)}`);
}

/** Which delays are asked for; seconds and so on as SeriesQuery has them. Throws MalformedRequest or UnknownRoute. */
export function readSeries(source: unknown, routes: readonly Route[]): SeriesRequest {
  const { provider, path } = readRoute(source, routes);
  const { from, to, points } = (source ?? {}) as Readonly<Record<string, unknown>>;
  const [fromMs, toMs] = [readInteger('from', from, TIME_MS), readInteger('to', to, TIME_MS)];
  if (toMs <= fromMs) throw new MalformedRequest(`to must be after from, is ${toMs} and from is ${fromMs}`);
  if (toMs - fromMs > SERIES_MS_MAX)
    throw new MalformedRequest(`to must be at most 400 days after from, is ${toMs} and from is ${fromMs}`);
  const buckets = points === undefined ? POINTS_DEFAULT : readInteger('points', points, POINTS);
  return { provider, path, fromMs, toMs, points: buckets };
}
type SeriesRequest = Omit<SeriesQuery, 'nowMs' | 'maximumSeconds'>;

/** Throws MalformedRequest. */
function readInteger(
  name: string,
  value: unknown,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new MalformedRequest(`${name} must be a whole number from ${least} to ${most}, is ${describe(value)}`);
}

/** As newProbeId makes it: 80 bits in base32. */
export function isProbeId(text: string): boolean {
  return /^[a-z2-7]{16}$/.test(text);
}

/** The first of them where nothing is said. Throws MalformedRequest. */
export function readChoice<T extends string>(name: string, value: unknown, choices: readonly [T, ...T[]]): T {
  if (value === undefined) return choices[0];
  const known = choices.find((each) => each === value);
  if (known !== undefined) return known;
  throw new MalformedRequest(`${name} must be one of ${choices.join(', ')}, is ${describe(value)}`);
}

/** A value of a request as an error shows it. */
export function describe(value: unknown): string {
  return value === undefined ? 'missing' : (JSON.stringify(value)?.slice(0, QUOTED_MAX) ?? 'unreadable');
}
