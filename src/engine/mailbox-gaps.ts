/** What a mailbox announced and did not hand out: asked for again, ever more rarely, until it comes or must have been deleted. */
import type { ProbeRecord } from '../domain/record.ts';
import { type Instant, isBefore, spanBetween } from '../domain/time/instant.ts';
import type { Fetched, FetchedMessage, FolderState } from '../ports.ts';

/** Messages fetched in one go: their headers and bodies are in memory at once. */
export const FETCH_MAX = 200;
/** Seconds for which it is asked for again: a replica lags for moments, what was deleted never comes. */
const GAP_PATIENCE = 600;
/** A gap is read again when it is older by this much than when it was read last; seconds it is at least then. */
const GAP_GROWTH = 1.5;
const GAP_AGE_MIN = 0.1;

/** Messages of a folder, `fromUid <= uid < toUid`, of which not all that were announced could be read. */
interface Gap {
  readonly uidValidity: string;
  readonly fromUid: number;
  readonly toUid: number;
  /** When the last of them was announced. */
  readonly since: Instant;
  /** When the last look before them was sent: they were not there yet. */
  readonly absent: Instant | null;
  /** Age at which it is read again, seconds. */
  readonly dueAge: number;
  /** Those that were read. */
  readonly read: ReadonlySet<number>;
}

export class MailboxGaps {
  readonly #gaps = new Map<string, Gap>();

  /**
   * Whether one of the probes may be in a gap: it was planned before what is missing was announced. One of another boot always was,
   * whatever a wall clock that was set back says.
   */
  mayHold(probes: readonly ProbeRecord[]): boolean {
    return [...this.#gaps.values()].some(({ since }) =>
      probes.some(({ planned }) => planned.boot !== since.boot || !isBefore(since, planned)),
    );
  }

  /** The folder is gone, and what was missing with it. */
  forget(path: string): void {
    this.#gaps.delete(path);
  }

  /** The lowest UID of the folder that is still asked for; infinite if none is. */
  lowestUid(path: string): number {
    return this.#gaps.get(path)?.fromUid ?? Number.POSITIVE_INFINITY;
  }

  /** The range could not be read as a whole; `absent` is when the last look before it was sent. */
  keep(
    { path, uidValidity }: FolderState,
    range: { readonly fromUid: number; readonly toUid: number },
    { messages }: Fetched,
    { now, absent }: { readonly now: Instant; readonly absent: Instant | null },
  ): void {
    const before = this.#gaps.get(path);
    const same = before?.uidValidity === uidValidity ? before : null;
    const read = new Set([...(same?.read ?? []), ...messages.map(({ uid }) => uid)]);
    this.#gaps.set(path, {
      uidValidity,
      fromUid: same?.fromUid ?? range.fromUid,
      toUid: range.toUid,
      since: now,
      absent: same === null ? absent : same.absent,
      dueAge: GAP_AGE_MIN,
      read,
    });
  }

  /**
   * Reads a folder's gap again if it is due. `take` gets the messages that have come since, and when they were not there yet;
   * one that it could not take (it rejects then, and so does this) is still asked for.
   */
  async reread(
    folder: FolderState,
    fetch: (fromUid: number, toUid: number) => Promise<Fetched>,
    take: (messages: readonly FetchedMessage[], absent: Instant | null) => Promise<void>,
    now: Instant,
  ): Promise<void> {
    const gap = this.#gaps.get(folder.path);
    if (gap === undefined) return;
    const age = spanBetween(gap.since, now).lo;
    if (age < gap.dueAge) return;
    if (gap.uidValidity !== folder.uidValidity || gap.dueAge > GAP_PATIENCE) {
      this.#gaps.delete(folder.path);
      return;
    }
    const read = new Set(gap.read);
    let complete = true;
    for (let from = gap.fromUid; from < gap.toUid; from += FETCH_MAX) {
      const fetched = await fetch(from, Math.min(from + FETCH_MAX, gap.toUid));
      complete &&= fetched.complete;
      const messages = fetched.messages.filter(({ uid }) => !gap.read.has(uid));
      await take(messages, gap.absent);
      for (const { uid } of messages) read.add(uid);
    }
    if (complete) this.#gaps.delete(folder.path);
    else this.#gaps.set(folder.path, { ...gap, dueAge: age * GAP_GROWTH, read });
  }
}
