/** Checks a ledger against itself: the chain of its events, and the projection against a rebuild from them. */
import { DatabaseSync } from 'node:sqlite';
import { decodeEvent } from '../../domain/codec.ts';
import type { LedgerEvent } from '../../domain/event.ts';
import { keptHash, missingIn } from '../../domain/evidence/archive.ts';
import { type ChainHead, chainHash } from '../../domain/evidence/chain.ts';
import { checkpointDifference, isFromBefore } from '../../domain/evidence/checkpoint.ts';
import { isoText } from '../../domain/time/instant.ts';
import type { TimelineState } from '../../domain/timeline.ts';
import { archivesOf, type Beginning, keptOf, readBeginning } from './beginning.ts';
import { type EventRow, eventChunks, inTransaction, openDatabase, openReadOnly } from './database.ts';
import { LedgerError, ledgerError, messageOf, sqliteCode } from './failure.ts';
import { acquireFolder } from './lock.ts';
import { outdated, Projection } from './projection.ts';
import { PROJECTION_TABLES } from './schema.ts';
import { rebuild } from './store.ts';

export type Verification =
  | {
      readonly ok: true;
      readonly entries: number;
      readonly head: ChainHead;
      /** Where those before it are archived: they are in the bundles that the last `ledger.archived` names. */
      readonly firstSeq?: number;
    }
  /** `seq` is the first bad entry: altered, missing, or the one that no longer follows an altered hash. */
  | { readonly ok: false; readonly seq: number; readonly reason: string };

const SQLITE_CORRUPT = 11;

/**
 * Walks the chain of a data folder's ledger, or of a copy, from the first entry to the last there is by then.
 * A daemon may go on writing. Rejects with LedgerError when there is no ledger to read.
 */
export async function verifyLedger(place: string): Promise<Verification> {
  const db = openReadOnly(place);
  try {
    for (;;) {
      const { seq } = readBeginning(db);
      const result = await walk(db);
      // What was archived on the way is missing by right.
      if (result.ok || readBeginning(db).seq === seq) return result;
    }
  } catch (error) {
    throw ledgerError('verify the ledger', place, error);
  } finally {
    db.close();
  }
}

