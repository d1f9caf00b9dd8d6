/** The life of one probe, as its page draws it: `GET /api/v1/probes/:id/life`. What its view says already is not repeated. */
import type { KeptHeader } from './kept-header.ts';
import type { DeliveryStatus, FolderRole, Hop, Refusal, Stage, StageTiming } from './probe.ts';
import { toMicros } from './probe-view.ts';
import type { ProbeRecord } from './record.ts';
import { earliest, type Instant, isoText, shift, spanBetween, toIso } from './time/instant.ts';

/** Something happened in here: seconds since the probe was planned, `0 <= earliest <= latest`; `latest` is null where nothing bounds it. */
export interface LifeWindow {
  readonly earliest: number;
  readonly latest: number | null;
}

/** What happened. `at` is null where the ledger's record of the probe does not say when. */
export type LifeEvent =
  | { readonly kind: 'planned'; readonly at: LifeWindow }
  /** The other side's 4xx; it is tried again. */
  | {
      readonly kind: 'deferred';
      readonly at: LifeWindow;
      readonly reply: LifeReply;
      /** So many deferrals right before it are in the ledger's entries alone. */
      readonly unkept: number;
    }
  /** Complete reception: from just before the last bytes were handed over until the 250 was read. */
  | { readonly kind: 'accepted'; readonly at: LifeWindow; readonly reply: string }
  | { readonly kind: 'refused'; readonly at: LifeWindow; readonly reply: LifeReply }
  /** `code`: `ECONNREFUSED`, `TIMEOUT`, … `ABORTED` is our own doing. */
  | {
      readonly kind: 'unreachable';
      readonly at: LifeWindow;
      readonly stage: Stage;
      readonly code: string;
      readonly text: string;
    }
  /** The connection ended after the last bytes and before their reply: it may have been accepted since. */
  | { readonly kind: 'uncertain'; readonly at: LifeWindow; readonly code: string; readonly text: string }
  /** The agent stopped while it was being handed over. */
  | { readonly kind: 'interrupted'; readonly at: null }
  /** From then on it may have come out unseen by us. */
  | { readonly kind: 'unwatched'; readonly at: LifeWindow }
  /** The provider's first attempt at our sink, which failed; it counts as the start of the transfer. */
  | { readonly kind: 'attempted'; readonly at: LifeWindow }
  /** The start of the transfer to our sink that took it. */
  | { readonly kind: 'transferred'; readonly at: LifeWindow }
  /** Accessible in the mailbox: from the last look that proved its absence (0 if none did) until it was fetched. */
  | {
      readonly kind: 'seen';
      readonly at: LifeWindow;
      readonly folder: string;
      readonly role: FolderRole;
      readonly uidValidity: string;
      readonly uid: number;
    }
  /** A delivery status notification; `at` is when we read it, its news is older. */
  | ({ readonly kind: 'notified'; readonly at: LifeWindow | null } & DeliveryStatus)
  /** Proven absent up to this when it was given up. */
  | { readonly kind: 'absent'; readonly at: LifeWindow }
  | { readonly kind: 'duplicated'; readonly at: null; readonly where: string }
  /** 120 h without a trace. */
  | { readonly kind: 'expired'; readonly at: null };

export type LifeReply = Omit<Refusal, 'kind'>;

/** One step of the last attempt to hand it over. It began in `from` and took `seconds`. */
export interface LifeStage {
  readonly name: Stage;
  readonly from: LifeWindow;
  readonly seconds: number;
}

export interface ProbeLife {
  readonly id: string;
  /** RFC 3339, UTC: what the offsets count from. */
  readonly plannedAt: string;
  readonly sender: string;
  readonly recipient: string;
  /** `address:port` that it was handed to, null if none was connected to. */
  readonly peer: string | null;
  /** The peer's certificate's last valid moment, RFC 3339, UTC; null without TLS. */
  readonly certificateExpiresAt: string | null;
  readonly stages: readonly LifeStage[];
  /** In the order of `earliest`; those without an instant last. */
  readonly events: readonly LifeEvent[];
  /** What the hosts on the way say in `Received`, first host first: diagnosis, by their clocks. */
  readonly hops: readonly Hop[];
  /** Of a breach or a spot check that came out; null of all others. */
  readonly header: KeptHeader | null;
}

export function lifeOf(record: ProbeRecord, header: KeptHeader | null = null): ProbeLife {
  const { id, planned, sender, recipient, handover, capture } = record;
  const expiresMs = handover?.certificateExpiresMs ?? null;
  return {
    id,
    plannedAt: toIso(planned),
    sender,
    recipient,
    peer: handover?.peer ?? null,
    certificateExpiresAt: expiresMs === null ? null : isoText(expiresMs),
    stages: stagesOf(record),
    events: eventsOf(record).sort((one, other) => beginningOf(one) - beginningOf(other)),
    hops: capture?.hops ?? [],
    header,
  };
}

