/** What a month amounts to: per clause a verdict that claims no more than its figures prove (measurement.md, "Month verdict"). */
import type { Interval } from '../interval.ts';
import type { Outcome } from '../record.ts';

export type Verdict = 'MET' | 'BREACH' | 'INCONCLUSIVE';

/** Seconds; `hi` is Infinity where nothing bounds it. */
export interface DelayFigures {
  /** How many scheduled probes, accepted in the month, ended how. Unmeasured slots count by when they were due. */
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Delays with exclusions taken out; `raw` is before. Null where the month has no such probe. */
  readonly excluded: DelaySummary;
  readonly raw: DelaySummary;
  /** Of the whole month, the part that is excluded for this path. */
  readonly excludedSeconds: number;
  /** For information: a bound on the average of all mail by a day-block bootstrap, 95%. Null with fewer than 7 days. */
  readonly bootstrapAverage: Interval | null;
}

export interface DelaySummary {
  /** Mean over delivered probes, RFC 6703 conditional mean; null if none was delivered. */
  readonly conditionalAverage: Interval | null;
  /** [M_lo, M_hi]; null if there is no probe that was accepted. */
  readonly average: Interval | null;
  /** The largest delay. */
  readonly maximum: Interval | null;
  /** [K_lo, K_hi], by message and by episode. */
  readonly breaches: { readonly messages: Interval; readonly episodes: Interval };
  /** By the nearest rank, with lost and pending as infinity above. */
  readonly quantiles: { readonly p50: Interval; readonly p95: Interval; readonly p99: Interval } | null;
}

export interface DelayVerdict {
  readonly average: Verdict;
  readonly maximum: Verdict;
  /** BREACH if either is, MET if both are. */
  readonly verdict: Verdict;
  readonly figures: DelayFigures;
}
