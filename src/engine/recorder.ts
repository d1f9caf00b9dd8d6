/** The one way a fact enters the agent: durable in the ledger first, then folded into the state that everybody reads. */
import type { LedgerEntry, LedgerEvent } from '../domain/event.ts';
import type { ProbeRecord } from '../domain/record.ts';
import { foldEvent, type TimelineState } from '../domain/timeline.ts';
import type { Ledger, LedgerSnapshot, Log, Observer } from '../ports.ts';

export interface Recorder {
  /** What is known now, from durable facts alone. Read it, never change it. */
  readonly state: TimelineState;
  /** The last entry's number and hash, as it goes into each probe's body. */
  readonly head: { readonly seq: number; readonly hash: string };
  /** Resolves when the events are durable and folded. Rejects, with nothing recorded, when the ledger refuses. */
  record(events: readonly LedgerEvent[]): Promise<void>;
  /** As `record`, for a fact nobody waits for; a refusal is logged and counted. Resolves to whether it was recorded. */
  note(event: LedgerEvent): Promise<boolean>;
  /** A probe, open or closed. */
  find(id: string): Promise<ProbeRecord | null>;
  /** Called after each batch with the records it changed; returns how to stop listening. */
  subscribe(listener: RecorderListener): () => void;
}
export type RecorderListener = (entries: readonly LedgerEntry[], changed: readonly ProbeRecord[]) => void;

/** Starts from what the ledger held when the agent came up. */
export function createRecorder(ledger: Ledger, snapshot: LedgerSnapshot, observer: Observer, log: Log): Recorder {
  const { state } = snapshot;
  const listeners = new Set<RecorderListener>([(entries, changed) => observer.recorded(entries, changed)]);
  let head = snapshot.head;

  const record = async (events: readonly LedgerEvent[]): Promise<void> => {
    const entries = await ledger.append(events).catch((error: unknown) => {
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

  return {
    state,
    get head() {
      return head;
    },
    record,
    async note(event) {
      try {
        await record([event]);
        return true;
      } catch (error) {
        log.error('a fact could not be recorded', { type: event.type, error });
        return false;
      }
    },
    find: async (id) => state.open.get(id) ?? (await ledger.probe(id)),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
