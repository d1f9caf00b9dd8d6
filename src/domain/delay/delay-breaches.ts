/** How often the maximum was exceeded, by message and by episode, at least and at most. */

import type { Interval } from '../interval.ts';
import type { DelaySample } from './delay-sample.ts';

/** [K_lo, K_hi] of measurement.md. */
export interface Breaches {
  readonly messages: Interval;
  readonly episodes: Interval;
}

/** What a message can turn out to be; at least one of the three. */
interface Possible {
  readonly breach: boolean;
  /** Delivered, and not even before exclusions late. An excluded breach is no delivery on time, so it ends no episode. */
  readonly onTime: boolean;
  /** Late only by excluded time, or lost or bounced before it was late: it begins no episode and ends none. */
  readonly neither: boolean;
}

/**
 * Samples in the order of acceptance. A message that bounced has no delay, but was a breach if it was under way for too long before.
 * An episode is a run of breaches with no on-time delivery between them.
 */
export function countBreaches(samples: readonly DelaySample[], maximumSeconds: number): Breaches {
  const possibles = samples.map((sample) => possibleOf(sample, maximumSeconds));
  return {
    messages: {
      lo: samples.filter((sample) => exceeds(sample, maximumSeconds)).length,
      hi: possibles.filter(({ breach }) => breach).length,
    },
    episodes: { lo: countEpisodes(possibles, 'fewest'), hi: countEpisodes(possibles, 'most') },
  };
}

/** Whether the maximum was exceeded for sure, outside of exclusions. */
export function exceeds({ stripped }: DelaySample, maximumSeconds: number): boolean {
  return stripped.lo > maximumSeconds;
}

function possibleOf(sample: DelaySample, maximumSeconds: number): Possible {
  const { outcome, raw, stripped } = sample;
  if (exceeds(sample, maximumSeconds)) return { breach: true, onTime: false, neither: false };
  const breach = stripped.hi > maximumSeconds;
  switch (outcome) {
    case 'failed':
    case 'unmeasured':
    case 'lost':
      return { breach, onTime: false, neither: true };
    case 'pending':
      return { breach, onTime: raw.lo <= maximumSeconds, neither: true };
    case 'delivered':
      return { breach, onTime: raw.lo <= maximumSeconds, neither: raw.hi > maximumSeconds };
  }
}

/** The fewest or most episodes that any choice among the possibilities makes, message by message. */
function countEpisodes(possibles: readonly Possible[], which: 'fewest' | 'most'): number {
  const [better, never] =
    which === 'fewest' ? [Math.min, Number.POSITIVE_INFINITY] : [Math.max, Number.NEGATIVE_INFINITY];
  // Episodes so far, if the last message that was on time or a breach was on time (or there is none), or a breach.
  let [outside, inside] = [0, never];
  for (const { breach, onTime, neither } of possibles) {
    const after = neither ? { outside, inside } : { outside: never, inside: never };
    if (onTime) after.outside = better(after.outside, better(outside, inside));
    if (breach) after.inside = better(after.inside, better(outside + 1, inside));
    ({ outside, inside } = after);
  }
  return better(outside, inside);
}
