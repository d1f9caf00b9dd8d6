/** The month's verdict on one delay clause of one provider (measurement.md, "Month verdict, per route"). */

import type { DelayClause } from '../contract-terms.ts';
import type { Exclusion } from '../exclusion.ts';
import { type Interval, standing } from '../interval.ts';
import type { Outcome, ProbeRecord } from '../record.ts';
import { daysOf, type Month, monthRange } from '../time/calendar.ts';
import { clip, normalise, type SpanSet, totalMs } from '../time/span-set.ts';
import type { TimelineState } from '../timeline.ts';
import { averageOf, conditionalAverage, type DelaysByFate } from './delay-average.ts';
import { bootstrapAverage } from './delay-bootstrap.ts';
import { countBreaches, exceeds } from './delay-breaches.ts';
import { quantilesOf } from './delay-quantiles.ts';
import type { DelaySample } from './delay-sample.ts';
import { type MonthSamples, MonthTracker } from './month-tracker.ts';
import type { DelayFigures, DelaySummary, DelayVerdict, Verdict } from './month-verdict.ts';

export interface DelayCase {
  readonly clause: DelayClause;
  readonly provider: string;
  readonly month: Month;
  /** The contract's. */
  readonly timeZone: string;
  /** In any order; spot checks, other routes and probes accepted in another month are passed over. */
  readonly records: Iterable<ProbeRecord>;
  /** Slots of the month that passed without a probe. */
  readonly unmeasured: number;
  /** Those in force, also after the month's end: a message accepted in its last minute may wait for days. Others' are passed over. */
  readonly exclusions: Iterable<Exclusion>;
  readonly absence: TimelineState['absence'];
  /** Numbers in [0, 1) for the bootstrap; the same ones give the same verdict. */
  readonly random: () => number;
}

/** What a clause asks of delays. */
export type DelayTerms = Pick<
  DelayClause,
  'averageMaxSeconds' | 'maximumSeconds' | 'breachesFrom' | 'countedPer' | 'lossesInAverage'
>;

/** What a verdict is made of: the month's samples as domain/delay/month-tracker gives them. */
export interface SampledCase extends Pick<DelayCase, 'clause' | 'month' | 'timeZone' | 'unmeasured' | 'random'> {
  readonly tracked: Pick<MonthSamples, 'samples' | 'outcomes'>;
  readonly excluded: SpanSet;
}

/** From the records themselves, gone through once. */
export function judgeDelay(given: DelayCase): DelayVerdict {
  const { clause, provider, records, absence } = given;
  const { path, maximumSeconds } = clause;
  const month = monthRange(given.month, given.timeZone);
  const excluded = delayExclusions(given.exclusions, provider, clause);
  const tracker = new MonthTracker({ provider, path, month, excluded, maximumSeconds });
  for (const record of records) tracker.take(record);
  // Only what is shown of a breach depends on the time.
  return judgeSamples({ ...given, tracked: tracker.samples(absence, Number.NEGATIVE_INFINITY), excluded });
}

/** The one evaluation of a month's delays. */
export function judgeSamples(given: SampledCase): DelayVerdict {
  const { clause, tracked, excluded, unmeasured } = given;
  const { samples, outcomes } = tracked;
  const summary = summarise(samples, clause);
  const figures: DelayFigures = {
    outcomes: { ...outcomes, unmeasured: outcomes.unmeasured + unmeasured },
    excluded: summary,
    raw: excluded.length === 0 ? summary : summarise(samples.map(unstripped), clause),
    excludedSeconds: totalMs(clip(excluded, monthRange(given.month, given.timeZone))) / 1000,
    bootstrapAverage: bootstrap(samples, summary.average, clause, given),
  };
  return { ...judge(summary, clause), figures };
}

function unstripped(sample: DelaySample): DelaySample {
  return { ...sample, stripped: sample.raw };
}

/** Samples of one month in the order of acceptance, judged after exclusions. */
export function summarise(samples: readonly DelaySample[], terms: DelayTerms): DelaySummary {
  const delays = byFate(samples);
  return {
    conditionalAverage: conditionalAverage(delays),
    average: averageOf(delays, terms.lossesInAverage),
    maximum: maximumOf(samples, terms.maximumSeconds),
    breaches: countBreaches(samples, terms.maximumSeconds),
    quantiles: quantilesOf(delays),
  };
}

