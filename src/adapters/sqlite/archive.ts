/** Months of old leave the ledger: first into signed bundles, then entry by entry, a day in a transaction, beside a daemon or without one. */
import type { DatabaseSync } from 'node:sqlite';
import { tailChange } from '../../domain/availability/run-fold.ts';
import { decodeEvent, encodeEvent } from '../../domain/codec.ts';
import type { ArchivedBundle, LedgerArchived, LedgerCheckpoint } from '../../domain/event.ts';
import { keptHash, missingIn } from '../../domain/evidence/archive.ts';
import type { ChainHead } from '../../domain/evidence/chain.ts';
import { canBegin } from '../../domain/evidence/checkpoint.ts';
import type { Month } from '../../domain/time/calendar.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Tally } from '../../domain/timeline.ts';
import { archivedAt, archivesOf, KEPT_SQL, keptOf, readBeginning } from './beginning.ts';
import { headAt } from './bundle.ts';
import { inTransaction, openDatabase, openReadOnly, prepared, toEventRow } from './database.ts';
import { LedgerError, ledgerError } from './failure.ts';
import { RARE_TYPES_SQL } from './schema.ts';
import { Store } from './store.ts';

/** What `ledger.archived` says, but for what the ledger knows by itself. */
export interface Archive extends Pick<LedgerArchived, 'month' | 'fromMs' | 'upTo' | 'bundles' | 'months'> {
  /** The last entry that was known when it was planned; what came since, with a time from before `finalMs`, may bear on what goes. */
  readonly asOf: ChainHead;
  readonly finalMs: number;
}

/** Waited for after each transaction: a daemon that writes beside it gets its turn. */
export type Turn = () => Promise<void>;

/**
 * Says in the ledger what is archived and where, then takes it out. Whatever ends it, what is there is a whole ledger, and
 * `resumeArchive` goes on. Resolves with how many entries are gone; rejects with LedgerError, NOTHING where the bundles do not have all
 * that is to go, CHANGED where something came since it was planned that may bear on it: before anything went.
 */
export async function cutArchive(
  folder: string,
  { asOf, finalMs, ...archive }: Archive,
  now: () => Instant,
  turn: Turn,
): Promise<number> {
  return withVisitor(folder, async (db) => {
    const beginning = readBeginning(db);
    const missing = missingIn(archive, beginning.seq - 1);
    if (missing !== null)
      throw new LedgerError('NOTHING', `entry ${missing} must be in a bundle before it goes, is in none`);
    const first = archive.upTo.seq + 1;
    if (!canBegin(checkpointAt(db, first), archive.fromMs))
      throw new LedgerError('NOTHING', `entry ${first} must be from before the month that it begins, is not`);
    const kept = keptOf(db, archive.upTo.seq);
    const event: LedgerArchived = {
      ...{ type: 'ledger.archived', at: now() },
      ...archive,
      kept: { entries: kept.length, sha256: keptHash(kept) },
      previous: beginning.archived?.seq ?? null,
    };
    const append = { id: 0, op: 'append', input: [encodeEvent(event)] } as const;
    const [outcome] = new Store(db, folder).write([append], () => refuseChange(db, asOf.seq, finalMs));
    if (outcome?.kind !== 'done')
      throw new LedgerError(outcome?.failure.code ?? 'FAILED', outcome?.failure.message ?? '');
    const [{ seq }] = outcome.output as readonly [ChainHead];
    return cutDays(db, event, seq, turn);
  });
}

/** Throws CHANGED where an entry after that one may change what months say that were final by `finalMs`: bundles and years would not know. */
function refuseChange(db: DatabaseSync, afterSeq: number, finalMs: number): void {
  const row = db.prepare(CHANGING).get(afterSeq, finalMs);
  if (row === undefined) return;
  const rule = 'what is archived must not change before it is gone';
  throw new LedgerError(
    'CHANGED',
    `${rule}, entry ${String(row['seq'])} came meanwhile: nothing was deleted, run it again`,
  );
}
const CHANGING = `SELECT seq FROM events
  WHERE seq > ? AND (type IN ('exclusion.added', 'exclusion.retracted') OR wall_ms < ?) ORDER BY seq LIMIT 1`;

