/** Holds the domain's verdict on a scene against the oracle's, figure by figure, and both against what really happened. */
import { judgeDelay } from '../../src/domain/delay/delay-verdict.ts';
import type { DelaySummary, DelayVerdict } from '../../src/domain/delay/month-verdict.ts';
import type { Interval } from '../../src/domain/interval.ts';
import { OUTCOMES } from '../../src/domain/record.ts';
import { type Answer, episodesIn } from './brute-force.ts';
import { caseOf } from './domain-view.ts';
import { type Figures, figuresOf, type Judgement, judgementOf, type Sample } from './oracle.ts';
import type { Scene } from './scene.ts';
import { type Sighting, type Sightings, sightingsOf } from './sighting.ts';

export interface Comparison {
  /** Each a sentence; none if all agrees. */
  readonly disagreements: readonly string[];
  readonly domain: DelayVerdict;
  /** As it would be had the clocks been perfect. */
  readonly perfect: Judgement;
}

/** Relative, for sums taken in another order. */
const TOLERANCE = 1e-9;
/** Seconds: an average may be given in whole microseconds. */
const AVERAGE_ERROR = 0.5e-6 + TOLERANCE;

export function compare(scene: Scene, sightings: Sightings = sightingsOf(scene)): Comparison {
  const { clause } = scene;
  const domain = judgeDelay(caseOf(scene));
  const figures = (clocks: keyof typeof ROUNDED_BY, which: 'raw' | 'stripped'): Figures =>
    rounded(figuresOf(samplesOf(sightings, clocks, which), clause), ROUNDED_BY[clocks]);
  const perfect = judgementOf(figures('perfect', 'stripped'), clause);
  const [least, most] = [figures('least', 'stripped'), figures('most', 'stripped')];
  const disagreements = [
    ...OUTCOMES.flatMap((outcome) =>
      domain.figures.outcomes[outcome] === sightings.outcomes[outcome]
        ? []
        : [`${outcome}: domain ${domain.figures.outcomes[outcome]}, oracle ${sightings.outcomes[outcome]}`],
    ),
    ...(Math.abs(domain.figures.excludedSeconds - sightings.excludedSeconds) < TOLERANCE
      ? []
      : [`excludedSeconds: domain ${domain.figures.excludedSeconds}, oracle ${sightings.excludedSeconds}`]),
    ...summaryDisagreements('raw', domain.figures.raw, figures('least', 'raw'), figures('most', 'raw')),
    ...summaryDisagreements('excluded', domain.figures.excluded, least, most),
    ...judgementDisagreements(domain, judgementOf(least, clause), judgementOf(most, clause)),
    ...contradictions(domain, perfect),
    ...untruths(scene, sightings, domain),
  ];
  return { disagreements, domain, perfect };
}

const ROUNDED_BY = { perfect: 0, least: -AVERAGE_ERROR, most: AVERAGE_ERROR };

/** With the averages wider, or narrower, by what rounding may do to them. */
function rounded(figures: Figures, by: number): Figures {
  const round = (average: Interval | null): Interval | null =>
    average && { lo: Math.max(0, average.lo - by), hi: average.hi + by };
  return { ...figures, average: round(figures.average), conditionalAverage: round(figures.conditionalAverage) };
}

function samplesOf(
  { sightings }: Sightings,
  clocks: 'perfect' | 'least' | 'most',
  which: 'raw' | 'stripped',
): readonly Sample[] {
  return sightings.map(({ fate, [clocks]: bounds }: Sighting) => ({ fate, raw: bounds.raw, ...bounds[which] }));
}

function summaryDisagreements(name: string, domain: DelaySummary, least: Figures, most: Figures): readonly string[] {
  const rows: readonly (readonly [string, Interval | null, Interval | null, Interval | null])[] = [
    ['conditionalAverage', domain.conditionalAverage, least.conditionalAverage, most.conditionalAverage],
    ['average', domain.average, least.average, most.average],
    ['maximum', domain.maximum, least.maximum, most.maximum],
    ['messages', domain.breaches.messages, least.breaches.messages, most.breaches.messages],
    ['episodes', domain.breaches.episodes, least.breaches.episodes, most.breaches.episodes],
    ['p50', domain.quantiles?.p50 ?? null, least.quantiles?.p50 ?? null, most.quantiles?.p50 ?? null],
    ['p95', domain.quantiles?.p95 ?? null, least.quantiles?.p95 ?? null, most.quantiles?.p95 ?? null],
    ['p99', domain.quantiles?.p99 ?? null, least.quantiles?.p99 ?? null, most.quantiles?.p99 ?? null],
  ];
  return rows.flatMap(([figure, ours, from, to]) =>
    agrees(ours, from, to) ? [] : [`${name}.${figure}: domain ${show(ours)}, oracle ${show(from)} to ${show(to)}`],
  );
}

