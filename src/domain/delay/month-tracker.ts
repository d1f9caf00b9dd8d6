/** A route's month as samples, kept up to date probe by probe: what its figures are computed from, be it once or again and again. */

import type { Interval } from '../interval.ts';
import type { Path } from '../probe.ts';
import { type Outcome, outcomeOf, type ProbeRecord } from '../record.ts';
import { type BreachEvidence, breachOf } from '../report/report-evidence.ts';
import type { MsRange, SpanSet } from '../time/span-set.ts';
import type { TimelineState } from '../timeline.ts';
import { type DelaySample, sampleOf } from './delay-sample.ts';
import { monthInstant, monthInstantMs } from './month-facts.ts';

/** What a tracker is for; another month, limit or set of exclusions needs another tracker. */
export interface TrackedMonth {
  readonly provider: string;
  readonly path: Path;
  readonly month: MsRange;
  readonly excluded: SpanSet;
  readonly maximumSeconds: number;
}

/** All lists in the order of acceptance: samples in the true one, where episodes are counted, the others by the wall clock. */
export interface MonthSamples {
  readonly samples: readonly DelaySample[];
  /** Of the scheduled probes; slots that passed without one are not among them. */
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly spotChecks: Readonly<Record<Outcome, number>>;
  /** The scheduled probes that measured something. */
  readonly points: readonly MonthPoint[];
  readonly breaches: readonly BreachEvidence[];
}

/** One scheduled probe that measured something. */
export interface MonthPoint {
  /** When it was accepted, wall time in milliseconds. */
  readonly atMs: number;
  readonly outcome: Outcome;
  /** Exclusions taken out; null where it was refused. */
  readonly delay: Interval | null;
}

/** What of a scheduled probe enters the figures. */
interface Measured {
  readonly id: string;
  readonly atMs: number;
  /** When that was by the monotonic clock, and in which boot. */
  readonly monoUs: number;
  readonly boot: string;
  readonly outcome: Outcome;
  /** Null for one without a delay. */
  readonly sample: DelaySample | null;
  readonly breach: BreachEvidence | null;
}

/**
 * Of a probe that ended only numbers are kept, and its evidence if it may be a breach: nothing that comes later changes them.
 * Of one that is pending its record is kept, since what is proven of its absence grows without it.
 */
export class MonthTracker {
  readonly #of: TrackedMonth;
  readonly #ended = new Map<string, Measured>();
  readonly #open = new Map<string, ProbeRecord>();
  readonly #spotChecks = new Map<string, Outcome>();

  constructor(of: TrackedMonth) {
    this.#of = of;
  }

  /** A probe as it is known now, in any order; one of another route or month is passed over, and forgotten if it was in this month before. */
  take(record: ProbeRecord): void {
    const { id } = record;
    for (const map of [this.#ended, this.#open, this.#spotChecks]) map.delete(id);
    if (!this.#belongs(record)) return;
    const outcome = outcomeOf(record);
    if (record.kind === 'spot') this.#spotChecks.set(id, outcome);
    else if (outcome === 'pending') this.#open.set(id, record);
    else this.#ended.set(id, this.#measure(record, new Map(), Number.POSITIVE_INFINITY));
  }

  /** Scheduled probes that are pending: any of them may have changed when something did. */
  get open(): Iterable<string> {
    return this.#open.keys();
  }

  /** As of the absence that is proven now. */
  samples(absence: TimelineState['absence'], nowMs: number): MonthSamples {
    const open = [...this.#open.values()].map((record) => this.#measure(record, absence, nowMs));
    const all = [...this.#ended.values(), ...open].sort(byAcceptance);
    return {
      samples: inTrueOrder(all).flatMap(({ sample }) => sample ?? []),
      outcomes: countOf(all.map(({ outcome }) => outcome)),
      spotChecks: countOf(this.#spotChecks.values()),
      points: all
        .filter(({ outcome }) => outcome !== 'unmeasured')
        .map(({ atMs, outcome, sample }) => ({ atMs, outcome, delay: sample?.stripped ?? null })),
      breaches: all.flatMap(({ breach }) => breach ?? []),
    };
  }

  #measure(record: ProbeRecord, absence: TimelineState['absence'], nowMs: number): Measured {
    const { excluded, maximumSeconds: limitSeconds } = this.#of;
    const sample = sampleOf(record, absence, excluded);
    const { wallMs: atMs, monoUs, boot } = monthInstant(record);
    return {
      ...{ id: record.id, atMs, monoUs, boot },
      outcome: outcomeOf(record),
      sample,
      breach: sample === null ? null : breachOf(record, sample, { absence, limitSeconds, nowMs }),
    };
  }

  #belongs(record: ProbeRecord): boolean {
    const { provider, path, month } = this.#of;
    const at = monthInstantMs(record);
    return record.provider === provider && record.path === path && at >= month.fromMs && at < month.toMs;
  }
}

/** One order for all readers, so that sums and episodes come out the same however the records came. */
function byAcceptance(one: Measured, other: Measured): number {
  return one.atMs - other.atMs || (one.id < other.id ? -1 : 1);
}

/** Of those in the order of the wall clock, which may have been put back: one boot after another, each by the monotonic clock. */
function inTrueOrder(all: readonly Measured[]): readonly Measured[] {
  const begins = new Map<string, number>();
  for (const { boot } of all) if (!begins.has(boot)) begins.set(boot, begins.size);
  const nth = ({ boot }: Measured): number => begins.get(boot) ?? 0;
  return all.toSorted(
    (one, other) => nth(one) - nth(other) || one.monoUs - other.monoUs || (one.id < other.id ? -1 : 1),
  );
}

function countOf(outcomes: Iterable<Outcome>): Record<Outcome, number> {
  const counts: Record<Outcome, number> = { pending: 0, delivered: 0, failed: 0, lost: 0, unmeasured: 0 };
  for (const outcome of outcomes) counts[outcome] += 1;
  return counts;
}
