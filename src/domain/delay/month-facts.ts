/** What the verdict on a route's month is made from: the probes that belong to it, and what bears on them. */
import type { ChainHead } from '../evidence/chain.ts';
import type { Exclusion } from '../exclusion.ts';
import type { Path } from '../probe.ts';
import type { ProbeRecord } from '../record.ts';
import type { Instant } from '../time/instant.ts';
import type { TimelineState } from '../timeline.ts';

/** One route's part of `[fromMs, toMs)`, wall time in milliseconds since the epoch. */
export interface MonthQuery {
  readonly provider: string;
  readonly path: Path;
  readonly fromMs: number;
  readonly toMs: number;
}

/** All of it as of one entry of the ledger. */
export interface MonthFacts {
  /** Probes of every kind whose `monthInstantMs` lies in the range, in its order. Made anew each time they are gone through: do so seldom, and keep few. */
  readonly records: Iterable<ProbeRecord>;
  /** Slots of the schedule that were found to have passed without a probe. */
  readonly unmeasured: number;
  /** Those that hold for the route, of any time: a probe of the month may arrive after it. Retracted ones are left out. */
  readonly exclusions: readonly Exclusion[];
  readonly absence: TimelineState['absence'];
  readonly head: ChainHead;
}

/** The exclusions in force that hold for a route, in the order of their beginning. */
export function exclusionsOf(
  state: TimelineState,
  route: { readonly provider: string; readonly path: Path },
): readonly Exclusion[] {
  return exclusionsFor(state, route.provider).filter(({ path }) => path === null || path === route.path);
}

/** As `exclusionsOf`, for every path. */
export function exclusionsFor(state: TimelineState, provider: string): readonly Exclusion[] {
  return [...state.exclusions.values()]
    .filter((exclusion) => exclusion.provider === provider)
    .sort((one, other) => one.fromMs - other.fromMs);
}

/**
 * Wall time that says which month a probe belongs to, milliseconds since the epoch: when it was accepted (contract.md); failing
 * that when its last bytes were handed over, and where nothing was, when it was planned.
 */
export function monthInstantMs(record: ProbeRecord): number {
  return monthInstant(record).wallMs;
}

export function monthInstant({ handover, planned }: ProbeRecord): Instant {
  switch (handover?.kind) {
    case 'accepted':
      return handover.acknowledged;
    case 'uncertain':
      return handover.handedOver;
    case 'refused':
    case 'unreachable':
    case undefined:
      return planned;
  }
}
