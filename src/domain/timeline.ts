/** From events to what is known of each probe. One fold, used by the ledger's projection, the metrics, the page and the report alike. */
import { underWayUntil } from './absence.ts';
import { type EndpointChecks, foldCheck, foldMissed, type RunChange, tailChange } from './availability/run-fold.ts';
import { type BounceGap, isMadeUp, widenGap } from './bounce-gap.ts';
import { DELAY_AVERAGE_LIMIT } from './contract.ts';
import { awaitsClock } from './delay/delay.ts';
import type {
  AgentStarted,
  EndpointChecked,
  LedgerCheckpoint,
  LedgerEvent,
  MessageSeen,
  SinkClosed,
  SinkUnproven,
  TransferAttempted,
  TransferCaptured,
} from './event.ts';
import type { Exclusion } from './exclusion.ts';
import { awaitsDate } from './expiry.ts';
import type { Path } from './probe.ts';
import {
  type Capture,
  DUPLICATES_MAX,
  isTurnedAway,
  type Outcome,
  outcomeOf,
  type ProbeRecord,
  sentAt,
  withDeferral,
  withFewDeferrals,
} from './record.ts';
import { type Boots, earlierOf, type Instant, isClockSettled, laterOf, spanBetween } from './time/instant.ts';

/** Seconds. A sink that heard nothing for longer may have been cut off; a shorter outage of ours is taken for none. */
const SILENCE_MAX = 600;

/** Seconds. That one host of a provider sends promptly shows nothing of another, which remembers by itself. */
const DOUBTED_AT_LEAST = 3600;

/** More than a host has in the days that a probe is awaited, unless it is broken. */
const BOOTS_MAX = 32;

/** Open probes and what bears on all of them: the fold's whole memory. */
export interface TimelineState {
  /** Probes whose outcome is not final, by id. */
  readonly open: Map<string, ProbeRecord>;
  /** As `Absence` has it, since the last boot. */
  readonly absence: Map<string, Instant>;
  /** Since when the sink has been closed, null while it listens or has never listened. */
  sinkClosedSince: Instant | null;
  /**
   * Providers that may have tried our sink in vain and may remember it as down (hosts do, for up to an hour), since when
   * the sink was back, or null while it is not. A host can only remember what it tried, so a provider is doubted only if
   * something of ours was on its way; the doubt ends when a probe planned DOUBTED_AT_LEAST after it passes promptly.
   */
  readonly doubts: Map<string, Instant | null>;
  /** Of the host, the last BOOTS_MAX, in the order in which the agent came up in them. */
  boots: Boots;
  /** Exclusions in force, by id. */
  readonly exclusions: Map<string, Exclusion>;
  /** The runs under way, by `checksKey`: an entry for each endpoint of which a check was ever due. */
  readonly checks: Map<string, EndpointChecks>;
  /** Whether anything was folded in yet: only before that does a checkpoint say something new. */
  begun: boolean;
}

/** Totals of the scheduled probes of one route that ended one way. */
export interface Tally {
  readonly provider: string;
  readonly path: Path;
  readonly outcome: Outcome;
  readonly count: number;
  /** How many of them exceeded the maximum. */
  readonly breaches: number;
}

export function emptyTimeline(): TimelineState {
  return {
    open: new Map(),
    absence: new Map(),
    sinkClosedSince: null,
    doubts: new Map(),
    boots: [],
    exclusions: new Map(),
    checks: new Map(),
    begun: false,
  };
}

export interface Folded {
  readonly state: TimelineState;
  /** Records that changed, those that just became final included. */
  readonly changed: readonly ProbeRecord[];
  /** Runs of checks that changed, at most one change for each endpoint. */
  readonly runs: readonly RunChange[];
}

/**
 * Takes one event into the state, in place, and names what changed.
 * `closed` finds a record that is no longer open, for late knowledge about it; without it such knowledge changes nothing.
 */
