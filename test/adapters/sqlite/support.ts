/** What the ledger's tests share: temporary folders, events with plausible content (`test/domain/events.ts`), and a tampering hand. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished } from 'vitest';
import type { Role } from '../../../src/adapters/sqlite/database.ts';
import { openLedger } from '../../../src/adapters/sqlite/ledger.ts';
import { openStore } from '../../../src/adapters/sqlite/store.ts';
import type { FactSource } from '../../../src/domain/report/judge.ts';
import type { Ledger } from '../../../src/ports.ts';
import { MemoryLedger } from '../../fakes/memory-ledger.ts';
import { examinedLog } from '../../tooling/secrets.ts';

export { accepted, at, captured, checked, delivered, handedOver, planned } from '../../domain/events.ts';

export const quiet = examinedLog;

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailflow-ledger-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Closed at the end of the test, if not before. */
export async function opened(folder: string, role: Role = 'daemon'): Promise<Ledger> {
  const ledger = await openLedger(folder, { role, log: quiet });
  onTestFinished(() => ledger.close());
  FOLDERS.set(ledger, folder);
  return ledger;
}

const FOLDERS = new WeakMap<Ledger, string>();
const FACTS = new WeakMap<Ledger, FactSource>();

/** Tells what months are judged by in a ledger that `opened` did not give. */
export function factsFrom(ledger: Ledger, facts: FactSource): Ledger {
  FACTS.set(ledger, facts);
  return ledger;
}

/** What months are judged by, read as the thread of a ledger does that `opened` gave; one in memory reads it itself. */
export function factsOf(ledger: Ledger): FactSource {
  if (ledger instanceof MemoryLedger) return ledger;
  const known = FACTS.get(ledger);
  if (known !== undefined) return known;
  const store = openStore(FOLDERS.get(ledger) ?? '', 'reader');
  onTestFinished(() => store.close());
  FACTS.set(ledger, store);
  return store;
}

/** Does to the file what no code of ours would: the triggers are dropped first. */
export function tamper(folder: string, work: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(join(folder, 'ledger.db'));
  for (const { name } of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all())
    db.exec(`DROP TRIGGER ${String(name)}`);
  work(db);
  db.close();
}

export function rawly<T>(folder: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(join(folder, 'ledger.db'));
  try {
    return work(db);
  } finally {
    db.close();
  }
}