/** Whether the ledger has that very entry: a bundle that ends with it is of this ledger, and not of one that went another way. */
export async function hasEntry(folder: string, { seq, hash }: ChainHead): Promise<boolean> {
  return withVisitor(folder, async (db) => {
    const row = db.prepare('SELECT seq, text, hash FROM events WHERE seq = ?').get(seq);
    return row !== undefined && toEventRow(row).hash === hash;
  });
}

/** All that were ever archived, the first one first. Rejects with LedgerError. */
export async function archivedBundles(place: string): Promise<readonly ArchivedBundle[]> {
  const db = openReadOnly(place);
  try {
    return inTransaction(db, 'DEFERRED', () => [...archivesOf(db)].toReversed().flatMap(({ bundles }) => bundles));
  } catch (error) {
    throw ledgerError('read what was archived', place, error);
  } finally {
    db.close();
  }
}

/** What was broken off before all of it was gone; null if nothing was. Rejects with LedgerError. */
export async function unfinishedArchive(folder: string): Promise<LedgerArchived | null> {
  return withVisitor(folder, async (db) => {
    const { archived, seq } = readBeginning(db);
    if (archived === null) return null;
    const event = mustBeArchived(db, archived.seq);
    return seq > event.upTo.seq ? null : event;
  });
}

/** Goes on with it; 0 where nothing was broken off. */
export async function resumeArchive(folder: string, turn: Turn): Promise<number> {
  return withVisitor(folder, async (db) => {
    const { archived } = readBeginning(db);
    return archived === null ? 0 : cutDays(db, mustBeArchived(db, archived.seq), archived.seq, turn);
  });
}

function mustBeArchived(db: DatabaseSync, seq: number): LedgerArchived {
  const event = archivedAt(db, seq);
  if (event === null) throw new LedgerError('DAMAGED', `entry ${seq} must say what was archived, does not`);
  return event;
}

async function withVisitor<T>(folder: string, work: (db: DatabaseSync) => Promise<T>): Promise<T> {
  const db = openDatabase(folder, 'visitor');
  try {
    return await work(db);
  } catch (error) {
    throw ledgerError('archive', folder, error);
  } finally {
    db.close();
  }
}

/** A day in each transaction, from one checkpoint that a ledger may begin with to the next. */
async function cutDays(
  db: DatabaseSync,
  { month, upTo, fromMs }: LedgerArchived,
  archivedSeq: number,
  turn: Turn,
): Promise<number> {
  let gone = 0;
  while (true) {
    const cut = inTransaction(db, 'IMMEDIATE', () => {
      const next = nextBeginning(db, upTo.seq + 1, fromMs);
      return next === null ? null : cutAt(db, next, month, archivedSeq);
    });
    if (cut === null) return gone;
    gone += cut;
    await turn();
  }
}

/** The next checkpoint up to an entry that a ledger may begin with: broken off there, it is a whole one. Null if there is none. */
function nextBeginning(db: DatabaseSync, lastSeq: number, fromMs: number): number | null {
  for (const row of db.prepare(CHECKPOINTS).iterate(readBeginning(db).seq, lastSeq)) {
    const event = decodeEvent(String(row['text']));
    if (event.type === 'ledger.checkpoint' && canBegin(event, fromMs)) return Number(row['seq']);
  }
  return null;
}
const CHECKPOINTS = `SELECT seq, text FROM events
  WHERE type = 'ledger.checkpoint' AND type IN (${RARE_TYPES_SQL}) AND seq > ? AND seq <= ? ORDER BY seq`;

/**
 * The ledger begins with this checkpoint: what is derived becomes what a rebuild from it would make (`compareRows` holds it to that).
 * Returns how many entries went.
 */