async function walk(db: DatabaseSync): Promise<Verification> {
  const beginning = readBeginning(db);
  let head: ChainHead = { seq: beginning.seq - 1, hash: beginning.previousHash };
  try {
    const badlyBegun = whyBadlyBegun(db, beginning);
    if (badlyBegun !== null) return { ok: false, seq: beginning.seq, reason: badlyBegun };
    // Read before the walk: entries that come later do not matter, these must all be found.
    const promised = Number(db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM timeline').get()?.['seq']);
    for (const rows of eventChunks(db, head.seq)) {
      for (const row of rows) {
        const reason = whyBad(head, row);
        if (reason !== null) return { ok: false, seq: head.seq + 1, reason };
        head = { seq: row.seq, hash: row.hash };
      }
      // Lets other work of the process have its turn between chunks.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (head.seq < promised)
      return { ok: false, seq: head.seq + 1, reason: `the entry is missing, the ledger had ${promised}` };
    const { seq: firstSeq } = beginning;
    return { ok: true, entries: head.seq - firstSeq + 1, head, ...(firstSeq === 1 ? {} : { firstSeq }) };
  } catch (error) {
    if (sqliteCode(error) !== SQLITE_CORRUPT) throw error;
    return { ok: false, seq: head.seq + 1, reason: 'the file is damaged: it cannot be read from here on' };
  }
}

/** Why what is left of an archived beginning is not what the ledger itself says of it; null if it is. */
function whyBadlyBegun(db: DatabaseSync, { seq, previousHash, archived }: Beginning): string | null {
  if (archived === null) return null;
  const all = [...archivesOf(db)];
  const [last] = all;
  if (last?.month !== archived.month || all.at(-1)?.previous !== null)
    return `entry ${archived.seq} must say that the months before ${archived.month} were archived, does not`;
  for (const [index, each] of all.entries()) {
    const missing = missingIn(each, all[index + 1]?.upTo.seq ?? 0);
    if (missing !== null) return `entry ${missing} must be in one of the bundles that are named, is in none`;
  }
  const { upTo, kept, fromMs } = last;
  if (seq > upTo.seq + 1 || (seq === upTo.seq + 1 && previousHash !== upTo.hash))
    return `it must follow entry ${upTo.seq} with hash ${upTo.hash}, follows ${seq - 1} with ${previousHash}`;
  if (!isCheckpointBefore(db, seq, fromMs)) return `it must be a checkpoint from before ${isoText(fromMs)}, is none`;
  const left = keptOf(db, upTo.seq);
  if (left.length !== kept.entries || keptHash(left) !== kept.sha256)
    return 'the entries that were kept of those before it are not those that were there when they were archived';
  const before = Number(db.prepare('SELECT count(*) AS count FROM events WHERE seq < ?').get(seq)?.['count']);
  return before === left.filter((entry) => entry.seq < seq).length
    ? null
    : 'there are entries before it that were not kept';
}

/** Else what happened in the first month that is left could be left out. */
function isCheckpointBefore(db: DatabaseSync, seq: number, ms: number): boolean {
  const row = db.prepare('SELECT text FROM events WHERE seq = ?').get(seq);
  const event = row === undefined ? null : decodeEvent(String(row['text']));
  return event?.type === 'ledger.checkpoint' && isFromBefore(event, ms);
}

/** Why an entry does not follow from the one before it; null if it does. */
export function whyBad(previous: ChainHead, row: EventRow): string | null {
  if (row.seq !== previous.seq + 1) return `the entry is missing, the next one is ${row.seq}`;
  if (row.hash !== chainHash(previous.hash, row.text))
    return 'the hash does not follow from the entry before it and the text';
  try {
    const event: unknown = decodeEvent(row.text);
    const named = typeof event === 'object' && event !== null && 'type' in event && typeof event.type === 'string';
    return named ? null : 'the text is not an event';
  } catch (error) {
    return `the text is not an event: ${messageOf(error)}`;
  }
}

export type Comparison =
  | { readonly ok: true; readonly probes: number }
  | { readonly ok: false; readonly difference: string };

/** Each derived table with the columns that make a row and the order they are compared in. */
const COMPARED = [
  'SELECT planned_seq, id, open, outcome, breached, record FROM probes ORDER BY planned_seq',
  'SELECT provider, path, outcome, count, breaches FROM tallies ORDER BY provider, path, outcome',
  'SELECT seq, provider, path, due_ms FROM slots ORDER BY seq',
  'SELECT provider, endpoint, from_ms, to_ms, kind, checks, cell_ms, reason FROM runs ORDER BY provider, endpoint, from_ms',
  'SELECT seq, provider, endpoint, due_ms FROM missed_checks ORDER BY seq',
  'SELECT version, seq, state FROM timeline',
];

/**
 * Whether the projection, and each checkpoint, is what the events give; names the first that is not. The events are taken as they
 * are, and a checkpoint at the very beginning too: what came before it is not there.
 */
export async function compareProjection(place: string): Promise<Comparison> {
  const stored = openReadOnly(place);
  try {
    return compareRows(stored);
  } catch (error) {
    throw ledgerError('compare the projection', place, error);
  } finally {
    stored.close();
  }
}

/** As `compareProjection`, of a ledger that is open. */
export function compareRows(stored: DatabaseSync): Comparison {
  const made = stored.prepare('SELECT version FROM timeline').get();
  const difference = made === undefined ? null : outdated(made['version']);
  if (difference !== null) return { ok: false, difference };
  // An empty name is a private temporary file: a year of probes need not fit into memory.
  const rebuilt = new DatabaseSync('');
  try {
    rebuilt.exec(PROJECTION_TABLES);
    return inTransaction(stored, 'DEFERRED', () => {
      const checkpoints = new CheckpointWatch();
      inTransaction(rebuilt, 'IMMEDIATE', () => rebuild(stored, new Projection(rebuilt), checkpoints.look));
      if (checkpoints.wrong !== null) return { ok: false, difference: checkpoints.wrong };
      for (const sql of COMPARED) {
        const difference = firstDifference(stored, rebuilt, sql);
        if (difference !== null) return { ok: false, difference };
      }
      return { ok: true, probes: Number(stored.prepare('SELECT count(*) AS n FROM probes').get()?.['n']) };
    });
  } finally {
    rebuilt.close();
  }
}

/**
 * Whether all that is derived holds: SQLite's own structures and indexes, then the projection. A figure is read from these, so a ledger
 * whose chain holds may still show wrong ones. Goes through everything; rejects with LedgerError only when there is nothing to read.
 */
export async function verifyDerived(place: string): Promise<Comparison> {
  const db = openReadOnly(place);
  try {
    // Unlike quick_check it holds each index against its table.
    const found = String(db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check']);
    if (found !== 'ok') return { ok: false, difference: `the file is damaged: ${found}` };
    return await compareProjection(place);
  } catch (error) {
    // What cannot even be compared is no less wrong; a folder that may not be read or is busy is another matter.
    const code = sqliteCode(error instanceof LedgerError ? error.cause : error);
    if (code !== null && !UNREADABLE.has(code)) throw ledgerError('verify what is derived', place, error);
    return { ok: false, difference: `it cannot be read: ${messageOf(error)}` };
  } finally {
    db.close();
  }
}
/** SQLite's primary result codes of content that is damaged: SQLITE_ERROR for text that is no JSON or a schema that is no SQL. */
const UNREADABLE: ReadonlySet<number> = new Set([1, SQLITE_CORRUPT]);

/** Looks on at a rebuild, and holds each checkpoint against the state before it. */
export class CheckpointWatch {
  /** The first that is not what the events before it give, and in what; null if there is none. */
  wrong: string | null = null;

  readonly look = (seq: number, event: LedgerEvent, state: TimelineState): void => {
    // At the very beginning it is taken as it is: what came before it is not there.
    if (this.wrong !== null || event.type !== 'ledger.checkpoint' || !state.begun) return;
    const difference = checkpointDifference(event, state);
    if (difference !== null) this.wrong = `checkpoint ${seq}: ${difference}`;
  };
}

function firstDifference(stored: DatabaseSync, rebuilt: DatabaseSync, sql: string): string | null {
  const others = rebuilt.prepare(sql).iterate();
  for (const row of stored.prepare(sql).iterate()) {
    const other = others.next();
    const [is, be] = [JSON.stringify(row), other.done === true ? 'no row' : JSON.stringify(other.value)];
    if (is !== be) return `stored ${is}, by the events ${be}`;
  }
  const left = others.next();
  return left.done === true ? null : `stored no row, by the events ${JSON.stringify(left.value)}`;
}

/** Makes the projection anew. Takes the folder's lock: rejects with FolderHeld while a daemon runs. */
export async function rebuildProjection(folder: string): Promise<void> {
  const lock = await acquireFolder(folder);
  try {
    const db = openDatabase(folder, 'daemon');
    try {
      inTransaction(db, 'IMMEDIATE', () => rebuild(db, new Projection(db)));
    } finally {
      db.close();
    }
  } catch (error) {
    throw ledgerError('rebuild the projection', folder, error);
  } finally {
    await lock.release();
  }
}
