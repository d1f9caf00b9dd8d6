/** Moments as people write and read them, by the clocks of a time zone. */
import { DAY_MS, localMs } from './calendar.ts';

export type ParsedTime =
  | {
      readonly ok: true;
      /** Milliseconds since the epoch. */
      readonly ms: number;
      /** Whether it came without an offset, and so was taken by the zone's clocks. */
      readonly local: boolean;
    }
  /** Reads on from the name of what was parsed. */
  | { readonly ok: false; readonly problem: string };

/** ISO 8601 to the minute, second or millisecond; T or a space; Z, an offset or neither. */
const TIME =
  /^([1-9]\d{3})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,3}))?)?(Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?$/;
/** Enough to see the mistake. */
const SHOWN_LENGTH_MAX = 40;

/** Without an offset a time must come exactly once by the zone's clocks: when they are changed, some come twice and some never. */
export function parseTime(text: string, zone: string): ParsedTime {
  const match = TIME.exec(text);
  const shown = JSON.stringify(text.slice(0, SHOWN_LENGTH_MAX));
  const [, year, month, day, hour, minute, second = '0', fraction = '0', offset] = match ?? [];
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // 2026-02-30 would be taken for the second of March.
  if (match === null || new Date(date).getUTCDate() !== Number(day)) {
    const rule = 'must be a time such as 2026-11-03T08:00 or 2026-11-03T08:00:00+08:00';
    return { ok: false, problem: `${rule}, is ${shown}` };
  }
  const clock = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const local = clock + Number(fraction.padEnd(3, '0'));
  if (offset !== undefined) return { ok: true, ms: local - offsetMs(offset), local: false };
  const [ms, again] = momentsOf(local, zone);
  if (ms === undefined) return { ok: false, problem: `must be a time that ${zone} has, is ${shown}` };
  if (again !== undefined)
    return { ok: false, problem: `must have an offset where the clocks of ${zone} show it twice, is ${shown}` };
  return { ok: true, ms, local: true };
}

function offsetMs(offset: string): number {
  if (offset === 'Z') return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2));
  return (offset.startsWith('-') ? -minutes : minutes) * 60_000;
}

/** Every moment at which the zone's clocks show a time. No zone changed its offset twice within two days. */
function momentsOf(local: number, zone: string): readonly number[] {
  const offsets = new Set([local - DAY_MS, local + DAY_MS].map((ms) => localMs(ms, zone) - ms));
  return [...offsets].map((offset) => local - offset).filter((ms) => localMs(ms, zone) === local);
}

/** `2026-11-03 16:00:12.345+08:00`: RFC 3339 by the zone's clocks. Offsets are told to the minute. */
export function localText(ms: number, zone: string): string {
  const local = localMs(ms, zone);
  const minutes = Math.round((local - ms) / 60_000);
  const part = (value: number): string => String(value).padStart(2, '0');
  const offset = `${minutes < 0 ? '-' : '+'}${part(Math.floor(Math.abs(minutes) / 60))}:${part(Math.abs(minutes) % 60)}`;
  return new Date(ms + minutes * 60_000).toISOString().replace('T', ' ').replace('Z', offset);
}
