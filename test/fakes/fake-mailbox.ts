/** A mailbox and its server in one: messages are put in by method calls, over any clock. */
import { candidacyOf } from '../../src/adapters/imap/candidate.ts';
import type { FolderRole } from '../../src/domain/probe.ts';
import {
  BODY_BYTES_MAX,
  type Bookmark,
  type Clock,
  type Fetched,
  type FolderState,
  HEADER_BYTES_MAX,
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

/** From one open to its close. */
interface Session {
  readonly onHint: () => void;
  /** Folders of its last look. */
  shown: ReadonlySet<string>;
  /** Why it can no longer be used; null while it can. */
  lost: MailboxError | null;
}

/** As servers mark them; those of any other name have no use of their own. */
const ROLES: Readonly<Record<string, FolderRole>> = { Junk: 'junk', Trash: 'trash', Sent: 'ignored' };

export class FakeMailbox implements Mailbox {
  readonly stored: Stored[] = [];
  readonly removed: number[] = [];
  readonly folders = new Map<string, Bookmark & { role: FolderRole }>([
    ['INBOX', { uidValidity: '1', uidNext: 1, role: 'inbox' }],
  ]);
  /** Folders whose state the server cannot tell. */
  readonly broken = new Set<string>();
  /** While set, every call fails with it. */
  failure: MailboxError | null = null;
  /** Asked at every call as well: why it fails now, if it does. */
  failing: () => MailboxError | null = () => null;
  /** Every command takes this long to reach the server, and its answer as long to come back. */
  latencyMs = 0;
  looks = 0;
  /** The last UIDVALIDITY given: no folder gets one that was given before (RFC 9051 §2.3.1.1). */
  #numberings = 1;
  #session: Session | null = null;
  readonly #clock: Clock;
  readonly #ownSenders: readonly string[];

  constructor(clock: Clock, ownSenders: readonly string[] = []) {
    this.#clock = clock;
    this.#ownSenders = ownSenders;
  }

  async open(onHint: () => void): Promise<{ certificateExpiresMs: number | null }> {
    this.#session = null;
    const failure = this.failure ?? this.failing();
    if (failure !== null) throw failure;
    this.#session = { onHint, shown: new Set(), lost: null };
    return { certificateExpiresMs: null };
  }

  async look(): Promise<Look> {
    const session = this.#current();
    const sentAt = this.#clock.now();
    const folders = await this.#ask(session, () => {
      const all = [...this.folders].map(([path, state]) => ({ path, ...state }));
      const broken = all.find(({ path }) => this.broken.has(path));
      if (broken !== undefined) throw new MailboxError('NO', `no UIDNEXT and UIDVALIDITY of ${broken.path}`);
      return all.filter(({ role }) => role !== 'ignored');
    });
    session.shown = new Set(folders.map(({ path }) => path));
    this.looks += 1;
    return { sentAt, folders };
  }

  async fetch(folder: FolderState, fromUid: number, toUid: number): Promise<Fetched> {
    const session = this.#current();
    mustBeShown(session, folder);
    if (fromUid >= toUid) return { messages: [], complete: true };
    const there = await this.#ask(session, () => {
      this.#enter(folder);
      return this.#since(folder.path, fromUid).filter(({ uid, isReadable }) => uid < toUid && isReadable());
    });
    const seen = this.#clock.now();
    const messages = there.flatMap(({ uid, text }) => {
      const { header, body } = split(text);
      const candidacy = candidacyOf(header, this.#ownSenders);
      if (candidacy === 'none') return [];
      const start = candidacy === 'body' ? body.slice(0, BODY_BYTES_MAX) : '';
      return [{ uid, seen, header: header.slice(0, HEADER_BYTES_MAX), body: start }];
    });
    return { messages, complete: there.length === toUid - fromUid };
  }

  async remove(folder: FolderState, uids: readonly number[]): Promise<boolean> {
    const session = this.#current();
    mustBeShown(session, folder);
    if (uids.length === 0) return true;
    await this.#ask(session, () => {
      this.#enter(folder);
      for (const uid of uids) if (this.#take(folder.path, uid) !== null) this.removed.push(uid);
    });
    return true;
  }

  async close(): Promise<void> {
    this.#session = null;
  }

  /** The server drops every connection: nothing works until it is opened anew. */
  disconnect(): void {
    if (this.#session !== null) this.#session.lost = new MailboxError('CLOSED', 'the connection was lost');
  }

  /** The provider puts a message into a folder, announced or not; resolves to its UID. */
  deliver(
    message: Pick<OutgoingMessage, 'text'>,
    folder = 'INBOX',
    announce = false,
    isReadable: () => boolean = () => true,
  ): number {
    const state = this.folders.get(folder) ?? this.create(folder);
    this.stored.push({ folder, uid: state.uidNext, text: message.text, isReadable });
    this.folders.set(folder, { ...state, uidNext: state.uidNext + 1 });
    if (announce) this.hint();
    return state.uidNext;
  }

  /** Another client deletes a message, or moves it to a folder. */
  expunge(folder: string, uid: number, movedTo?: string): void {
    const taken = this.#take(folder, uid);
    if (taken !== null && movedTo !== undefined) this.deliver(taken, movedTo);
  }

  /** The server tells of new mail, be there any or not. */
  hint(): void {
    this.#session?.onHint();
  }

  /** Somebody makes a folder; one of that name is replaced. */
  create(folder: string): Bookmark & { role: FolderRole } {
    const state = { uidValidity: this.#newNumbering(), uidNext: 1, role: ROLES[folder] ?? 'other' };
    this.folders.set(folder, state);
    return state;
  }

  /** Another client deletes a folder with what is in it. */
  drop(folder: string): void {
    this.folders.delete(folder);
    for (const { uid } of this.stored.filter((each) => each.folder === folder)) this.#take(folder, uid);
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
    this.folders.set(folder, { ...state, uidValidity: this.#newNumbering(), uidNext: uid + 1 });
  }

  /** Another client renames a folder; what is in it goes along. One made anew by the old name is numbered anew, as Dovecot does. */
  rename(folder: string, to: string): void {
    const state = this.folders.get(folder);
    if (state === undefined || this.folders.has(to)) return;
    this.folders.delete(folder);
    this.folders.set(to, state);
    for (const [index, each] of this.stored.entries())
      if (each.folder === folder) this.stored[index] = { ...each, folder: to };
  }

  /** From the newest back to the first that is older: a folder's UIDs ascend, and a mailbox of months has a hundred thousand. */
  #since(folder: string, fromUid: number): readonly Stored[] {
    const found: Stored[] = [];
    for (let index = this.stored.length - 1; index >= 0; index -= 1) {
      const each = this.stored[index];
      if (each?.folder !== folder) continue;
      if (each.uid < fromUid) break;
      found.push(each);
    }
    return found.toReversed();
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

  #newNumbering(): string {
    this.#numberings += 1;
    return String(this.#numberings);
  }

  async #ask<T>(session: Session, answer: () => T): Promise<T> {
    if (this.latencyMs > 0) await this.#clock.sleep(this.latencyMs);
    this.#check(session);
    const answered = answer();
    if (this.latencyMs > 0) await this.#clock.sleep(this.latencyMs);
    this.#check(session);
    return answered;
  }

  #current(): Session {
    const session = this.#session;
    if (session === null) throw notOpen();
    this.#check(session);
    return session;
  }

  /** Once it failed it is lost. */
  #check(session: Session): void {
    session.lost ??= this.failure ?? this.failing();
    if (this.#session !== session) throw notOpen();
    if (session.lost !== null) throw session.lost;
  }
}

function notOpen(): MailboxError {
  return new MailboxError('CLOSED', 'the mailbox is not open');
}

function mustBeShown({ shown }: Session, { path }: FolderState): void {
  if (!shown.has(path)) throw new MailboxError('NO', `no look has shown the folder ${path}`);
}
