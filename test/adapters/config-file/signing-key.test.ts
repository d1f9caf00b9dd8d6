/** The signing key is made once, by a run; whoever only reads makes none, and no message shows it. */
import { createPublicKey, verify } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeSigner, readSigner } from '../../../src/adapters/config-file/signing-key.ts';
import { systemRandom } from '../../../src/adapters/system/random.ts';
import { folderWith } from './folder.ts';

test('the first run makes an Ed25519 key for its owner alone, and every later one signs with it', async () => {
  const folder = join(await folderWith({}), 'data');
  const signer = await makeSigner(folder, systemRandom);
  expect(await readFile(join(folder, 'signing.key'), 'latin1')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  expect((await stat(join(folder, 'signing.key'))).mode & 0o777).toBe(0o600);
  const key = createPublicKey({ key: Buffer.from(signer.publicKey, 'base64'), format: 'der', type: 'spki' });
  const bytes = Buffer.from('to be signed');
  expect(verify(null, bytes, key, Buffer.from(signer.sign(bytes), 'base64'))).toBe(true);
  for (const again of [await makeSigner(folder, systemRandom), await readSigner(folder)])
    expect([again.publicKey, again.sign(bytes)]).toEqual([signer.publicKey, signer.sign(bytes)]);
});

test('first runs at once get the same key', async () => {
  const folder = join(await folderWith({}), 'data');
  const signers = await Promise.all(Array.from({ length: 8 }, () => makeSigner(folder, systemRandom)));
  expect(new Set(signers.map(({ publicKey }) => publicKey)).size).toBe(1);
  expect(await readdir(folder)).toEqual(['signing.key']);
});

test('reading makes nothing and says who does', async () => {
  const folder = await folderWith({});
  await expect(readSigner(folder)).rejects.toThrow(`${folder} must hold a signing.key: the first run makes it`);
  expect(existsSync(join(folder, 'signing.key'))).toBe(false);
});

test('what is no Ed25519 key is refused, left as it is and not shown', async () => {
  const folder = await folderWith({});
  const file = join(folder, 'signing.key');
  await writeFile(file, 'secret nonsense', { mode: 0o600 });
  const rule = `${folder} must hold a signing.key that is an Ed25519 private key in PEM`;
  for (const attempt of [makeSigner(folder, systemRandom), readSigner(folder)])
    await expect(attempt).rejects.toThrow(new Error(rule));
  expect(await readFile(file, 'utf8')).toBe('secret nonsense');
});
