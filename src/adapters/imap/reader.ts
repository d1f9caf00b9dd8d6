/** Reads and deletes messages, on a connection that looks never use. */
import type { ImapAttribute, ImapAttributeList, ImapAttributeNode } from 'imapflow';
import { parseMailDate } from '../../domain/mail/mail-date.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { BODY_BYTES_MAX, type Clock, type Fetched, type FolderState, HEADER_BYTES_MAX } from '../../ports.ts';
import { CANDIDATE_FIELDS, candidacyOf } from './candidate.ts';
import type { Connection } from './connection.ts';
import { atom, bytesOf, isList, numberOf, responseCode, sequence, textOf } from './wire.ts';

/** The fields that tell whether a message may concern us. */
const CANDIDATE_BYTES_MAX = 8192;
/** UIDs in one command: ten digits each, so a command line stays near a kilobyte (RFC 7162 §4 advises 8192 at most). */
const UIDS_MAX = 100;

type Section = 'HEADER.FIELDS' | 'HEADER' | 'TEXT';

/** Messages that are asked for. A server may answer with others, a few as a rule allows or one for each number there is: none is kept. */
interface Asked {
  readonly uids: string;
  readonly has: (uid: number) => boolean;
}

/** A message as its first FETCH response showed it. */
interface Sight {
  readonly uid: number;
  readonly seen: Instant;
  readonly header: string;
  readonly candidacy: 'header' | 'body';
}

export interface StoredMessage {
  readonly uid: number;
  readonly storedMs: number;
  readonly header: string;
  readonly body: string;
}

export class Reader {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #ownSenders: readonly string[];

  constructor(connection: Connection, clock: Clock, ownSenders: readonly string[]) {
    this.#connection = connection;
    this.#clock = clock;
    this.#ownSenders = ownSenders;
  }

