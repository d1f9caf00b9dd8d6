/** The events of the ledger: every fact the agent ever learnt, append-only. Everything else is derived from them. */

import type { CheckDepth, CheckResult, ControlState, Endpoint } from './endpoint.ts';
import type { ChainHead } from './evidence/chain.ts';
import type { Exclusion } from './exclusion.ts';
import type { KeptHeader } from './kept-header.ts';
import type { DeliveryStatus, FolderRole, Handover, Hop, Path, ProbeKind, Refusal, SinkSteps } from './probe.ts';
import type { ProbeRecord } from './record.ts';
import type { Instant } from './time/instant.ts';
import type { StoredTimeline } from './timeline.ts';

interface Recorded {
  /** When the agent learnt it. */
  readonly at: Instant;
}

/** The agent came up. `unwatchedSince` is when it was last surely watching: the gap runs from there to `at`; null on the first start. */
export interface AgentStarted extends Recorded {
  readonly type: 'agent.started';
  readonly version: string;
  readonly unwatchedSince: Instant | null;
  /** What it was told to do and who it is: missing where an older version wrote it. */
  readonly identity?: AgentIdentity;
}
export interface AgentIdentity {
  /** The agent's name, and whom its messages say to ask. */
  readonly agent: string;
  readonly contact: string;
  /** Lower-case hex SHA-256 of the configuration without its secrets. */
  readonly configuration: string;
  /** Ed25519 public key that signs the agent's bundles: base64 of its SPKI DER. */
  readonly publicKey: string;
}
export interface AgentStopped extends Recorded {
  readonly type: 'agent.stopped';
}
/** A probe will be sent. Durable before its first byte leaves. */
export interface ProbePlanned extends Recorded {
  readonly type: 'probe.planned';
  readonly probe: string;
  readonly provider: string;
  readonly path: Path;
  readonly kind: ProbeKind;
  readonly sender: string;
  readonly recipient: string;
}
/** A 4xx from the provider's MX: not yet received. The agent tries again, as a source MTA must (RFC 5321 §4.5.4.1). */
export interface ProbeDeferred extends Recorded {
  readonly type: 'probe.deferred';
  readonly probe: string;
  readonly attempt: number;
  readonly refusal: Refusal;
  readonly retryAfterSeconds: number;
}
/** How handing the probe over ended; at most one for each probe, a deferral is not an end. */
export interface ProbeHandedOver extends Recorded {
  readonly type: 'probe.handed-over';
  readonly probe: string;
  readonly handover: Handover;
}
/** The agent stopped between planning a probe and learning how its handover ended; it may or may not have been sent. */
export interface ProbeInterrupted extends Recorded {
  readonly type: 'probe.interrupted';
  readonly probe: string;
}
/** A slot of the schedule passed without a probe, by our own doing. Counts neither for nor against the provider. */
export interface SlotUnmeasured extends Recorded {
  readonly type: 'slot.unmeasured';
  readonly provider: string;
  readonly path: Path;
  readonly reason: string;
}
/** A transfer to our sink began in `[earliest, latest]` and failed. `probe` is null if it died before it could be attributed. */
export interface TransferAttempted extends Recorded {
  readonly type: 'transfer.attempted';
  readonly probe: string | null;
  /** Whose attempt it may have been, as far as peer, sender and recipients tell; null where `probe` says it. */
  readonly provider: string | null;
  /** Sink recipients named before it died; empty means it may have been any. */
  readonly recipients: readonly string[];
  readonly earliest: Instant;
  readonly latest: Instant;
  readonly steps: SinkSteps;
  readonly peer: string;
  /** What ended it: our reply code, or 0 if the peer went away. */
  readonly code: number;
}
/** Our sink took the message: start of transfer in `[earliest, latest]` (measurement.md, "Send delay"). */
export interface TransferCaptured extends Recorded {
  readonly type: 'transfer.captured';
  readonly probe: string;
  readonly earliest: Instant;
  readonly latest: Instant;
  readonly steps: SinkSteps;
  readonly endOfData: Instant;
  readonly peer: string;
  readonly helo: string;
  readonly tls: boolean;
  readonly reusedConnection: boolean;
  readonly hops: readonly Hop[];
  /** Headers that others can check later: DKIM-Signature, ARC-*, as received. */
  readonly signatures: readonly string[];
  readonly bodySha256: string;
  /** Of a breach or a spot check alone; the fold leaves it where it is. */
  readonly keptHeader?: KeptHeader;
}
/** The mailbox shows the message: accessible since an instant in `[absent, seen]`. */
export interface MessageSeen extends Recorded {
  readonly type: 'message.seen';
  readonly probe: string;
  /** Send time of the last look that proved absence; null if none did since the probe was handed over. */
  readonly absent: Instant | null;
  /** The first successful FETCH. */
  readonly seen: Instant;
  readonly folder: string;
  readonly role: FolderRole;
  readonly uidValidity: string;
  readonly uid: number;
  readonly hops: readonly Hop[];
  /** As of a transfer. */
  readonly keptHeader?: KeptHeader;
}
/** A further copy of a probe that was captured already. The first one counts. */
export interface ProbeDuplicated extends Recorded {
  readonly type: 'probe.duplicated';
  readonly probe: string;
  readonly where: string;
}
/** A delivery status notification for the probe came back (RFC 3464). */
export interface ProbeNotified extends Recorded {
  readonly type: 'probe.notified';
  readonly probe: string;
  readonly where: string;
  readonly status: DeliveryStatus;
}
/** `at` is a reading of the boot in which the probe came out, once the wall clock was set: when it came out it was not. Or of any boot, of one that is awaited and was sent before it was set. */
export interface ProbeTimed extends Recorded {
  readonly type: 'probe.timed';
  readonly probe: string;
}
/** 120 h without a trace: the delay stays undefined, the probe is lost. */
export interface ProbeExpired extends Recorded {
  readonly type: 'probe.expired';
  readonly probe: string;
}
/**
 * Up to `until` every probe still pending there is proven absent. For a mailbox by a good look's send time,
 * for the sink by something from outside having reached it.
 */
