/** Tells a ledger that was lost from one that never was: SQLite takes both for a new database, and says nothing. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LedgerError, WAY_OUT } from './failure.ts';

/** Every agent makes one, after its ledger (`config-file/signing-key.ts`): a folder that has one has had a ledger. */
const MADE_AFTER_LEDGER = 'signing.key';

/**
 * Throws DAMAGED where the ledger at `path`, or its log (SQLite's WAL), must have been and is no more. To be asked before SQLite opens
 * the file: beside an empty one it deletes the log, and for a log that is missing it makes a new one.
 */
export function refuseLoss(path: string): void {
  if (sizeOf(path) === 0) refuseLostLedger(path);
  else refuseLostLog(path);
}

/**
 * A first start that was cut off leaves an empty file too, but neither log nor key: the database's first page is on the disk before
 * its log is begun.
 */
function refuseLostLedger(path: string): void {
  const key = join(dirname(path), MADE_AFTER_LEDGER);
  const witness = sizeOf(`${path}-wal`) > 0 ? `${path}-wal` : existsSync(key) ? key : null;
  if (witness === null) return;
  throw new LedgerError(
    'DAMAGED',
    `there must be a ledger at ${path}, it is ${existsSync(path) ? 'empty' : 'gone'}, and ${witness} shows that there was one: ${WAY_OUT}${witness === key ? '; to begin anew with this key, put it back after the first start' : ''}`,
  );
}

/**
 * Who closes a ledger last removes the shared memory first, then the log. So the log is missing only where it was taken away, and with it
 * every entry since the last checkpoint. One that was cut short cannot be told from one that a power failure tore.
 */
function refuseLostLog(path: string): void {
  const isMissing = (): boolean => !existsSync(`${path}-wal`);
  // Asked for twice: another process may open the ledger, or close it, meanwhile.
  if (!isMissing() || !existsSync(`${path}-shm`) || !isMissing()) return;
  throw new LedgerError(
    'DAMAGED',
    `${path}-wal must lie beside ${path}-shm: the ledger was not closed, and its newest entries may be there; put it back, or remove ${path}-shm to go on without them`,
  );
}

/** Bytes; 0 where there is no such file. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
