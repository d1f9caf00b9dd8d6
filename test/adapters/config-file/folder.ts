/** What the tests of the configuration share: the reader, a folder for each test that writes, the fixtures' environment. */
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { settingsReader } from '../../../src/adapters/config-file/read.ts';
import { systemRandom } from '../../../src/adapters/system/random.ts';

export const FIXTURES = 'test/adapters/config-file/fixtures';
/** No message, and nothing printed, may hold any of these. */
export const SECRETS = ['hunter2', 'correct horse', 'short-key'];
export const ENVIRONMENT = { ACME_PASSWORD: 'hunter2-in-the-environment', EMPTY: '' };

export const readSettings = settingsReader(systemRandom);

/** Smallest configuration there is, apart from its routes. */
export const SMALL = `sink: { hostname: probe.example.org }
providers:
  - name: acme
    submission: { host: smtp.acme.example, from: probe@acme.example }
`;

/** A copy of the fixtures, their secrets as they have to be kept: a checkout leaves them readable for all. */
export async function copyFixtures(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'mailflow-config-'));
  await cp(FIXTURES, path, { recursive: true });
  for (const name of await readdir(join(path, 'files'))) await chmod(join(path, 'files', name), 0o600);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A folder with these files beside the fixtures' own; gone when the test ends. */
export async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailflow-config-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text, { mode: 0o600 });
  }
  await mkdir(join(folder, 'files'));
  for (const name of await readdir(join(FIXTURES, 'files'))) {
    await copyFile(join(FIXTURES, 'files', name), join(folder, 'files', name));
    await chmod(join(folder, 'files', name), 0o600);
  }
  return folder;
}
