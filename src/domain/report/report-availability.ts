/** The clauses on availability in the report: what the verdict says, and the outages that it rests on. */
import { type DownBounds, type Downtime, measureDowntime } from '../availability/downtime.ts';
import type { AvailabilityFacts } from '../availability/facts.ts';
import { type Outage, outagesOf } from '../availability/outages.ts';
import { allowedMs, availabilityOf, judgeConnectivity, judgeOperations } from '../availability/verdict.ts';
import { faultyDays } from '../availability/year.ts';
import type { ConnectivityClause, OperationsClause } from '../contract-terms.ts';
import { knownRatio } from '../delay/coverage.ts';
import type { Exclusion, ExclusionKind } from '../exclusion.ts';
import { daysOf } from '../time/calendar.ts';
import { isoText } from '../time/instant.ts';
import { clip, type MsRange, normalise, totalMs } from '../time/span-set.ts';
import {
  type AvailabilityCoverage,
  type ConnectivityClauseReport,
  type DowntimeFigures,
  type ExcludedTime,
  type Matter,
  type OperationsClauseReport,
  type OutageReport,
  rangeOf,
} from './report.ts';
import { exclusionsShown } from './report-clause.ts';
import { type Figure, figureOf } from './report-evidence.ts';

export function reportConnectivity(
  clause: ConnectivityClause,
  matter: Matter,
  facts: AvailabilityFacts,
): ConnectivityClauseReport {
  const { id, title, downUnderSeconds, availabilityMin, denominator } = clause;
  const time = downtimeOf(clause, matter, facts);
  const { verdict, downtime, availability } = judgeConnectivity(clause, time);
  return {
    kind: 'connectivity',
    id,
    title,
    verdict,
    verdicts: { downtime, availability },
    remedy: verdict === 'BREACH' ? clause.remedy : null,
    figures: figuresOf(time),
    limits: { downUnderSeconds, availabilityMin, denominator },
    downtimeLeftSeconds: leftOf(Math.min(downUnderSeconds, allowedMs(time.ofMs, availabilityMin) / 1000), time.down),
    coverage: coverageOf(time),
    excluded: excludedOf(time, facts.exclusions, clause.exclusions, rangeOf(matter)),
    outages: outagesOf(time.parts, time.elapsed).map(outageReport),
  };
}

export function reportOperations(
  clause: OperationsClause,
  matter: Matter,
  facts: AvailabilityFacts,
): OperationsClauseReport {
  const { id, title, faultsMaxSeconds, adjustmentsMaxSeconds, availabilityMin, denominator } = clause;
  const time = downtimeOf(clause, matter, facts);
  const month = rangeOf(matter);
  const adjustmentsMs = adjustedMs(facts.exclusions, month);
  const adjustment = { loMs: adjustmentsMs, hiMs: adjustmentsMs };
  const { verdict, ...verdicts } = judgeOperations(clause, time, adjustmentsMs);
  const shown: readonly ExclusionKind[] = [...clause.exclusions, 'adjustment'];
  return {
    kind: 'operations',
    id,
    title,
    verdict,
    verdicts,
    remedy: verdict === 'BREACH' ? clause.remedy : null,
    figures: {
      ...figuresOf(time),
      adjustmentSeconds: secondsOf(adjustment),
      faultyDays: figureOf(faultyDays(time.days)),
      days: time.days,
    },
    limits: { faultsMaxSeconds, adjustmentsMaxSeconds, availabilityMin, denominator },
    faultsLeftSeconds: leftOf(faultsMaxSeconds, time.down),
    adjustmentsLeftSeconds: leftOf(adjustmentsMaxSeconds, adjustment),
    coverage: coverageOf(time),
    excluded: excludedOf(time, facts.exclusions, shown, month),
    outages: outagesOf(time.parts, time.elapsed).map(outageReport),
  };
}

/** Of the clause's month as far as it is over; its `days` are what a year is added up from. */
export function downtimeOf(
  { exclusions: kinds, denominator }: Pick<ConnectivityClause, 'exclusions' | 'denominator'>,
  matter: Matter,
  facts: AvailabilityFacts,
): Downtime {
  const days = daysOf(matter.month, matter.contract.timeZone);
  return measureDowntime({ facts, kinds, denominator, month: rangeOf(matter), days, nowMs: matter.nowMs });
}

/** Announced for the month, those still to come included, on whatever path; where two overlap the time counts once. */
function adjustedMs(exclusions: readonly Exclusion[], month: MsRange): number {
  return totalMs(clip(normalise(exclusions.filter(({ kind }) => kind === 'adjustment')), month));
}

function figuresOf({ down, raw, ofMs, monthMs, figures, elapsed }: Downtime): DowntimeFigures {
  return {
    downSeconds: secondsOf(down),
    availability: availabilityOf(down, ofMs),
    raw: { downSeconds: secondsOf(raw), availability: availabilityOf(raw, monthMs) },
    parts: figures.map(({ part, down: ofPart, unknownMs }) => {
      const coverage = unknownMs === null ? null : ratioWithout(unknownMs, elapsed);
      return { part, downSeconds: secondsOf(ofPart), coverage };
    }),
  };
}

function coverageOf({ coverage, elapsed }: Downtime): AvailabilityCoverage {
  const { unknownMs, longestGapMs, unmeasured, resolutionMs } = coverage;
  return {
    ratio: ratioWithout(unknownMs, elapsed),
    longestGapSeconds: longestGapMs / 1000,
    unmeasured,
    resolutionSeconds: resolutionMs === null ? null : resolutionMs / 1000,
  };
}

function ratioWithout(unknownMs: number, { fromMs, toMs }: MsRange): number {
  return knownRatio(toMs - fromMs - unknownMs, toMs - fromMs);
}

function excludedOf(
  { excusedMs }: Downtime,
  exclusions: readonly Exclusion[],
  kinds: readonly ExclusionKind[],
  { fromMs, toMs }: MsRange,
): ExcludedTime {
  return { seconds: excusedMs / 1000, entries: exclusionsShown(exclusions, kinds, fromMs, toMs) };
}

function outageReport(outage: Outage): OutageReport {
  const { part, path, proven, beganAfterMs, beganByMs, endedAfterMs, endedByMs, down, raw, checks, reason } = outage;
  return {
    part,
    path,
    certainty: proven ? 'proven' : 'possible',
    beganAfter: beganAfterMs === null ? null : isoText(beganAfterMs),
    beganBy: isoText(beganByMs),
    endedAfter: isoText(endedAfterMs),
    endedBy: endedByMs === null ? null : isoText(endedByMs),
    seconds: secondsOf(down),
    rawSeconds: secondsOf(raw),
    checks,
    reason,
  };
}

function leftOf(limitSeconds: number, { loMs, hiMs }: DownBounds): Figure {
  const left = (ms: number): number => Math.max(0, limitSeconds * 1000 - ms);
  return secondsOf({ loMs: left(hiMs), hiMs: left(loMs) });
}

function secondsOf({ loMs, hiMs }: DownBounds): Figure {
  return figureOf({ lo: loMs / 1000, hi: hiMs / 1000 });
}