export function foldEvent(
  state: TimelineState,
  event: LedgerEvent,
  closed: (id: string) => ProbeRecord | null = () => null,
): Folded {
  const before = state.begun;
  state.begun = true;
  if (event.type === 'endpoint.checked') return { state, changed: [], runs: foldChecked(state, event) };
  if (event.type === 'ledger.checkpoint') return before ? { state, changed: [], runs: [] } : load(state, event);
  return { state, changed: foldInto(state, event, closed), runs: [] };
}

/** The key of `TimelineState.checks`; no endpoint has a blank in its name. */
function checksKey({ provider, endpoint }: Pick<EndpointChecks, 'provider' | 'endpoint'>): string {
  return `${endpoint} ${provider}`;
}

function foldChecked(state: TimelineState, event: EndpointChecked): readonly RunChange[] {
  const key = checksKey(event);
  const { checks, change } = foldCheck(state.checks.get(key) ?? null, event);
  state.checks.set(key, checks);
  return change === null ? [] : [change];
}

/** The state of which nothing is known yet becomes what the checkpoint remembers. */
function load(state: TimelineState, { timeline, open }: LedgerCheckpoint): Folded {
  const { absence, sinkClosedSince, doubts, boots, exclusions, checks } = restoreTimeline(timeline, []);
  for (const [channel, until] of absence) state.absence.set(channel, until);
  for (const [provider, reopened] of doubts) state.doubts.set(provider, reopened);
  for (const [id, exclusion] of exclusions) state.exclusions.set(id, exclusion);
  for (const [key, each] of checks) state.checks.set(key, each);
  state.sinkClosedSince = sinkClosedSince;
  state.boots = boots;
  return {
    state,
    changed: open.map((record) => keep(state, withFewDeferrals(record))),
    runs: [...checks.values()].map((each) => tailChange(each)),
  };
}

function foldInto(
  state: TimelineState,
  event: Exclude<LedgerEvent, EndpointChecked | LedgerCheckpoint>,
  closed: (id: string) => ProbeRecord | null,
): readonly ProbeRecord[] {
  const change = (id: string, next: (record: ProbeRecord) => ProbeRecord): readonly ProbeRecord[] => {
    const record = state.open.get(id) ?? closed(id);
    return record === null ? [] : [keep(state, next(record))];
  };
  switch (event.type) {
    case 'probe.planned':
      return [keep(state, plannedRecord(state, event))];
    case 'probe.deferred':
      return change(event.probe, (record) => ({
        ...record,
        deferrals: withDeferral(record.deferrals, { at: event.at, refusal: event.refusal }),
      }));
    case 'probe.handed-over':
      return change(event.probe, (record) => ({
        ...record,
        handover: event.handover,
        ...(isTurnedAway(event.handover) ? { turnedAwayAt: event.at } : {}),
      }));
    case 'probe.interrupted':
      return change(event.probe, (record) => ({ ...record, interrupted: true }));
    case 'probe.duplicated':
      return change(event.probe, (record) => ({
        ...record,
        duplicates: [...record.duplicates, event.where].slice(0, DUPLICATES_MAX),
      }));
    case 'probe.notified':
      // What is reported of a probe whose outcome is known is about another copy, or too late.
      return change(event.probe, (record) => {
        if (outcomeOf(record) !== 'pending') return record;
        const absentUntil =
          event.status.action === 'unclear' ? underWayUntil(record, state.absence) : record.absentUntil;
        return { ...record, absentUntil, notice: event.status, noticedAt: event.at };
      });
    case 'probe.timed':
      return change(event.probe, (record) =>
        isClockSettled(event.at) && (awaitsClock(record, event.at.boot) || awaitsDate(record))
          ? { ...record, clockSet: event.at }
          : record,
      );
    case 'probe.expired':
      return change(event.probe, (record) => ({ ...record, expired: true }));
    case 'transfer.captured':
      return foldTransfer(state, event, change);
    case 'message.seen':
      return change(event.probe, (record) => ({ ...record, capture: record.capture ?? seenCapture(event) }));
    case 'transfer.attempted':
      return foldAttempt(state, event, change);
    case 'absence.proven':
      // What was proven before the host went down is kept with what it was proven of (`foldBoot`).
      if (event.until.boot !== event.at.boot) return [];
      state.absence.set(event.channel, laterOf(state.absence.get(event.channel) ?? null, event.until));
      return [];
    case 'agent.started':
      return foldStart(state, event);
    case 'sink.closed':
      return foldSinkGap(state, event, event.at);
    case 'sink.unproven':
      return foldSilence(state, event);
    case 'sink.opened':
      state.sinkClosedSince = null;
      for (const [provider, reopened] of state.doubts) if (reopened === null) state.doubts.set(provider, event.at);
      return changeOpen(state, (record) =>
        record.bounceGap?.until === null ? { ...record, bounceGap: { ...record.bounceGap, until: event.at } } : record,
      );
    case 'exclusion.added':
      state.exclusions.set(event.exclusion.id, event.exclusion);
      return [];
    case 'exclusion.retracted':
      state.exclusions.delete(event.id);
      return [];
    case 'mailbox.unproven':
      return changeOpen(state, (record) =>
        record.path !== 'send' && record.provider === event.provider && record.capture === null
          ? unseenFrom(state, record, event.since ?? record.planned)
          : record,
      );
    case 'agent.stopped':
    case 'slot.unmeasured':
    case 'mailbox.failed':
    case 'mailbox.restored':
    case 'month.closed':
    case 'ledger.archived':
    case 'anchor.signed':
    case 'dkim.key-seen':
      return [];
    case 'check.unmeasured': {
      const key = checksKey(event);
      state.checks.set(key, foldMissed(state.checks.get(key) ?? null, event, event.at.wallMs));
      return [];
    }
  }
}