  /**
   * The candidates among the messages with `fromUid <= uid < toUid`, in order. Of all others a few header fields are read, no more.
   * One that vanishes in between is returned as it was first seen, if that is enough. NIL in place of text (RFC 3501 §4.5) shows nothing:
   * a message of which nothing can be read for now, or not the body that is needed, is missing.
   */
  fetch(folder: FolderState, wireName: string, fromUid: number, toUid: number): Promise<Fetched> {
    return this.#connection.exclusive(async () => {
      if (fromUid >= toUid) return { messages: [], complete: true };
      await this.#enter('EXAMINE', folder, wireName);
      const { sights, complete } = await this.#sift(fromUid, toUid);
      const headers = new Map<number, string>();
      const bodies = new Map<number, string>();
      for (const batch of batches(sights.map(({ uid }) => uid))) {
        await this.#fetchSection(these(batch), 'HEADER', HEADER_BYTES_MAX, (uid, bytes) => headers.set(uid, bytes));
      }
      const withBody = sights.filter(({ candidacy }) => candidacy === 'body').map(({ uid }) => uid);
      for (const batch of batches(withBody)) {
        await this.#fetchSection(these(batch), 'TEXT', BODY_BYTES_MAX, (uid, bytes) => bodies.set(uid, bytes));
      }
      const readable = sights.filter(({ uid, candidacy }) => candidacy === 'header' || bodies.has(uid));
      const messages = readable.map(({ uid, seen, header }) => ({
        uid,
        seen,
        header: headers.get(uid) ?? header,
        body: bodies.get(uid) ?? '',
      }));
      return { messages, complete: complete && readable.length === sights.length };
    });
  }

  /**
   * Messages with something like a token in their header, whole as far as the bounds go, with INTERNALDATE in milliseconds since the
   * epoch: when the server took them in (RFC 3501 §2.3.3). Without one that cannot be read.
   */
  readStored(folder: FolderState, wireName: string, fromUid: number, toUid: number): Promise<readonly StoredMessage[]> {
    return this.#connection.exclusive(async () => {
      await this.#enter('EXAMINE', folder, wireName);
      const { sights } = await this.#sift(fromUid, toUid);
      const [headers, bodies, dates] = [
        new Map<number, string>(),
        new Map<number, string>(),
        new Map<number, number>(),
      ];
      for (const batch of batches(sights.filter(({ candidacy }) => candidacy === 'header').map(({ uid }) => uid))) {
        const asked = these(batch);
        await this.#fetchSection(asked, 'HEADER', HEADER_BYTES_MAX, (uid, bytes) => headers.set(uid, bytes));
        await this.#fetchSection(asked, 'TEXT', BODY_BYTES_MAX, (uid, bytes) => bodies.set(uid, bytes));
        await this.#fetchDates(asked, (uid, ms) => dates.set(uid, ms));
      }
      return [...dates].flatMap(([uid, storedMs]) => {
        const [header, body] = [headers.get(uid), bodies.get(uid)];
        return header === undefined || body === undefined ? [] : [{ uid, storedMs, header, body }];
      });
    });
  }

  async #fetchDates(asked: Asked, onDate: (uid: number, ms: number) => void): Promise<void> {
    await this.#connection.command('UID FETCH', [sequence(asked.uids), [atom('UID'), atom('INTERNALDATE')]], {
      FETCH: ({ attributes = [] }) => {
        const items = attributes[1];
        if (!isList(items)) return;
        const uid = numberOf(itemOf(items, 'UID'));
        // `17-Jul-1996 02:44:25 -0700` is a date of RFC 5322 but for the hyphens.
        const ms = parseMailDate(
          (textOf(itemOf(items, 'INTERNALDATE')) ?? '').trim().replace(/^(\d{1,2})-(\w{3})-/, '$1 $2 '),
        );
        if (uid !== null && ms !== null && asked.has(uid)) onDate(uid, ms);
      },
    });
  }

  /** As Mailbox.remove. A plain EXPUNGE or a CLOSE would delete whatever others have marked: neither is ever sent. */
  remove(folder: FolderState, wireName: string, uids: readonly number[]): Promise<boolean> {
    return this.#connection.exclusive(async () => {
      if (!this.#connection.offers('UIDPLUS')) return false;
      if (uids.length === 0) return true;
      await this.#enter('SELECT', folder, wireName);
      try {
        for (const batch of batches(uids)) {
          const set = sequence(batch.join());
          await this.#connection.command('UID STORE', [set, atom('+FLAGS.SILENT'), [atom('\\Deleted')]]);
          await this.#connection.command('UID EXPUNGE', [set]);
        }
      } finally {
        // Read-only again, also after a refusal: a session that may write takes \Recent away from other people's new mail.
        if (this.#connection.client.usable) await this.#enter('EXAMINE', folder, wireName);
      }
      return true;
    });
  }

  /** Selecting afresh is what shows a folder as it is now, and it leaves the one before without expunging (RFC 3501 §6.3.1). */
  async #enter(command: 'EXAMINE' | 'SELECT', folder: FolderState, wireName: string): Promise<void> {
    let found: string | null = null;
    await this.#connection.command(command, [wireName], {
      OK: (response) => {
        found ??= responseCode(response, 'UIDVALIDITY');
      },
    });
    if (found !== folder.uidValidity) {
      const text = `${JSON.stringify(folder.path)} must have UIDVALIDITY ${folder.uidValidity}, has ${found ?? 'none'}`;
      throw this.#connection.error('UIDVALIDITY', text);
    }
  }

  /** The cheap first pass: a few fields of every message, kept only where they make it a candidate. */
  async #sift(
    fromUid: number,
    toUid: number,
  ): Promise<{ readonly sights: readonly Sight[]; readonly complete: boolean }> {
    const there = new Set<number>();
    const sights = new Map<number, Sight>();
    // A range may be answered with the highest UID although that is below it (RFC 3501 §6.4.8).
    const range = { uids: `${fromUid}:${toUid - 1}`, has: (uid: number) => uid >= fromUid && uid < toUid };
    await this.#fetchSection(range, 'HEADER.FIELDS', CANDIDATE_BYTES_MAX, (uid, header) => {
      const seen = this.#clock.now();
      if (there.has(uid)) return;
      there.add(uid);
      const candidacy = candidacyOf(header, this.#ownSenders);
      if (candidacy !== 'none') sights.set(uid, { uid, seen, header, candidacy });
    });
    const inOrder = [...sights.values()].sort((a, b) => a.uid - b.uid);
    return { sights: inOrder, complete: there.size === toUid - fromUid };
  }

  /** PEEK, so that nothing is marked as read, even where EXAMINE would not prevent it. */
  async #fetchSection(
    asked: Asked,
    section: Section,
    bytesMax: number,
    onMessage: (uid: number, bytes: string) => void,
  ): Promise<void> {
    const fields = section === 'HEADER.FIELDS' ? [CANDIDATE_FIELDS.map(atom)] : [];
    const item: ImapAttributeNode = {
      type: 'ATOM',
      value: 'BODY.PEEK',
      section: [atom(section), ...fields],
      partial: [0, bytesMax],
    };
    await this.#connection.command('UID FETCH', [sequence(asked.uids), [atom('UID'), item]], {
      FETCH: ({ attributes = [] }) => {
        const items = attributes[1];
        if (!isList(items)) return;
        let uid: number | null = null;
        let bytes: string | null = null;
        for (let i = 0; i + 1 < items.length; i += 2) {
          const key = items[i];
          const name = textOf(key)?.toUpperCase();
          if (name === 'UID') uid = numberOf(items[i + 1]);
          // Servers also report, unasked, flags that changed.
          const part = isList(key) ? null : textOf(key?.section?.[0])?.toUpperCase();
          if (name === 'BODY' && part === section) bytes = bytesOf(items[i + 1], bytesMax);
        }
        if (uid !== null && bytes !== null && asked.has(uid)) onMessage(uid, bytes);
      },
    });
  }
}

function these(uids: readonly number[]): Asked {
  const asked = new Set(uids);
  return { uids: uids.join(), has: (uid) => asked.has(uid) };
}

/** Items and values stand in turns. */
function itemOf(items: ImapAttributeList, name: string): ImapAttribute | undefined {
  const index = items.findIndex((item, i) => i % 2 === 0 && textOf(item)?.toUpperCase() === name);
  return index < 0 ? undefined : items[index + 1];
}

function batches(uids: readonly number[]): readonly (readonly number[])[] {
  const count = Math.ceil(uids.length / UIDS_MAX);
  return Array.from({ length: count }, (_, i) => uids.slice(i * UIDS_MAX, (i + 1) * UIDS_MAX));
}
