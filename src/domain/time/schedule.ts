/** When the next probe is due: a Poisson stream with a floor and a ceiling, so that no schedule can be foreseen or resonate. */

/** Seconds. */
export interface Gaps {
  readonly every: number;
  readonly minGap: number;
  readonly maxGap: number;
}

/**
 * Seconds to the next slot: `minGap` and an exponential of mean `every - minGap` on top, at most `maxGap`.
 * `uniform` is in [0, 1). The ceiling cuts the mean short of `every` by exp(-(maxGap - minGap) / (every - minGap)) of the exponential's part.
 */
export function nextGapSeconds(uniform: number, { every, minGap, maxGap }: Gaps): number {
  const exponential = -Math.log1p(-uniform) * Math.max(0, every - minGap);
  return Math.min(minGap + exponential, maxGap);
}