function cutAt(db: DatabaseSync, seq: number, month: Month, archivedSeq: number): number {
  const { seq: before, tallies } = readBeginning(db);
  const checkpoint = checkpointAt(db, seq);
  const open = JSON.stringify(checkpoint.open.map(({ id }) => id));
  const carried = JSON.stringify(sumOf([...tallies, ...tallied(db, seq, open)]));
  prepared(db, SET_BEGINNING).run(seq, headAt(db, seq - 1).hash, month, archivedSeq, carried);
  const { changes } = prepared(db, DELETE_EVENTS).run(before, seq);
  prepared(db, DELETE_PROBES).run(seq, open);
  prepared(db, 'DELETE FROM slots WHERE seq < ?').run(seq);
  prepared(db, 'DELETE FROM missed_checks WHERE seq < ?').run(seq);
  for (const checks of checkpoint.timeline.checks ?? []) {
    // Nothing is settled: there are no runs of old, and a check that comes yet may begin one before those there are.
    if (checks.settled === null) continue;
    const { sinceMs } = tailChange(checks);
    prepared(db, 'DELETE FROM runs WHERE provider = ? AND endpoint = ? AND from_ms < ?').run(
      checks.provider,
      checks.endpoint,
      sinceMs,
    );
  }
  renumber(db, seq, checkpoint);
  return Number(changes);
}
const SET_BEGINNING = `INSERT OR REPLACE INTO beginning (id, seq, previous_hash, month, archived_seq, tallies) VALUES (1, ?, ?, ?, ?, ?)`;
const DELETE_EVENTS = `DELETE FROM events WHERE seq >= ? AND seq < ? AND type NOT IN (${KEPT_SQL})`;
const IS_GONE = 'planned_seq < ? AND id NOT IN (SELECT value FROM json_each(?))';
const DELETE_PROBES = `DELETE FROM probes WHERE ${IS_GONE}`;

function checkpointAt(db: DatabaseSync, seq: number): LedgerCheckpoint {
  const event = decodeEvent(String(prepared(db, 'SELECT text FROM events WHERE seq = ?').get(seq)?.['text']));
  if (event.type === 'ledger.checkpoint') return event;
  throw new LedgerError('DAMAGED', `entry ${seq} must be a checkpoint, is ${event.type}`);
}

/** What the totals have of the rows that go, as they stand now. */
function tallied(db: DatabaseSync, seq: number, open: string): readonly Tally[] {
  const probes = prepared(db, TALLY_PROBES).all(seq, open);
  const slots = prepared(db, TALLY_SLOTS).all(seq);
  return [...probes, ...slots].map((row) => ({ ...row }) as unknown as Tally);
}
const TALLY_PROBES = `SELECT provider, path, outcome, count(*) AS count, sum(breached) AS breaches FROM probes
  WHERE ${IS_GONE} AND kind = 'scheduled' GROUP BY provider, path, outcome`;
const TALLY_SLOTS = `SELECT provider, path, 'unmeasured' AS outcome, count(*) AS count, 0 AS breaches FROM slots
  WHERE seq < ? GROUP BY provider, path`;

function sumOf(tallies: readonly Tally[]): readonly Tally[] {
  const sums = new Map<string, Tally>();
  for (const { provider, path, outcome, count, breaches } of tallies) {
    const key = JSON.stringify([provider, path, outcome]);
    const sum = sums.get(key) ?? { provider, path, outcome, count: 0, breaches: 0 };
    sums.set(key, { ...sum, count: sum.count + count, breaches: sum.breaches + breaches });
  }
  return [...sums.values()];
}

/** As `Projection.fold` numbers what a checkpoint tells of: right up to it, in this order. Twice, for the numbers may be each other's. */
function renumber(db: DatabaseSync, seq: number, { open }: LedgerCheckpoint): void {
  const update = prepared(db, 'UPDATE probes SET planned_seq = ? WHERE id = ?');
  for (const [index, { id }] of open.entries()) update.run(-1 - index, id);
  for (const [index, { id }] of open.entries()) update.run(seq - open.length + 1 + index, id);
}