/** Whether `ours` holds `least` and is held by `most`, which alone may have a figure where a bounce was a breach only perhaps. */
function agrees(ours: Interval | null, least: Interval | null, most: Interval | null): boolean {
  if (ours === null) return least === null;
  if (most === null || ours.lo > ours.hi) return false;
  const inner = least ?? ours;
  return between(most.lo, ours.lo, inner.lo) && between(inner.hi, ours.hi, most.hi);
}

function between(low: number, value: number, high: number): boolean {
  const slack = (limit: number): number => (Number.isFinite(limit) ? TOLERANCE * Math.max(1, Math.abs(limit)) : 0);
  return value >= low - slack(low) && value <= high + slack(high);
}

const JUDGEMENTS = ['average', 'maximum', 'verdict'] as const;

function judgementDisagreements(domain: Judgement, least: Judgement, most: Judgement): readonly string[] {
  return JUDGEMENTS.flatMap((name) =>
    domain[name] === least[name] || domain[name] === most[name]
      ? []
      : [`${name}: domain ${domain[name]}, oracle ${least[name]} or ${most[name]}`],
  );
}

/** What perfect clocks would leave open or decide otherwise, poorer ones may not decide. */
function contradictions(domain: Judgement, perfect: Judgement): readonly string[] {
  return JUDGEMENTS.flatMap((name) =>
    domain[name] === 'INCONCLUSIVE' || domain[name] === perfect[name]
      ? []
      : [`${name}: domain ${domain[name]}, perfect clocks ${perfect[name]}`],
  );
}

/** What really happened must lie within the figures, and no verdict may deny it. */
function untruths(scene: Scene, { sightings, truths }: Sightings, domain: DelayVerdict): readonly string[] {
  const { clause } = scene;
  const accepted = sightings.flatMap((sighting) => {
    const truth = truths.get(sighting.id);
    return truth === undefined ? [] : [{ ...sighting, raw: truth.raw, delay: truth.stripped }];
  });
  const late = accepted.map(({ fate, raw, delay }): Answer => {
    if (delay > clause.maximumSeconds) return 'breach';
    if (raw > clause.maximumSeconds) return 'nothing';
    return fate === 'delivered' || fate === 'pending' ? 'on-time' : 'nothing';
  });
  const messages = late.filter((answer) => answer === 'breach').length;
  const episodes = episodesIn(late);
  const averaged = accepted.filter(
    ({ fate, delay }) => fate !== 'bounced' && (clause.lossesInAverage || (fate !== 'lost' && Number.isFinite(delay))),
  );
  const average = averaged.reduce((sum, { delay }) => sum + delay, 0) / averaged.length;
  const { breaches, average: bounds } = domain.figures.excluded;
  const counted = clause.countedPer === 'message' ? messages : episodes;
  const problems: string[] = [];
  const holds = (name: string, range: Interval | null, value: number): void => {
    if (range === null || !between(range.lo, value, range.hi))
      problems.push(`${name} ${show(range)} misses the true ${value}`);
  };
  holds('messages', breaches.messages, messages);
  holds('episodes', breaches.episodes, episodes);
  if (averaged.length > 0) holds('average', bounds, average);
  const denied = (name: string, verdict: string, kept: boolean): void => {
    if (verdict === (kept ? 'BREACH' : 'MET'))
      problems.push(`${name} is ${verdict}, in truth it was ${kept ? 'kept' : 'missed'}`);
  };
  denied('maximum', domain.maximum, counted < clause.breachesFrom);
  if (averaged.length > 0) denied('average', domain.average, average <= clause.averageMaxSeconds);
  return problems;
}

function show(interval: Interval | null): string {
  return interval === null ? 'none' : `[${interval.lo}, ${interval.hi}]`;
}
