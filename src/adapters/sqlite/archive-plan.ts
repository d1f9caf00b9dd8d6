/** What can leave a ledger, and in which bundles: months that are closed, and nothing that bears on what is left. */
import type { DatabaseSync } from 'node:sqlite';
import { decodeEvent } from '../../domain/codec.ts';
import type { MonthClosed } from '../../domain/event.ts';
import type { ChainHead } from '../../domain/evidence/chain.ts';
import { isMeasured, reportAlone } from '../../domain/report/judge.ts';
import { finalAtMs, type Matter, rangeOf } from '../../domain/report/report.ts';
import { type Month, monthAfter, monthOf } from '../../domain/time/calendar.ts';
import { isoText } from '../../domain/time/instant.ts';
import { archivesOf, readBeginning } from './beginning.ts';
import { chainOf, headAt, judgeHere, type Span } from './bundle.ts';
import { inTransaction, openReadOnly, readHead } from './database.ts';
import { LedgerError, ledgerError } from './failure.ts';
import { Months } from './months.ts';
import { RARE_TYPES_SQL } from './schema.ts';
import { Store } from './store.ts';

export interface ArchivePlan {
  /** The last entry that the plan knows. */
  readonly asOf: ChainHead;
  /** What comes after that with a time from before this may bear on what goes. */
  readonly finalMs: number;
  readonly upTo: ChainHead;
  /** When the first month that is left begins, by the earliest of the contracts' clocks. */
  readonly fromMs: number;
  /** One after another, with the entries that each has to have at least, so that none is in no bundle. */
  readonly bundles: readonly (Span & { readonly month: Month })[];
  /** Each provider's that is closed, and goes. */
  readonly months: readonly Matter[];
}
/** A provider's contract and now: what `Matter` is, but of which month. */
export type HeldNow = Omit<Matter, 'month'>;

/**
 * What can leave a ledger whose first month is then to be `month`; `held` is at least one. Rejects with LedgerError: NOT_FINAL where an older
 * month is still open, or is of somebody who is not held, NOTHING where there is none, or where what is left could not be judged without what
 * would go.
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
  const begins = beginning.archived?.month ?? '';
  if (closed.length === 0)
    throw nothing(month, month > begins ? 'no month before it was closed' : `the ledger begins with ${begins} already`);
  const left = held.flatMap((each) => monthsUntilNow(month, each).map((one): Matter => ({ ...each, month: one })));
  const { firstSeq } = chainOf(db, left, judgeHere(db, place, left));
  if (firstSeq === beginning.seq)
    throw nothing(month, 'no checkpoint before it is one from which what is left comes out the same');
  const fromMs = Math.min(...held.map((each) => rangeOf({ ...each, month }).fromMs));
  const sinceMs = [...archivesOf(db)][0]?.fromMs ?? Number.MIN_SAFE_INTEGER;
  refuseOthers(db, held, { firstSeq, fromMs, sinceMs });
  const bundles: (Span & { readonly month: Month })[] = [];
  let covered = beginning.seq - 1;
  for (const { month: one, finalMs, closedSeq } of closed) {
    const learnt = Number(db.prepare(LAST_BEFORE).get(finalMs, beginning.seq)?.['seq'] ?? beginning.seq);
    // The last one has the checkpoint that the ledger begins with, too.
    const least = bundles.length === closed.length - 1 ? Math.max(learnt, firstSeq) : learnt;
    const later = [closedSeq, lastExclusion(db)].filter((end) => end > least);
    bundles.push({ month: one, firstSeq: covered + 1, lastSeqs: [least, ...later.toSorted((a, b) => a - b)] });
    covered = Math.max(covered, least);
  }
  return {
    asOf: readHead(db),
    finalMs: Math.max(...closed.map(({ finalMs }) => finalMs)),
    upTo: headAt(db, firstSeq - 1),
    fromMs,
    bundles,
    months: closed.flatMap(({ matters }) => matters),
  };
}
/** By the index on wall time: what had been learnt when a month became final. */
const LAST_BEFORE = 'SELECT seq FROM events WHERE wall_ms < ? AND seq >= ? ORDER BY wall_ms DESC, seq DESC LIMIT 1';

function nothing(month: Month, why: string): LedgerError {
  const rule = 'the first month to be left must have something to archive before it';
  return new LedgerError('NOTHING', `${rule}, is ${month}: ${why}`);
}

/** A month that goes: when it was final for all, when it was closed, and of whom. */
interface ClosedMonth {
  readonly month: Month;
  readonly finalMs: number;
  readonly closedSeq: number;
  readonly matters: readonly Matter[];
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
  const firstMs = new Months(db, store).firstMs() ?? 0;
  const found = new Map<Month, ClosedMonth>();
  for (const each of held) {
    const first = monthOf(firstMs, each.contract.timeZone);
    const { month: left = first } = readBeginning(db).archived ?? {};
    for (let month = left < first ? first : left; month < before; month = monthAfter(month)) {
      const matter: Matter = { ...each, month };
      const closing = closings.get(keyOf(each.provider, month));
      if (closing === undefined && !isMeasured(reportAlone(matter, store))) continue;
      const finalMs = finalAtMs(matter);
      if (closing === undefined)
        throw notFinal(
          month,
          each.provider,
          `the daemon closes it once it is final (${isoText(finalMs)}) and nothing of it is pending`,
        );
      const { finalMs: other = finalMs, closedSeq = 0, matters = [] } = found.get(month) ?? {};
      found.set(month, {
        month,
        finalMs: Math.max(finalMs, other),
        closedSeq: Math.max(closing.asOf.seq, closedSeq),
        matters: [...matters, matter],
      });
    }
  }
  return [...found.values()].sort((one, other) => one.finalMs - other.finalMs);
}

/** Whoever is not held is in no bundle's report: no month of theirs may be archived, nor anything else of them go. */
function refuseOthers(
  db: DatabaseSync,
  held: readonly HeldNow[],
  going: { readonly firstSeq: number; readonly fromMs: number; readonly sinceMs: number },
): void {
  for (const row of db.prepare(MEASURED).all(going)) {
    const provider = String(row['provider']);
    if (held.some((each) => each.provider === provider)) continue;
    const rule =
      'whoever was measured in what is archived must be in the configuration, so that a bundle has their report';
    throw new LedgerError('NOT_FINAL', `${rule}, ${provider} is not`);
  }
}
/** Of months that were archived before, the last days are left: a ledger begins before its first month. */
const MEASURED = `SELECT provider FROM probes WHERE month_ms >= :sinceMs AND (month_ms < :fromMs OR planned_seq < :firstSeq)
  UNION SELECT provider FROM slots WHERE due_ms >= :sinceMs AND (due_ms < :fromMs OR seq < :firstSeq)
  UNION SELECT provider FROM missed_checks WHERE due_ms >= :sinceMs AND (due_ms < :fromMs OR seq < :firstSeq)
  UNION SELECT provider FROM runs WHERE from_ms < :fromMs AND to_ms >= :sinceMs ORDER BY provider`;

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
