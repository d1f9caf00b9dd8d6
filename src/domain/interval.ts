/** Closed intervals of seconds: every figure of the product is one, and holds the truth. */

/** `lo <= hi`, in seconds; `hi` is Infinity while nothing bounds it from above. */
export interface Interval {
  readonly lo: number;
  readonly hi: number;
}

/** Where a figure stands to a limit that may be reached but not exceeded (超过 does not include the number itself). */
export type Standing = 'met' | 'exceeded' | 'indeterminate';

/** Exceeded only if even the lower end is over the limit, met only if even the upper end is not. */
export function standing(figure: Interval, limit: number): Standing {
  if (figure.lo > limit) return 'exceeded';
  return figure.hi <= limit ? 'met' : 'indeterminate';
}

/** Bounds a delay from below by zero: nothing arrives before it was sent, the clocks just cannot tell. */
export function atLeastZero(figure: Interval): Interval {
  return { lo: Math.max(0, figure.lo), hi: Math.max(0, figure.hi) };
}

/** Width in seconds: how much the figure does not know. */
export function width(figure: Interval): number {
  return figure.hi - figure.lo;
}
