/** What can leave a ledger, and in which bundles: months that are closed, and nothing that bears on what is left. */
import type { DatabaseSync } from 'node:sqlite';
import { decodeEvent } from '../../domain/codec.ts';
import type { ArchivedMonth, MonthClosed } from '../../domain/event.ts';
import type { ChainHead } from '../../domain/evidence/chain.ts';
import { termsHash } from '../../domain/report/closing.ts';
import { isMeasured, judgeProvider } from '../../domain/report/judge.ts';
import { finalAtMs, type Matter, rangeOf } from '../../domain/report/report.ts';
import { summariseReport } from '../../domain/report/standing.ts';
import { type Month, monthAfter, monthOf, monthRange } from '../../domain/time/calendar.ts';
import { isoText } from '../../domain/time/instant.ts';
import { readBeginning } from './beginning.ts';
import { chainOf, headAt, judgeHere, type Span } from './bundle.ts';
import { inTransaction, openReadOnly } from './database.ts';
import { LedgerError, ledgerError } from './failure.ts';
import { Months } from './months.ts';
import { RARE_TYPES_SQL } from './schema.ts';
import { Store } from './store.ts';

export interface ArchivePlan {
  readonly upTo: ChainHead;
  /** When the first month that is left begins, by the earliest of the contracts' clocks. */
  readonly fromMs: number;
  /** One after another, with the entries that each has to have at least, so that none is in no bundle. */
  readonly bundles: readonly (Span & { readonly month: Month })[];
  readonly months: readonly ArchivedMonth[];
}
/** A provider's contract and now: what `Matter` is, but of which month. */
export type HeldNow = Omit<Matter, 'month'>;

/**
 * What can leave a ledger whose first month is then to be `month`; `held` is at least one. Rejects with LedgerError: NOT_FINAL where an older
 * month is still open, NOTHING where there is none, or where what is left could not be judged without what would go.
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
  const bundles: (Span & { readonly month: Month })[] = [];
  let covered = beginning.seq - 1;
  for (const { month: one, finalMs, closedSeq } of closed) {
    // The last one has the checkpoint that the ledger begins with, too.
    const wanted = bundles.length === closed.length - 1 ? firstSeq : covered;
    const ends = [Number(db.prepare(LAST_BEFORE).get(finalMs)?.['seq'] ?? 0), closedSeq, lastExclusion(db)];
    const lastSeqs = ends.map((end) => Math.max(wanted, end)).toSorted((first, second) => first - second);
    bundles.push({ month: one, firstSeq: covered + 1, lastSeqs });
    covered = Math.max(covered, lastSeqs[0] ?? covered);
  }
  return {
    upTo: headAt(db, firstSeq - 1),
    fromMs: Math.min(...held.map((each) => rangeOf({ ...each, month }).fromMs)),
    bundles,
    months: closed.flatMap((each) => each.known),
  };
}
/** By the index on wall time: what had been learnt when a month became final. */
const LAST_BEFORE = 'SELECT seq FROM events WHERE wall_ms < ? ORDER BY wall_ms DESC, seq DESC LIMIT 1';

function nothing(month: Month, why: string): LedgerError {
  const rule = 'the first month to be left must have something to archive before it';
  return new LedgerError('NOTHING', `${rule}, is ${month}: ${why}`);
}

/** A month that goes: when it was final for all, and what it was closed by. */
interface ClosedMonth {
  readonly month: Month;
  readonly finalMs: number;
  readonly closedSeq: number;
  readonly known: readonly ArchivedMonth[];
}

