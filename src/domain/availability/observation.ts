/** What was seen of one part of the service at a stretch, alike for checks of a server and for probes of a path. */
import type { MsRange } from '../time/span-set.ts';

/** A run of checks, or a probe; from its first moment to its last, which may be the same. */
export interface Observation extends MsRange {
  readonly good: boolean;
  readonly checks: number;
  /** Whether it shows, a probe's failure with the one before it, that the provider was at fault. */
  readonly proven: boolean;
  /** As the network gave it; null for what was good. */
  readonly reason: string | null;
}
