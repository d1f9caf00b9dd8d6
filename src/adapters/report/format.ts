/** Figures and times as people read them. */

import type { Figure } from '../../domain/report/report-evidence.ts';
import { localText } from '../../domain/time/local-time.ts';

export type Language = 'en' | 'zh';

/** `4.131–4.162 s`; `≥ 3600.000 s` where nothing bounds it from above. Rounded outwards, so that the truth stays inside. */
export function seconds(figure: Figure | null): string {
  if (figure === null) return '–';
  const lo = (Math.floor(figure.lo * 1000) / 1000).toFixed(3);
  if (figure.hi === null) return `≥ ${lo} s`;
  const hi = (Math.ceil(figure.hi * 1000) / 1000).toFixed(3);
  return lo === hi ? `${lo} s` : `${lo}–${hi} s`;
}

/** `2`, or `1–3` where it is not certain. */
export function count({ lo, hi }: Figure): string {
  if (hi === null) return `≥ ${lo}`;
  return lo === hi ? String(lo) : `${lo}–${hi}`;
}

/** `12 min 4 s–13 min`: for people, in whole seconds from a minute on, rounded outwards. */
export function durations({ lo, hi }: Figure, units: Units): string {
  const least = duration(lo < MINUTE ? Math.floor(lo * 1000) / 1000 : Math.floor(lo), units);
  if (hi === null) return `≥ ${least}`;
  const most = duration(hi < MINUTE ? Math.ceil(hi * 1000) / 1000 : Math.ceil(hi), units);
  return least === most ? least : `${least}–${most}`;
}

/** `1 h`, `100 min`: in one unit where that is whole, as contracts do. */
export function limitText(seconds: number, units: Units): string {
  const inMinutes = seconds > HOUR && seconds % HOUR !== 0 && seconds % MINUTE === 0;
  return inMinutes ? `${seconds / MINUTE}${JOIN}${units.minute}` : duration(seconds, units);
}

/** `44 min`, `1 h`, `2 h 5 min 1.5 s`: exact to the millisecond. */
export function duration(seconds: number, units: Units): string {
  const whole = Math.round(seconds * 1000) / 1000;
  const parts = [
    [Math.floor(whole / HOUR), units.hour],
    [Math.floor((whole % HOUR) / MINUTE), units.minute],
    [Math.round((whole % MINUTE) * 1000) / 1000, units.second],
  ] as const;
  const told = parts.filter(([value]) => value > 0).map(([value, unit]) => `${value}${JOIN}${unit}`);
  return told.length === 0 ? `0${JOIN}${units.second}` : told.join(JOIN);
}

export interface Units {
  readonly hour: string;
  readonly minute: string;
  readonly second: string;
}
/** No line ends within a duration: between the two of an interval it may. */
const JOIN = '\u00a0';
const MINUTE = 60;
const HOUR = 3600;

/** `99.8790–99.9521%`: to four digits, rounded outwards, so that what missed a limit by a hair never reads as the limit. */
export function percents({ lo, hi }: Figure): string {
  const text = (millionths: number): string => (millionths / 10_000).toFixed(4);
  const least = text(Math.floor(lo * 1e6 + RATIO_NOISE));
  const most = text(Math.ceil((hi ?? 1) * 1e6 - RATIO_NOISE));
  return least === most ? `${least}%` : `${least}–${most}%`;
}
/** What multiplying leaves of a ratio's last digit: a ratio of a month has nine, and so is no nearer than 1e-3 to what it is not. */
const RATIO_NOISE = 1e-6;

/** `99.9%`: as a contract writes it. */
export function exactPercent(ratio: number): string {
  return `${Number((ratio * 100).toFixed(6))}%`;
}

/** Rounded down: what is not whole is not called whole. */
export function percent(ratio: number): string {
  return `${(Math.floor(ratio * 10_000) / 100).toFixed(2)}%`;
}

/** More breaches or outages than this nobody reads; the JSON report has all. */
export const SHOWN_MAX = 200;

/** `2026-12-06 00:00`: as `localTime` where the zone is named beside it, without what is zero. */
export function plainTime(iso: string, timeZone: string): string {
  return localTime(iso, timeZone)
    .replace(/[+-]\d\d:\d\d$/, '')
    .replace(/(?::00)?\.000$/, '');
}

/** RFC 3339 in UTC, shown by the clocks of a zone. */
export function localTime(iso: string, timeZone: string): string {
  return localText(Date.parse(iso), timeZone);
}