/**
 * Before the month is over its average is no breach, whatever it is so far: mail to come may yet bring it down. A breach of the maximum
 * stays one.
 */
export function soFar({ average, maximum }: Pick<DelayVerdict, 'average' | 'maximum'>): Omit<DelayVerdict, 'figures'> {
  const open = average === 'BREACH' ? 'INCONCLUSIVE' : average;
  return { average: open, maximum, verdict: both(open, maximum) };
}

/** Where the figures stand to the limits. Without a message that was accepted and has not failed nothing is met. */
export function judge(summary: DelaySummary, terms: DelayTerms): Omit<DelayVerdict, 'figures'> {
  const breaches = terms.countedPer === 'message' ? summary.breaches.messages : summary.breaches.episodes;
  const counted = verdictOf(breaches, terms.breachesFrom - 1);
  if (summary.average === null) {
    const maximum = counted === 'BREACH' ? 'BREACH' : 'INCONCLUSIVE';
    return { average: 'INCONCLUSIVE', maximum, verdict: maximum };
  }
  const average = verdictOf(summary.average, terms.averageMaxSeconds);
  return { average, maximum: counted, verdict: both(average, counted) };
}

function verdictOf(figure: Interval, limit: number): Verdict {
  return ({ exceeded: 'BREACH', met: 'MET', indeterminate: 'INCONCLUSIVE' } as const)[standing(figure, limit)];
}

function both(one: Verdict, other: Verdict): Verdict {
  if (one === 'BREACH' || other === 'BREACH') return 'BREACH';
  return one === 'MET' && other === 'MET' ? 'MET' : 'INCONCLUSIVE';
}

/** What the clause leaves out of the delays of its path. */
export function delayExclusions(
  exclusions: Iterable<Exclusion>,
  provider: string,
  { path, exclusions: kinds }: Pick<DelayClause, 'path' | 'exclusions'>,
): SpanSet {
  return normalise(
    [...exclusions].filter(
      (each) => each.provider === provider && (each.path === null || each.path === path) && kinds.includes(each.kind),
    ),
  );
}

/** D and P of measurement.md. Those that failed or were never measured are in neither. */
function byFate(samples: readonly DelaySample[]): DelaysByFate {
  const of = (fate: Outcome) => samples.filter(({ outcome }) => outcome === fate).map(({ stripped }) => stripped);
  return { delivered: of('delivered'), lost: of('lost'), pending: of('pending') };
}

/**
 * The largest delay. A pending message that is not yet a breach may bounce, and a bounced one counts only if it was a breach:
 * such bound the largest from below only if there are no others.
 */
function maximumOf(samples: readonly DelaySample[], maximumSeconds: number): Interval | null {
  const [certain, possible]: [Interval[], Interval[]] = [[], []];
  for (const sample of samples) {
    const { outcome, stripped } = sample;
    if (outcome === 'delivered' || outcome === 'lost' || exceeds(sample, maximumSeconds)) certain.push(stripped);
    else if (outcome === 'pending' || stripped.hi > maximumSeconds) possible.push(stripped);
  }
  const all = [...certain, ...possible];
  if (all.length === 0) return null;
  const lo =
    certain.length > 0
      ? certain.reduce((most, each) => Math.max(most, each.lo), 0)
      : possible.reduce((least, each) => Math.min(least, each.lo), Number.POSITIVE_INFINITY);
  return { lo, hi: all.reduce((most, each) => Math.max(most, each.hi), 0) };
}

/** Over the messages that are in the average for sure; as open above as the average itself, and no tighter below. */
function bootstrap(
  samples: readonly DelaySample[],
  average: Interval | null,
  { lossesInAverage }: DelayTerms,
  { month, timeZone, random }: SampledCase,
): Interval | null {
  const sure = samples.filter(({ outcome }) => outcome === 'delivered' || (lossesInAverage && outcome === 'lost'));
  const dated = sure.map(({ acceptedMs, stripped }) => ({ acceptedMs, delay: stripped }));
  const drawn = bootstrapAverage(dated, daysOf(month, timeZone), random);
  if (drawn === null || average === null) return null;
  return { lo: Math.min(drawn.lo, average.lo), hi: Math.max(drawn.hi, average.hi) };
}
