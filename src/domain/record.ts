/** The record of one probe: all that is known of it, and what became of it. */

import type { BounceGap } from './bounce-gap.ts';
import {
  ABORTED,
  type DeliveryStatus,
  endsInMailbox,
  type FolderRole,
  GRAVITY,
  type Handover,
  type Hop,
  isOurDoing,
  isOurDoingNoticed,
  type Path,
  type ProbeKind,
  type Refusal,
} from './probe.ts';
import type { Instant } from './time/instant.ts';

/** All that is known of one probe. */
export interface ProbeRecord {
  readonly id: string;
  readonly provider: string;
  readonly path: Path;
  readonly kind: ProbeKind;
  readonly sender: string;
  readonly recipient: string;
  readonly planned: Instant;
  /** In their order, not all of them: see `withDeferral`. */
  readonly deferrals: readonly Deferral[];
  /** Null until handing over ended. */
  readonly handover: Handover | null;
  /** When it ended for good with the provider not having it; left out of those that older entries were folded to. */
  readonly turnedAwayAt?: Instant;
  /** Whether the agent stopped while it was being handed over. */
  readonly interrupted: boolean;
  /** The first attempt at our sink that could be attributed; it counts even if it failed. */
  readonly attempt: { readonly earliest: Instant; readonly latest: Instant } | null;
  /** The transfer may have started as early as this, unseen by us: our sink was down, or an attempt could not be attributed. */
  readonly unseenSince: Instant | null;
  readonly capture: Capture | null;
  readonly notice: DeliveryStatus | null;
  /** When the notice was read; its news is older. */
  readonly noticedAt?: Instant;
  /** Only of one that was on its way to a mailbox from our own side while the sink, to which its bounce comes, was away. */
  readonly bounceGap?: BounceGap;
  /** Where further copies were found, at most DUPLICATES_MAX of them. */
  readonly duplicates: readonly string[];
  readonly expired: boolean;
  /** Of one that ended after a reboot, before the wall clock was set: a reading of the same boot after that. Of one that was sent before it was set and is awaited: the first reading of a clock that was. */
  readonly clockSet?: Instant;
  /** Up to when it was proven to be under way when it closed without a capture; while it is open, when the host went down, or a notice came that may have been its end. */
  readonly absentUntil: Instant | null;
}

/** A temporary refusal (4xx), after which it is handed over once more. */
export interface Deferral {
  readonly at: Instant;
  readonly refusal: Refusal;
  /** How many right before it are not kept; none where it is left out. */
  readonly unkept?: number;
}

/** Where and when the message came out: the event lies in `[earliest, latest]`. */
export interface Capture {
  /** Null if nothing proved absence since the handover. */
  readonly earliest: Instant | null;
  readonly latest: Instant;
  /** Null at the sink. */
  readonly found: FoundAt | null;
  readonly hops: readonly Hop[];
}

/** One message in a mailbox: the three name it for good (RFC 9051 §2.3.1.1). */
export interface FoundAt {
  readonly folder: string;
  readonly role: FolderRole;
  readonly uidValidity: string;
  readonly uid: number;
}

/** Every slot ends as one of these; `unmeasured` is our own doing and counts for nobody. */
export const OUTCOMES = ['pending', 'delivered', 'failed', 'lost', 'unmeasured'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** A looping forwarder must not make a record grow without end. */
export const DUPLICATES_MAX = 16;

/** Once there are so many, each takes the place of the last: tried for five days there would be a thousand, all written anew with each. */
const DEFERRALS_MAX = 10;

/** The first ones, the first after DATA, and the last; those between are in the ledger's entries alone. */
export function withDeferral(kept: readonly Deferral[], next: Deferral): readonly Deferral[] {
  const last = kept.at(-1);
  if (last === undefined || kept.length < DEFERRALS_MAX || last === putOff(kept)) return [...kept, next];
  return [...kept.slice(0, -1), { ...next, unkept: (last.unkept ?? 0) + 1 }];
}

/**
 * As today's fold has it, of one in an older checkpoint, which kept every deferral. What stands between those kept is not looked at:
 * no figure depends on it, and the entries have it.
 */
export function withFewDeferrals(record: ProbeRecord): ProbeRecord {
  return { ...record, deferrals: record.deferrals.reduce(withDeferral, [] as readonly Deferral[]) };
}

/** The first temporary refusal after DATA: the server had the message, and did not take it. */
export function putOff(deferrals: readonly Deferral[]): Deferral | null {
  return deferrals.find(({ refusal }) => refusal.stage === 'data') ?? null;
}

/** The channel on which it is proven that a probe has not come out. */
export function channelOf(path: Path, provider: string): string {
  return path === 'send' ? 'sink' : `mailbox:${provider}`;
}

/**
 * What became of a probe. It stays pending until its handover ended, however early it is captured: without that there is no delay.
 * A refusal or a bounce is a failure whatever turns up later; an uncertain handover that never arrives failed at stage data;
 * one that the agent itself interrupted, gave up or sent too fast, or for which its own mailbox had no room, is nobody's.
 */
export function outcomeOf(record: ProbeRecord): Outcome {
  const { path, handover, capture, notice, expired } = record;
  if (handover === null && !record.interrupted) return expired ? 'unmeasured' : 'pending';
  if (handover?.kind === 'refused') return isOurDoing(handover, path) ? 'unmeasured' : 'failed';
  if (handover?.kind === 'unreachable') return handover.code === ABORTED ? 'unmeasured' : 'failed';
  if (notice?.action === 'failed') return isOurDoingNoticed(notice, path) ? 'unmeasured' : 'failed';
  if (capture !== null && !expired) return 'delivered';
  if (!expired) return 'pending';
  if (handover === null) return 'unmeasured';
  return handover.kind === 'accepted' ? 'lost' : 'failed';
}

/** Whether the provider has it not, for certain, and will not be handed it again. */
export function isTurnedAway({ kind }: Handover): boolean {
  return kind === 'refused' || kind === 'unreachable';
}

/** When the provider had it for certain; when it was planned, as long as it may not have it. */
export function sentAt({ handover, planned }: Pick<ProbeRecord, 'handover' | 'planned'>): Instant {
  return handover?.kind === 'accepted' ? handover.acknowledged : planned;
}

/**
 * What a report says of the probe that is not known yet, and graver: repetitions and what comes too late are not, nor is what befell another
 * recipient, be it an archive or an address that a mailbox forwards to. Null if it says nothing.
 */
export function newsOf(record: ProbeRecord, statuses: readonly DeliveryStatus[]): DeliveryStatus | null {
  if (outcomeOf(record) !== 'pending') return null;
  const [gravest] = statuses.filter(({ recipient }) => recipient === null || isRecipientOf(record, recipient));
  if (gravest === undefined) return null;
  const known = record.notice?.action;
  return known === undefined || GRAVITY.indexOf(gravest.action) < GRAVITY.indexOf(known) ? gravest : null;
}

/** Aliases rewrite the local part of a mailbox's address; what is on its way to our sink keeps the address that we gave it. */
function isRecipientOf({ path, recipient }: ProbeRecord, named: string): boolean {
  const [own, other] = [recipient.toLowerCase(), named.toLowerCase()];
  return endsInMailbox(path) ? domainOf(other) === domainOf(own) : other === own;
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}