function beginningOf({ at }: LifeEvent): number {
  return at?.earliest ?? Number.POSITIVE_INFINITY;
}

function eventsOf(record: ProbeRecord): LifeEvent[] {
  const { deferrals, interrupted, unseenSince, attempt, notice, noticedAt, absentUntil } = record;
  const moment = (at: Instant): LifeWindow => windowOf(record, earliest(at), at);
  const events: LifeEvent[] = [{ kind: 'planned', at: { earliest: 0, latest: 0 } }];
  for (const { at, refusal, unkept = 0 } of deferrals)
    events.push({ kind: 'deferred', at: moment(at), reply: replyOf(refusal), unkept });
  events.push(...handoverEvents(record));
  if (interrupted) events.push({ kind: 'interrupted', at: null });
  if (unseenSince !== null) events.push({ kind: 'unwatched', at: moment(unseenSince) });
  if (attempt !== null) events.push({ kind: 'attempted', at: windowOf(record, attempt.earliest, attempt.latest) });
  events.push(...captureEvents(record));
  if (notice !== null)
    events.push({ kind: 'notified', at: noticedAt === undefined ? null : moment(noticedAt), ...notice });
  if (absentUntil !== null) events.push({ kind: 'absent', at: moment(absentUntil) });
  for (const where of record.duplicates) events.push({ kind: 'duplicated', at: null, where });
  if (record.expired) events.push({ kind: 'expired', at: null });
  return events;
}

function handoverEvents(record: ProbeRecord): readonly LifeEvent[] {
  const { handover } = record;
  switch (handover?.kind) {
    case undefined:
      return [];
    case 'accepted': {
      const { handedOver, acknowledged, reply } = handover;
      return [{ kind: 'accepted', at: windowOf(record, handedOver, acknowledged), reply }];
    }
    case 'refused':
      return [{ kind: 'refused', at: attemptEnd(record), reply: replyOf(handover) }];
    case 'unreachable': {
      const { kind, stage, code, text } = handover;
      return [{ kind, at: attemptEnd(record), stage, code, text }];
    }
    case 'uncertain': {
      const { kind, handedOver, code, text } = handover;
      return [{ kind, at: windowOf(record, handedOver, null), code, text }];
    }
  }
}

function captureEvents(record: ProbeRecord): readonly LifeEvent[] {
  const { planned, capture } = record;
  if (capture === null) return [];
  const at = windowOf(record, capture.earliest ?? planned, capture.latest);
  return [capture.found === null ? { kind: 'transferred', at } : { kind: 'seen', at, ...capture.found }];
}

/** Placed from their end where that was read, else no earlier than the last attempt began. */
function stagesOf(record: ProbeRecord): readonly LifeStage[] {
  const { handover } = record;
  const stages = handover?.stages ?? [];
  let left = secondsOf(stages);
  let earliestBegin = attemptBegin(record);
  return stages.map(({ name, seconds }) => {
    const from =
      handover?.kind === 'accepted'
        ? windowOf(record, shift(handover.acknowledged, -left * 1000), shift(handover.acknowledged, -left * 1000))
        : { earliest: toMicros(earliestBegin), latest: null };
    left -= seconds;
    earliestBegin += seconds;
    return { name, from, seconds };
  });
}

/** Seconds since planning before which the last attempt did not begin. */
function attemptBegin(record: ProbeRecord): number {
  const last = record.deferrals.at(-1);
  return last === undefined ? 0 : windowOf(record, earliest(last.at), null).earliest;
}

/** Its stages had passed, and it was over when that was noted; of what older entries tell that is not known. */
function attemptEnd(record: ProbeRecord): LifeWindow {
  const begin = toMicros(attemptBegin(record) + secondsOf(record.handover?.stages ?? []));
  const { latest } = windowOf(record, record.planned, record.turnedAwayAt ?? null);
  return { earliest: begin, latest: latest === null ? null : Math.max(begin, latest) };
}

function secondsOf(stages: readonly StageTiming[]): number {
  return stages.reduce((sum, { seconds }) => sum + seconds, 0);
}

function replyOf({ stage, code, enhanced, text }: Refusal): LifeReply {
  return { stage, code, enhanced, text };
}

function windowOf({ planned, clockSet }: ProbeRecord, from: Instant, to: Instant | null): LifeWindow {
  const set = clockSet ?? null;
  const begin = toMicros(Math.max(0, spanBetween(planned, from, set).lo));
  const hi = to === null ? Number.POSITIVE_INFINITY : spanBetween(planned, to, set).hi;
  return { earliest: begin, latest: Number.isFinite(hi) ? Math.max(begin, toMicros(hi)) : null };
}
