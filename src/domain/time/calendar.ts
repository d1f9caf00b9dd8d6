/** Calendar months and days of a time zone, as ranges of wall time that leave no gap and do not overlap. */
import type { MsRange } from './span-set.ts';

/** `2026-11`, as `parseMonth` lets it through. */
export type Month = string;

export interface Day extends MsRange {
  /** `2026-11-05`. */
  readonly day: string;
}

export type ParsedMonth =
  | { readonly ok: true; readonly month: Month }
  /** Reads on from the name of what was parsed: `must be a month such as 2026-11, is "2026-13"`. */
  | { readonly ok: false; readonly problem: string };

const MONTH = /^([1-9]\d{3})-(0[1-9]|1[0-2])$/;
const DAY = /^([1-9]\d{3})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
export const DAY_MS = 86_400_000;
/** A wrong month on the command line may be anything; its beginning is enough to see the mistake. */
const SHOWN_LENGTH_MAX = 40;

export function parseMonth(text: string): ParsedMonth {
  if (MONTH.test(text)) return { ok: true, month: text };
  return {
    ok: false,
    problem: `must be a month such as 2026-11, is ${JSON.stringify(text.slice(0, SHOWN_LENGTH_MAX))}`,
  };
}

/** Whether a name is that of a time zone (IANA), hence fit for what follows, which throws RangeError on another. */
export function isTimeZone(name: string): boolean {
  try {
    formatterOf(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** The whole month. Throws RangeError if it is none, or the zone is none. */
export function monthRange(month: Month, zone: string): MsRange {
  const { year, index } = partsOf(month);
  return { fromMs: startOfDate(Date.UTC(year, index, 1), zone), toMs: startOfDate(Date.UTC(year, index + 1, 1), zone) };
}

/** The whole day, 23 to 25 hours as a rule; empty if the zone left it out when it crossed the date line. Throws RangeError if it is none. */
export function dayRange(day: string, zone: string): MsRange {
  const match = DAY.exec(day);
  const date = match === null ? Number.NaN : Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  if (Number.isNaN(date) || isoDate(date) !== day) throw new RangeError(`must be a day such as 2026-11-05, is ${day}`);
  return { fromMs: startOfDate(date, zone), toMs: startOfDate(date + DAY_MS, zone) };
}

/** The days of a month in order, together the whole of it. */
export function daysOf(month: Month, zone: string): readonly Day[] {
  const { year, index } = partsOf(month);
  const days: Day[] = [];
  let fromMs = startOfDate(Date.UTC(year, index, 1), zone);
  for (let date = Date.UTC(year, index, 1); date < Date.UTC(year, index + 1, 1); date += DAY_MS) {
    const toMs = startOfDate(date + DAY_MS, zone);
    if (fromMs < toMs) days.push({ day: isoDate(date), fromMs, toMs });
    fromMs = toMs;
  }
  return days;
}

/** The month whose range holds an instant. */
export function monthOf(wallMs: number, zone: string): Month {
  const date = new Date(wallMs);
  const [year, index] = [date.getUTCFullYear(), date.getUTCMonth()];
  // No zone is a month from UTC: it is the month that UTC shows, or one beside it.
  if (wallMs < startOfDate(Date.UTC(year, index, 1), zone)) return isoMonth(Date.UTC(year, index - 1, 1));
  const next = Date.UTC(year, index + 1, 1);
  return wallMs < startOfDate(next, zone) ? isoMonth(wallMs) : isoMonth(next);
}

/** The month that follows. Throws RangeError if it is none. */
export function monthAfter(month: Month): Month {
  const { year, index } = partsOf(month);
  return isoMonth(Date.UTC(year, index + 1, 1));
}

function partsOf(month: Month): { readonly year: number; readonly index: number } {
  const match = MONTH.exec(month);
  if (match === null) throw new RangeError(`must be a month such as 2026-11, is ${month}`);
  return { year: Number(match[1]), index: Number(match[2]) - 1 };
}

/** By zone and date, as `startOfDate` has it: what Intl says takes some 10 us to ask, and the same few dates are asked for again and again. */
const STARTS = new Map<string, Map<number, number>>();
/** Of a zone; ten years. More than that is a caller who goes through all the dates there are, who starts anew. */
const STARTS_MAX = 4000;

/** When a date begins: the first instant at which the zone's calendar shows it. `date` is its midnight as if the zone were UTC. */
function startOfDate(date: number, zone: string): number {
  let starts = STARTS.get(zone);
  if (starts === undefined || starts.size >= STARTS_MAX) {
    starts = new Map();
    STARTS.set(zone, starts);
  }
  const known = starts.get(date);
  if (known !== undefined) return known;
  const start = findStartOfDate(date, zone);
  starts.set(date, start);
  return start;
}

/** Midnight may come twice (then the first counts) or not at all (then the moment the clock jumped over it). */
function findStartOfDate(date: number, zone: string): number {
  // No zone is a day from UTC, and none changed its offset twice within two days. Midnight comes twice where clocks were put back:
  // first by the offset before.
  const offsets = [date - DAY_MS, date + DAY_MS].map((ms) => localMs(ms, zone) - ms);
  const midnight = offsets.map((offset) => date - offset).find((ms) => localMs(ms, zone) === date);
  if (midnight !== undefined) return midnight;
  let [before, after] = [date - DAY_MS, date + DAY_MS];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (localMs(middle, zone) < date) before = middle;
    else after = middle;
  }
  return after;
}

/** Days from the epoch to the one that UTC shows. */
export function utcDay(wallMs: number): number {
  return Math.floor(wallMs / DAY_MS);
}

/** What the zone's clocks and calendar show, as the milliseconds at which UTC shows the same. */
export function localMs(wallMs: number, zone: string): number {
  const seconds = Math.floor(wallMs / 1000) * 1000;
  const shown: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of formatterOf(zone).formatToParts(seconds)) shown[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
  return Date.UTC(year, month - 1, day, hour, minute, second) + (wallMs - seconds);
}

/** Making one takes longer than all that is asked of it; there are some 600 zones. */
const FORMATTERS = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = FORMATTERS.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  FORMATTERS.set(zone, made);
  return made;
}

function isoDate(utcMs: number): string {
  return new Date(utcMs).toISOString().slice(0, 'yyyy-mm-dd'.length);
}

function isoMonth(utcMs: number): Month {
  return new Date(utcMs).toISOString().slice(0, 'yyyy-mm'.length);
}
