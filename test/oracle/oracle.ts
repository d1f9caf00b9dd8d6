/** The delay clause judged straight from its definition (measurement.md, "Month verdict"), every possibility tried. */
import type { DelayClause } from '../../src/domain/contract-terms.ts';
import type { Verdict } from '../../src/domain/delay/month-verdict.ts';
import type { Interval } from '../../src/domain/interval.ts';
import {
  type Answer,
  COMBINATIONS_MAX,
  type Counts,
  countAll,
  countReachable,
  leastOfAll,
  leastOfSmallest,
  type Question,
} from './brute-force.ts';

/** Up to this many missing messages every subset of them is tried. */
const SUBSETS_OF_MAX = 7;

/** One message's part in the figures: its delay after exclusions, or as it was for the raw figures. */
export interface Sample extends Interval {
  /** Before exclusions. */
  readonly raw: Interval;
  readonly fate: 'delivered' | 'pending' | 'lost' | 'bounced';
}

export interface Figures {
  readonly conditionalAverage: Interval | null;
  readonly average: Interval | null;
  readonly maximum: Interval | null;
  readonly breaches: Counts;
  readonly quantiles: { readonly p50: Interval; readonly p95: Interval; readonly p99: Interval } | null;
}

export interface Judgement {
  readonly average: Verdict;
  readonly maximum: Verdict;
  readonly verdict: Verdict;
}

/** `samples` in the order of acceptance. */
export function figuresOf(samples: readonly Sample[], clause: DelayClause): Figures {
  const questions = samples.map((sample) => questionOf(sample, clause.maximumSeconds));
  const combinations = questions.reduce((product, question) => product * question.length, 1);
  const delivered = samples.filter(({ fate }) => fate === 'delivered');
  const timed = samples.filter(({ fate }) => fate !== 'bounced');
  return {
    conditionalAverage: delivered.length === 0 ? null : bothEnds((end) => mean(delivered.map(end))),
    average: timed.length === 0 ? null : averageOf(timed, clause),
    maximum: maximumOf(samples, clause.maximumSeconds),
    breaches: combinations <= COMBINATIONS_MAX ? countAll(questions) : countReachable(questions),
    quantiles:
      timed.length === 0
        ? null
        : { p50: quantileOf(timed, 50), p95: quantileOf(timed, 95), p99: quantileOf(timed, 99) },
  };
}

/**
 * What a message may turn out to be. Only what is delivered can be an on-time delivery, what is pending may yet be lost or bounce.
 * One that is late but for its exclusions is excused, yet not on time: else an exclusion could part one episode into two.
 */
function questionOf({ lo, hi, raw, fate }: Sample, limit: number): Question {
  if (lo > limit) return ['breach'];
  const question: Answer[] = hi > limit ? ['breach'] : [];
  const arrives = fate === 'delivered' || fate === 'pending';
  if (arrives && raw.lo <= limit) question.push('on-time');
  const excused = (raw.lo !== lo || raw.hi !== hi) && raw.hi > limit;
  if (fate !== 'delivered' || excused) question.push('nothing');
  return question;
}

/** The largest delay. A bounce is one only if it was a breach before, so what is pending or bounced may yet prove to be none. */
function maximumOf(samples: readonly Sample[], limit: number): Interval | null {
  const possible = samples.filter(({ hi, fate }) => fate !== 'bounced' || hi > limit);
  if (possible.length === 0) return null;
  const open = ({ lo, fate }: Sample): boolean => lo <= limit && (fate === 'pending' || fate === 'bounced');
  return { lo: least(possible, open, (values) => Math.max(...values)), hi: Math.max(...possible.map(({ hi }) => hi)) };
}

/**
 * From below, whatever becomes of what is missing: what is pending may bounce yet and is then no delay, what is lost is left out
 * or not as the clause says. From above nothing bounds it while something that counts is missing.
 */
function averageOf(samples: readonly Sample[], { lossesInAverage }: DelayClause): Interval {
  const delivered = samples.filter(({ fate }) => fate === 'delivered');
  const open = ({ fate }: Sample): boolean => fate === 'pending' || (fate === 'lost' && !lossesInAverage);
  const blocked = samples.some(({ fate }) => fate === 'pending' || (fate === 'lost' && lossesInAverage));
  const hi = blocked || delivered.length === 0 ? Number.POSITIVE_INFINITY : mean(delivered.map((sample) => sample.hi));
  // If all of it may come to nothing there may be no average at all.
  return { lo: samples.every(open) ? 0 : least(samples, open, mean), hi };
}

/** By the nearest rank: the smallest value that at least `percent` of all do not exceed. What is missing may be infinite. */
function quantileOf(samples: readonly Sample[], percent: number): Interval {
  const quantile = (values: readonly number[]): number => {
    const inOrder = values.toSorted((a, b) => a - b);
    return inOrder.find((_, index) => (index + 1) * 100 >= percent * inOrder.length) ?? Number.NaN;
  };
  const highs = samples.map(({ hi, fate }) => (fate === 'delivered' ? hi : Number.POSITIVE_INFINITY));
  return { lo: least(samples, ({ fate }) => fate === 'pending', quantile), hi: quantile(highs) };
}

/** The least of `figure` over the lower ends, with any of the `open` ones left out. */
function least(
  samples: readonly Sample[],
  open: (sample: Sample) => boolean,
  figure: (values: readonly number[]) => number,
): number {
  const lows = (chosen: readonly Sample[]): readonly number[] => chosen.map(({ lo }) => lo);
  const sure = lows(samples.filter((sample) => !open(sample)));
  const maybe = lows(samples.filter(open));
  return maybe.length <= SUBSETS_OF_MAX ? leastOfAll(sure, maybe, figure) : leastOfSmallest(sure, maybe, figure);
}

export function judgementOf(figures: Figures, clause: DelayClause): Judgement {
  const average = averageVerdict(figures.average, clause.averageMaxSeconds);
  const counted = clause.countedPer === 'message' ? figures.breaches.messages : figures.breaches.episodes;
  const maximum = maximumVerdict(counted, clause.breachesFrom, figures.average !== null);
  const both: readonly Verdict[] = [average, maximum];
  if (both.includes('BREACH')) return { average, maximum, verdict: 'BREACH' };
  return { average, maximum, verdict: both.includes('INCONCLUSIVE') ? 'INCONCLUSIVE' : 'MET' };
}

function averageVerdict(average: Interval | null, limit: number): Verdict {
  if (average === null) return 'INCONCLUSIVE';
  if (average.lo > limit) return 'BREACH';
  return average.hi <= limit ? 'MET' : 'INCONCLUSIVE';
}

/** With nothing delivered, pending or lost there is nothing that kept the limit, whatever a count of none may say. */
function maximumVerdict(times: Interval, from: number, measured: boolean): Verdict {
  if (times.lo >= from) return 'BREACH';
  return measured && times.hi <= from - 1 ? 'MET' : 'INCONCLUSIVE';
}

function bothEnds(of: (end: (sample: Sample) => number) => number): Interval {
  return { lo: of(({ lo }) => lo), hi: of(({ hi }) => hi) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
