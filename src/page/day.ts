/** The other half of the first look: whether anything is wrong today. */

import type { Path } from '../domain/probe.ts';
import type { ProbeView } from '../domain/probe-view.ts';
import type { DelaySeries, ProviderStatus, StatusView } from '../domain/status-view.ts';
import { dayStart, limitText, spanBeside, spanText } from './format.ts';
import type { Words } from './words.ts';

/** What a day's probes of one path came to. Seconds. */
export interface DaySummary {
  readonly count: number;
  readonly typical: number | null;
  readonly longest: number | null;
  readonly exceeded: number;
  readonly failed: number;
  readonly lost: number;
}
export interface Day {
  readonly state: 'good' | 'trouble' | 'none';
  /** What is wrong at this moment, a sentence each. */
  readonly now: readonly string[];
  readonly paths: readonly DayPath[];
}
export interface DayPath {
  readonly path: Path;
  readonly summary: string;
  /** Empty where all is well. */
  readonly troubles: readonly string[];
  /** What the other side said last, null if nothing failed. */
  readonly reason: string | null;
}

/** A message that takes longer than this to come out is worth a word, though no limit is broken yet. */
const WAITING_LONG_SECONDS = 600;
const MAXIMUM_SECONDS = 3600;
const AVERAGE_SECONDS = 60;

/** Of a series that begins with the day. */
export function summariseSeries({ buckets }: DelaySeries): DaySummary {
  const sum = (count: (bucket: DelaySeries['buckets'][number]) => number): number =>
    buckets.reduce((total, bucket) => total + count(bucket), 0);
  const medians = buckets.flatMap(({ median, count }) => (median === null ? [] : [{ value: median, weight: count }]));
  return {
    count: sum(({ count }) => count),
    typical: weightedMedian(medians),
    longest: largest(buckets.flatMap(({ highest }) => (highest === null ? [] : [highest.hi ?? highest.lo]))),
    exceeded: sum(({ exceeded }) => exceeded),
    failed: sum(({ failed }) => failed),
    lost: sum(({ lost }) => lost),
  };
}

/** Of the newest probes alone: what can be said before the day's series is there. */
export function summariseRecent(probes: readonly ProbeView[], fromMs: number, maximum = MAXIMUM_SECONDS): DaySummary {
  const today = probes.filter(({ plannedAt, kind }) => kind === 'scheduled' && Date.parse(plannedAt) >= fromMs);
  const delays = today.flatMap(({ delaySeconds, outcome }) =>
    delaySeconds === null || outcome !== 'delivered' ? [] : [delaySeconds],
  );
  return {
    count: today.length,
    typical: weightedMedian(delays.map(({ hi, lo }) => ({ value: hi ?? lo, weight: 1 }))),
    longest: largest(delays.map(({ hi, lo }) => hi ?? lo)),
    exceeded: today.filter(({ delaySeconds }) => (delaySeconds?.lo ?? 0) > maximum).length,
    failed: today.filter(({ outcome }) => outcome === 'failed').length,
    lost: today.filter(({ outcome }) => outcome === 'lost').length,
  };
}

/** `summaries` by path, where they are known; else the newest probes tell. */
export function dayOf(
  provider: ProviderStatus,
  status: StatusView,
  summaries: ReadonlyMap<string, DaySummary>,
  nowMs: number,
  words: Words,
): Day {
  const fromMs = dayStart(nowMs, zoneOf(provider));
  const now: string[] = [];
  const paths: DayPath[] = [];
  for (const { endpoint, up } of provider.endpoints)
    if (up === false) now.push(words.day.down(words.endpoint[endpoint]));
  for (const path of provider.paths) {
    const mine = status.recent.filter((probe) => probe.provider === provider.name && probe.path === path);
    const limits = limitsOf(provider, path);
    const summary = summaries.get(seriesKey(provider.name, path)) ?? summariseRecent(mine, fromMs, limits.maximum);
    now.push(...waitingOf(provider.name, path, status, words));
    if (summary.count === 0) continue;
    const troubles = troublesOf(summary, limits, words);
    paths.push({
      path,
      summary: summaryText(summary, limits, words),
      troubles,
      reason: lastReason(mine, summary, words),
    });
  }
  const isTrouble = now.length > 0 || paths.some(({ troubles }) => troubles.length > 0);
  return { state: isTrouble ? 'trouble' : paths.length > 0 ? 'good' : 'none', now, paths };
}

export function seriesKey(provider: string, path: Path): string {
  return `${path} ${provider}`;
}

export function zoneOf({ month }: Pick<ProviderStatus, 'month'>): string {
  return month?.timeZone ?? 'UTC';
}

/** Seconds, of the clause on the path; the usual ones where there is none. */
export function limitsOf(
  { month }: ProviderStatus,
  path: Path,
): { readonly average: number; readonly maximum: number } {
  for (const { terms } of month?.clauses ?? [])
    if (terms.kind === 'delay' && terms.path === path)
      return { average: terms.averageMaxSeconds, maximum: terms.maximumSeconds };
  return { average: AVERAGE_SECONDS, maximum: MAXIMUM_SECONDS };
}

type Limits = ReturnType<typeof limitsOf>;

function troublesOf(summary: DaySummary, limits: Limits, { day, units }: Words): readonly string[] {
  const { exceeded, failed, lost, typical } = summary;
  const told: string[] = [];
  if (exceeded > 0) told.push(day.exceeded(exceeded, limitText(limits.maximum, units)));
  if (typical !== null && typical > limits.average) told.push(day.slow(limitText(limits.average, units)));
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

function waitingOf(provider: string, path: Path, { inFlight }: StatusView, { day, units }: Words): readonly string[] {
  const late = inFlight.filter(
    (probe) => probe.provider === provider && probe.path === path && probe.ageSeconds > WAITING_LONG_SECONDS,
  );
  const oldest = largest(late.map(({ ageSeconds }) => ageSeconds));
  return oldest === null ? [] : [day.waiting(late.length, path, spanText(oldest, units))];
}

function summaryText(
  { count, typical, longest }: DaySummary,
  { maximum }: Limits,
  { day, units, pledge }: Words,
): string {
  const text = (seconds: number | null): string =>
    seconds === null ? pledge.noFigure : spanBeside(seconds, maximum, units);
  return day.summary(String(count), text(typical), text(longest));
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
