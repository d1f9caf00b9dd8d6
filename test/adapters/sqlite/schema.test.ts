/** The tables defend themselves, and a version says which ones they are. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openLedger } from '../../../src/adapters/sqlite/ledger.ts';
import { MIGRATIONS, migrate, schemaVersion } from '../../../src/adapters/sqlite/schema.ts';
import { compareProjection, verifyLedger } from '../../../src/adapters/sqlite/verify.ts';
import { delivered, opened, planned, quiet, rawly, temporaryFolder } from './support.ts';

test.each([
  ['UPDATE events SET text = text', 'no UPDATE'],
  ['DELETE FROM events WHERE seq = 2', 'no DELETE'],
  ['DELETE FROM events', 'no DELETE'],
  [
    'INSERT OR REPLACE INTO events (seq, text, hash) SELECT seq, text, hash FROM events WHERE seq = 1',
    'seq must follow',
  ],
  ["INSERT INTO events (seq, text, hash) VALUES (9, '{}', zeroblob(32))", 'seq must follow'],
])('the events table refuses: %s', async (sql, message) => {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  await ledger.append(delivered('a', 0));
  expect(() => rawly(folder, (db) => db.exec(sql))).toThrow(message);
  expect(await verifyLedger(folder)).toMatchObject({ ok: true, entries: 3 });
});

test('a ledger of a newer schema is refused, naming both versions', async () => {
  const folder = temporaryFolder();
  await (await opened(folder)).close();
  const newer = MIGRATIONS.length + 6;
  rawly(folder, (db) => db.exec(`PRAGMA user_version = ${newer}`));
  for (const role of ['daemon', 'visitor', 'reader'] as const) {
    const message = `schema version ${newer}, this mailflow-probe knows up to ${MIGRATIONS.length}`;
    await expect(openLedger(folder, { role, log: quiet })).rejects.toMatchObject({
      code: 'TOO_NEW',
      message: expect.stringContaining(message),
    });
  }
  expect(rawly(folder, schemaVersion)).toBe(newer);
});

test('a ledger of an older schema is brought up to date by the daemon only', async () => {
  const folder = temporaryFolder();
  await (await opened(folder)).close();
  rawly(folder, (db) => db.exec('PRAGMA user_version = 0'));
  await expect(openLedger(folder, { role: 'reader', log: quiet })).rejects.toMatchObject({ code: 'TOO_OLD' });
  await expect(openLedger(folder, { role: 'visitor', log: quiet })).rejects.toMatchObject({ code: 'TOO_OLD' });
});

test('steps are taken one by one from where the file stands, and a failing one leaves it there', () => {
  const path = join(temporaryFolder(), 'ledger.db');
  const db = new DatabaseSync(path);
  const second = 'CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT;';
  migrate(db, path);
  migrate(db, path, [...MIGRATIONS, second]);
  expect(schemaVersion(db)).toBe(MIGRATIONS.length + 1);
  expect(() => migrate(db, path, [...MIGRATIONS, second, 'CREATE TABLE half (id); CREATE TABLE later (id);'])).toThrow(
    'already exists',
  );
  expect(schemaVersion(db)).toBe(MIGRATIONS.length + 1);
  expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'half'").get()?.['n']).toBe(0);
  db.close();
});

test("another program's database is refused and left alone", async () => {
  const folder = temporaryFolder();
  rawly(folder, (db) => db.exec('CREATE TABLE theirs (id INTEGER); PRAGMA application_id = 77'));
  await expect(openLedger(folder, { role: 'daemon', log: quiet })).rejects.toMatchObject({
    code: 'NOT_A_LEDGER',
    message: expect.stringContaining('77'),
  });
  expect(rawly(folder, (db) => db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n'])).toBe(1);
});

test('rows made by another version of the fold are rebuilt by the daemon, and refused to others until then', async () => {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  await ledger.append([...delivered('a', 0), planned('b', 60)]);
  await ledger.close();
  rawly(folder, (db) => db.exec("UPDATE timeline SET version = 0; UPDATE probes SET outcome = 'lost'"));
  const reader = await opened(folder, 'reader');
  await expect(reader.snapshot()).rejects.toMatchObject({
    code: 'TOO_OLD',
    message: expect.stringContaining('start the daemon once'),
  });
  await reader.close();
  const difference = expect.stringContaining('start the daemon once');
  expect(await compareProjection(folder)).toEqual({ ok: false, difference });
  const again = await opened(folder);
  expect([...(await again.snapshot()).state.open.keys()]).toEqual(['b']);
  expect(await compareProjection(folder)).toEqual({ ok: true, probes: 2 });
});
