/** Reading a calendar month from the command line. */
import { EXIT_USAGE, ExitWith } from './exit.ts';

export interface MonthRange {
  /** First millisecond, and the first after it. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** `2026-11` as the months of the contract's zone, China Standard Time (UTC+8, no daylight saving since 1991). Exits 3 on anything else. */
export function readMonth(text: string): MonthRange {
  const match = /^([1-9]\d{3})-(0[1-9]|1[0-2])$/.exec(text);
  if (match === null)
    throw new ExitWith(EXIT_USAGE, [`--month must be a month such as 2026-11, is ${JSON.stringify(text)}`]);
  const [year, month] = [Number(match[1]), Number(match[2])];
  const start = (monthIndex: number): number => Date.UTC(year, monthIndex, 1) - CHINA_OFFSET_MS;
  return { fromMs: start(month - 1), toMs: start(month) };
}

const CHINA_OFFSET_MS = 8 * 3600_000;
