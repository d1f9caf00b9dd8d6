/** Time as a row of seconds, each excluded or not: lengths are counted, never subtracted. */

/** A row long enough for any month with this much before and after it. */
const MARGIN = 10 * 86_400;
const LENGTH = 31 * 86_400 + 3600 + 2 * MARGIN;

const FREE = 0;
const EXCLUDED = 1;
const EXCLUDED_AND_COUNTED = 2;

/** One row, wiped after each use: a fresh one of 4 MB per month would be most of the work. */
const row = new Uint8Array(LENGTH);

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface Row {
  /** How many seconds of `[from, to)` are not excluded; 0 if `to` comes first. */
  outside(from: number, to: number): number;
  /** How many seconds of `[from, to)` are excluded. */
  inside(from: number, to: number): number;
  /** The same, walking over the excluded stretches alone: for a whole month. */
  insideMonth(from: number, to: number): number;
}

/** Calls `use` with the row on which `excluded` is marked. `origin` is the month's first second. */
export function withSeconds<T>(origin: number, excluded: readonly Stretch[], use: (row: Row) => T): T {
  const base = origin - MARGIN;
  const clip = (second: number): number => Math.min(Math.max(second - base, 0), LENGTH);
  const count = (from: number, to: number, value: number): number => {
    if (from < to && (from < base || to > base + LENGTH)) throw new RangeError(`[${from}, ${to}) is off the row`);
    let counted = 0;
    for (let index = from - base; index < to - base; index += 1) if (row[index] === value) counted += 1;
    return counted;
  };
  const insideMonth = (from: number, to: number): number => {
    let counted = 0;
    for (const stretch of excluded) {
      const end = Math.min(stretch.to, to) - base;
      for (let index = Math.max(stretch.from, from) - base; index < end; index += 1) {
        if (row[index] === EXCLUDED) counted += 1;
        row[index] = EXCLUDED_AND_COUNTED;
      }
    }
    for (const stretch of excluded) row.fill(EXCLUDED, clip(stretch.from), clip(stretch.to));
    return counted;
  };
  try {
    for (const { from, to } of excluded) row.fill(EXCLUDED, clip(from), clip(to));
    return use({
      outside: (from, to) => count(from, to, FREE),
      inside: (from, to) => count(from, to, EXCLUDED),
      insideMonth,
    });
  } finally {
    for (const { from, to } of excluded) row.fill(FREE, clip(from), clip(to));
  }
}
