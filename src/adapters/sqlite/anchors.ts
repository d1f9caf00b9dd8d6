/** Reads the anchors of a ledger and holds each against the chain, with the keys that the ledger itself has kept. */
import type { DatabaseSync } from 'node:sqlite';
import { decodeEvent } from '../../domain/codec.ts';
import type { AnchorSigned, RareType } from '../../domain/event.ts';
import {
  type AnchorSummary,
  AnchorTally,
  type ChainPlace,
  checkAnchor,
  checkStored,
  recordsIn,
  type StoredHead,
} from '../../domain/evidence/anchor.ts';
import type { BundledKey } from '../../domain/evidence/bundle.ts';
import { chainHeadOf } from '../../domain/mail/message.ts';
import type { SignatureCheck } from '../../ports.ts';
import { readBeginning } from './beginning.ts';
import { inTransaction, openReadOnly, toEventRow } from './database.ts';
import { ledgerError } from './failure.ts';
import { RARE_TYPES_SQL } from './schema.ts';

/** Entries of one rare type, by its index. */
const OF_TYPE = `SELECT seq, text, hash FROM events WHERE type = ? AND type IN (${RARE_TYPES_SQL}) ORDER BY seq`;

export interface Anchors extends AnchorSummary {
  /** The DNS records of the keys, for whoever signed to compare with their own. */
  readonly keys: readonly BundledKey[];
}

/** Of a data folder's ledger, or of a copy; `stored` is what mailboxes hold of it. Rejects with LedgerError. */
export async function verifyAnchors(
  place: string,
  check: SignatureCheck,
  stored: readonly StoredHead[] = [],
): Promise<Anchors> {
  const db = openReadOnly(place);
  try {
    return inTransaction(db, 'DEFERRED', () => {
      const { seq: firstSeq, previousHash } = readBeginning(db);
      return checkAnchors(db, { firstSeq, previousHash, keys: [] }, check, stored);
    });
  } catch (error) {
    throw ledgerError('verify the anchors', place, error);
  } finally {
    db.close();
  }
}

/** What is known of a chain besides its entries. */
export interface ChainStart {
  readonly firstSeq: number;
  readonly previousHash: string;
  /** Keys seen before the first entry. */
  readonly keys: readonly BundledKey[];
}

/** One anchor at a time: a year of them takes more memory than there may be. Throws what SQLite does. */
export function checkAnchors(
  db: DatabaseSync,
  start: ChainStart,
  check: SignatureCheck,
  stored: readonly StoredHead[] = [],
): Anchors {
  const keys = [...start.keys, ...keysSeen(db)];
  const placeOf = chainPlaces(db, start);
  const tally = new AnchorTally(start.firstSeq);
  for (const { seq, event } of entriesOf(db, 'anchor.signed')) {
    if (!isSound(event)) {
      tally.add(`entry ${seq}`, '', 0, { kind: 'fails', reason: 'the entry is no anchor' });
      continue;
    }
    const { provider, head, header, body } = event;
    const message = {
      provider,
      head,
      recordedMs: event.at.wallMs,
      bodyHead: chainHeadOf(header, body),
      signatures: check({ header, body }, recordsIn(keys)),
    };
    tally.add(`entry ${seq}`, provider, head.seq, checkAnchor(message, placeOf(head.seq)));
  }
  for (const message of stored) {
    const { provider, where, head } = message;
    tally.add(`mailbox of ${provider}, ${where}`, provider, head.seq, checkStored(message, placeOf(head.seq)));
  }
  return { ...tally.summary(), keys };
}

/** Milliseconds: what a Date can show. */
const MS_MAX = 8.64e15;

/** Whoever made a bundle may have put anything into it. */
function isSound({ provider, head, header, body, at }: AnchorSigned): boolean {
  const texts = [provider, head?.hash, header, body];
  return (
    texts.every((value) => typeof value === 'string') &&
    Number.isSafeInteger(head.seq) &&
    typeof at?.wallMs === 'number' &&
    Math.abs(at.wallMs) <= MS_MAX
  );
}

/** Every key that an entry up to `toSeq` has kept. */
export function keysSeen(db: DatabaseSync, toSeq: number = Number.MAX_SAFE_INTEGER): readonly BundledKey[] {
  const keys: BundledKey[] = [];
  for (const { seq, event } of entriesOf(db, 'dkim.key-seen')) {
    const { domain, selector, record } = event;
    const sound = [domain, selector, record].every((value) => typeof value === 'string');
    if (sound && seq <= toSeq) keys.push({ seq, domain, selector, record });
  }
  return keys;
}

/** What the chain has at an entry. */
function chainPlaces(
  db: DatabaseSync,
  { firstSeq, previousHash }: Pick<ChainStart, 'firstSeq' | 'previousHash'>,
): (seq: number) => ChainPlace {
  const select = db.prepare('SELECT seq, text, hash FROM events WHERE seq = ?');
  return (seq) => {
    if (seq === firstSeq - 1) return { kind: 'entry', hash: previousHash };
    if (seq < firstSeq) return { kind: 'before' };
    const row = select.get(seq);
    return row === undefined ? { kind: 'missing' } : { kind: 'entry', hash: toEventRow(row).hash };
  };
}

function* entriesOf<T extends RareType>(db: DatabaseSync, type: T) {
  for (const row of db.prepare(OF_TYPE).iterate(type)) {
    const { seq, text } = toEventRow(row);
    const event = decodeEvent(text);
    if (isOfType(event, type)) yield { seq, event };
  }
}

function isOfType<E extends { readonly type: string }, T extends E['type']>(
  event: E,
  type: T,
): event is Extract<E, { readonly type: T }> {
  return event.type === type;
}
