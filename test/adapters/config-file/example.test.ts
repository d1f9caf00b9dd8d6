/** config/example.yml shows and explains every key, says the true defaults, and works as it stands. */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { redact, settingsSchema } from '../../../src/adapters/config-file/read.ts';
import { FIXTURES, folderWith, readSettings } from './folder.ts';

const TEXT = readFileSync('config/example.yml', 'utf8');

interface Node {
  readonly description?: string;
  readonly default?: unknown;
  readonly maxProperties?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
}

/** Every key of the schema by its path, lists written `[]`. */
function keysOf(node: Node, at = ''): [string, Node][] {
  if (node.items !== undefined) return keysOf(node.items, `${at}[]`);
  return Object.entries(node.properties ?? {}).flatMap(([key, inner]) => {
    const path = at === '' ? key : `${at}.${key}`;
    return [[path, inner], ...keysOf(inner, path)] as [string, Node][];
  });
}

/** Every key of a value in the same notation. */
function given(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((entry) => given(entry, `${at}[]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = at === '' ? key : `${at}.${key}`;
    return [path, ...given(inner, path)];
  });
}

const KEYS = keysOf(settingsSchema());
const GIVEN = new Set(given(parse(TEXT)));

test.each(KEYS.filter(([path]) => !/\.(file|env)$/.test(path)))('%s is in the example', (path) => {
  expect(GIVEN).toContain(path);
});

test('every secret is in the example by file or by variable, and both ways are shown', () => {
  const secrets = KEYS.filter(([, node]) => node.maxProperties === 1).map(([path]) => path);
  expect(secrets).toHaveLength(5);
  expect(secrets.filter((path) => GIVEN.has(`${path}.file`) === GIVEN.has(`${path}.env`))).toEqual([]);
  expect(new Set(secrets.map((path) => GIVEN.has(`${path}.file`)))).toEqual(new Set([true, false]));
});

test('every key of the example stands under or beside a comment', () => {
  const lines = TEXT.split('\n');
  const bare = lines.filter((line, index) => {
    const isKey = /^\s*(?:- )?[a-z_]+:/.test(line);
    return isKey && !line.includes('#') && !/#/.test(lines[index - 1] ?? '');
  });
  // A secret's own comment stands above it.
  expect(bare.filter((line) => !/^ +env: ACME_PASSWORD$/.test(line))).toEqual([]);
});

test.each(KEYS)('%s has a description in the schema', (_, node) => {
  expect(node.description).toMatch(/\w{3}.*\.$/s);
});

test('the defaults that the schema states are those of the settings and of the example', async () => {
  const minimal = `key: { env: KEY }
sink: { hostname: probe.example.org }
providers:
  - name: acme
    submission: { host: smtp.acme.example }
    mx: { host: mx.acme.example }
    mailbox: { host: imap.acme.example, username: probe, password: { env: KEY }, address: probe@acme.example }
`;
  const folder = await folderWith({ 'config.yml': minimal });
  const result = await readSettings(join(folder, 'config.yml'), { KEY: 'sixteen-byte-key' });
  const printed = result.ok ? redact(result.settings) : {};
  const stated = KEYS.filter(([path, node]) => node.default !== undefined && !path.endsWith('allow_plaintext'));
  expect(stated.length).toBeGreaterThan(10);
  for (const [path, node] of stated) {
    const expected = path === 'data_folder' ? join(folder, 'data') : node.default;
    expect([path, lookUp(printed, path)]).toEqual([path, expected]);
  }
});

test('a default in the example is the one the schema states', () => {
  const stated = KEYS.filter(([, node]) => node.default !== undefined);
  for (const [path, node] of stated) {
    const key = path.slice(path.lastIndexOf('.') + 1);
    const written = Array.isArray(node.default) ? `[${node.default.join(', ')}]` : String(node.default);
    const comments = TEXT.split('\n').flatMap((line, index, lines) =>
      new RegExp(`^\\s*(?:- )?${key}:`).test(line) ? [lines.slice(Math.max(0, index - 4), index).join('\n')] : [],
    );
    expect([path, comments.some((comment) => comment.includes(`Default: ${written}`))]).toEqual([path, true]);
  }
});

test('the example is sound with the files and variables it names', async () => {
  const dkim = generateKeyPairSync('rsa', {
    modulusLength: 1024,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const pem = (name: string) => readFileSync(join(FIXTURES, 'files', name), 'utf8');
  const folder = await folderWith({
    'config/example.yml': TEXT,
    'config/secrets/http-token': 'a bearer token\n',
    'config/secrets/metrics-token': 'a scraper’s token\n',
    'config/secrets/sink-cert.pem': pem('sink-cert.pem'),
    'config/secrets/sink-key.pem': pem('sink-key.pem'),
    'config/secrets/acme-ca.pem': pem('sink-cert.pem'),
    'config/secrets/dkim-key.pem': dkim.privateKey,
  });
  const environment = { MAILFLOW_KEY: 'sixteen-byte-key', ACME_PASSWORD: 'hunter2' };
  const result = await readSettings(join(folder, 'config/example.yml'), environment);
  expect(result).toMatchObject({ ok: true, warnings: [], settings: { dataFolder: join(folder, 'data') } });
  if (!result.ok) return;
  expect(result.settings.routes.map(({ path }) => path)).toEqual(['send', 'receive', 'internal']);
  const secrets = ['sixteen-byte-key', 'hunter2', 'a bearer token', 'BEGIN', dkim.privateKey.slice(30, 60)];
  const printed = JSON.stringify(redact(result.settings));
  expect(secrets.filter((secret) => printed.includes(secret))).toEqual([]);
});

function lookUp(root: unknown, path: string): unknown {
  return path
    .replaceAll('[]', '.0')
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], root);
}
