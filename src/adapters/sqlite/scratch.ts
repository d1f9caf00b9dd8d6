/** A ledger for a moment: entries out of another one, evaluated by themselves. */
import { DatabaseSync } from 'node:sqlite';
import type { Judgement } from '../../domain/report/judge.ts';
import type { Matter } from '../../domain/report/report.ts';
import { LedgerError } from './failure.ts';
import { MIGRATIONS } from './schema.ts';
import { Store } from './store.ts';

/**
 * The tables of a ledger, whose entries may begin with any number, in a private temporary file: one of gigabytes need not fit into
 * memory. Without a journal, for what goes wrong is thrown away whole. Close it.
 */
export function openScratch(): DatabaseSync {
  const db = new DatabaseSync('');
  db.exec('PRAGMA journal_mode = OFF');
  for (const step of MIGRATIONS) db.exec(step);
  db.exec('DROP TRIGGER events_keep_order; DROP INDEX events_wall_ms');
  return db;
}

/** Reports as JSON has them, by a projection that is as of the last entry. Throws LedgerError with what went wrong as its message. */
export function judgeAll(db: DatabaseSync, matters: readonly Matter[]): readonly unknown[] {
  const store = new Store(db, 'a bundle');
  return matters.map((input) => {
    const outcome = store.read({ id: 0, op: 'judge', input });
    if (outcome.kind === 'failed') throw new LedgerError(outcome.failure.code, outcome.failure.cause.message);
    return JSON.parse(JSON.stringify((outcome.output as Judgement).report)) as unknown;
  });
}
