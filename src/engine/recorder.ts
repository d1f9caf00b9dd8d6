/** The one way a fact enters the agent: durable in the ledger first, then folded into the state that everybody reads. */

import type { LedgerEntry, LedgerEvent } from '../domain/event.ts';
import type { ChainHead } from '../domain/evidence/chain.ts';
import type { ProbeRecord } from '../domain/record.ts';
import type { Instant } from '../domain/time/instant.ts';
import { foldEvent, type TimelineState } from '../domain/timeline.ts';
import { type Ledger, LedgerRefused, type LedgerSnapshot, type Log, type Observer } from '../ports.ts';
import type { Health, PartHealth } from './health.ts';

export interface Recorder {
  /** What is known now, from durable facts alone. Read it, never change it. */
  readonly state: TimelineState;
  /** The last entry's number and hash, as it goes into each probe's body. */
  readonly head: ChainHead;
  /** Resolves when the events are durable and folded. Rejects with LedgerRefused, with nothing recorded, when the ledger refuses. */
  record(events: readonly LedgerEvent[]): Promise<void>;
  /**
   * As `record`, for facts that nobody waits for and that must not get lost: while the ledger refuses them, they are kept in
   * memory and go before whatever is recorded next, be it already asked for. Never rejects; resolves once it was tried.
   */
  note(...events: readonly LedgerEvent[]): Promise<void>;
  /** As `record`, all that is known of the ledger's open matters (LedgerCheckpoint). */
  checkpoint(at: Instant): Promise<void>;
  /** Resolves once whatever was begun before it is recorded, and what was kept. Rejects with LedgerRefused while the ledger refuses any of that. */
  settled(): Promise<void>;
  /** As `settled`, then the heartbeat, which says that all until then is recorded; while the ledger refuses any of that it says nothing. */
  beat(until: Instant): Promise<void>;
  /** A probe, open or closed. */
  find(id: string): Promise<ProbeRecord | null>;
  /** Called after each batch with the records it changed; returns how to stop listening. */
  subscribe(listener: RecorderListener): () => void;
}
/**
 * Facts kept while the ledger refuses, and requests under way while it does not answer: hours of them at the rates a sink sees; a flood must
 * not take all memory.
 */
const KEPT_MAX = 10_000;
/**
 * Few, and without them a probe would stay open, a sink that is closed count as open, or a doubt be forgotten that reaches back to before
 * what is dropped: doubts come every ten seconds at most, a notice once for each probe (`saysMore`).
 */
const KEPT_ALWAYS: ReadonlySet<LedgerEvent['type']> = new Set([
  ...(['probe.handed-over', 'sink.closed', 'sink.opened'] as const),
  ...(['sink.unproven', 'mailbox.unproven', 'probe.notified'] as const),
]);
/** Kept facts that are tried at once: each try copies them to the ledger's thread, and that once a second while it refuses. */
const CATCH_UP_MAX = 200;
/** Requests that go in together: as many as the ledger's own transactions take. */
const TOGETHER_MAX = 1000;

export type RecorderListener = (entries: readonly LedgerEntry[], changed: readonly ProbeRecord[]) => void;

interface Gap {
  readonly from: Instant;
  readonly until: Instant;
}

/** What waits for the notes before it. */
interface Turn {
  readonly events: readonly LedgerEvent[];
  /** Whether they are kept when the ledger refuses them. */
  readonly isNote: boolean;
  readonly done: PromiseWithResolvers<void>;
}

export interface RecorderParts {
  readonly observer: Observer;
  /** The ledger's, made by `ledgerPart`. */
  readonly part: PartHealth;
  readonly log: Log;
}

export function ledgerPart(health: Health): PartHealth {
  return health.part('ledger', null, {
    fails: 'the ledger refuses facts: they are kept in memory, and no probe is sent',
    works: 'the ledger takes facts again, and has those that were kept',
  });
}

