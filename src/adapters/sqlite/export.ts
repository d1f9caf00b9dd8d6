/** Writes the ledger's entries as lines of JSON that anyone can check without this program. */
import type { DatabaseSync } from 'node:sqlite';
import { entryLine } from '../../domain/evidence/bundle.ts';
import { readBeginning, refuseCutSince } from './beginning.ts';
import { type EventRow, eventChunks, openReadOnly } from './database.ts';
import { ledgerError } from './failure.ts';

/**
 * Gives `write` one line per entry, `{"seq":1,"hash":"…","event":{…}}` with its line feed, in the order of the chain, and
 * waits for each. The event's bytes are those that were hashed. Resolves with the number of lines; rejects with LedgerError,
 * or with what `write` rejects with.
 */
export async function exportLedger(place: string, write: (line: string) => void | Promise<void>): Promise<number> {
  const db = openReadOnly(place);
  let lines = 0;
  try {
    for (const rows of entriesOf(place, db)) {
      for (const row of rows) {
        await write(`${entryLine(row)}\n`);
        lines += 1;
      }
    }
    return lines;
  } finally {
    db.close();
  }
}

function* entriesOf(place: string, db: DatabaseSync): Generator<readonly EventRow[]> {
  try {
    const { seq } = readBeginning(db);
    for (const rows of eventChunks(db, seq - 1)) {
      refuseCutSince(db, seq);
      yield rows;
    }
  } catch (error) {
    throw ledgerError('export the ledger', place, error);
  }
}
