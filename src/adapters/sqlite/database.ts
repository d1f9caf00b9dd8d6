/** Opens the ledger's SQLite file: where it lies, who may read it, and the settings that make a commit durable. */
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { type ChainHead, GENESIS } from '../../domain/evidence/chain.ts';
import { LedgerError, ledgerError, SQLITE_BUSY, sqliteCode } from './failure.ts';
import { refuseLoss } from './loss.ts';
import { checkSchema, MIGRATIONS, migrate, schemaVersion } from './schema.ts';

const LEDGER_FILE = 'ledger.db';
/** Longer than any commit of ours on a slow disk, shorter than a provider waits for the sink's 250 (RFC 5321 §4.5.3.2.6: 10 min). */
const BUSY_MS = 10_000;
/** Milliseconds until a switch to WAL that another process stood in the way of is tried again. */
const SWITCH_AGAIN_MS = 5;
/** A long read lets the WAL grow; afterwards it is cut back to this. */
const WAL_BYTES_KEPT = 16 * 1024 * 1024;
/** What the agent knows of its owner's mail is the owner's. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * `daemon`: creates folder and ledger, brings them up to date, appends and beats; its process holds the folder's lock.
 * `visitor`: a command that appends to a ledger that is there, daemon running or not. `reader`: only reads.
 */
export type Role = 'daemon' | 'visitor' | 'reader';

/** The ledger file that `place`, a data folder or the file itself, names. Throws MISSING. */
export function ledgerFile(place: string): string {
  const path = existsSync(place) && statSync(place).isDirectory() ? join(place, LEDGER_FILE) : place;
  if (!existsSync(path))
    throw new LedgerError('MISSING', `there must be a ledger at ${path}: the daemon creates it when it first runs`);
  return path;
}

/**
 * The folder must lie on a local disk: SQLite's locks and its WAL's shared memory do not work on network volumes.
 * Throws LedgerError.
 */
export function openDatabase(folder: string, role: Role): DatabaseSync {
  const path = join(folder, LEDGER_FILE);
  if (role === 'reader') return openReadOnly(folder);
  if (role === 'visitor') ledgerFile(folder);
  let db: DatabaseSync | null = null;
  try {
    refuseLoss(path);
    if (role === 'daemon') {
      createFolder(folder);
      createPrivate(path);
    }
    db = new DatabaseSync(path, { timeout: BUSY_MS });
    if (role === 'daemon') {
      checkSchema(db, path);
      switchToWal(db);
    }
    // fullfsync: on macOS a plain fsync leaves the data in the drive's cache. Elsewhere it changes nothing.
    db.exec(`PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA journal_size_limit = ${WAL_BYTES_KEPT}`);
    if (role === 'daemon') migrate(db, path);
    else checkCurrent(db, path);
    return db;
  } catch (error) {
    db?.close();
    throw ledgerError('open the ledger', folder, error);
  }
}

/** SQLite does not wait for another process that makes the same switch, but says at once that the database is locked; for others it would wait at each try. */
function switchToWal(db: DatabaseSync): void {
  db.exec('PRAGMA busy_timeout = 0');
  for (let waitedMs = 0; ; waitedMs += SWITCH_AGAIN_MS) {
    try {
      return db.exec(`PRAGMA journal_mode = WAL; PRAGMA busy_timeout = ${BUSY_MS}`);
    } catch (error) {
      if (sqliteCode(error) !== SQLITE_BUSY || waitedMs >= BUSY_MS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SWITCH_AGAIN_MS);
    }
  }
}

/** Opens a ledger, a data folder's or a copy, for reading. Throws LedgerError. */
export function openReadOnly(place: string): DatabaseSync {
  const path = ledgerFile(place);
  let db: DatabaseSync | null = null;
  try {
    refuseLoss(path);
    db = new DatabaseSync(isArchived(path) ? immutable(path) : path, { readOnly: true, timeout: BUSY_MS });
    checkCurrent(db, path);
    return db;
  } catch (error) {
    db?.close();
    throw ledgerError('open the ledger', path, error);
  }
}

