/** Whoever changes a stored fact is found out, and told which one. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { compareProjection, rebuildProjection, verifyLedger } from '../../../src/adapters/sqlite/verify.ts';
import { chainHash } from '../../../src/domain/evidence/chain.ts';
import { delivered, opened, rawly, tamper, temporaryFolder } from './support.ts';

const ENTRIES = 9;

async function written(): Promise<string> {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  await ledger.append([...delivered('a', 0), ...delivered('b', 60), ...delivered('c', 120)]);
  await ledger.close();
  return folder;
}

const textAt = (db: DatabaseSync, seq: number) =>
  String(db.prepare('SELECT text FROM events WHERE seq = ?').get(seq)?.['text']);
const setText = (db: DatabaseSync, seq: number, text: string) =>
  db.prepare('UPDATE events SET text = ? WHERE seq = ?').run(text, seq);

test('an untouched ledger verifies', async () => {
  expect(await verifyLedger(await written())).toMatchObject({ ok: true, entries: ENTRIES });
});

test.each(Array.from({ length: ENTRIES }, (_, index) => index + 1))(
  'one byte changed in the text of entry %i names that entry',
  async (seq) => {
    const folder = await written();
    tamper(folder, (db) =>
      setText(db, seq, textAt(db, seq).replace('acme', 'acmf').replace('"probe":"', '"probe":"x').replace('xx', 'x')),
    );
    expect(await verifyLedger(folder)).toEqual({
      ok: false,
      seq,
      reason: expect.stringContaining('hash does not follow'),
    });
  },
);

test('one byte changed in the file itself, past SQLite, names the entry it belongs to', async () => {
  const folder = await written();
  const text = rawly(folder, (db) => textAt(db, 5));
  const file = join(folder, 'ledger.db');
  const bytes = readFileSync(file);
  // A page that was split may hold a stale copy besides.
  let places = 0;
  for (let place = bytes.indexOf(text); place >= 0; place = bytes.indexOf(text, place + 1)) {
    bytes.writeUInt8(bytes.readUInt8(place + 40) ^ 1, place + 40);
    places += 1;
  }
  expect(places).toBeGreaterThan(0);
  writeFileSync(file, bytes);
  expect(await verifyLedger(folder)).toMatchObject({ ok: false, seq: 5 });
});

test('a changed hash names its entry', async () => {
  const folder = await written();
  tamper(folder, (db) => db.exec('UPDATE events SET hash = zeroblob(32) WHERE seq = 4'));
  expect(await verifyLedger(folder)).toMatchObject({ ok: false, seq: 4 });
});

test('an entry rewritten with a hash to match breaks the chain at the next one', async () => {
  const folder = await written();
  tamper(folder, (db) => {
    const before = db.prepare('SELECT lower(hex(hash)) AS hash FROM events WHERE seq = 3').get();
    const text = textAt(db, 4).replace('acme', 'acmf');
    db.prepare('UPDATE events SET text = ?, hash = ? WHERE seq = 4').run(
      text,
      Buffer.from(chainHash(String(before?.['hash']), text), 'hex'),
    );
  });
  expect(await verifyLedger(folder)).toMatchObject({ ok: false, seq: 5 });
});

test.each([1, 5, ENTRIES])('a removed entry %i is named as missing', async (seq) => {
  const folder = await written();
  tamper(folder, (db) => db.prepare('DELETE FROM events WHERE seq = ?').run(seq));
  expect(await verifyLedger(folder)).toEqual({
    ok: false,
    seq,
    reason: expect.stringContaining('the entry is missing'),
  });
});

test('a ledger that lost its last entry takes no more, which would hide the loss', async () => {
  const folder = await written();
  tamper(folder, (db) => db.prepare('DELETE FROM events WHERE seq = ?').run(ENTRIES));
  const ledger = await opened(folder);
  const refusal = { code: 'DAMAGED', message: expect.stringContaining('must end at entry 9, ends at 8') };
  await expect(ledger.append(delivered('d', 200))).rejects.toMatchObject(refusal);
  await expect(ledger.snapshot()).rejects.toMatchObject(refusal);
});

test('a removed entry whose successors were renumbered is named', async () => {
  const folder = await written();
  tamper(folder, (db) => {
    db.exec('DELETE FROM events WHERE seq = 4');
    for (let seq = 5; seq <= ENTRIES; seq += 1) db.exec(`UPDATE events SET seq = ${seq - 1} WHERE seq = ${seq}`);
  });
  expect(await verifyLedger(folder)).toMatchObject({ ok: false, seq: 4, reason: expect.stringContaining('hash') });
});

test('two entries that changed places are named at the first of them', async () => {
  const folder = await written();
  tamper(folder, (db) =>
    db.exec(
      'UPDATE events SET seq = 100 WHERE seq = 6; UPDATE events SET seq = 6 WHERE seq = 7; UPDATE events SET seq = 7 WHERE seq = 100',
    ),
  );
  expect(await verifyLedger(folder)).toMatchObject({ ok: false, seq: 6 });
});

test.each(['not json', '42', '{"at":["@",1,2,3,4,"x"]}'])(
  'a text that is no event is named even when its hash is right: %s',
  async (text) => {
    const folder = await written();
    tamper(folder, (db) => {
      const before = db.prepare('SELECT lower(hex(hash)) AS hash FROM events WHERE seq = ?').get(ENTRIES - 1);
      db.exec(
        'DROP INDEX events_rare; DROP INDEX events_kept_header; DROP INDEX events_wall_ms; ALTER TABLE events DROP COLUMN type; ALTER TABLE events DROP COLUMN wall_ms',
      );
      db.prepare('UPDATE events SET text = ?, hash = ? WHERE seq = ?').run(
        text,
        Buffer.from(chainHash(String(before?.['hash']), text), 'hex'),
        ENTRIES,
      );
    });
    expect(await verifyLedger(folder)).toEqual({
      ok: false,
      seq: ENTRIES,
      reason: expect.stringContaining('the text is not an event'),
    });
  },
);

test('a page of rubbish in the file is reported, not thrown', async () => {
  const folder = await written();
  const file = join(folder, 'ledger.db');
  const bytes = readFileSync(file);
  const place = bytes.indexOf(
    rawly(folder, (db) => textAt(db, 8)),
    0,
    'utf8',
  );
  const page = Math.floor(place / 4096) * 4096;
  bytes.fill(0xff, page, page + 4096);
  writeFileSync(file, bytes);
  expect(await verifyLedger(folder)).toMatchObject({ ok: false, reason: expect.stringContaining('damaged') });
});

test.each([
  ['a record', "UPDATE probes SET record = replace(record, 'acme', 'acmf') WHERE id = 'b'", 'acmf'],
  ['an outcome', "UPDATE probes SET outcome = 'lost' WHERE id = 'b'", 'lost'],
  ['a row gone', "DELETE FROM probes WHERE id = 'c'", 'stored no row'],
  ['a tally', 'UPDATE tallies SET count = count + 1', '"count":4'],
  ['the state', "UPDATE timeline SET state = replace(state, '[]', '[1]')", '[1]'],
])('a projection that says otherwise than the events is found: %s', async (_name, sql, named) => {
  const folder = await written();
  expect(await compareProjection(folder)).toEqual({ ok: true, probes: 3 });
  tamper(folder, (db) => db.exec(sql));
  expect(await compareProjection(folder)).toEqual({ ok: false, difference: expect.stringContaining(named) });
  await rebuildProjection(folder);
  expect(await compareProjection(folder)).toEqual({ ok: true, probes: 3 });
});
