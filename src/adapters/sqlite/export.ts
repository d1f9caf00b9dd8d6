/** Writes the ledger's entries as lines of JSON that anyone can check without this program. */
import type { DatabaseSync } from 'node:sqlite';
import { entryLine } from '../../domain/bundle.ts';
import { type EventRow, eventChunks, openReadOnly, type WallRange, wallBounds } from './database.ts';
import { ledgerError } from './failure.ts';

/**
 * Gives `write` one line per entry, `{"seq":1,"hash":"…","event":{…}}` with its line feed, in the order of the chain, and
 * waits for each. The event's bytes are those that were hashed. Resolves with the number of lines; rejects with LedgerError,
 * or with what `write` rejects with.
 */
export async function exportLedger(
  place: string,
  range: WallRange,
  write: (line: string) => void | Promise<void>,
): Promise<number> {
  const db = openReadOnly(place);
  let lines = 0;
  try {
    for (const rows of entriesIn(place, db, range)) {
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

/** The clock may have been stepped, so a range need not be one run of the chain: from its first entry to its last, each is looked at. */
function* entriesIn(place: string, db: DatabaseSync, range: WallRange): Generator<readonly EventRow[]> {
  try {
    // Without a range no entry's time is asked for, so a ledger with unreadable events can be exported too.
    if (range.fromMs === undefined && range.toMs === undefined) {
      yield* eventChunks(db);
      return;
    }
    const { from, to } = wallBounds(range);
    const ends = db
      .prepare('SELECT min(seq) AS first, max(seq) AS last FROM events WHERE wall_ms >= ? AND wall_ms < ?')
      .get(from, to);
    if (typeof ends?.['first'] !== 'number') return;
    const isInside = db.prepare('SELECT 1 FROM events WHERE seq = ? AND wall_ms >= ? AND wall_ms < ?');
    for (const rows of eventChunks(db, ends['first'] - 1, Number(ends['last']))) {
      yield rows.filter(({ seq }) => isInside.get(seq, from, to) !== undefined);
    }
  } catch (error) {
    throw ledgerError('export the ledger', place, error);
  }
}
