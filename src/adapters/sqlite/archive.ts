/** Months of old leave the ledger: first into signed bundles, then entry by entry, a day in a transaction, beside a daemon or without one. */
import type { DatabaseSync } from 'node:sqlite';
import { tailChange } from '../../domain/availability/run-fold.ts';
import { decodeEvent, encodeEvent } from '../../domain/codec.ts';
import type { ArchivedBundle, LedgerArchived, LedgerCheckpoint } from '../../domain/event.ts';
import { keptHash } from '../../domain/evidence/archive.ts';
import type { ChainHead } from '../../domain/evidence/chain.ts';
import { isMeasured } from '../../domain/report/judge.ts';
import { finalAtMs, type Matter } from '../../domain/report/report.ts';
import { type Month, monthAfter, monthOf } from '../../domain/time/calendar.ts';
import { type Instant, isoText } from '../../domain/time/instant.ts';
import type { Tally } from '../../domain/timeline.ts';
import { archivedAt, KEPT_SQL, keptOf, readBeginning } from './beginning.ts';
import { chainOf, headAt, judgeHere, type Span } from './bundle.ts';
import { inTransaction, openDatabase, openReadOnly, prepared } from './database.ts';
import { LedgerError, ledgerError } from './failure.ts';
import { Months } from './months.ts';
import { RARE_TYPES_SQL } from './schema.ts';
import { Store } from './store.ts';

/** What is to go: the bundles to write, one after another, and the last entry that is in them and goes. */
export interface ArchivePlan {
  readonly upTo: ChainHead;
  /** With the entries that each has to have at least, so that none is in no bundle. */
  readonly months: readonly (Span & { readonly month: Month })[];
}
/** A provider's contract and now: what `Matter` is, but of which month. */
export type HeldNow = Omit<Matter, 'month'>;

/**
 * What can leave a ledger whose first month is then to be `month`. Rejects with LedgerError: NOT_FINAL where an older month is still open,
 * NOTHING where there is none, or where what is left could not be judged without what would go.
 */
export async function planArchive(place: string, month: Month, held: readonly HeldNow[]): Promise<ArchivePlan> {
  const db = openReadOnly(place);
  try {
    return inTransaction(db, 'DEFERRED', () => planOf(db, place, month, held));
  } catch (error) {
    throw ledgerError('plan the archive', place, error);
  } finally {
    db.close();
  }
}

function planOf(db: DatabaseSync, place: string, month: Month, held: readonly HeldNow[]): ArchivePlan {
  const beginning = readBeginning(db);
  const closed = closedBefore(db, place, month, held);
  if (closed.length === 0) throw nothing(month, 'no month before it was closed');
  const left = held.flatMap((each) => monthsUntilNow(month, each).map((one): Matter => ({ ...each, month: one })));
  const { firstSeq } = chainOf(db, left, judgeHere(db, place, left));
  if (firstSeq === beginning.seq) throw nothing(month, 'what came before it bears on it');
  const months: (Span & { readonly month: Month })[] = [];
  let covered = beginning.seq - 1;
  for (const { month: one, finalMs } of closed) {
    const wanted = months.length === closed.length - 1 ? firstSeq - 1 : covered;
    const lastSeq = Math.max(wanted, Number(db.prepare(LAST_BEFORE).get(finalMs)?.['seq']));
    months.push({ month: one, firstSeq: covered + 1, lastSeq });
    covered = lastSeq;
  }
  return { upTo: headAt(db, firstSeq - 1), months };
}
/** By the index on wall time: what had been learnt when a month became final. */
const LAST_BEFORE = 'SELECT seq FROM events WHERE wall_ms < ? ORDER BY wall_ms DESC, seq DESC LIMIT 1';

function nothing(month: Month, why: string): LedgerError {
  const rule = 'the first month to be left must have something to archive before it';
  return new LedgerError('NOTHING', `${rule}, is ${month}: ${why}`);
}

