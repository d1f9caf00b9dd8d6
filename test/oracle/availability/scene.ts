/** A month of checks and round trips as they were and as the agent saw them, in whole steps of time: what oracle and domain both judge. */
import type { Denominator } from '../../../src/domain/contract-terms.ts';
import type { Endpoint } from '../../../src/domain/endpoint.ts';
import type { ExclusionKind } from '../../../src/domain/exclusion.ts';
import type { Path } from '../../../src/domain/probe.ts';

/** Times are counted in steps from the beginning of the month, which is `[0, length)`; before it they are negative. */
export interface Scene {
  readonly stepMs: number;
  readonly originMs: number;
  readonly length: number;
  /** Null for a month of no calendar, of any length, whose days are as long as they happen to be. */
  readonly calendar: { readonly timeZone: string; readonly name: string } | null;
  /** Where its days begin, the first at 0. */
  readonly days: readonly number[];
  readonly now: number;
  /** Steps in a cell, of which each has one scheduled check. */
  readonly cell: number;
  readonly endpoints: readonly Endpoint[];
  /** Each endpoint's in the order in which they were made. */
  readonly checks: readonly SeenCheck[];
  /** Each path's at times of their own. */
  readonly trips: readonly SeenTrip[];
  readonly exclusions: readonly SeenExclusion[];
  readonly terms: Terms;
  /** What really was; null where outages and the time between them are shorter than what checks can tell apart. */
  readonly truth: Truth | null;
}

export interface SeenCheck {
  readonly endpoint: Endpoint;
  /** By the clock on the wall, which may have been put back. */
  readonly at: number;
  /** `doubtful`: it failed, and so did the control. */
  readonly result: 'up' | 'down' | 'doubtful';
  /** Whether the clock was stepped, or the host asleep or rebooted, since the check before it. */
  readonly afterBreak: boolean;
}

export interface SeenTrip {
  readonly path: Path;
  readonly at: number;
  readonly fate: 'delivered' | 'failed' | 'pending';
  readonly byProvider: boolean;
}

/** `[from, to)` */
export interface Spell {
  readonly from: number;
  readonly to: number;
}
export interface SeenExclusion extends Spell {
  readonly kind: ExclusionKind;
  readonly path: Path | null;
}

/** When each endpoint was down, and mail on each path did not come through. */
export interface Truth {
  readonly endpoints: ReadonlyMap<Endpoint, readonly Spell[]>;
  readonly paths: ReadonlyMap<Path, readonly Spell[]>;
}

export interface Terms {
  readonly kinds: readonly ExclusionKind[];
  readonly denominator: Denominator;
  readonly downUnderMs: number;
  readonly faultsMaxMs: number;
  readonly adjustmentsMaxMs: number;
  /** Millionths. */
  readonly availabilityMin: number;
}
