/** One clause of the report: what the verdict says, and what it rests on. */
import type { AttestedClause, DelayClause, Localised } from '../contract-terms.ts';
import { coverageOf, unusualGaps } from '../delay/coverage.ts';
import { delayExclusions, judgeSamples, soFar } from '../delay/delay-verdict.ts';
import type { MonthFacts } from '../delay/month-facts.ts';
import { type MonthPoint, MonthTracker } from '../delay/month-tracker.ts';
import type { DelaySummary } from '../delay/month-verdict.ts';
import type { Exclusion, ExclusionKind } from '../exclusion.ts';
import type { Interval } from '../interval.ts';
import { seededUniform } from '../pseudo-random.ts';
import { isoText } from '../time/instant.ts';
import type { MsRange } from '../time/span-set.ts';
import {
  type AttestedClauseReport,
  type DelayClauseReport,
  type ExclusionReport,
  finalAtMs,
  type Matter,
  type ReportSummary,
  rangeOf,
} from './report.ts';
import { chartDelays, type DelayChart } from './report-charts.ts';
import { type Figure, figureOf } from './report-evidence.ts';

/** A person states it, and so far there is no way to enter that. */
export function reportAttested({ id, title }: AttestedClause): AttestedClauseReport {
  return { kind: 'attested', id, title, verdict: 'INCONCLUSIVE', remedy: null, reason: ATTESTED };
}
const ATTESTED: Localised = {
  en: 'Attested by a person, not measured; nothing has been entered.',
  zh: '由人陈述，不作测量；尚未录入。',
};

/** The report, and the probes that its chart is drawn from. */
interface TrackedDelay {
  readonly report: DelayClauseReport;
  readonly points: readonly MonthPoint[];
}

export interface JudgedDelay {
  readonly report: DelayClauseReport;
  readonly chart: DelayChart;
}

/** Of one path, so that its probes can go before the next path's are read. */
export function reportDelay(clause: DelayClause, matter: Matter, facts: MonthFacts): JudgedDelay {
  const tracker = trackDelay(clause, matter, facts.exclusions);
  for (const record of facts.records) tracker.take(record);
  const { report, points } = reportTracked(clause, matter, tracker, facts);
  const { month, contract } = matter;
  const { averageMaxSeconds: averageSeconds, maximumSeconds } = clause;
  const gaps = unusualGaps(
    points.map(({ atMs }) => atMs),
    monthSoFar(matter),
  );
  const terms = { clause: clause.id, month, timeZone: contract.timeZone, averageSeconds, maximumSeconds, gaps };
  return { report, chart: chartDelays(points, terms) };
}

/** For the clause's month; the exclusions are those in force for its path. */
export function trackDelay(clause: DelayClause, matter: Matter, exclusions: readonly Exclusion[]): MonthTracker {
  const { provider } = matter;
  return new MonthTracker({
    provider,
    path: clause.path,
    month: rangeOf(matter),
    excluded: delayExclusions(exclusions, provider, clause),
    maximumSeconds: clause.maximumSeconds,
  });
}

/** The clause's report from a tracker that holds all records of the month; `facts` are those it was made with, as of now. */
export function reportTracked(
  clause: DelayClause,
  matter: Matter,
  tracker: MonthTracker,
  facts: Omit<MonthFacts, 'records'>,
): TrackedDelay {
  const { id, title, path, averageMaxSeconds: averageSeconds, maximumSeconds } = clause;
  const { breachesFrom, countedPer, lossesInAverage } = clause;
  const { provider, month, nowMs } = matter;
  const { timeZone } = matter.contract;
  const { fromMs, toMs } = rangeOf(matter);
  const { unmeasured, exclusions, absence } = facts;
  const random = seededUniform(`${provider} ${id} ${month}`);
  const tracked = tracker.samples(absence, nowMs);
  const excluded = delayExclusions(exclusions, provider, clause);
  const judged = judgeSamples({ ...{ clause, month, timeZone, unmeasured, random }, tracked, excluded });
  const { figures } = judged;
  const { verdict, average, maximum } = nowMs < toMs ? soFar(judged) : judged;
  const { messages, episodes } = figures.excluded.breaches;
  const { lo, hi } = countedPer === 'message' ? messages : episodes;
  const left = (times: number): number => Math.max(0, breachesFrom - 1 - times);
  const times = tracked.points.map(({ atMs }) => atMs);
  const report: DelayClauseReport = {
    kind: 'delay',
    id,
    title,
    path,
    verdict,
    verdicts: { average, maximum },
    remedy: verdict === 'BREACH' ? clause.remedy : null,
    figures: {
      ...summaryOf(figures.excluded),
      raw: summaryOf(figures.raw),
      outcomes: figures.outcomes,
      spotChecks: tracked.spotChecks,
      bootstrapAverage: orNull(figures.bootstrapAverage),
    },
    limits: { averageSeconds, maximumSeconds, breachesFrom, countedPer, lossesInAverage },
    breachesLeft: figureOf({ lo: left(hi), hi: left(lo) }),
    coverage: coverageOf(times, figures.outcomes.unmeasured, monthSoFar(matter)),
    excluded: {
      seconds: figures.excludedSeconds,
      entries: exclusionsShown(exclusions, clause.exclusions, fromMs, finalAtMs(matter)),
    },
    breaches: tracked.breaches,
  };
  return { report, points: tracked.points };
}

/** The month as far as it is over. */
function monthSoFar(matter: Matter): MsRange {
  const { fromMs, toMs } = rangeOf(matter);
  return { fromMs, toMs: Math.min(toMs, matter.nowMs) };
}

function summaryOf({ average, conditionalAverage, maximum, breaches, quantiles }: DelaySummary): ReportSummary {
  return {
    average: orNull(average),
    conditionalAverage: orNull(conditionalAverage),
    maximum: orNull(maximum),
    breaches: { messages: figureOf(breaches.messages), episodes: figureOf(breaches.episodes) },
    quantiles:
      quantiles === null
        ? null
        : { p50: figureOf(quantiles.p50), p95: figureOf(quantiles.p95), p99: figureOf(quantiles.p99) },
  };
}

function orNull(figure: Interval | null): Figure | null {
  return figure === null ? null : figureOf(figure);
}

/** Those of the kinds that the clause leaves out and that can bear on the month. */
export function exclusionsShown(
  exclusions: readonly Exclusion[],
  kinds: readonly ExclusionKind[],
  sinceMs: number,
  untilMs: number,
): readonly ExclusionReport[] {
  return exclusions
    .filter(({ kind, fromMs, toMs }) => kinds.includes(kind) && fromMs < untilMs && toMs > sinceMs)
    .map(({ id, kind, path, fromMs, toMs, by, evidence, note }) => {
      return { id, kind, path, from: isoText(fromMs), to: isoText(toMs), by, evidence, note };
    });
}
