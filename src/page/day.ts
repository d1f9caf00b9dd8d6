/** The other half of the first look: whether anything is wrong today. */

import type { Path } from '../domain/probe.ts';
import type { ProbeView } from '../domain/probe-view.ts';
import type { DelaySeries, ProviderStatus, StatusView } from '../domain/status-view.ts';
import { limitText, spanBeside, spanText } from './format.ts';
import type { PageState } from './state.ts';
import type { Words } from './words.ts';

/** What a day's probes of one path came to. Seconds. */
export interface DaySummary {
  readonly count: number;
  readonly unmeasured: number;
  readonly delivered: number;
  readonly typical: number | null;
  /** What the average of the delivered ones is at least. */
  readonly averageLo: number | null;
  readonly longest: number | null;
  readonly exceeded: number;
  readonly failed: number;
  readonly lost: number;
}
/** Why there is no summary. */
export interface DayProblem {
  readonly problem: string;
}
export interface Day {
  /** `loading`: not all series are there yet. `unknown`: one could not be had. */
  readonly state: 'good' | 'trouble' | 'none' | 'loading' | 'unknown';
  /** What is wrong at this moment, a sentence each. */
  readonly now: readonly string[];
  readonly paths: readonly DayPath[];
}
export interface DayPath {
  readonly path: Path;
  /** `none` where nothing came of it yet that could be measured. */
  readonly state: Day['state'];
  readonly summary: string;
  /** Empty where all is well. */
  readonly troubles: readonly string[];
  /** What the other side said last, null if nothing failed. */
  readonly reason: string | null;
}

/** A message that takes longer than this to come out is worth a word, though no limit is broken yet. */
const WAITING_LONG_SECONDS = 600;

/** Of a series that begins with the day. */
export function summariseSeries({ buckets }: DelaySeries): DaySummary {
  const sum = (count: (bucket: DelaySeries['buckets'][number]) => number): number =>
    buckets.reduce((total, bucket) => total + count(bucket), 0);
  const medians = buckets.flatMap(({ median, count }) => (median === null ? [] : [{ value: median, weight: count }]));
  const delivered = sum((bucket) => bucket.delivered.count);
  return {
    count: sum(({ count }) => count),
    unmeasured: sum(({ unmeasured }) => unmeasured),
    delivered,
    typical: weightedMedian(medians),
    averageLo: mean(
      sum((bucket) => bucket.delivered.sumLo),
      delivered,
    ),
    longest: largest(buckets.flatMap(({ highest }) => (highest === null ? [] : [highest.hi ?? highest.lo]))),
    exceeded: sum(({ exceeded }) => exceeded),
    failed: sum(({ failed }) => failed),
    lost: sum(({ lost }) => lost),
  };
}

/** `days` by `seriesKey`, what there is yet. Nothing is called good before the series of each path is there. */
export function dayOf(provider: ProviderStatus, status: StatusView, days: PageState['days'], words: Words): Day {
  const now: string[] = [];
  const paths: DayPath[] = [];
  let isLoading = false;
  for (const { endpoint, up } of provider.endpoints)
    if (up === false) now.push(words.day.down(words.endpoint[endpoint]));
  now.push(...waitingOf(provider, words));
  for (const path of provider.paths) {
    const mine = status.recent.filter((probe) => probe.provider === provider.name && probe.path === path);
    const summary = days.get(seriesKey(provider.name, path));
    if (summary === undefined) {
      isLoading = true;
      continue;
    }
    if ('problem' in summary) {
      const told = words.day.failedToLoad(summary.problem);
      paths.push({ path, state: 'unknown', summary: told, troubles: [], reason: null });
      continue;
    }
    if (summary.count + summary.unmeasured === 0) continue;
    const limits = limitsOf(provider, path);
    const troubles = troublesOf(summary, limits, words);
    const state = troubles.length > 0 ? 'trouble' : summary.delivered > 0 ? 'good' : 'none';
    paths.push({
      path,
      state,
      summary: summaryText(summary, limits?.maximum ?? null, words),
      troubles,
      reason: lastReason(mine, summary, words),
    });
  }
  const isSome = (wanted: Day['state']): boolean => paths.some(({ state }) => state === wanted);
  if (now.length > 0 || isSome('trouble')) return { state: 'trouble', now, paths };
  if (isLoading) return { state: 'loading', now, paths };
  const state = isSome('unknown') ? 'unknown' : isSome('good') ? 'good' : 'none';
  return { state, now, paths };
}

export function seriesKey(provider: string, path: Path): string {
  return `${path} ${provider}`;
}

export function zoneOf({ month }: Pick<ProviderStatus, 'month'>): string {
  return month?.timeZone ?? 'UTC';
}

/** Seconds. */
export interface Limits {
  readonly average: number;
  readonly maximum: number;
}

/** Those of the clause on the path; null where there is none. */
export function limitsOf({ month }: ProviderStatus, path: Path): Limits | null {
  for (const { terms } of month?.clauses ?? [])
    if (terms.kind === 'delay' && terms.path === path)
      return { average: terms.averageMaxSeconds, maximum: terms.maximumSeconds };
  return null;
}

function troublesOf(summary: DaySummary, limits: Limits | null, { day, units }: Words): readonly string[] {
  const { exceeded, failed, lost, averageLo } = summary;
  const told: string[] = [];
  if (limits !== null && exceeded > 0) told.push(day.exceeded(exceeded, limitText(limits.maximum, units)));
  if (limits !== null && averageLo !== null && averageLo > limits.average)
    told.push(day.slow(limitText(limits.average, units)));
  if (failed > 0) told.push(day.failed(failed));
  if (lost > 0) told.push(day.lost(lost));
  return told;
}

function lastReason(probes: readonly ProbeView[], { failed, lost }: DaySummary, { day }: Words): string | null {
  if (failed + lost === 0) return null;
  const last = probes.find(({ outcome, error }) => error !== null && (outcome === 'failed' || outcome === 'lost'));
  const error = last?.error ?? null;
  return error === null ? null : day.lastReason(error);
}

function waitingOf({ waiting }: ProviderStatus, { day, units }: Words): readonly string[] {
  return waiting
    .filter(({ oldestSeconds }) => oldestSeconds > WAITING_LONG_SECONDS)
    .map(({ path, count, oldestSeconds }) => day.waiting(count, path, spanText(oldestSeconds, units)));
}

function summaryText(
  { count, unmeasured, typical, longest }: DaySummary,
  maximum: number | null,
  words: Words,
): string {
  const { day, units, pledge, listed } = words;
  const text = (seconds: number | null): string => {
    if (seconds === null) return pledge.noFigure;
    return maximum === null ? spanText(seconds, units) : spanBeside(seconds, maximum, units);
  };
  const told: string[] = [];
  if (count > 0) told.push(day.summary(String(count), text(typical), text(longest)));
  if (unmeasured > 0) told.push(day.unmeasured(unmeasured));
  return listed(told);
}

/** In whole microseconds, the clocks' resolution: of what takes exactly 60 s it is 60 s. */
function mean(sum: number, count: number): number | null {
  return count === 0 ? null : Math.round((sum / count) * 1e6) / 1e6;
}

function weightedMedian(values: readonly { readonly value: number; readonly weight: number }[]): number | null {
  const sorted = values.toSorted((one, other) => one.value - other.value);
  const half = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let passed = 0;
  for (const { value, weight } of sorted) {
    passed += weight;
    if (passed >= half) return value;
  }
  return null;
}

function largest(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((most, value) => Math.max(most, value));
}