type Change = (id: string, next: (record: ProbeRecord) => ProbeRecord) => readonly ProbeRecord[];

/** Puts a record in its place: open ones stay in memory, a final one leaves with what is known of its absence. */
function keep(state: TimelineState, record: ProbeRecord): ProbeRecord {
  if (outcomeOf(record) === 'pending') {
    state.open.set(record.id, record);
    return record;
  }
  const wasOpen = state.open.delete(record.id);
  if (!wasOpen || record.capture !== null) return record;
  return { ...record, absentUntil: underWayUntil(record, state.absence) };
}

function plannedRecord(state: TimelineState, event: Extract<LedgerEvent, { type: 'probe.planned' }>): ProbeRecord {
  const { probe: id, provider, path, kind, sender, recipient, at: planned } = event;
  if (path === 'send' && state.sinkClosedSince !== null) state.doubts.set(provider, null);
  const doubted = path === 'send' && state.doubts.has(provider);
  return {
    id,
    provider,
    path,
    kind,
    sender,
    recipient,
    planned,
    deferrals: [],
    handover: null,
    interrupted: false,
    attempt: null,
    capture: null,
    notice: null,
    unseenSince: doubted ? planned : null,
    duplicates: [],
    expired: false,
    absentUntil: null,
    ...(path === 'receive' ? gapAtPlanning(state, provider, planned) : {}),
  };
}

/** A gap that the sink is in, or that a provider may remember. */
function gapAtPlanning(state: TimelineState, provider: string, since: Instant): { readonly bounceGap?: BounceGap } {
  const until = state.sinkClosedSince === null ? state.doubts.get(provider) : null;
  if (until === undefined || isMadeUp({ since, until }, since)) return {};
  return { bounceGap: { since, until } };
}

function foldTransfer(state: TimelineState, event: TransferCaptured, change: Change): readonly ProbeRecord[] {
  const { earliest, latest, hops } = event;
  const changed = change(event.probe, (record) => ({
    ...record,
    capture: record.capture ?? { earliest, latest, found: null, hops },
  }));
  for (const record of changed) {
    const reopened = state.doubts.get(record.provider) ?? null;
    const afterDoubt = reopened !== null && spanBetween(reopened, record.planned).lo > DOUBTED_AT_LEAST;
    if (afterDoubt && spanBetween(record.planned, event.latest).hi <= DELAY_AVERAGE_LIMIT)
      state.doubts.delete(record.provider);
  }
  return changed;
}

