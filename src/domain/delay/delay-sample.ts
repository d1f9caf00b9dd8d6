/** One message's part in the month's verdict: its delay before and after exclusions, as bounds on the truth. */

import type { Interval } from '../interval.ts';
import type { Outcome, ProbeRecord } from '../record.ts';
import { type Instant, isClockSettled, shift, spanBetween } from '../time/instant.ts';
import { clip, overlapMs, type SpanSet, totalMs } from '../time/span-set.ts';
import type { TimelineState } from '../timeline.ts';
import { assess, boundsOf, type DelayBounds, type Stretch, spanOf, untilBounce } from './delay.ts';
import { monthInstantMs } from './month-facts.ts';

/** A message that was accepted; seconds, `hi` is Infinity while nothing bounds it. */
export interface DelaySample {
  readonly id: string;
  /** Wall time that orders messages and assigns months and days. */
  readonly acceptedMs: number;
  readonly outcome: Outcome;
  /** From acceptance to emergence. */
  readonly raw: Interval;
  /** The part of it that lies outside the exclusions; nowhere above `raw`. */
  readonly stripped: Interval;
}

const ANYTHING: Interval = { lo: 0, hi: Number.POSITIVE_INFINITY };

/**
 * Null for one that was refused or never handed over: it has no delay. One whose handover is not known yet may have been
 * accepted already, so its delay may be anything.
 * One that bounced has none either, but it may have been a breach before: it was under way until the bounce.
 */
export function sampleOf(
  record: ProbeRecord,
  absence: TimelineState['absence'],
  excluded: SpanSet,
): DelaySample | null {
  const { outcome, delay } = assess(record, absence);
  if (outcome === 'pending' && delay === null) {
    return { id: record.id, acceptedMs: monthInstantMs(record), outcome, raw: ANYTHING, stripped: ANYTHING };
  }
  const bounds = boundsOf(record, absence);
  if (delay === null || bounds === null) return null;
  if (outcome === 'failed' && record.notice?.action !== 'failed') return null;
  const longest = bounds.longest ?? untilBounce(record);
  const hi = longest === null ? Number.POSITIVE_INFINITY : Math.max(0, spanOf(longest).hi);
  const raw = { lo: Math.min(delay.lo, hi), hi };
  const stripped = excluded.length === 0 ? raw : strip(raw, { shortest: bounds.shortest, longest }, excluded);
  return { id: record.id, acceptedMs: monthInstantMs(record), outcome, raw, stripped };
}

/**
 * What is left of a delay grows with the time it spans, so the least is what is left of its shortest stretch and the most
 * what is left of its longest. Length comes from the monotonic clock, as ever; the wall clock only says where exclusions fall, and
 * until it is set they may fall anywhere, or beside it.
 */
function strip(raw: Interval, { shortest, longest }: Omit<DelayBounds, 'flags'>, excluded: SpanSet): Interval {
  const hi =
    longest === null || !isPlaced(longest)
      ? raw.hi
      : Math.max(0, raw.hi - coveredSeconds(longest, excluded, -wallErrorMs(longest)));
  return { lo: Math.min(raw.lo, shortest === null ? 0 : leastLeft(shortest, excluded), hi), hi };
}

function isPlaced({ from, to }: Stretch): boolean {
  return from.boot === to.boot || (isClockSettled(from) && isClockSettled(to));
}

/**
 * Seconds. Also tried are the ends at which each exclusion begins: what was left by then does not shrink while it lasts,
 * though the clock's error over it would say so, and take back a breach that was proven before.
 */
function leastLeft(shortest: Stretch, excluded: SpanSet): number {
  if (!isPlaced(shortest)) return Math.max(0, spanOf(shortest).lo - totalMs(excluded) / 1000);
  // Nor can be said where on a wall clock that went back over a reboot it lies.
  if (spanBetween(shortest.from, shortest.to).lo <= 0) return 0;
  const error = wallErrorMs(shortest);
  const left = (end: Instant) =>
    spanBetween(shortest.from, end).lo - coveredSeconds({ from: shortest.from, to: end }, excluded, error);
  const window = { fromMs: shortest.from.wallMs, toMs: shortest.to.wallMs + error };
  const ends = clip(excluded, window).map(({ fromMs }) => shift(shortest.to, fromMs - window.toMs));
  return Math.max(0, ...[shortest.to, ...ends].map(left));
}

/** How much of a stretch is excluded if it is longer at either end by so much, shorter if negative. */
function coveredSeconds({ from, to }: Pick<Stretch, 'from' | 'to'>, excluded: SpanSet, errorMs: number): number {
  return overlapMs(excluded, { fromMs: from.wallMs - errorMs, toMs: to.wallMs + errorMs }) / 1000;
}

/** Milliseconds: wall time is read in whole ones. */
const WALL_RESOLUTION_MS = 1;

/** By how much the wall clock may have been wrong at either end: by all that it moved against the monotonic clock in between. */
function wallErrorMs({ from, to }: Stretch): number {
  const wall = to.wallMs - from.wallMs;
  if (from.boot !== to.boot) {
    const { lo, hi } = spanBetween(from, to);
    return ((hi - lo) / 2) * 1000 + WALL_RESOLUTION_MS;
  }
  const measured = (to.monoUs - from.monoUs) / 1000 + (to.suspendedMs - from.suspendedMs);
  return Math.abs(wall - measured) + WALL_RESOLUTION_MS;
}
