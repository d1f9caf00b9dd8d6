/** Copies a ledger while its daemon writes it, and proves the copy before it gets its name. */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { createPrivate, openReadOnly } from './database.ts';
import { LedgerError, ledgerError } from './failure.ts';
import { type Verification, verifyLedger } from './verify.ts';

/**
 * Writes a consistent copy to `file`, one whole SQLite file that opens anywhere, and resolves with what its verification found:
 * a copy of a bad ledger is kept, as evidence, and told. Rejects with LedgerError, EXISTS when `file` is there already.
 */
export async function backupLedger(place: string, file: string): Promise<Verification> {
  if (existsSync(file)) throw new LedgerError('EXISTS', `a backup must be a new file, ${file} exists`);
  const db = openReadOnly(place);
  const part = `${file}.part`;
  try {
    rmSync(part, { force: true });
    createPrivate(part);
    // One read transaction. SQLite's backup API would begin anew at every commit of the daemon, for ever on a large ledger.
    db.prepare('VACUUM INTO ?').run(part);
    sync(part);
    const verification = await verifyLedger(part);
    renameSync(part, file);
    sync(dirname(file));
    return verification;
  } catch (error) {
    rmSync(part, { force: true });
    throw ledgerError(`back up the ledger to ${file}`, place, error);
  } finally {
    db.close();
  }
}

/** VACUUM INTO leaves it to the system when the copy reaches the disk. */
function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
