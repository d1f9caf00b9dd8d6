/** The reading thread, which may die and is opened again. */
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectLedger, openLedger, startWorker } from '../../../src/adapters/sqlite/ledger.ts';
import { createReader } from '../../../src/adapters/sqlite/reader.ts';
import type { Ledger, LedgerReader } from '../../../src/ports.ts';
import { planned, quiet, temporaryFolder } from './support.ts';

let folder: string;
let writer: Ledger;
let reader: LedgerReader;
let workers: Worker[];

beforeEach(async () => {
  folder = temporaryFolder();
  writer = await openLedger(folder, { role: 'daemon', log: quiet });
  await writer.append([planned('p', 0)]);
  workers = [];
  reader = createReader((onDeath) => {
    const worker = startWorker({ folder: folder, role: 'reader' });
    workers.push(worker);
    return connectLedger(worker, folder, quiet, onDeath);
  });
});
afterEach(async () => {
  await reader.close();
  await writer.close();
});

test('starts nothing before it is asked, and one thread for all that is asked', async () => {
  expect(workers).toHaveLength(0);
  await Promise.all([reader.firstMs(), reader.marked(['month.closed']), reader.firstMs()]);
  expect(workers).toHaveLength(1);
});

test('rejects what was asked when its thread dies, and answers again when it is asked again', async () => {
  const first = await reader.firstMs();
  expect(first).not.toBeNull();
  await workers[0]?.terminate();
  expect(await reader.firstMs()).toBe(first);
  expect(workers).toHaveLength(2);
  const asked = reader.marked(['month.closed']).catch((error: unknown) => error);
  await workers[1]?.terminate();
  expect(await asked).toMatchObject({ code: 'WORKER_DIED' });
  expect(await reader.firstMs()).toBe(first);
});

test('asks for a new thread after one that could not be opened', async () => {
  let refuses = true;
  const other = createReader(() =>
    refuses ? Promise.reject(new Error('no memory')) : openLedger(folder, { role: 'reader', log: quiet }),
  );
  await expect(other.firstMs()).rejects.toThrow('no memory');
  refuses = false;
  expect(await other.firstMs()).not.toBeNull();
  await other.close();
});

test('closes without ever having been asked', async () => {
  await reader.close();
  expect(workers).toHaveLength(0);
});
