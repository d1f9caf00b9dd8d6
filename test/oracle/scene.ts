/** A month as it was and as the agent saw it, in whole seconds since the epoch: what both the oracle and the domain judge. */
import type { DelayClause } from '../../src/domain/contract-terms.ts';
import type { ExclusionKind } from '../../src/domain/exclusion.ts';
import type { Path, ProbeKind } from '../../src/domain/probe.ts';
import type { Month } from './calendar.ts';

export interface Scene {
  readonly month: Month;
  readonly provider: string;
  readonly clause: DelayClause;
  readonly probes: readonly SeenProbe[];
  readonly exclusions: readonly SeenExclusion[];
  /** Up to when absence is proven where this path's messages come out, and where their bounces would; null if it never was. */
  readonly absentUntil: number | null;
  /** Slots of this route that passed in the month without a probe. */
  readonly unmeasuredSlots: number;
  /** When the host booted anew; null if it never did. */
  readonly rebootedAt: number | null;
}

/** What the agent knows of how the message was handed over. */
export type SeenHandover =
  | { readonly kind: 'accepted'; readonly handedOver: number; readonly acknowledged: number }
  | { readonly kind: 'uncertain'; readonly handedOver: number }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'under-way' }
  | { readonly kind: 'refused'; readonly throttling: boolean }
  | { readonly kind: 'unreachable'; readonly aborted: boolean };

export interface SeenProbe {
  readonly id: string;
  readonly provider: string;
  readonly path: Path;
  readonly kind: ProbeKind;
  readonly planned: number;
  readonly handover: SeenHandover;
  readonly attempt: { readonly earliest: number; readonly latest: number } | null;
  readonly capture: { readonly earliest: number | null; readonly latest: number } | null;
  readonly unseenSince: number | null;
  readonly notice: { readonly action: 'failed' | 'delayed'; readonly at: number } | null;
  readonly expired: boolean;
  /** For one that closed without a capture. */
  readonly absentUntil: number | null;
  readonly duplicates: number;
  readonly truth: Truth;
}

/** What really happened; null where it never did. */
export interface Truth {
  readonly accepted: number | null;
  readonly emerged: number | null;
}

/** `[from, to)` */
export interface SeenExclusion {
  readonly kind: ExclusionKind;
  readonly provider: string;
  readonly path: Path | null;
  readonly from: number;
  readonly to: number;
}
