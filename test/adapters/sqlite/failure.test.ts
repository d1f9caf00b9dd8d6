/** When the disk refuses: all of an append or nothing of it, and the ledger goes on once it can. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../../src/adapters/sqlite/database.ts';
import type { WriteRequest } from '../../../src/adapters/sqlite/protocol.ts';
import { Store } from '../../../src/adapters/sqlite/store.ts';
import { compareProjection, verifyLedger } from '../../../src/adapters/sqlite/verify.ts';
import { encodeEvent } from '../../../src/domain/codec.ts';
import type { LedgerEvent } from '../../../src/domain/event.ts';
import { startChild } from './child.ts';
import { delivered, handedOver, opened, planned, temporaryFolder } from './support.ts';

let lastId = 0;
function append(...events: LedgerEvent[]): WriteRequest {
  return { id: ++lastId, op: 'append', input: events.map(encodeEvent) };
}

function openStore(folder: string): { db: DatabaseSync; store: Store } {
  const db = openDatabase(folder, 'daemon');
  onTestFinished(() => {
    if (db.isOpen) db.close();
  });
  return { db, store: new Store(db, folder) };
}

function openIds(store: Store): readonly string[] {
  const outcome = store.read({ id: 0, op: 'snapshot', input: null });
  return outcome.kind === 'done'
    ? [...(outcome.output as { state: { open: Map<string, unknown> } }).state.open.keys()]
    : [];
}

test('on a full disk a batch is refused whole, and the memory is what is on the disk', async () => {
  const folder = temporaryFolder();
  const { db, store } = openStore(folder);
  expect(store.write([append(planned('a', 0))])).toMatchObject([{ kind: 'done' }]);
  const pages = Number(db.prepare('PRAGMA page_count').get()?.['page_count']);
  db.exec(`PRAGMA max_page_count = ${pages + 1}`);
  const many = Array.from({ length: 40 }, (_, index) => append(...delivered(`x${index}`, index)));
  const outcomes = store.write([append(handedOver('a', 1)), ...many]);
  expect(outcomes).toHaveLength(41);
  for (const outcome of outcomes) {
    const message = `cannot append to the ledger in ${folder}: the disk must have room (database or disk is full)`;
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'DISK_FULL', message, cause: { errcode: 13 } } });
  }
  expect(openIds(store)).toEqual(['a']);
  db.exec('PRAGMA max_page_count = 100000');
  expect(store.write(many).every(({ kind }) => kind === 'done')).toBe(true);
  expect(openIds(store)).toEqual(['a']);
  store.close();
  expect(await verifyLedger(folder)).toMatchObject({ ok: true, entries: 1 + 3 * 40 });
  expect(await compareProjection(folder)).toEqual({ ok: true, probes: 41 });
});

test('a ledger held by another process for too long refuses, and goes on afterwards', async () => {
  const folder = temporaryFolder();
  const { db, store } = openStore(folder);
  db.exec('PRAGMA busy_timeout = 50');
  const other = new DatabaseSync(join(folder, 'ledger.db'));
  other.exec('BEGIN IMMEDIATE');
  expect(store.write([append(planned('a', 0)), append(planned('b', 1))])).toMatchObject([
    { kind: 'failed', failure: { code: 'BUSY', message: expect.stringContaining('no other process may hold it') } },
    { kind: 'failed', failure: { code: 'BUSY' } },
  ]);
  other.exec('ROLLBACK');
  other.close();
  expect(store.write([append(planned('b', 1))])).toMatchObject([{ kind: 'done', output: [{ seq: 1 }] }]);
  expect(openIds(store)).toEqual(['b']);
});

test('an event that the fold cannot take fails its own append and no other of the batch', async () => {
  const folder = temporaryFolder();
  const { store } = openStore(folder);
  const outcomes = store.write([
    append(planned('a', 0)),
    append(planned('b', 1), { type: 'unheard.of' } as unknown as LedgerEvent),
    append(planned('c', 2)),
  ]);
  expect(outcomes).toMatchObject([
    { output: [{ seq: 1 }] },
    { kind: 'failed', failure: { code: 'FAILED' } },
    { output: [{ seq: 2 }] },
  ]);
  expect(openIds(store)).toEqual(['a', 'c']);
  store.close();
  expect(await verifyLedger(folder)).toMatchObject({ ok: true, entries: 2 });
});

test('through the worker: a process that may write no more rejects the append with its cause, and keeps what it acknowledged', async () => {
  const folder = temporaryFolder();
  await (await opened(folder)).close();
  // Files of the process end at 2000 blocks of 512 bytes; without the signal the write itself fails.
  const child = startChild('./appender.ts', [folder, 'daemon', 'one', '100000'], "trap '' XFSZ; ulimit -f 2000");
  await child.line();
  child.send('go\n');
  const { code, stderr } = await child.ended;
  expect(code).toBe(1);
  expect(stderr).toContain(`to the ledger in ${folder}: the disk must`);
  const again = await opened(folder);
  const { head } = await again.snapshot();
  expect(head.seq).toBeGreaterThan(10);
  expect(await verifyLedger(folder)).toEqual({ ok: true, entries: head.seq, head });
  expect(await compareProjection(folder)).toMatchObject({ ok: true });
  expect(await again.append([planned('after', 9)])).toMatchObject([{ seq: head.seq + 1 }]);
});