export interface AbsenceProven extends Recorded {
  readonly type: 'absence.proven';
  /** `sink`, or `mailbox:<provider>`. */
  readonly channel: string;
  readonly until: Instant;
}
/** The sink stopped or began to listen. From closed to opened a provider may have tried in vain, by our doing. */
export interface SinkClosed extends Recorded {
  readonly type: 'sink.closed';
}
export interface SinkOpened extends Recorded {
  readonly type: 'sink.opened';
  readonly address: string;
}
/**
 * Nothing from outside reached the sink from `since` to `at`: it may have been cut off, and a provider may have tried in vain. Where
 * `provider` is given, it alone: connections that may have been its were turned away, as there were too many.
 */
export interface SinkUnproven extends Recorded {
  readonly type: 'sink.unproven';
  readonly since: Instant;
  readonly provider?: string;
}
/** A message that a look announced was gone before it could be read: it may have been any that is awaited there, as early as `since`. */
export interface MailboxUnproven extends Recorded {
  readonly type: 'mailbox.unproven';
  readonly provider: string;
  /** The last proof of absence; null if there was none. */
  readonly since: Instant | null;
}
/** The mailbox could not be watched, or can be again. */
export interface MailboxFailed extends Recorded {
  readonly type: 'mailbox.failed';
  readonly provider: string;
  readonly failure: string;
}
export interface MailboxRestored extends Recorded {
  readonly type: 'mailbox.restored';
  readonly provider: string;
}

/** Somebody entered time that is not held against a provider. */
export interface ExclusionAdded extends Recorded {
  readonly type: 'exclusion.added';
  readonly exclusion: Exclusion;
}
/** It counts no more; that it was entered stays in the ledger. */
export interface ExclusionRetracted extends Recorded {
  readonly type: 'exclusion.retracted';
  /** The exclusion's. */
  readonly id: string;
  readonly by: string;
  readonly note: string;
}

/** One check of one of a provider's servers (measurement.md, "Sampling"). */
export interface EndpointChecked extends Recorded {
  readonly type: 'endpoint.checked';
  readonly provider: string;
  readonly endpoint: Endpoint;
  readonly depth: CheckDepth;
  /** `confirmation` follows within seconds of a check, or of a handover, that failed. */
  readonly kind: 'scheduled' | 'confirmation';
  /** It speaks for this moment. */
  readonly began: Instant;
  readonly seconds: number;
  readonly result: CheckResult;
  /** Of one that failed; null where there was nothing to find out. */
  readonly control: ControlState | null;
  /** Length of a cell: there is one scheduled check in each. */
  readonly everySeconds: number;
}
/** A cell passed without its check, by our own doing. */
export interface CheckUnmeasured extends Recorded {
  readonly type: 'check.unmeasured';
  readonly provider: string;
  readonly endpoint: Endpoint;
  readonly reason: string;
}