/** An attempt that failed is the start of its probe's transfer; one that cannot be attributed may have been any open probe's. */
function foldAttempt(state: TimelineState, event: TransferAttempted, change: Change): readonly ProbeRecord[] {
  if (event.probe !== null) {
    const { earliest, latest } = event;
    // After the capture it is another copy that is tried, and what is tried after the end changes no figure. A provider knows the token
    // of whatever it was given: what is named at our sink says nothing of a message whose path ends elsewhere.
    return change(event.probe, (record) =>
      record.path === 'send' && record.attempt === null && record.capture === null && outcomeOf(record) === 'pending'
        ? { ...record, attempt: { earliest, latest } }
        : record,
    );
  }
  return changeOpen(state, (record) =>
    isLowered(record, event, state.boots) ? unseenFrom(state, record, event.earliest) : record,
  );
}

/** Whether an attempt that nobody can attribute says something new of a record. */
export function isLowered(
  record: ProbeRecord,
  attempt: Pick<TransferAttempted, 'provider' | 'recipients' | 'earliest'>,
  boots: Boots,
): boolean {
  const isPossible =
    record.path === 'send' &&
    attempt.provider === record.provider &&
    (attempt.recipients.length === 0 || attempt.recipients.includes(record.recipient));
  return isPossible && isNewlyUnseen(record, attempt.earliest, boots);
}

function foldStart(state: TimelineState, event: AgentStarted): readonly ProbeRecord[] {
  const kept = foldBoot(state, event.at);
  const { unwatchedSince } = event;
  const unwatched = unwatchedSince === null ? [] : foldSinkGap(state, event, unwatchedSince);
  return [...new Map([...kept, ...unwatched].map((record) => [record.id, record])).values()];
}

/**
 * What was proven before the host went down is kept with what it was proven of: of the instants of two boots only a wall clock tells
 * which came first, and what is planned from now on must not be measured against a proof from before.
 */
function foldBoot(state: TimelineState, { boot }: Instant): readonly ProbeRecord[] {
  if (!state.boots.includes(boot)) state.boots = [...state.boots, boot].slice(-BOOTS_MAX);
  if ([...state.absence.values()].every((until) => until.boot === boot)) return [];
  const changed = changeOpen(state, (record) => {
    const absentUntil = underWayUntil(record, state.absence);
    return absentUntil === record.absentUntil ? record : { ...record, absentUntil };
  });
  for (const [channel, until] of state.absence) if (until.boot !== boot) state.absence.delete(channel);
  return changed;
}

/** From `since` on the sink was not there: whatever was on its way to it may have been tried unseen. */
function foldSinkGap(state: TimelineState, event: AgentStarted | SinkClosed, since: Instant): readonly ProbeRecord[] {
  state.sinkClosedSince = earlierOf(state.sinkClosedSince, since, state.boots);
  for (const record of state.open.values()) {
    // A bounce of the receive path comes to the sink too, so that provider may have met it closed as well.
    if (record.path !== 'internal') state.doubts.set(record.provider, null);
  }
  return changeOpen(state, (record) => {
    if (record.path === 'send') return unseenFrom(state, record, since);
    return inGap(state, record, { since, until: null });
  });
}

/** Nothing showed that the sink could be reached: whatever was on its way in that time, be it only at its end, may have been tried unseen. */
function foldSilence(state: TimelineState, { since, at, provider }: SinkUnproven): readonly ProbeRecord[] {
  const isLong = spanBetween(laterOf(since, firstSent(state) ?? since, state.boots), at).hi > SILENCE_MAX;
  return changeOpen(state, (record) => {
    if (provider !== undefined && provider !== record.provider) return record;
    if (record.path !== 'send')
      return isLong || provider !== undefined ? inGap(state, record, { since, until: at }) : record;
    if (state.doubts.get(record.provider) !== null) state.doubts.set(record.provider, at);
    return unseenFrom(state, record, since);
  });
}

