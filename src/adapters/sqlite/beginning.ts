/** Where a ledger begins: with its first entry, or after what was archived (archive.ts). */
import type { DatabaseSync } from 'node:sqlite';
import { decodeEvent } from '../../domain/codec.ts';
import type { LedgerArchived } from '../../domain/event.ts';
import { KEPT_TYPES } from '../../domain/evidence/archive.ts';
import { GENESIS } from '../../domain/evidence/chain.ts';
import type { Matter } from '../../domain/report/report.ts';
import type { Month } from '../../domain/time/calendar.ts';
import type { Tally } from '../../domain/timeline.ts';
import type { ArchiveSummary } from '../../ports.ts';
import { type EventRow, prepared, toEventRow } from './database.ts';
import { LedgerError } from './failure.ts';
import { RARE_TYPES_SQL } from './schema.ts';

export interface Beginning {
  /** The first entry of the chain that is here. Those before it that are here too were kept for reference. */
  readonly seq: number;
  /** The hash that it follows. */
  readonly previousHash: string;
  /** Null where nothing was archived. */
  readonly archived: Archived | null;
  /** Of what is no longer here: totals go on. */
  readonly tallies: readonly Tally[];
}
export interface Archived {
  /** The first month that is left. */
  readonly month: Month;
  /** The last `ledger.archived` entry. */
  readonly seq: number;
}

const WHOLE: Beginning = { seq: 1, previousHash: GENESIS, archived: null, tallies: [] };

export function readBeginning(db: DatabaseSync): Beginning {
  const row = prepared(db, 'SELECT seq, previous_hash, month, archived_seq, tallies FROM beginning').get();
  if (row === undefined) return WHOLE;
  return {
    seq: Number(row['seq']),
    previousHash: String(row['previous_hash']),
    archived: { month: String(row['month']), seq: Number(row['archived_seq']) },
    tallies: JSON.parse(String(row['tallies'])) as readonly Tally[],
  };
}

/** Throws ARCHIVED for a month that is no longer here, and of which something was known. */
export function refuseArchived(db: DatabaseSync, { provider, month }: Pick<Matter, 'provider' | 'month'>): void {
  const { archived } = readBeginning(db);
  if (archived === null || month >= archived.month) return;
  const known = [...archivesOf(db)].some(({ months }) =>
    months.some((each) => each.provider === provider && each.month === month),
  );
  if (!known && prepared(db, CLOSED).get(provider, month) === undefined) return;
  throw new LedgerError(
    'ARCHIVED',
    `the month must be ${archived.month} or later, is ${month}: what came before is in the bundles that entry ${archived.seq}, or one before it, names`,
  );
}
const CLOSED = `SELECT seq FROM events WHERE type = 'month.closed' AND type IN (${RARE_TYPES_SQL})
  AND json_extract(text, '$.provider') = ? AND json_extract(text, '$.month') = ?`;

/** Throws ARCHIVED where entries from this one on have gone since somebody began to read them. */
export function refuseCutSince(db: DatabaseSync, firstSeq: number): void {
  if (readBeginning(db).seq <= firstSeq) return;
  throw new LedgerError(
    'ARCHIVED',
    `entry ${firstSeq} must stay until it is read, it was archived meanwhile: run it again`,
  );
}

/** What an entry says was archived; null if it says no such thing. */
export function archivedAt(db: DatabaseSync, seq: number): LedgerArchived | null {
  const row = db.prepare('SELECT seq, text, hash FROM events WHERE seq = ?').get(seq);
  const event = row === undefined ? null : decodeEvent(toEventRow(row).text);
  return event?.type === 'ledger.archived' && isSound(event) ? event : null;
}

/** Whoever keeps the ledger may have put anything there; as deep as it is used before the chain is known to hold. */
function isSound({ month, fromMs, upTo, bundles, months, kept, previous }: LedgerArchived): boolean {
  const numbers = [fromMs, upTo?.seq, kept?.entries, previous ?? 0];
  const texts = [month, upTo?.hash, kept?.sha256];
  return (
    numbers.every((value) => typeof value === 'number') &&
    texts.every((value) => typeof value === 'string') &&
    [bundles, months].every((list: unknown) => Array.isArray(list) && list.every((each) => typeof each === 'object'))
  );
}

/** All that say so, the last one first. */
export function* archivesOf(db: DatabaseSync): Generator<LedgerArchived> {
  for (let seq = readBeginning(db).archived?.seq ?? null; seq !== null; ) {
    const event = archivedAt(db, seq);
    if (event === null) return;
    yield event;
    // Whatever it says, it does not go round.
    seq = event.previous !== null && event.previous < seq ? event.previous : null;
  }
}

export function archiveOf(db: DatabaseSync): ArchiveSummary | null {
  const { archived } = readBeginning(db);
  return archived === null
    ? null
    : { before: archived.month, months: [...archivesOf(db)].flatMap(({ months }) => months) };
}

/** Entries up to one that stay when all else goes. */
export function keptOf(db: DatabaseSync, upToSeq: number): readonly EventRow[] {
  return db.prepare(KEPT).all(upToSeq).map(toEventRow);
}
export const KEPT_SQL = KEPT_TYPES.map((type) => `'${type}'`).join(', ');
const KEPT = `SELECT seq, text, hash FROM events WHERE seq <= ? AND type IN (${KEPT_SQL}) ORDER BY seq`;
