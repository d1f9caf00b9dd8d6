/** What a mailbox announced and did not hand out: asked for again, ever more rarely, until it comes or must have been deleted. */
import { type Instant, spanBetween } from '../domain/time/instant.ts';
import type { Fetched, FolderState } from '../ports.ts';

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
  readonly since: Instant;
  /** Age at which it is read again, seconds. */
  readonly dueAge: number;
  /** Those that were read. */
  readonly read: ReadonlySet<number>;
}

export class MailboxGaps {
  readonly #gaps = new Map<string, Gap>();

  /** While there is one, what was missing may be there by now, so that no look proves absence. */
  get any(): boolean {
    return this.#gaps.size > 0;
  }

  /** The range could not be read as a whole. */
  keep({ path, uidValidity }: FolderState, fromUid: number, toUid: number, { messages }: Fetched, now: Instant): void {
    const before = this.#gaps.get(path);
    const same = before?.uidValidity === uidValidity ? before : null;
    const read = new Set([...(same?.read ?? []), ...messages.map(({ uid }) => uid)]);
    this.#gaps.set(path, {
      uidValidity,
      fromUid: same?.fromUid ?? fromUid,
      toUid,
      since: now,
      dueAge: GAP_AGE_MIN,
      read,
    });
  }

  /** The messages of a folder's gap that have come since; none if it is not due. */
  async reread(
    folder: FolderState,
    fetch: (fromUid: number, toUid: number) => Promise<Fetched>,
    now: Instant,
  ): Promise<Fetched['messages']> {
    const gap = this.#gaps.get(folder.path);
    if (gap === undefined) return [];
    const age = spanBetween(gap.since, now).lo;
    if (age < gap.dueAge) return [];
    if (gap.uidValidity !== folder.uidValidity || gap.dueAge > GAP_PATIENCE) {
      this.#gaps.delete(folder.path);
      return [];
    }
    const fetched = await fetch(gap.fromUid, gap.toUid);
    const messages = fetched.messages.filter(({ uid }) => !gap.read.has(uid));
    if (fetched.complete) this.#gaps.delete(folder.path);
    else {
      const read = new Set([...gap.read, ...messages.map(({ uid }) => uid)]);
      this.#gaps.set(folder.path, { ...gap, dueAge: age * GAP_GROWTH, read });
    }
    return messages;
  }
}
