/** How long a provider's service was down in a month, in bounds that hold the truth (measurement.md, "Month verdict"). */
import type { Denominator } from '../contract-terms.ts';
import type { ExclusionKind } from '../exclusion.ts';
import { PATHS } from '../probe.ts';
import type { ServicePart } from '../report/report.ts';
import { clip, type MsRange, normalise, type SpanSet, subtract, totalMs } from '../time/span-set.ts';
import type { AvailabilityFacts } from './facts.ts';
import { type DownSets, downTogether, excusedTime, type PartTime, partsOf } from './parts.ts';
import { type DayTally, tallyDays } from './year.ts';

export interface AvailabilityCase {
  readonly facts: AvailabilityFacts;
  /** Kinds of exclusions that are not held against the provider. */
  readonly kinds: readonly ExclusionKind[];
  readonly denominator: Denominator;
  /** The whole month, and its days in order. */
  readonly month: MsRange;
  readonly days: readonly MsRange[];
  readonly nowMs: number;
}

/** Milliseconds: at least what is proven, at most all that is not surely up. */
export interface DownBounds {
  readonly loMs: number;
  readonly hiMs: number;
}

/** Of the month as far as it is over; lengths in whole milliseconds, so that limits are met to the millisecond. */
export interface Downtime {
  readonly elapsed: MsRange;
  /** With exclusions taken out, and before. */
  readonly down: DownBounds;
  readonly raw: DownBounds;
  /** What availability is a share of: the whole month, or what exclusions leave of it; before exclusions always the whole month. */
  readonly ofMs: number;
  readonly monthMs: number;
  /** Of the whole month, the part in which everything is excused. */
  readonly excusedMs: number;
  readonly parts: readonly PartTime[];
  readonly figures: readonly PartFigures[];
  readonly coverage: DowntimeCoverage;
  readonly days: DayTally;
}

export interface PartFigures {
  readonly part: ServicePart;
  /** Exclusions taken out. */
  readonly down: DownBounds;
  /** Milliseconds in which it is not known whether it was up; null for round trips, whose failures alone are told. */
  readonly unknownMs: number | null;
}

/** What is excluded is not thereby known. */
export interface DowntimeCoverage {
  /** Milliseconds in which it is not known of every endpoint whether it was up. */
  readonly unknownMs: number;
  readonly longestGapMs: number;
  readonly unmeasured: number;
  /** Two of the longest cells; null if nothing was checked. */
  readonly resolutionMs: number | null;
}

export function measureDowntime({ facts, kinds, denominator, month, days, nowMs }: AvailabilityCase): Downtime {
  const elapsed = { fromMs: month.fromMs, toMs: Math.min(month.toMs, Math.max(month.fromMs, nowMs)) };
  const parts = partsOf(facts, kinds, elapsed);
  const left = downTogether(parts, 'stripped');
  const monthMs = month.toMs - month.fromMs;
  const excusedMs = totalMs(clip(excusedTime(facts.exclusions, kinds, PATHS), month));
  return {
    elapsed,
    down: boundsOf(left),
    raw: boundsOf(downTogether(parts, 'raw')),
    ofMs: denominator === 'month' ? monthMs : monthMs - excusedMs,
    monthMs,
    excusedMs,
    parts,
    figures: figuresOf(parts),
    coverage: coverageOf(facts, parts),
    days: tallyDays(days, left, elapsed.toMs),
  };
}

/** One for each kind of part, its paths taken together. */
function figuresOf(parts: readonly PartTime[]): readonly PartFigures[] {
  const names = new Set(parts.map(({ part }) => part));
  return [...names].map((part) => {
    const alike = parts.filter((each) => each.part === part);
    const unknownMs = part === 'round-trip' ? null : totalMs(unknownIn(alike));
    return { part, down: boundsOf(downTogether(alike, 'stripped')), unknownMs };
  });
}

function coverageOf({ runs, unmeasured }: AvailabilityFacts, parts: readonly PartTime[]): DowntimeCoverage {
  const gaps = unknownIn(parts.filter(({ path }) => path === null));
  const cells = runs.map(({ cellMs }) => cellMs);
  return {
    unknownMs: totalMs(gaps),
    longestGapMs: gaps.reduce((longest, { fromMs, toMs }) => Math.max(longest, toMs - fromMs), 0),
    unmeasured: Object.values(unmeasured).reduce((sum, count) => sum + count, 0),
    resolutionMs: cells.length === 0 ? null : 2 * cells.reduce((longest, cell) => Math.max(longest, cell), 0),
  };
}

/** Where it is not known of some of the parts whether it was up. */
function unknownIn(parts: readonly PartTime[]): SpanSet {
  return normalise(parts.flatMap(({ proven, possible }) => subtract(possible, proven)));
}

function boundsOf({ proven, possible }: DownSets): DownBounds {
  return { loMs: totalMs(proven), hiMs: totalMs(possible) };
}