/**
 * Whether it lies closed on a medium that nobody can write. SQLite would make the WAL's shared memory beside it and fail;
 * while a daemon runs there is a WAL, even where this mount alone is read-only.
 */
function isArchived(path: string): boolean {
  if (existsSync(`${path}-wal`)) return false;
  try {
    accessSync(dirname(path), constants.W_OK);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EROFS';
  }
}

/** sqlite.org/uri.html: no locks, no shared memory. */
function immutable(path: string): URL {
  const url = pathToFileURL(path);
  url.searchParams.set('immutable', '1');
  return url;
}

function checkCurrent(db: DatabaseSync, path: string): void {
  checkSchema(db, path);
  const version = schemaVersion(db);
  if (version < MIGRATIONS.length) {
    throw new LedgerError(
      'TOO_OLD',
      `${path} has schema version ${version}, needed is ${MIGRATIONS.length}: start the daemon once, it brings it up to date`,
    );
  }
}

export function createFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
}

/**
 * Makes an empty file that only its owner may read; SQLite gives its WAL the same mode. Only ever a new one:
 * closing a file drops every lock this process holds on it (fcntl(2)), so a file in use must not be opened here.
 */
export function createPrivate(path: string): void {
  if (existsSync(path)) return;
  try {
    closeSync(openSync(path, 'wx', FILE_MODE));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** All of `work` or nothing of it. */
export function inTransaction<T>(db: DatabaseSync, kind: 'DEFERRED' | 'IMMEDIATE', work: () => T): T {
  db.exec(`BEGIN ${kind}`);
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // After some errors, a full disk for one, SQLite has rolled back already.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

const PREPARED = new WeakMap<DatabaseSync, Map<string, StatementSync>>();

/**
 * The statement, prepared once for each database: to prepare it takes longer than to run it. Whoever iterates its rows
 * must be done with them before anybody asks for it again.
 */
export function prepared(db: DatabaseSync, sql: string): StatementSync {
  const statements = PREPARED.get(db) ?? new Map<string, StatementSync>();
  PREPARED.set(db, statements);
  const statement = statements.get(sql) ?? db.prepare(sql);
  statements.set(sql, statement);
  return statement;
}

/** The last entry; seq 0 and GENESIS in an empty ledger. */
export function readHead(db: DatabaseSync): ChainHead {
  const row = prepared(db, 'SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1').get();
  return row === undefined ? { seq: 0, hash: GENESIS } : { seq: Number(row['seq']), hash: toHex(row['hash']) };
}

/** Wall time, milliseconds since the epoch: entries learnt in `[fromMs, toMs)`. */
export interface WallRange {
  readonly fromMs?: number;
  readonly toMs?: number;
}
export function wallBounds(range: WallRange): { from: number; to: number } {
  return { from: range.fromMs ?? Number.MIN_SAFE_INTEGER, to: range.toMs ?? Number.MAX_SAFE_INTEGER };
}

export interface EventRow {
  readonly seq: number;
  readonly text: string;
  readonly hash: string;
}
/** Rows read at a time: some megabytes. */
const ROWS_PER_CHUNK = 2_000;

/**
 * Every entry after `afterSeq` in order, in chunks. Each chunk is a read of its own, so that a long walk
 * neither holds up the WAL's checkpoints nor misses what is appended meanwhile.
 */
export function* eventChunks(
  db: DatabaseSync,
  afterSeq: number,
  toSeq: number = Number.MAX_SAFE_INTEGER,
): Generator<readonly EventRow[]> {
  const select = db.prepare('SELECT seq, text, hash FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?');
  let last = afterSeq;
  while (true) {
    const rows = select.all(last, toSeq, ROWS_PER_CHUNK);
    if (rows.length === 0) return;
    yield rows.map(toEventRow);
    last = Number(rows.at(-1)?.['seq']);
  }
}

export function toEventRow(row: Readonly<Record<string, unknown>>): EventRow {
  return { seq: Number(row['seq']), text: String(row['text']), hash: toHex(row['hash']) };
}

function toHex(blob: unknown): string {
  return blob instanceof Uint8Array ? Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength).toString('hex') : '';
}
