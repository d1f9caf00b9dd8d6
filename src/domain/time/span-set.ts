/** Sets of wall time: which milliseconds are in, as half-open ranges, and the algebra of such sets. */

/** `[fromMs, toMs)`, milliseconds since the epoch. */
export interface MsRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** In order, none empty, no two that touch: equal sets are equal lists. */
export type SpanSet = readonly MsRange[];

/** The set of all that any of the ranges holds; empty and inverted ones hold nothing. */
export function normalise(ranges: Iterable<MsRange>): SpanSet {
  const ordered = [...ranges]
    .filter(({ fromMs, toMs }) => fromMs < toMs)
    .sort((one, other) => one.fromMs - other.fromMs);
  const set: MsRange[] = [];
  for (const { fromMs, toMs } of ordered) {
    const last = set.at(-1);
    if (last === undefined || last.toMs < fromMs) set.push({ fromMs, toMs });
    else set[set.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, toMs) };
  }
  return set;
}

export function union(one: SpanSet, other: SpanSet): SpanSet {
  return normalise([...one, ...other]);
}

export function intersect(one: SpanSet, other: SpanSet): SpanSet {
  const set: MsRange[] = [];
  let [i, j] = [0, 0];
  for (let a = one[i], b = other[j]; a !== undefined && b !== undefined; a = one[i], b = other[j]) {
    const fromMs = Math.max(a.fromMs, b.fromMs);
    const toMs = Math.min(a.toMs, b.toMs);
    if (fromMs < toMs) set.push({ fromMs, toMs });
    if (a.toMs < b.toMs) i += 1;
    else j += 1;
  }
  return set;
}

/** What is in `one` and not in `other`. */
export function subtract(one: SpanSet, other: SpanSet): SpanSet {
  const gaps: MsRange[] = [];
  let fromMs = Number.NEGATIVE_INFINITY;
  for (const range of other) {
    gaps.push({ fromMs, toMs: range.fromMs });
    fromMs = range.toMs;
  }
  return intersect(one, [...gaps, { fromMs, toMs: Number.POSITIVE_INFINITY }]);
}

/** The part of a set that lies in a range. */
export function clip(set: SpanSet, range: MsRange): SpanSet {
  return intersect(set, normalise([range]));
}

/** Milliseconds in the set. */
export function totalMs(set: SpanSet): number {
  return set.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs), 0);
}

/** Milliseconds of a range that are in the set, found without looking at what lies before it. */
export function overlapMs(set: SpanSet, { fromMs, toMs }: MsRange): number {
  let [low, high] = [0, set.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((set[middle]?.toMs ?? 0) > fromMs) high = middle;
    else low = middle + 1;
  }
  let sum = 0;
  for (let range = set[low]; range !== undefined && range.fromMs < toMs; range = set[low]) {
    sum += Math.min(range.toMs, toMs) - Math.max(range.fromMs, fromMs);
    low += 1;
  }
  return Math.max(0, sum);
}
