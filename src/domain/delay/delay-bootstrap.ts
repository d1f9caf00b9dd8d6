/** How far the average of the probes speaks for all mail: whole days drawn again and again (a block bootstrap). */

import type { Interval } from '../interval.ts';
import type { MsRange } from '../time/span-set.ts';
import { meanOf, sumMicros } from './delay-average.ts';

/** A bound drawn from fewer days than a week has says nothing of the week's rhythm. */
const DAYS_MIN = 7;
/** The ends of a 95% interval then rest on 25 draws each. */
const DRAWS = 1000;
const TAIL_PERCENT = 2.5;

export interface Dated {
  readonly acceptedMs: number;
  readonly delay: Interval;
}

/**
 * The 95% interval of the mean, by drawing as many days with replacement as there are with a message. Null with fewer than 7.
 * Mail of one day suffers together, so days are drawn and not messages. Samples and days in order; `uniform` gives [0, 1).
 */
export function bootstrapAverage(
  samples: readonly Dated[],
  days: readonly MsRange[],
  uniform: () => number,
): Interval | null {
  const blocks = blocksOf(samples, days);
  if (blocks.length < DAYS_MIN) return null;
  const means: { readonly lo: number[]; readonly hi: number[] } = { lo: [], hi: [] };
  for (let draw = 0; draw < DRAWS; draw += 1) {
    let [count, lo, hi] = [0, 0, 0];
    for (let pick = 0; pick < blocks.length; pick += 1) {
      const block = blocks[Math.floor(uniform() * blocks.length)];
      if (block === undefined) throw new RangeError('uniform must give numbers in [0, 1)');
      count += block.count;
      lo += block.loMicros;
      hi += block.hiMicros;
    }
    means.lo.push(meanOf(lo, count));
    means.hi.push(meanOf(hi, count));
  }
  return { lo: nthLeast(means.lo, TAIL_PERCENT), hi: nthLeast(means.hi, 100 - TAIL_PERCENT) };
}

interface Block {
  readonly count: number;
  readonly loMicros: number;
  readonly hiMicros: number;
}

/** The days that have a message. */
function blocksOf(samples: readonly Dated[], days: readonly MsRange[]): readonly Block[] {
  const blocks: Block[] = [];
  let next = 0;
  for (const { toMs } of days) {
    const first = next;
    while ((samples[next]?.acceptedMs ?? Number.POSITIVE_INFINITY) < toMs) next += 1;
    const day = samples.slice(first, next).map(({ delay }) => delay);
    if (day.length === 0) continue;
    blocks.push({
      count: day.length,
      loMicros: sumMicros(day.map(({ lo }) => lo)),
      hiMicros: sumMicros(day.map(({ hi }) => hi)),
    });
  }
  return blocks;
}

function nthLeast(values: readonly number[], percent: number): number {
  const ordered = Float64Array.from(values).sort();
  return ordered[Math.ceil((percent * ordered.length) / 100) - 1] ?? Number.NaN;
}