/** A month's report became final: what it said then. A later one that differs has to say why. */
export interface MonthClosed extends Recorded {
  readonly type: 'month.closed';
  readonly provider: string;
  readonly month: string;
  /** The program's version, and lower-case hex SHA-256 of the contract's terms. */
  readonly version: string;
  readonly contract: string;
  /** Lower-case hex SHA-256 of the provider's report, and the report's verdicts and main figures. */
  readonly report: string;
  readonly summary: readonly ClosedClause[];
  /** The last entry that it took into account. */
  readonly asOf: ChainHead;
}
/** `figures`: by name, `[lo, hi]`, where null stands for no bound. */
export interface ClosedClause {
  readonly id: string;
  readonly verdict: 'MET' | 'BREACH' | 'INCONCLUSIVE';
  readonly figures: Readonly<Record<string, readonly [number | null, number | null]>>;
}

/**
 * All that the fold remembers, as of the entry before this one: from here on the ledger can be evaluated without what came before.
 * Made by the store itself, within the transaction that appends it.
 */
export interface LedgerCheckpoint extends Recorded {
  readonly type: 'ledger.checkpoint';
  readonly timeline: StoredTimeline;
  readonly open: readonly ProbeRecord[];
}

/**
 * A message of ours came back out of the provider with the provider's signature (RFC 6376) over it, and its body carries the
 * chain's head: from then on what stands in the ledger up to `head` cannot be rewritten by either side.
 */
export interface AnchorSigned extends Recorded {
  readonly type: 'anchor.signed';
  readonly probe: string;
  readonly provider: string;
  /** As the body says it; whether the ledger has that entry is for the verification. */
  readonly head: ChainHead;
  /** Raw header section and body as received, latin1: of our own message alone, all that its signatures cover. */
  readonly header: string;
  readonly body: string;
}
/** A DKIM key as DNS showed it when it was needed: it may be gone when somebody checks. */
export interface DkimKeySeen extends Recorded {
  readonly type: 'dkim.key-seen';
  readonly domain: string;
  readonly selector: string;
  /** The TXT record. */
  readonly record: string;
}

/**
 * Everything up to `upTo` is in bundles and goes from this ledger, but for the entries of KEPT_TYPES: from then on it tells of `month`
 * and later ones alone.
 */
export interface LedgerArchived extends Recorded {
  readonly type: 'ledger.archived';
  /** The first month that is left, and when it begins by the earliest of the contracts' clocks: what the ledger begins with is from before. */
  readonly month: string;
  readonly fromMs: number;
  readonly upTo: ChainHead;
  /** Together they have every entry after those of `previous` (or from the first on) up to the one after `upTo`. */
  readonly bundles: readonly ArchivedBundle[];
  /** What was known of each month that goes, as its bundle has it. */
  readonly months: readonly ArchivedMonth[];
  /** What is kept of the entries, those that an earlier one kept included: how many, and `keptHash` of all. */
  readonly kept: { readonly entries: number; readonly sha256: string };
  /** The entry that said so before, null if this is the first. */
  readonly previous: number | null;
}
export interface ArchivedBundle {
  readonly month: string;
  /** Lower-case hex, of the file. */
  readonly sha256: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
}
/** Of a provider's month that was measured. */
export interface ArchivedMonth {
  readonly provider: string;
  readonly month: string;
  /** Lower-case hex SHA-256 of the contract's terms. */
  readonly contract: string;
  readonly summary: readonly ClosedClause[];
  /** Whether the report is still the one that was closed. */
  readonly closed: boolean;
}

export type LedgerEvent =
  | AgentStarted
  | AgentStopped
  | ProbePlanned
  | ProbeDeferred
  | ProbeHandedOver
  | ProbeInterrupted
  | SlotUnmeasured
  | TransferAttempted
  | TransferCaptured
  | MessageSeen
  | ProbeDuplicated
  | ProbeNotified
  | ProbeExpired
  | ProbeTimed
  | AbsenceProven
  | SinkClosed
  | SinkOpened
  | SinkUnproven
  | MailboxFailed
  | MailboxUnproven
  | MailboxRestored
  | ExclusionAdded
  | ExclusionRetracted
  | EndpointChecked
  | CheckUnmeasured
  | MonthClosed
  | LedgerCheckpoint
  | LedgerArchived
  | AnchorSigned
  | DkimKeySeen;

/** Types of which there are few, however long a ledger: the ledger finds them without a walk. */
export const RARE_TYPES = [
  'agent.started',
  'exclusion.added',
  'exclusion.retracted',
  'month.closed',
  'ledger.checkpoint',
  'anchor.signed',
  'dkim.key-seen',
] as const satisfies readonly LedgerEvent['type'][];
export type RareType = (typeof RARE_TYPES)[number];

/** An event as it stands in the ledger. */
export interface LedgerEntry {
  /** 1, 2, 3 … without a hole. */
  readonly seq: number;
  readonly event: LedgerEvent;
  /** Lower-case hex SHA-256 over the previous entry's hash and this event's bytes. */
  readonly hash: string;
}
