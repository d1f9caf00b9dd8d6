/** A data folder whose ledger, or its log, was lost: nobody takes it for a new one, and nothing that is left is destroyed. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLedger } from '../../../src/adapters/sqlite/ledger.ts';
import { compareProjection, verifyLedger } from '../../../src/adapters/sqlite/verify.ts';
import { delivered, opened, planned, quiet, rawly, temporaryFolder } from './support.ts';

const ROLES = ['daemon', 'visitor', 'reader'] as const;

async function written(): Promise<string> {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  for (const probe of ['a', 'b', 'c']) await ledger.append(delivered(probe, 0));
  await ledger.close();
  return folder;
}

/** As the death of its process leaves it: the newest entries are in the log. */
async function cutOff(): Promise<string> {
  const [source, folder] = [await written(), temporaryFolder()];
  const ledger = await opened(source);
  for (const probe of ['x', 'y', 'z']) await ledger.append([planned(probe, 60)]);
  for (const name of readdirSync(source)) copyFileSync(join(source, name), join(folder, name));
  await ledger.close();
  expect(readdirSync(folder).toSorted()).toEqual(['ledger.db', 'ledger.db-shm', 'ledger.db-wal']);
  return folder;
}

const open = (folder: string, role: (typeof ROLES)[number]) => openLedger(folder, { role, log: quiet });
const contents = (folder: string) =>
  readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))] as const);

test.each([
  ['is gone', 'gone', (file: string) => rmSync(file)],
  ['is empty', 'empty', (file: string) => truncateSync(file)],
])(
  'a folder with a signing key whose ledger %s is refused to the daemon, naming the way out',
  async (_name, is, lose) => {
    const folder = await written();
    writeFileSync(join(folder, 'signing.key'), 'key');
    lose(join(folder, 'ledger.db'));
    const before = contents(folder);
    await expect(open(folder, 'daemon')).rejects.toMatchObject({
      code: 'DAMAGED',
      message: `there must be a ledger at ${folder}/ledger.db, it is ${is}, and ${folder}/signing.key shows that there was one: restore a backup, or keep the folder aside and name another to begin anew; to begin anew with this key, put it back after the first start`,
    });
    for (const role of ['visitor', 'reader'] as const)
      await expect(open(folder, role)).rejects.toMatchObject({ code: is === 'gone' ? 'MISSING' : 'DAMAGED' });
    expect(contents(folder)).toEqual(before);
  },
);

test('an empty ledger beside a log is refused to everybody, and the log is kept', async () => {
  const folder = await cutOff();
  truncateSync(join(folder, 'ledger.db'));
  const before = contents(folder);
  for (const role of ROLES)
    await expect(open(folder, role)).rejects.toMatchObject({
      code: 'DAMAGED',
      message: expect.stringContaining(`${folder}/ledger.db-wal shows that there was one`),
    });
  expect(contents(folder)).toEqual(before);
});

test('an empty file that a first start left is begun anew', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'ledger.db'), '');
  writeFileSync(join(folder, 'token.key'), 'made before the ledger');
  const ledger = await opened(folder);
  expect(await ledger.append([planned('a', 0)])).toMatchObject([{ seq: 1 }]);
});

test('a log that was taken away is refused to everybody until the user decides', async () => {
  const folder = await cutOff();
  const log = join(folder, 'ledger.db-wal');
  const aside = join(temporaryFolder(), 'log');
  copyFileSync(log, aside);
  rmSync(log);
  const before = contents(folder);
  for (const role of ROLES)
    await expect(open(folder, role)).rejects.toMatchObject({
      code: 'DAMAGED',
      message: expect.stringMatching(
        /ledger\.db-wal must lie beside .*put it back, or remove .*ledger\.db-shm to go on/,
      ),
    });
  expect(contents(folder)).toEqual(before);

  const without = join(temporaryFolder(), 'without');
  mkdirSync(without);
  copyFileSync(join(folder, 'ledger.db'), join(without, 'ledger.db'));
  expect((await (await opened(without)).snapshot()).head.seq).toBe(9);
  copyFileSync(aside, log);
  expect((await (await opened(folder)).snapshot()).head.seq).toBe(12);
});

test('of a log that was cut anywhere whole appends are left, and one that was closed or only read is no loss', async () => {
  const folder = await cutOff();
  const log = readFileSync(join(folder, 'ledger.db-wal'));
  const heads: number[] = [];
  for (let tenths = 10; tenths >= 0; tenths -= 1) {
    const cut = temporaryFolder();
    copyFileSync(join(folder, 'ledger.db'), join(cut, 'ledger.db'));
    writeFileSync(join(cut, 'ledger.db-wal'), log.subarray(0, Math.floor((log.length * tenths) / 10)));
    const reader = await opened(cut, 'reader');
    await reader.close();
    const ledger = await opened(cut);
    heads.push((await ledger.snapshot()).head.seq);
    await ledger.append([planned('next', 90)]);
    await ledger.close();
    expect(existsSync(join(cut, 'ledger.db-shm'))).toBe(false);
    expect(await verifyLedger(cut)).toMatchObject({ ok: true, entries: heads.at(-1)! + 1 });
    expect(await compareProjection(cut)).toMatchObject({ ok: true });
  }
  expect(heads[0]).toBe(12);
  expect(heads.at(-1)).toBe(9);
  expect(heads).toEqual(heads.toSorted((one, other) => other - one));
});

test('a row of ours that is no JSON any more is damage, with the way out', async () => {
  const folder = await written();
  rawly(folder, (db) => db.exec("UPDATE timeline SET state = '{\"half'"));
  const ledger = await opened(folder);
  const refusal = {
    code: 'DAMAGED',
    message: expect.stringMatching(/every row must be as it was written: restore a backup/),
  };
  await expect(ledger.snapshot()).rejects.toMatchObject(refusal);
  await expect(ledger.append([planned('x', 0)])).rejects.toMatchObject(refusal);
});