/** When the first message that is still on its way to the sink was sent. */
function firstSent({ open, boots }: TimelineState): Instant | null {
  let first: Instant | null = null;
  for (const record of open.values()) if (record.path === 'send') first = earlierOf(first, sentAt(record), boots);
  return first;
}

/** Since when a message may have come out unseen, once it is told of that time: not before it was planned, be it in another boot. */
function unseenAs(
  { planned, unseenSince }: Pick<ProbeRecord, 'planned' | 'unseenSince'>,
  since: Instant,
  boots: Boots,
): Instant {
  return earlierOf(unseenSince, laterOf(since, planned, boots), boots);
}

/** Whether that says something new of it. */
export function isNewlyUnseen(
  record: Pick<ProbeRecord, 'planned' | 'unseenSince'>,
  since: Instant,
  boots: Boots,
): boolean {
  return unseenAs(record, since, boots) !== record.unseenSince;
}

/** The same record if it says so already. */
function unseenFrom({ boots }: TimelineState, record: ProbeRecord, since: Instant): ProbeRecord {
  const unseenSince = unseenAs(record, since, boots);
  return unseenSince === record.unseenSince ? record : { ...record, unseenSince };
}

function inGap({ boots }: TimelineState, record: ProbeRecord, { since, until }: BounceGap): ProbeRecord {
  if (record.path !== 'receive') return record;
  const gap = { since: laterOf(since, record.planned, boots), until };
  return { ...record, bounceGap: widenGap(record.bounceGap, gap, boots) };
}

/**
 * Whether the sink was silent for too long while the probe was on its way to it, be it only at the end: that nothing was on its way
 * before shows nothing either.
 */
export function isSilenced({ path }: ProbeRecord, since: Instant, at: Instant): boolean {
  return path === 'send' && spanBetween(since, at).hi > SILENCE_MAX;
}

function changeOpen(state: TimelineState, next: (record: ProbeRecord) => ProbeRecord): readonly ProbeRecord[] {
  // Setting or deleting the entry that is being visited does not disturb a Map's iteration.
  const changed: ProbeRecord[] = [];
  for (const record of state.open.values()) {
    const after = next(record);
    if (after !== record) changed.push(keep(state, after));
  }
  return changed;
}

function seenCapture(event: MessageSeen): Capture {
  const { folder, role, uidValidity, uid } = event;
  return { earliest: event.absent, latest: event.seen, found: { folder, role, uidValidity, uid }, hops: event.hops };
}

/** The state without its open probes as plain data, for storage beside the rows that hold those. */
export interface StoredTimeline {
  readonly absence: readonly (readonly [string, Instant])[];
  readonly sinkClosedSince: Instant | null;
  readonly doubts: readonly (readonly [string, Instant | null])[];
  /** Missing where it was stored before there were any. */
  readonly boots?: Boots;
  readonly exclusions?: readonly Exclusion[];
  readonly checks?: readonly EndpointChecks[];
}

export function storeTimeline(state: TimelineState): StoredTimeline {
  return {
    absence: [...state.absence],
    sinkClosedSince: state.sinkClosedSince,
    doubts: [...state.doubts],
    boots: state.boots,
    exclusions: [...state.exclusions.values()],
    checks: [...state.checks.values()],
  };
}

export function restoreTimeline(stored: StoredTimeline, open: Iterable<ProbeRecord>): TimelineState {
  return {
    open: new Map([...open].map((record) => [record.id, record])),
    absence: new Map(stored.absence),
    sinkClosedSince: stored.sinkClosedSince,
    doubts: new Map(stored.doubts),
    boots: stored.boots ?? [],
    exclusions: new Map(stored.exclusions?.map((exclusion) => [exclusion.id, exclusion])),
    checks: new Map(stored.checks?.map((checks) => [checksKey(checks), checks])),
    begun: true,
  };
}
