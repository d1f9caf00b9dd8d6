/** From events to what is known of each probe. One fold, used by the ledger's projection, the metrics, the page and the report alike. */
import type { LedgerEvent } from './event.ts';
import type { Instant } from './instant.ts';
import type { DeliveryStatus, FolderRole, Handover, Hop, Path, ProbeKind, Refusal } from './probe.ts';

/** All that is known of one probe. */
export interface ProbeRecord {
  readonly id: string;
  readonly provider: string;
  readonly path: Path;
  readonly kind: ProbeKind;
  readonly sender: string;
  readonly recipient: string;
  readonly planned: Instant;
  readonly deferrals: readonly { readonly at: Instant; readonly refusal: Refusal }[];
  /** Null until handing over ended. */
  readonly handover: Handover | null;
  /** Whether the agent stopped while it was being handed over. */
  readonly interrupted: boolean;
  /** The transfer or the sight may have come as early as this, unseen by us: our sink was down, or an attempt could not be attributed. */
  readonly unseenSince: Instant | null;
  readonly capture: Capture | null;
  readonly notice: DeliveryStatus | null;
  readonly duplicates: number;
  readonly expired: boolean;
}

/** Where and when the message came out. The event lies in `[earliest, latest]`. */
export interface Capture {
  readonly earliest: Instant | null;
  readonly latest: Instant;
  /** Null at the sink. */
  readonly folder: string | null;
  readonly role: FolderRole | null;
  readonly hops: readonly Hop[];
}

/** Open probes and what bears on all of them: the fold's whole memory, serialisable. */
export interface TimelineState {
  /** Probes whose outcome is not final, by id. */
  readonly open: ReadonlyMap<string, ProbeRecord>;
  /** Up to when absence is proven, by channel (`sink`, `mailbox:<provider>`). */
  readonly absence: ReadonlyMap<string, Instant>;
  /** Since when the sink has been down or not yet proven sound again; null when sound. See `foldSink`. */
  readonly sinkDoubt: SinkDoubt | null;
}
export interface SinkDoubt {
  readonly since: Instant;
  /** When the sink listened again, null while it does not. */
  readonly reopened: Instant | null;
}

export interface Tally {
  readonly provider: string;
  readonly path: Path;
  readonly outcome: string;
  readonly count: number;
  readonly breaches: number;
}

export type Fold = (state: TimelineState, event: LedgerEvent) => { state: TimelineState; changed: readonly ProbeRecord[] };
