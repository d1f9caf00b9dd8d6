/**
 * One daemon per data folder, and one archive at a time: locks that end with their process, however that ends, and a note of who holds the
 * daemon's.
 */
import { chownSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createFolder, createPrivate } from './database.ts';
import { LedgerError, ledgerError, sqliteCode } from './failure.ts';

/** SQLite's exclusive lock on this file, an fcntl(2) lock, is the daemon's; the kernel drops it with the process. Not on network volumes. */
const LOCK_FILE = 'daemon.lock';
/** The same for whoever archives, beside a daemon. */
const ARCHIVE_LOCK_FILE = 'archive.lock';
const NOTE_FILE = 'daemon.json';
/** Outlasts another command's glance at the lock, which takes it shared for a moment. */
const ACQUIRE_MS = 500;
const SQLITE_BUSY = 5;

/** What the holder wrote of itself; null where it has not (yet). */
export interface Holder {
  readonly pid: number | null;
  /** Where its HTTP interface listens, e.g. `http://127.0.0.1:9825`. */
  readonly http: string | null;
}

export interface FolderLock {
  /** Tells other commands where to ask. */
  announce(http: string): void;
  release(): Promise<void>;
}

export class FolderHeld extends Error {
  readonly code = 'FOLDER_HELD';
  readonly holder: Holder;
  constructor(folder: string, holder: Holder) {
    const where = holder.http === null ? '' : ` at ${holder.http}`;
    super(`a data folder must have one daemon: ${folder} is held by process ${holder.pid ?? 'unknown'}${where}`);
    this.name = 'FolderHeld';
    this.holder = holder;
  }
}

/** Keeps held locks from the garbage collector, which would close them. */
const held = new Set<DatabaseSync>();

/** Creates the folder if need be. Rejects with FolderHeld while another process, or this one, holds it. */
export async function acquireFolder(folder: string): Promise<FolderLock> {
  const db = lockExclusively(folder, LOCK_FILE);
  if (db === null) throw new FolderHeld(folder, readNote(folder));
  held.add(db);
  const release = async (): Promise<void> => {
    if (!held.delete(db)) return;
    removeIfPossible(join(folder, NOTE_FILE));
    db.close();
  };
  try {
    writeNote(folder, { pid: process.pid, http: null });
  } catch (error) {
    await release();
    throw error;
  }
  return { announce: (http) => writeNote(folder, { pid: process.pid, http }), release };
}

/** Resolves with what gives it back. Rejects with LedgerError BUSY while another process archives the folder's ledger. */
export async function acquireArchive(folder: string): Promise<() => void> {
  const db = lockExclusively(folder, ARCHIVE_LOCK_FILE);
  if (db === null)
    throw new LedgerError('BUSY', `a ledger must be archived by one command at a time, another one archives ${folder}`);
  held.add(db);
  // Else a command that root gave once would keep the ledger's own user from ever giving it.
  const { uid, gid } = statSync(folder);
  if (process.getuid?.() === 0 && uid !== 0) chownSync(join(folder, ARCHIVE_LOCK_FILE), uid, gid);
  return () => {
    if (held.delete(db)) db.close();
  };
}

/** Who holds the folder, null if nobody does, whatever a daemon that was killed left behind. */
export async function readHolder(folder: string): Promise<Holder | null> {
  const path = join(folder, LOCK_FILE);
  if (!existsSync(path)) return null;
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return null;
  } catch (error) {
    if (sqliteCode(error) === SQLITE_BUSY) return readNote(folder);
    throw ledgerError('see who holds the data folder', folder, error);
  } finally {
    db?.close();
  }
}

/** Null while another process, or this one, has it. */
function lockExclusively(folder: string, file: string): DatabaseSync | null {
  const path = join(folder, file);
  let db: DatabaseSync | null = null;
  try {
    createFolder(folder);
    createPrivate(path);
    db = new DatabaseSync(path, { timeout: ACQUIRE_MS });
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    db?.close();
    if (sqliteCode(error) === SQLITE_BUSY) return null;
    throw ledgerError('lock the data folder', folder, error);
  }
}

/** In one step, so that nobody reads half a note. Throws LedgerError. */
function writeNote(folder: string, holder: Holder): void {
  const path = join(folder, NOTE_FILE);
  const part = `${path}.part`;
  try {
    writeFileSync(part, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
    renameSync(part, path);
  } catch (error) {
    removeIfPossible(part);
    throw ledgerError('note who holds the data folder', folder, error);
  }
}

/** A note left behind, on a disk that was made read-only for one, is read by nobody while nobody holds the lock. */
function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // As above; what refused it was told before, or is told by the ledger itself.
  }
}

function readNote(folder: string): Holder {
  try {
    const note: unknown = JSON.parse(readFileSync(join(folder, NOTE_FILE), 'utf8'));
    if (typeof note !== 'object' || note === null) return UNKNOWN;
    const pid = 'pid' in note && typeof note.pid === 'number' ? note.pid : null;
    const http = 'http' in note && typeof note.http === 'string' ? note.http : null;
    return { pid, http };
  } catch {
    // Between taking the lock and writing the note there is none.
    return UNKNOWN;
  }
}
const UNKNOWN: Holder = { pid: null, http: null };