/** In order. Throws NOT_FINAL where something of a month before that one was measured, and it is not closed. */
function closedBefore(
  db: DatabaseSync,
  place: string,
  before: Month,
  held: readonly HeldNow[],
): readonly ClosedMonth[] {
  const store = new Store(db, place);
  const closings = closingsOf(db);
  refuseOthers(db, before, held, closings);
  const firstMs = new Months(db, store).firstMs() ?? 0;
  const found = new Map<Month, ClosedMonth>();
  for (const each of held) {
    const first = monthOf(firstMs, each.contract.timeZone);
    const { month: left = first } = readBeginning(db).archived ?? {};
    for (let month = left < first ? first : left; month < before; month = monthAfter(month)) {
      const closing = closings.get(keyOf(each.provider, month));
      const { report, sha256 } = judgeProvider({ ...each, month }, store);
      if (closing === undefined && !isMeasured(report)) continue;
      const finalMs = finalAtMs({ ...each, month });
      if (closing === undefined)
        throw notFinal(
          month,
          each.provider,
          `the daemon closes it once it is final (${isoText(finalMs)}) and nothing of it is pending`,
        );
      const { finalMs: other = finalMs, closedSeq = 0, known = [] } = found.get(month) ?? {};
      const one: ArchivedMonth = {
        ...{ provider: each.provider, month, contract: termsHash(each.contract) },
        ...{ summary: summariseReport(report), closed: closing.report === sha256 },
      };
      found.set(month, {
        month,
        finalMs: Math.max(finalMs, other),
        closedSeq: Math.max(closing.asOf.seq, closedSeq),
        known: [...known, one],
      });
    }
  }
  return [...found.values()].sort((one, other) => one.finalMs - other.finalMs);
}

/** Whoever is not held is not judged: what was measured of them must have been closed while they were. */
function refuseOthers(
  db: DatabaseSync,
  before: Month,
  held: readonly HeldNow[],
  closings: ReadonlyMap<string, MonthClosed>,
): void {
  const zone = held[0]?.contract.timeZone ?? 'UTC';
  const firstMs = Number(db.prepare('SELECT min(month_ms) AS first FROM probes').get()?.['first'] ?? 0);
  const others = db
    .prepare('SELECT DISTINCT provider FROM probes')
    .all()
    .map(({ provider }) => String(provider))
    .filter((provider) => held.every((each) => each.provider !== provider));
  for (const provider of others)
    for (let month = monthOf(firstMs, zone); month < before; month = monthAfter(month)) {
      if (closings.has(keyOf(provider, month))) continue;
      const { fromMs, toMs } = monthRange(month, zone);
      if (db.prepare(PROBED).get(provider, fromMs, toMs) !== undefined)
        throw notFinal(month, provider, 'name it in the configuration, so that the daemon closes it');
    }
}
const PROBED = 'SELECT id FROM probes WHERE provider = ? AND month_ms >= ? AND month_ms < ? LIMIT 1';

function notFinal(month: Month, provider: string, when: string): LedgerError {
  return new LedgerError(
    'NOT_FINAL',
    `a month must be closed before it is archived, ${month} of ${provider} is not: ${when}`,
  );
}

function closingsOf(db: DatabaseSync): ReadonlyMap<string, MonthClosed> {
  const found = new Map<string, MonthClosed>();
  for (const { text } of db.prepare(CLOSINGS).all()) {
    const event = decodeEvent(String(text));
    if (event.type === 'month.closed') found.set(keyOf(event.provider, event.month), event);
  }
  return found;
}
/** The first holds, should there be several. */
const CLOSINGS = `SELECT text FROM events WHERE type = 'month.closed' AND type IN (${RARE_TYPES_SQL}) ORDER BY seq DESC`;

function keyOf(provider: string, month: Month): string {
  return `${month} ${provider}`;
}

/** What was agreed after a month was closed may bear on it. */
function lastExclusion(db: DatabaseSync): number {
  return Number(db.prepare(LAST_EXCLUSION).get()?.['seq'] ?? 0);
}
const LAST_EXCLUSION = `SELECT max(seq) AS seq FROM events
  WHERE type IN ('exclusion.added', 'exclusion.retracted') AND type IN (${RARE_TYPES_SQL})`;

function monthsUntilNow(from: Month, { contract, nowMs }: HeldNow): readonly Month[] {
  const last = monthOf(nowMs, contract.timeZone);
  const months: Month[] = [];
  for (let month = from; month <= last; month = monthAfter(month)) months.push(month);
  return months;
}
