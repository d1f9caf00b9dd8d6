/** The one way a fact enters the agent: durable in the ledger first, then folded into the state that everybody reads. */

import type { LedgerEntry, LedgerEvent } from '../domain/event.ts';
import type { ChainHead } from '../domain/evidence/chain.ts';
import type { ProbeRecord } from '../domain/record.ts';
import type { Instant } from '../domain/time/instant.ts';
import { foldEvent, type TimelineState } from '../domain/timeline.ts';
import type { Ledger, LedgerSnapshot, Log, Observer } from '../ports.ts';

export interface Recorder {
  /** What is known now, from durable facts alone. Read it, never change it. */
  readonly state: TimelineState;
  /** The last entry's number and hash, as it goes into each probe's body. */
  readonly head: ChainHead;
  /** Resolves when the events are durable and folded. Rejects, with nothing recorded, when the ledger refuses. */
  record(events: readonly LedgerEvent[]): Promise<void>;
  /**
   * As `record`, for a fact that nobody waits for and that must not get lost: while the ledger refuses it, it is kept in
   * memory and goes before whatever is recorded next. Never rejects; resolves once it was tried.
   */
  note(event: LedgerEvent): Promise<void>;
  /** As `record`, all that is known of the ledger's open matters (LedgerCheckpoint). */
  checkpoint(at: Instant): Promise<void>;
  /** Records what was kept. Rejects while the ledger still refuses. */
  catchUp(): Promise<void>;
  /** A probe, open or closed. */
  find(id: string): Promise<ProbeRecord | null>;
  /** Called after each batch with the records it changed; returns how to stop listening. */
  subscribe(listener: RecorderListener): () => void;
}
/** Facts kept while the ledger refuses: hours of them at the rates a sink sees; a flood must not take all memory. */
const KEPT_MAX = 10_000;

export type RecorderListener = (entries: readonly LedgerEntry[], changed: readonly ProbeRecord[]) => void;

/** Starts from what the ledger held when the agent came up. */
export function createRecorder(ledger: Ledger, snapshot: LedgerSnapshot, observer: Observer, log: Log): Recorder {
  const { state } = snapshot;
  const listeners = new Set<RecorderListener>([(entries, changed) => observer.recorded(entries, changed)]);
  let head = snapshot.head;

  const take = async (appending: Promise<readonly LedgerEntry[]>): Promise<void> => {
    const entries = await appending.catch((error: unknown) => {
      observer.ledgerFailed();
      throw error;
    });
    // Appends resolve in the order of the ledger, so folding here, without a wait in between, folds in that order.
    const changed: ProbeRecord[] = [];
    for (const { seq, hash, event } of entries) {
      changed.push(...foldEvent(state, event).changed);
      head = { seq, hash };
    }
    for (const listener of listeners) listener(entries, changed);
  };
  const append = (events: readonly LedgerEvent[]): Promise<void> => take(ledger.append(events));

  /** Facts that the ledger refused, oldest first. */
  const kept: LedgerEvent[] = [];
  let catchingUp: Promise<void> | null = null;
  const recordKept = async (): Promise<void> => {
    const count = kept.length;
    await append(kept.slice(0, count));
    kept.splice(0, count);
  };
  const catchUp = async (): Promise<void> => {
    if (kept.length === 0) return;
    catchingUp ??= recordKept().finally(() => {
      catchingUp = null;
    });
    await catchingUp;
  };
  const record = async (events: readonly LedgerEvent[]): Promise<void> => {
    await catchUp();
    await append(events);
  };

  return {
    state,
    get head() {
      return head;
    },
    record,
    async checkpoint(at) {
      await catchUp();
      await take(ledger.checkpoint(at).then((entry) => [entry]));
    },
    catchUp,
    async note(event) {
      try {
        await record([event]);
      } catch (error) {
        log.error('a fact cannot be recorded now', { type: event.type, kept: kept.length < KEPT_MAX, error });
        if (kept.length < KEPT_MAX) kept.push(event);
      }
    },
    find: async (id) => state.open.get(id) ?? (await ledger.probe(id)),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
