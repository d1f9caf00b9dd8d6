/** How much of a month was measured: what stands beside every figure, since missing data speaks for nobody. */
import type { MsRange } from '../time/span-set.ts';

export interface Coverage {
  /** Scheduled probes that say something of the provider, and slots and probes that do not, by our own doing. */
  readonly measured: number;
  readonly unmeasured: number;
  /** Share of the month, as far as it is over, that lies between probes no further apart than is usual for the route; 0 to 1. */
  readonly ratio: number;
  /** The longest stretch of it without a probe. */
  readonly longestGapSeconds: number;
}

/** Gaps of a Poisson schedule stay within five times their mean, seven medians; a longer one is no gap of the schedule. */
const USUAL_GAP_MEDIANS = 10;

/** `times` are those of the measured probes, in order. Of `[fromMs, toMs)`, which ends now where the month is not over. */
export function coverageOf(times: readonly number[], unmeasured: number, { fromMs, toMs }: MsRange): Coverage {
  const gaps = gapsBetween(times, { fromMs, toMs });
  const usualMs = usualGapMs(gaps);
  const coveredMs = gaps.reduce((sum, gap) => sum + (gap <= usualMs ? gap : 0), 0);
  return {
    measured: times.length,
    unmeasured,
    ratio: knownRatio(coveredMs, toMs - fromMs),
    longestGapSeconds: gaps.reduce((longest, gap) => Math.max(longest, gap), 0) / 1000,
  };
}

/** The stretches without a probe that are longer than is usual for the route: what the ratio leaves out. */
export function unusualGaps(times: readonly number[], range: MsRange): readonly MsRange[] {
  const gaps = gapsBetween(times, range);
  const usualMs = usualGapMs(gaps);
  const starts = [range.fromMs, ...times];
  return gaps.flatMap((gap, index) => {
    const fromMs = starts[index] ?? range.fromMs;
    return gap > usualMs ? [{ fromMs, toMs: fromMs + gap }] : [];
  });
}

/** The longest of them, in order. */
export function longestGaps(gaps: readonly MsRange[], most: number): readonly MsRange[] {
  if (gaps.length <= most) return gaps;
  const byLength = gaps.toSorted((one, other) => other.toMs - other.fromMs - (one.toMs - one.fromMs));
  return byLength.slice(0, most).sort((one, other) => one.fromMs - other.fromMs);
}

/** Before the first, between each two, after the last. */
function gapsBetween(times: readonly number[], { fromMs, toMs }: MsRange): readonly number[] {
  const ends = [fromMs, ...times, toMs];
  return ends.slice(1).map((end, index) => Math.max(0, end - (ends[index] ?? end)));
}

function usualGapMs(gaps: readonly number[]): number {
  const between = Float64Array.from(gaps.slice(1, -1)).sort();
  return (between[Math.floor(between.length / 2)] ?? 0) * USUAL_GAP_MEDIANS;
}

/** The share of a stretch of time that is known; 0 of none at all. */
export function knownRatio(knownMs: number, ofMs: number): number {
  return ofMs > 0 ? Math.floor((Math.min(knownMs, ofMs) / ofMs) * RATIO_PARTS) / RATIO_PARTS : 0;
}
/** Rounded down to as many, so that nothing but the whole is 1: a month has some two and a half million seconds. */
const RATIO_PARTS = 1e6;
