/** How much of a month was measured: what stands beside every figure, since missing data speaks for nobody. */

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
export function coverageOf(
  times: readonly number[],
  unmeasured: number,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Coverage {
  const ends = [fromMs, ...times, toMs];
  const gaps = ends.slice(1).map((end, index) => Math.max(0, end - (ends[index] ?? end)));
  const between = Float64Array.from(gaps.slice(1, -1)).sort();
  const usualMs = (between[Math.floor(between.length / 2)] ?? 0) * USUAL_GAP_MEDIANS;
  const coveredMs = gaps.reduce((sum, gap) => sum + (gap <= usualMs ? gap : 0), 0);
  return {
    measured: times.length,
    unmeasured,
    ratio:
      toMs > fromMs
        ? Math.floor((Math.min(coveredMs, toMs - fromMs) / (toMs - fromMs)) * RATIO_PARTS) / RATIO_PARTS
        : 0,
    longestGapSeconds: gaps.reduce((longest, gap) => Math.max(longest, gap), 0) / 1000,
  };
}
/** A month has some two and a half million seconds. */
const RATIO_PARTS = 1e6;
