/** A mailbox and its server in one: messages are put in by method calls, over any clock. */
import { candidacyOf } from '../../src/adapters/imap/candidate.ts';
import type { FolderRole } from '../../src/domain/probe.ts';
import {
  type Bookmark,
  type Clock,
  type Fetched,
  type FolderState,
  type Look,
  type Mailbox,
  MailboxError,
  type OutgoingMessage,
} from '../../src/ports.ts';
import { split } from './fake-sink.ts';

interface Stored {
  readonly folder: string;
  readonly uid: number;
  readonly text: string;
  /** Whether a fetch shows it: a server may announce what it does not hand out yet. */
  readonly isReadable: () => boolean;
}

export class FakeMailbox implements Mailbox {
  readonly stored: Stored[] = [];
  readonly removed: number[] = [];
  readonly folders = new Map<string, Bookmark & { role: FolderRole }>([
    ['INBOX', { uidValidity: '1', uidNext: 1, role: 'inbox' }],
  ]);
  /** While set, every call fails with it. */
  failure: MailboxError | null = null;
  /** Asked at every call as well: why it fails now, if it does. */
  failing: () => MailboxError | null = () => null;
  /** Every command takes this long to reach the server, and its answer as long to come back. */
  latencyMs = 0;
  looks = 0;
  /** Of folders that are to be made anew. */
  readonly #uidValidities = new Map<string, string>();
  #onHint: (() => void) | null = null;
  readonly #clock: Clock;
  readonly #ownSenders: readonly string[];

  constructor(clock: Clock, ownSenders: readonly string[] = []) {
    this.#clock = clock;
    this.#ownSenders = ownSenders;
  }

  async open(onHint: () => void): Promise<{ certificateExpiresMs: number | null }> {
    const failure = this.failure ?? this.failing();
    if (failure !== null) throw failure;
    this.#onHint = onHint;
    return { certificateExpiresMs: null };
  }

  async look(): Promise<Look> {
    this.#check();
    const sentAt = this.#clock.now();
    const folders = await this.#ask(() => [...this.folders].map(([path, state]) => ({ path, ...state })));
    this.looks += 1;
    return { sentAt, folders };
  }

  async fetch(folder: FolderState, fromUid: number, toUid: number): Promise<Fetched> {
    this.#check();
    if (fromUid >= toUid) return { messages: [], complete: true };
    const there = await this.#ask(() => {
      this.#enter(folder);
      return this.stored.filter(
        ({ folder: path, uid, isReadable }) => path === folder.path && uid >= fromUid && uid < toUid && isReadable(),
      );
    });
    const seen = this.#clock.now();
    const messages = there
      .map(({ uid, text }) => ({ uid, seen, ...split(text) }))
      .filter(({ header }) => candidacyOf(header, this.#ownSenders) !== 'none');
    return { messages, complete: there.length === toUid - fromUid };
  }

  async remove(folder: FolderState, uids: readonly number[]): Promise<boolean> {
    this.#check();
    await this.#ask(() => {
      this.#enter(folder);
      for (const uid of uids) if (this.#take(folder.path, uid) !== null) this.removed.push(uid);
    });
    return true;
  }

  async close(): Promise<void> {
    this.#onHint = null;
  }

  /** The provider puts a message into a folder, announced or not; resolves to its UID. */
  deliver(
    message: Pick<OutgoingMessage, 'text'>,
    folder = 'INBOX',
    announce = false,
    isReadable: () => boolean = () => true,
  ): number {
    const state = this.folders.get(folder) ?? {
      uidValidity: this.#uidValidities.get(folder) ?? '1',
      uidNext: 1,
      role: folder === 'Junk' ? ('junk' as const) : ('other' as const),
    };
    this.stored.push({ folder, uid: state.uidNext, text: message.text, isReadable });
    this.folders.set(folder, { ...state, uidNext: state.uidNext + 1 });
    if (announce) this.#onHint?.();
    return state.uidNext;
  }

  /** Another client deletes a message, or moves it to a folder. */
  expunge(folder: string, uid: number, movedTo?: string): void {
    const taken = this.#take(folder, uid);
    if (taken !== null && movedTo !== undefined) this.deliver(taken, movedTo);
  }

  /** The server tells of new mail, be there any or not. */
  hint(): void {
    this.#onHint?.();
  }

  /** A folder's numbering begins anew (RFC 9051 §2.3.1.1). */
  renumber(folder: string): void {
    const state = this.folders.get(folder);
    if (state === undefined) return;
    let uid = 0;
    for (const [index, each] of this.stored.entries()) {
      if (each.folder !== folder) continue;
      uid += 1;
      this.stored[index] = { ...each, uid };
    }
    this.folders.set(folder, { ...state, uidValidity: String(Number(state.uidValidity) + 1), uidNext: uid + 1 });
  }

  /**
   * Another client renames a folder; what is in it goes along. One that is made anew by the old name has another UIDVALIDITY, as
   * RFC 9051 §2.3.1.1 asks and Dovecot does: else the same name, UIDVALIDITY and UID would be two messages.
   */
  rename(folder: string, to: string): void {
    const state = this.folders.get(folder);
    if (state === undefined || this.folders.has(to)) return;
    this.folders.delete(folder);
    this.#uidValidities.set(folder, String(Number(state.uidValidity) + 1));
    this.folders.set(to, state);
    for (const [index, each] of this.stored.entries())
      if (each.folder === folder) this.stored[index] = { ...each, folder: to };
  }

  #take(folder: string, uid: number): Stored | null {
    const index = this.stored.findIndex((each) => each.folder === folder && each.uid === uid);
    return this.stored.splice(index, index < 0 ? 0 : 1)[0] ?? null;
  }

  #enter({ path, uidValidity }: FolderState): void {
    const found = this.folders.get(path);
    if (found === undefined) throw new MailboxError('NO', `no folder ${path}`);
    if (found.uidValidity !== uidValidity)
      throw new MailboxError('UIDVALIDITY', `${path} must have UIDVALIDITY ${uidValidity}, has ${found.uidValidity}`);
  }

  async #ask<T>(answer: () => T): Promise<T> {
    if (this.latencyMs > 0) await this.#clock.sleep(this.latencyMs);
    this.#check();
    const answered = answer();
    if (this.latencyMs > 0) await this.#clock.sleep(this.latencyMs);
    this.#check();
    return answered;
  }

  #check(): void {
    const failure = this.failure ?? this.failing();
    if (failure !== null) throw failure;
    if (this.#onHint === null) throw new MailboxError('CLOSED', 'the mailbox is not open');
  }
}
