/** Whatever is wrong with a configuration is told exactly, at once, in order, and without a secret. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Problem } from '../../../src/adapters/config-file/read.ts';
import { copyFixtures, ENVIRONMENT, FIXTURES, folderWith, readSettings, SECRETS, SMALL } from './folder.ts';
import { MESSAGES } from './messages.ts';

let fixtures: Awaited<ReturnType<typeof copyFixtures>>;
beforeAll(async () => {
  fixtures = await copyFixtures();
});
afterAll(() => fixtures.remove());

async function problemsOf(path: string): Promise<readonly Problem[]> {
  const result = await readSettings(path, ENVIRONMENT, { createKey: true });
  return result.ok ? [] : result.problems;
}

describe.each(Object.entries(MESSAGES))('%s', (name, expected) => {
  test('is told with exactly these messages', async () => {
    const path = join(fixtures.path, name);
    const messages = (await problemsOf(path)).map(({ message }) => message.replaceAll(`(${path}`, '(<file>'));
    expect(messages).toEqual(expected);
  });

  test('has problems whose parts make up the message, and no secret in any of them', async () => {
    for (const { file, line, key, rule, value, message } of await problemsOf(join(fixtures.path, name))) {
      const subject = key === '' ? 'the file' : key;
      const place = line === null ? file : `${file}:${line}`;
      expect(message).toBe(`${subject} ${rule}${value === null ? '' : `, is ${value}`} (${place})`);
      expect(SECRETS.filter((secret) => message.includes(secret))).toEqual([]);
    }
  });
});

test('every broken fixture is in the table, and nothing but them', async () => {
  const names = (await readdir(FIXTURES)).filter((name) => name.startsWith('invalid-'));
  expect(Object.keys(MESSAGES).sort()).toEqual(names.sort());
});

test('broken fixtures write no token key', async () => {
  expect(await readdir(fixtures.path)).not.toContain('data');
});

test('a problem names file, line, key, rule and value', async () => {
  const path = join(fixtures.path, 'invalid-route-too-fast.yml');
  expect(await problemsOf(path)).toEqual([
    {
      file: path,
      line: 16,
      key: 'routes[2].every',
      rule: 'must be at least 10s',
      value: '2s',
      message: `routes[2].every must be at least 10s, is 2s (${path}:16)`,
    },
  ]);
});

test('a missing file is a problem without a line', async () => {
  expect(await problemsOf('no/such.yml')).toMatchObject([
    { file: 'no/such.yml', line: null, key: '', message: 'the file must be one that exists (no/such.yml)' },
  ]);
});

test('a folder in place of the file is a problem', async () => {
  const [problem] = await problemsOf(FIXTURES);
  expect(problem?.message).toBe(`the file must be one that can be read (EISDIR) (${FIXTURES})`);
});

test('a file of more than a megabyte is not read', async () => {
  const folder = await folderWith({ 'large.yml': `# ${'x'.repeat(1_048_576)}\n` });
  const [problem] = await problemsOf(join(folder, 'large.yml'));
  expect(problem?.rule).toBe('must be one that holds at most 1048576 bytes');
});

test('brackets without end are a problem, not an overflow', async () => {
  const folder = await folderWith({ 'deep.yml': '['.repeat(50_000) });
  const [problem] = await problemsOf(join(folder, 'deep.yml'));
  expect(problem?.rule).toBe('must be YAML: nested too deeply');
});

test.each([
  ['a tag', 'key: !hunter2 x'],
  ['an alias', 'key: *hunter2'],
  ['what follows a quoted text', 'key: "x"hunter2'],
  ['a list', 'key: [hunter2]'],
  ['a key given twice', 'key: {? hunter2, ? hunter2}'],
  ['a key that looks like another', 'key: {hunter2: 1, env: A}'],
  ['a block scalar', 'key: |hunter2\n  x'],
])('a secret mistaken for %s stays out of the message', async (_, text) => {
  const folder = await folderWith({ 'secret.yml': `${text}\n` });
  const problems = await problemsOf(join(folder, 'secret.yml'));
  expect(problems.length).toBeGreaterThan(0);
  expect(JSON.stringify(problems)).not.toContain('hunter2');
});

test('a key given twice does not hide what else is wrong, and the later one counts', async () => {
  const folder = await folderWith({ 'twice.yml': `log: {}\n${SMALL}log: { level: loud }\n` });
  const messages = (await problemsOf(join(folder, 'twice.yml'))).map(({ key, rule, line }) => [key, rule, line]);
  expect(messages).toEqual([
    ['log', 'must be given only once', 6],
    ['log.level', 'must be debug, info, warn or error', 6],
  ]);
});

test('what an alias stands for is checked wherever it stands, at its anchor', async () => {
  const routes = 'routes:\n  - &one { provider: acme, path: send, every: 2s }\n  - *one\n';
  const folder = await folderWith({ 'alias.yml': SMALL + routes });
  const messages = (await problemsOf(join(folder, 'alias.yml'))).map(({ key, rule, line }) => [key, rule, line]);
  expect(messages).toEqual([
    ['routes[0].every', 'must be at least 10s', 6],
    ['routes[1].every', 'must be at least 10s', 6],
    ['routes[1]', 'must not repeat routes[0]', 7],
  ]);
});

test.each(['agent: !!binary cHJvYmU=', 'agent: !!timestamp 2026-11-01', '%YAML 1.1\n---\nagent: !!omap [a: b]'])(
  'no tag makes a value of another kind: %j',
  async (text) => {
    const folder = await folderWith({ 'tag.yml': `${text}\n` });
    const rules = (await problemsOf(join(folder, 'tag.yml'))).map(({ rule }) => rule);
    expect(rules).toEqual(['must be YAML: a tag (!) that has no meaning here']);
  },
);

test('words that were truths in YAML 1.1 are text, whatever version the file claims', async () => {
  const folder = await folderWith({
    'old.yml': `%YAML 1.1\n---\n${SMALL.replace(' }\np', ', domain: on }\np')}http: no\n`,
  });
  const problems = await problemsOf(join(folder, 'old.yml'));
  expect(problems.map(({ key, value }) => [key, value])).toEqual([['http', 'no']]);
});