/** Months before one that a bundle can be of, in order, and when each was final. Throws NOT_FINAL where one is still open. */
function closedBefore(
  db: DatabaseSync,
  place: string,
  before: Month,
  held: readonly HeldNow[],
): readonly { readonly month: Month; readonly finalMs: number }[] {
  const firstMs = new Months(db, new Store(db, place)).firstMs() ?? 0;
  const closings = closingsOf(db);
  const closed = new Map<Month, number>();
  for (const each of held) {
    const first = monthOf(firstMs, each.contract.timeZone);
    const { month: left = first } = readBeginning(db).archived ?? {};
    for (let month = left < first ? first : left; month < before; month = monthAfter(month)) {
      const finalMs = finalAtMs({ ...each, month });
      if (closings.has(`${each.provider} ${month}`)) closed.set(month, Math.max(finalMs, closed.get(month) ?? 0));
      else if (judgeHere(db, place, [{ ...each, month }]).report.some(isMeasured)) {
        const rule = `a month must be closed before it is archived, ${month} of ${each.provider} is not`;
        const when = `the daemon closes it once it is final (${isoText(finalMs)}) and nothing of it is pending`;
        throw new LedgerError('NOT_FINAL', `${rule}: ${when}`);
      }
    }
  }
  return [...closed].map(([month, finalMs]) => ({ month, finalMs })).sort((one, other) => one.finalMs - other.finalMs);
}

/** Provider and month of each. */
function closingsOf(db: DatabaseSync): ReadonlySet<string> {
  const events = db
    .prepare(CLOSINGS)
    .all()
    .map(({ text }) => decodeEvent(String(text)));
  return new Set(events.map((event) => (event.type === 'month.closed' ? `${event.provider} ${event.month}` : '')));
}
const CLOSINGS = `SELECT text FROM events WHERE type = 'month.closed' AND type IN (${RARE_TYPES_SQL})`;

function monthsUntilNow(from: Month, { contract, nowMs }: HeldNow): readonly Month[] {
  const last = monthOf(nowMs, contract.timeZone);
  const months: Month[] = [];
  for (let month = from; month <= last; month = monthAfter(month)) months.push(month);
  return months;
}

export interface Archive {
  readonly month: Month;
  readonly upTo: ChainHead;
  readonly bundles: readonly ArchivedBundle[];
}

/** Waited for after each transaction: a daemon that writes beside it gets its turn. */
export type Turn = () => Promise<void>;

/**
 * Says in the ledger what is archived and where, then takes it out. Whatever ends it, what is there is a whole ledger, and
 * `resumeArchive` goes on. Resolves with how many entries are gone; rejects with LedgerError.
 */
export async function cutArchive(folder: string, archive: Archive, at: Instant, turn: Turn): Promise<number> {
  return withVisitor(folder, async (db) => {
    const kept = keptOf(db, archive.upTo.seq);
    const event: LedgerArchived = {
      ...{ type: 'ledger.archived', at },
      ...archive,
      kept: { entries: kept.length, sha256: keptHash(kept) },
    };
    const [outcome] = new Store(db, folder).write([{ id: 0, op: 'append', input: [encodeEvent(event)] }]);
    if (outcome?.kind !== 'done')
      throw new LedgerError(outcome?.failure.code ?? 'FAILED', outcome?.failure.message ?? '');
    const [{ seq }] = outcome.output as readonly [ChainHead];
    return cutDays(db, event, seq, turn);
  });
}

/** Goes on with one that was broken off; 0 where none was. */
export async function resumeArchive(folder: string, turn: Turn): Promise<number> {
  return withVisitor(folder, async (db) => {
    const { archived } = readBeginning(db);
    if (archived === null) return 0;
    const event = archivedAt(db, archived.seq);
    if (event === null) throw new LedgerError('DAMAGED', `entry ${archived.seq} must say what was archived, does not`);
    return cutDays(db, event, archived.seq, turn);
  });
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

/** A day, from checkpoint to checkpoint, in each transaction. */
async function cutDays(
  db: DatabaseSync,
  { month, upTo }: LedgerArchived,
  archivedSeq: number,
  turn: Turn,
): Promise<number> {
  let gone = 0;
  while (true) {
    const cut = inTransaction(db, 'IMMEDIATE', () => {
      const { seq } = readBeginning(db);
      const next = prepared(db, NEXT_CHECKPOINT).get(seq, upTo.seq + 1);
      return next === undefined ? null : cutAt(db, Number(next['seq']), month, archivedSeq);
    });
    if (cut === null) return gone;
    gone += cut;
    await turn();
  }
}
const NEXT_CHECKPOINT = `SELECT seq FROM events
  WHERE type = 'ledger.checkpoint' AND type IN (${RARE_TYPES_SQL}) AND seq > ? AND seq <= ? ORDER BY seq LIMIT 1`;

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
    const { sinceMs } = tailChange(checks);
    if (!Number.isFinite(sinceMs)) continue;
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
