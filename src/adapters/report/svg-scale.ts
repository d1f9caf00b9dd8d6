/** Where a chart puts its values, and at which of them it draws a line. */
import { duration, type Units } from './format.ts';

export interface Scale {
  readonly at: (value: number) => number;
}

/** Values outside are drawn at the edge. */
export function linearScale(from: number, to: number, start: number, end: number): Scale {
  const share = (value: number): number => Math.min(1, Math.max(0, (value - from) / (to - from)));
  return { at: (value) => start + share(value) * (end - start) };
}

/** Of seconds over zero, evenly by their logarithm. */
export function logScale(from: number, to: number, start: number, end: number): Scale {
  const linear = linearScale(Math.log10(from), Math.log10(to), start, end);
  return { at: (value) => linear.at(Math.log10(Math.max(value, from))) };
}

/** What is shorter is drawn at the foot: beside limits of a minute and an hour it makes no difference. */
const LEAST = 0.01;
/** The seconds that people count in, up to the five days after which mail is lost. */
const TICKS = [LEAST, 0.1, 1, 10, 60, 600, 3600, 36_000, 432_000];

/** Which part of the seconds a logarithmic axis shows: up to a whole tick, so that its end is labelled. */
export function tickRange(most: number): { readonly from: number; readonly to: number } {
  return { from: LEAST, to: TICKS.find((tick) => tick >= most) ?? most };
}

export function secondTicks(
  { from, to }: { readonly from: number; readonly to: number },
  units: Units,
): readonly { readonly seconds: number; readonly text: string }[] {
  return TICKS.filter((tick) => tick >= from && tick <= to).map((seconds) => ({
    seconds,
    text: seconds < 1 ? `${seconds * 1000} ms` : duration(seconds, units),
  }));
}
