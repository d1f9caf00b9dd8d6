/** Time that the contract does not hold against the provider. */
import type { Path } from './probe.ts';

/** The contract's exclusions a to g (contract.md); `adjustment` is the provider's own announced maintenance of clause 3. */
export const EXCLUSION_KINDS = [
  'agreed-maintenance',
  'customer-equipment',
  'customer-mistake',
  'customer-neglect',
  'carrier',
  'force-majeure',
  'foreign-system',
  'adjustment',
] as const;
export type ExclusionKind = (typeof EXCLUSION_KINDS)[number];

/** What each kind of clause leaves out unless the contract says otherwise (contract.md, "Exclusions"). */
export const DEFAULT_EXCLUSIONS: Readonly<Record<'delay' | 'connectivity' | 'operations', readonly ExclusionKind[]>> = {
  // An adjustment the provider announced has a budget of its own in clause 3, and excuses a delay only if the customer agreed to it (a).
  delay: EXCLUSION_KINDS.filter((kind) => kind !== 'adjustment'),
  connectivity: EXCLUSION_KINDS.filter((kind) => kind !== 'adjustment' && kind !== 'foreign-system'),
  // Time announced for an adjustment counts as that, not as a fault as well.
  operations: EXCLUSION_KINDS.filter((kind) => kind !== 'foreign-system'),
};

export interface Exclusion {
  /** 16 characters a-z2-7, given by the agent. */
  readonly id: string;
  readonly kind: ExclusionKind;
  readonly provider: string;
  /** Null for all paths. */
  readonly path: Path | null;
  /** Milliseconds since the epoch; `[fromMs, toMs)`. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Who entered it, a reference to evidence, a note: as entered. */
  readonly by: string;
  readonly evidence: string;
  readonly note: string;
}
