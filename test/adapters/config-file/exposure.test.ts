/** Files of secrets that somebody else can get at are not used. */
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exposureOf } from '../../../src/adapters/config-file/exposure.ts';
import { readSigner } from '../../../src/adapters/config-file/signing-key.ts';
import { tokenKey } from '../../../src/adapters/config-file/token-key.ts';
import { systemRandom } from '../../../src/adapters/system/random.ts';
import { folderWith, readSettings, SMALL } from './folder.ts';

const file = (mode: string) => ({ mode: 0o100000 | Number.parseInt(mode, 8), isFile: () => true });

describe('a file that the configuration names', () => {
  test.each(['0600', '0400', '0440', '0640', '0700'])('may have mode %s', (mode) => {
    expect(exposureOf(file(mode), '/etc/probe/token', 'secret')).toBeNull();
  });

  test.each(['0644', '0604', '0660', '0620', '0602', '0601', '0777'])('may not have mode %s', (mode) => {
    expect(exposureOf(file(mode), '/etc/probe/token', 'secret')).toBe(
      `others can neither read nor change (/etc/probe/token has mode ${mode}: chmod 600 /etc/probe/token)`,
    );
  });

  test.each(['0444', '0644'])('may have mode %s where containers have their secrets', (mode) => {
    expect(exposureOf(file(mode), '/run/secrets/http-token', 'secret')).toBeNull();
    expect(exposureOf(file(mode), '/var/run/secrets/http-token', 'secret')).toBeNull();
  });

  test.each(['0666', '0664', '0446'])('may not have mode %s even there', (mode) => {
    expect(exposureOf(file(mode), '/run/secrets/http-token', 'secret')).toContain('chmod 600');
  });

  test('may be a pipe', () => {
    expect(exposureOf({ mode: 0o010666, isFile: () => false }, '/dev/fd/63', 'secret')).toBeNull();
  });
});

test.each([
  ['http: { token: { file: files/password } }', 'http.token.file'],
  ['http: { metrics: { token: { file: files/password } } }', 'http.metrics.token.file'],
  ['key: { file: files/password }', 'key.file'],
])('%s that others can read is a problem that says what to run, and not what is in it', async (text, key) => {
  const folder = await folderWith({ 'config.yml': `${text}\n${SMALL}` });
  const path = join(folder, 'files/password');
  await chmod(path, 0o644);
  const result = await readSettings(join(folder, 'config.yml'), {});
  const rule = `must name a file that others can neither read nor change (${path} has mode 0644: chmod 600 ${path})`;
  expect(result).toMatchObject({ ok: false, problems: [{ key, rule, value: 'files/password' }] });
  await chmod(path, 0o600);
  expect(await readSettings(join(folder, 'config.yml'), {})).toMatchObject({ ok: true });
});

test('authorities to trust and the configuration itself are for everybody to read, and not to change', async () => {
  const folder = await folderWith({
    'config.yml': SMALL.replace(
      'org }',
      'org, tls: { cert_file: files/sink-cert.pem, key_file: files/sink-key.pem } }',
    ),
  });
  const config = join(folder, 'config.yml');
  const certificates = join(folder, 'files/sink-cert.pem');
  await chmod(join(folder, 'files/sink-key.pem'), 0o600);
  const readAs = async (path: string, mode: number) => {
    await chmod(path, mode);
    const result = await readSettings(config, {});
    await chmod(path, 0o644);
    return result;
  };
  expect(await readAs(certificates, 0o664)).toMatchObject({ ok: true });
  for (const path of [certificates, config]) {
    const result = await readAs(path, 0o646);
    expect(result).toMatchObject({ ok: false });
    expect(JSON.stringify(result)).toContain(`that others cannot change (${path} has mode 0646: chmod o-w ${path})`);
  }
});

test('of PEM files the keys are secrets, certificates are not', async () => {
  const tls = 'tls: { cert_file: files/sink-cert.pem, key_file: files/sink-key.pem }';
  const folder = await folderWith({ 'config.yml': SMALL.replace('org }', `org, ${tls} }`) });
  for (const name of ['sink-cert.pem', 'sink-key.pem']) await chmod(join(folder, 'files', name), 0o644);
  const result = await readSettings(join(folder, 'config.yml'), {});
  expect(result).toMatchObject({ ok: false, problems: [{ key: 'sink.tls.key_file' }] });
});

describe('a key that the agent made', () => {
  test('is not used once others can read it, and may belong to a group', async () => {
    const folder = join(await folderWith({}), 'data');
    await tokenKey(folder, systemRandom, true);
    const path = join(folder, 'token.key');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await chmod(path, 0o604);
    expect(await tokenKey(folder, systemRandom, true)).toEqual({
      kind: 'fault',
      rule: `must hold a token.key that others can neither read nor change (${path} has mode 0604: chmod 600 ${path})`,
    });
    await chmod(path, 0o660);
    expect(await tokenKey(folder, systemRandom, true)).toMatchObject({ kind: 'lasting' });
  });

  test('to sign with, too', async () => {
    const folder = join(await folderWith({}), 'data');
    await mkdir(folder);
    await writeFile(join(folder, 'signing.key'), 'anything', { mode: 0o644 });
    await expect(readSigner(folder)).rejects.toThrow(
      /signing\.key that others can neither read nor change .*chmod 600/,
    );
  });
});