/** Starts from what the ledger held when the agent came up. */
export function createRecorder(
  ledger: Ledger,
  snapshot: LedgerSnapshot,
  { observer, part, log }: RecorderParts,
): Recorder {
  const { state } = snapshot;
  const listeners = new Set<RecorderListener>([(entries, changed) => observer.recorded(entries, changed)]);
  let head = snapshot.head;

  /** Facts that the ledger refused, oldest first. */
  const kept: LedgerEvent[] = [];
  /** From when to when facts were not even kept: for all that is known nobody was at the sink. */
  let dropped: Gap | null = null;
  const refused = (error: unknown): LedgerRefused => {
    const refusal = new LedgerRefused(error);
    part.failed(refusal.message, { error });
    return refusal;
  };
  const taken = (): void => {
    if (kept.length === 0 && dropped === null) part.works();
  };

  const take = async (appending: Promise<readonly LedgerEntry[]>): Promise<void> => {
    const entries = await appending.catch((error: unknown) => {
      throw refused(error);
    });
    // Appends resolve in the order of the ledger, so folding here, without a wait in between, folds in that order.
    const changed: ProbeRecord[] = [];
    for (const { seq, hash, event } of entries) {
      changed.push(...foldEvent(state, event).changed);
      head = { seq, hash };
    }
    for (const listener of listeners) tell(listener, entries, changed);
  };
  /** What is durable stays so: a listener that fails must not make anybody record it again. */
  const tell = (...[listener, entries, changed]: [RecorderListener, ...Parameters<RecorderListener>]): void => {
    try {
      listener(entries, changed);
    } catch (error) {
      log.error('what was recorded could not be shown', { error });
    }
  };
  const append = (events: readonly LedgerEvent[]): Promise<void> => take(ledger.append(events));

  const keep = (event: LedgerEvent): void => {
    if (saysMore(event, kept) && hasRoom(event, kept.length)) kept.push(event);
  };
  /** Whether one more is held in memory; else it is dropped. */
  const hasRoom = (event: LedgerEvent, held: number): boolean => {
    if (held < KEPT_MAX || KEPT_ALWAYS.has(event.type)) return true;
    if (dropped === null)
      log.error('too many facts are kept for the ledger, what comes is dropped', { kept: KEPT_MAX });
    dropped = { from: dropped?.from ?? event.at, until: event.at };
    return false;
  };
  let catchingUp: Promise<void> | null = null;
  const droppedMeanwhile = (): Gap | null => dropped;
  /** Before what was kept: that says last whether the sink is open. One that was closed already stays so. */
  const recordDropped = async (): Promise<void> => {
    if (dropped === null) return;
    const gap = dropped;
    dropped = null;
    const opened: LedgerEvent = { type: 'sink.opened', at: gap.until, address: 'facts were dropped' };
    try {
      await append([{ type: 'sink.closed', at: gap.from }, ...(state.sinkClosedSince === null ? [opened] : [])]);
    } catch (error) {
      dropped = { from: gap.from, until: droppedMeanwhile()?.until ?? gap.until };
      throw error;
    }
  };
  const recordKept = async (): Promise<void> => {
    await recordDropped();
    while (kept.length > 0) {
      const events = kept.slice(0, CATCH_UP_MAX);
      await append(events);
      kept.splice(0, events.length);
    }
  };
  const catchUp = async (): Promise<void> => {
    if (kept.length === 0 && dropped === null) return;
    catchingUp ??= recordKept().finally(() => {
      catchingUp = null;
    });
    await catchingUp;
  };
  const recordNow = async (events: readonly LedgerEvent[]): Promise<void> => {
    await catchUp();
    await append(events);
    taken();
  };
  /**
   * States: idle (what is recorded goes to the ledger at once) → noting (a note is under way, and whatever comes waits: if it is refused,
   * it still goes in first) → idle, once nothing waits any more. What waited goes in together, so that it costs no commit of its own.
   */
  const waiting: Turn[] = [];
  let isNoting = false;
  const takeTogether = async (turns: readonly Turn[]): Promise<void> => {
    try {
      await recordNow(turns.flatMap(({ events }) => events));
      for (const { done } of turns) done.resolve();
    } catch (error) {
      // Kept before anybody hears of it, and may record more.
      if (error instanceof LedgerRefused) for (const { events, isNote } of turns) if (isNote) events.forEach(keep);
      for (const { done } of turns) done.reject(error);
    }
  };
  const takeTurns = async (): Promise<void> => {
    isNoting = true;
    while (waiting.length > 0) await takeTogether(waiting.splice(0, TOGETHER_MAX));
    isNoting = false;
  };
  const inTurn = (events: readonly LedgerEvent[], isNote: boolean): Promise<void> => {
    const done = Promise.withResolvers<void>();
    waiting.push({ events, isNote, done });
    if (!isNoting) void takeTurns();
    return done.promise;
  };
  /** Facts that the ledger has neither taken nor refused yet. */
  const underWay = new Set<Promise<void>>();
  const record = (events: readonly LedgerEvent[], isNote = false): Promise<void> => {
    const recording = isNote || isNoting ? inTurn(events, isNote) : recordNow(events);
    underWay.add(recording);
    const over = (): void => void underWay.delete(recording);
    recording.then(over, over);
    return recording;
  };

  const settled = async (): Promise<void> => {
    // One that is refused may be told in other words: the next time knows.
    await Promise.all(underWay);
    await catchUp();
  };

  return {
    state,
    get head() {
      return head;
    },
    async record(events) {
      if (underWay.size >= KEPT_MAX) throw refused(new Error(`the ledger has not answered ${underWay.size} requests`));
      await record(events);
    },
    async checkpoint(at) {
      await catchUp();
      await take(ledger.checkpoint(at).then((entry) => [entry]));
    },
    settled,
    async beat(until) {
      await settled();
      await ledger.beat(until).catch((error: unknown) => {
        throw refused(error);
      });
      taken();
    },
    async note(...events) {
      const held = events.filter((event) => hasRoom(event, underWay.size));
      if (held.length === 0) return;
      await record(held, true).catch((error: unknown) => {
        if (!(error instanceof LedgerRefused)) throw error;
      });
    },
    find: async (id) => state.open.get(id) ?? (await ledger.probe(id)),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** While the ledger refuses, what is kept is not folded: a bounce that comes again and again would be news each time. */
function saysMore(event: LedgerEvent, kept: readonly LedgerEvent[]): boolean {
  if (event.type !== 'probe.notified') return true;
  const { probe, status } = event;
  return !kept.some((each) => each.type === event.type && each.probe === probe && each.status.action === status.action);
}
