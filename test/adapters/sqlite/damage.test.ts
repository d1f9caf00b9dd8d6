/** One byte of a ledger's file changed, anywhere: the verification names it, or everything that is read is as it was. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportLedger } from '../../../src/adapters/sqlite/export.ts';
import { LedgerError } from '../../../src/adapters/sqlite/failure.ts';
import { openStore } from '../../../src/adapters/sqlite/store.ts';
import { verifyDerived, verifyLedger } from '../../../src/adapters/sqlite/verify.ts';
import { seededUniform } from '../../../src/domain/pseudo-random.ts';
import { fill, HEALTHY } from '../../bench/generate-ledger.ts';
import { opened, rawly, temporaryFolder } from './support.ts';

const FLIPS = 200;
const RANGE = { provider: 'acme', fromMs: 0, toMs: Date.UTC(2100, 0), finalMs: Date.UTC(2100, 0) };

async function written(): Promise<string> {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  const fromMs = Date.UTC(2026, 0, 3);
  const perMille = { ...HEALTHY, late: 100, bounced: 100, unmeasured: 100 };
  const pace = { everySeconds: 1800, checkSeconds: 1800, seed: 1, perMille };
  await fill(ledger, { provider: 'acme', paths: ['send', 'receive'], fromMs, toMs: fromMs + 86_400_000, ...pace });
  await ledger.close();
  return folder;
}

/** The events, and all that months are judged by. */
async function readAll(folder: string): Promise<string> {
  let events = '';
  await exportLedger(folder, (line) => {
    events += line;
  });
  const store = openStore(folder, 'reader');
  try {
    const months = (['send', 'receive'] as const).map((path) => {
      const facts = store.month({ ...RANGE, path });
      return { ...facts, records: [...facts.records], absence: [...facts.absence] };
    });
    return JSON.stringify([events, months, store.availability(RANGE)]);
  } finally {
    store.close();
  }
}

async function holds(folder: string): Promise<boolean> {
  try {
    return (await verifyLedger(folder)).ok && (await verifyDerived(folder)).ok;
  } catch (error) {
    if (error instanceof LedgerError) return false;
    throw error;
  }
}

test(`of ${FLIPS} files with one byte changed each, none that verifies reads otherwise than before`, async () => {
  const folder = await written();
  const file = join(folder, 'ledger.db');
  const whole = readFileSync(file);
  expect(await holds(folder)).toBe(true);
  const before = await readAll(folder);
  const uniform = seededUniform('one byte');
  let found = 0;
  const unnoticed: number[] = [];
  for (let flip = 0; flip < FLIPS; flip += 1) {
    const place = Math.floor(uniform() * whole.length);
    const bytes = Buffer.from(whole);
    bytes.writeUInt8(bytes.readUInt8(place) ^ (1 + Math.floor(uniform() * 255)), place);
    for (const suffix of ['-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
    writeFileSync(file, bytes);
    if (!(await holds(folder))) found += 1;
    else if ((await readAll(folder)) !== before) unnoticed.push(place);
  }
  expect(unnoticed).toEqual([]);
  // Most bytes are in use.
  expect(found).toBeGreaterThan(FLIPS / 2);
}, 120_000);

test.each([
  ['a record', 'UPDATE probes SET record = replace(record, \'"receive"\', \'"internal"\') WHERE planned_seq < 100'],
  ['a tally', 'UPDATE tallies SET count = count + 1'],
])('what is derived and says otherwise than the events is told, though the chain holds: %s', async (_name, sql) => {
  const folder = await written();
  rawly(folder, (db) => db.exec(sql));
  expect(await verifyLedger(folder)).toMatchObject({ ok: true });
  expect(await verifyDerived(folder)).toMatchObject({ ok: false });
});
