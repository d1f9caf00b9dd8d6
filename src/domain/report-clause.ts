/** One clause of the report: what the verdict says, and what it rests on. */
import { monthRange } from './calendar.ts';
import type { AttestedClause, DelayClause, Localised } from './contract-terms.ts';
import { coverageOf, unusualGaps } from './coverage.ts';
import { sampleOf } from './delay-sample.ts';
import { delayExclusions, judgeDelay } from './delay-verdict.ts';
import type { Exclusion, ExclusionKind } from './exclusion.ts';
import type { Interval } from './interval.ts';
import { type MonthFacts, monthInstantMs } from './month-facts.ts';
import type { DelaySummary } from './month-verdict.ts';
import { seededUniform } from './pseudo-random.ts';
import { type Outcome, outcomeOf, type ProbeRecord } from './record.ts';
import {
  type AttestedClauseReport,
  type DelayClauseReport,
  type ExclusionReport,
  finalAtMs,
  isoText,
  type Matter,
  type ReportSummary,
} from './report.ts';
import { chartDelays, type DelayChart, type DelayPoint } from './report-charts.ts';
import { type BreachEvidence, breachOf, type EvidenceTerms, type Figure, figureOf } from './report-evidence.ts';

/** A person states it, and so far there is no way to enter that. */
export function reportAttested({ id, title }: AttestedClause): AttestedClauseReport {
  return { kind: 'attested', id, title, verdict: 'INCONCLUSIVE', remedy: null, reason: ATTESTED };
}
const ATTESTED: Localised = {
  en: 'Attested by a person, not measured; nothing has been entered.',
  zh: '由人陈述，不作测量；尚未录入。',
};

export interface JudgedDelay {
  readonly report: DelayClauseReport;
  readonly chart: DelayChart;
}

/** Of one path, so that its probes can go before the next path's are read. */
export function reportDelay(clause: DelayClause, matter: Matter, facts: MonthFacts): JudgedDelay {
  const { id, title, path, averageMaxSeconds: averageSeconds, maximumSeconds } = clause;
  const { breachesFrom, countedPer, lossesInAverage } = clause;
  const { provider, month, nowMs } = matter;
  const { timeZone } = matter.contract;
  const { fromMs, toMs } = monthRange(month, timeZone);
  const { records, unmeasured, exclusions, absence } = facts;
  const random = seededUniform(`${provider} ${id} ${month}`);
  const which = { clause, provider, month, timeZone };
  const { figures, verdict, average, maximum } = judgeDelay({
    ...which,
    records,
    unmeasured,
    exclusions,
    absence,
    random,
  });
  const excluded = delayExclusions(exclusions, provider, clause);
  const seen = goThrough(records, { absence, excluded, limitSeconds: maximumSeconds, nowMs });
  const { messages, episodes } = figures.excluded.breaches;
  const { lo, hi } = countedPer === 'message' ? messages : episodes;
  const left = (times: number): number => Math.max(0, breachesFrom - 1 - times);
  const times = seen.points.map(({ atMs }) => atMs);
  const soFar = { fromMs, toMs: Math.min(toMs, nowMs) };
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
      spotChecks: seen.spotChecks,
      bootstrapAverage: orNull(figures.bootstrapAverage),
    },
    limits: { averageSeconds, maximumSeconds, breachesFrom, countedPer, lossesInAverage },
    breachesLeft: figureOf({ lo: left(hi), hi: left(lo) }),
    coverage: coverageOf(times, figures.outcomes.unmeasured, soFar),
    excluded: {
      seconds: figures.excludedSeconds,
      entries: exclusionsShown(exclusions, clause.exclusions, fromMs, finalAtMs(matter)),
    },
    breaches: seen.breaches,
  };
  const gaps = unusualGaps(times, soFar);
  const chart = chartDelays(seen.points, { clause: id, month, timeZone, averageSeconds, maximumSeconds, gaps });
  return { report, chart };
}

/** What the report shows of single probes. */
interface Seen {
  readonly spotChecks: Record<Outcome, number>;
  /** The scheduled probes that measured something. */
  readonly points: DelayPoint[];
  readonly breaches: BreachEvidence[];
}

function goThrough(records: Iterable<ProbeRecord>, terms: EvidenceTerms): Seen {
  const seen: Seen = {
    spotChecks: { pending: 0, delivered: 0, failed: 0, lost: 0, unmeasured: 0 },
    points: [],
    breaches: [],
  };
  for (const record of records) {
    const outcome = outcomeOf(record);
    if (record.kind === 'spot') {
      seen.spotChecks[outcome] += 1;
      continue;
    }
    const sample = sampleOf(record, terms.absence, terms.excluded);
    if (outcome !== 'unmeasured')
      seen.points.push({ atMs: monthInstantMs(record), outcome, delay: sample?.stripped ?? null });
    const breach = sample === null ? null : breachOf(record, sample, terms);
    if (breach !== null) seen.breaches.push(breach);
  }
  return seen;
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
