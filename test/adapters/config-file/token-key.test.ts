/** The token key is made once, by a run and not by a look, and never for a configuration that cannot be used. */
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { redact } from '../../../src/adapters/config-file/redact.ts';
import { secretsOf } from '../../../src/domain/conceal.ts';
import { folderWith, readSettings, SMALL } from './folder.ts';

async function keyOf(folder: string, createKey: boolean): Promise<string> {
  const result = await readSettings(join(folder, 'config.yml'), {}, { createKey });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return Buffer.from(result.settings.key).toString('latin1');
}

test('the first run makes a key for its owner alone, and every later one reads it', async () => {
  const folder = await folderWith({ 'config.yml': SMALL });
  const key = await keyOf(folder, true);
  const file = join(folder, 'data/token.key');
  expect(Buffer.from(key, 'base64url')).toHaveLength(32);
  expect(await readFile(file, 'latin1')).toBe(`${key}\n`);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700);
  expect([await keyOf(folder, true), await keyOf(folder, false)]).toEqual([key, key]);
  expect(await readdir(join(folder, 'data'))).toEqual(['token.key']);
});

test('two first runs at once get the same key', async () => {
  const folder = await folderWith({ 'config.yml': SMALL });
  const keys = await Promise.all(Array.from({ length: 8 }, () => keyOf(folder, true)));
  expect(new Set(keys).size).toBe(1);
  expect(await readdir(join(folder, 'data'))).toEqual(['token.key']);
});

test('a look writes nothing, warns, and has a key that no other run shares', async () => {
  const folder = await folderWith({ 'config.yml': SMALL });
  const path = join(folder, 'config.yml');
  const looks = [await readSettings(path, {}), await readSettings(path, {})];
  expect(existsSync(join(folder, 'data'))).toBe(false);
  const keys = looks.map((look) => (look.ok ? Buffer.from(look.settings.key).toString('hex') : ''));
  expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(keys[0]).not.toBe(keys[1]);
  const warning = `data_folder has no token.key yet, the first run makes it (${path}:1)`;
  expect(looks[0]).toMatchObject({ ok: true, warnings: expect.arrayContaining([warning]) });
});

test('a key cut short is a problem, and is left as it is', async () => {
  const folder = await folderWith({ 'config.yml': `${SMALL}data_folder: ./data\n`, 'data/token.key': 'short' });
  const result = await readSettings(join(folder, 'config.yml'), {}, { createKey: true });
  const rule = 'must hold a token.key of at least 16 bytes, has one of 5';
  expect(result).toMatchObject({ ok: false, problems: [{ key: 'data_folder', line: 5, rule }] });
  expect(await readFile(join(folder, 'data/token.key'), 'latin1')).toBe('short');
});

test('a data folder that is a file is a problem with its reason', async () => {
  const folder = await folderWith({ 'config.yml': SMALL });
  await writeFile(join(folder, 'data'), '');
  const result = await readSettings(join(folder, 'config.yml'), {}, { createKey: true });
  const rule = 'must hold a token.key that can be read (ENOTDIR)';
  expect(result).toMatchObject({ ok: false, problems: [{ rule, value: join(folder, 'data') }] });
});

test('a key named in the configuration leaves the data folder alone', async () => {
  const folder = await folderWith({ 'config.yml': `key: { file: key }\n${SMALL}`, key: 'sixteen-byte-key\n' });
  expect(await keyOf(folder, true)).toBe('sixteen-byte-key');
  expect(existsSync(join(folder, 'data'))).toBe(false);
});

test('nothing is written for a configuration with a problem', async () => {
  const folder = await folderWith({ 'config.yml': `${SMALL}colour: blue\n` });
  expect((await readSettings(join(folder, 'config.yml'), {}, { createKey: true })).ok).toBe(false);
  expect(existsSync(join(folder, 'data'))).toBe(false);
});

test('a key that was put aside verifies beside the new one that is made, until it is taken away', async () => {
  const folder = await folderWith({ 'config.yml': SMALL });
  const old = await keyOf(folder, true);
  await rename(join(folder, 'data/token.key'), join(folder, 'data/token.key.retired'));
  const changed = await readSettings(join(folder, 'config.yml'), {}, { createKey: true });
  if (!changed.ok) throw new Error('the changed key must be read');
  expect(Buffer.from(changed.settings.retiredKey ?? []).toString('latin1')).toBe(old);
  expect(Buffer.from(changed.settings.key).toString('latin1')).not.toBe(old);
  const warning =
    'data_folder holds token.key.retired, which still verifies tokens: take it away five days after the change';
  expect(changed.warnings).toContainEqual(expect.stringContaining(warning));
  await rm(join(folder, 'data/token.key.retired'));
  const later = await readSettings(join(folder, 'config.yml'), {});
  expect(later).toMatchObject({ ok: true, settings: { key: changed.settings.key, retiredKey: null } });
  expect(later.ok && later.warnings.filter((text) => text.includes('retired'))).toEqual([]);
});

test('a retired key cut short is a problem, and no key is made beside it', async () => {
  const folder = await folderWith({ 'config.yml': SMALL, 'data/token.key.retired': 'short' });
  const result = await readSettings(join(folder, 'config.yml'), {}, { createKey: true });
  const rule = 'must hold a token.key.retired of at least 16 bytes, has one of 5';
  expect(result).toMatchObject({ ok: false, problems: [{ rule }] });
  expect(await readdir(join(folder, 'data'))).toEqual(['token.key.retired']);
});

test('a key that was put aside verifies beside one that the configuration names, and is never shown', async () => {
  const folder = await folderWith({
    'config.yml': `key: { file: key }\n${SMALL}`,
    key: 'sixteen-byte-key\n',
    'data/token.key.retired': 'sixteen-bytes-and-more\n',
  });
  const result = await readSettings(join(folder, 'config.yml'), {});
  if (!result.ok) throw new Error('both keys must be read');
  expect(Buffer.from(result.settings.retiredKey ?? []).toString('latin1')).toBe('sixteen-bytes-and-more');
  expect(JSON.stringify(redact(result.settings))).not.toContain('sixteen-bytes-and-more');
  expect(secretsOf(result.settings)).toContain('sixteen-bytes-and-more');
});
