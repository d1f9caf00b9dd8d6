/** The check that no log of the suite holds a secret: that it finds one in every form, that it hears every agent, and knows every secret. */
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createLog } from '../../src/app.ts';
import { examinedLog, examineOutput, keepKeysOf, SECRETS, secretIn, takeFindings } from './secrets.ts';

const PROJECT = join(import.meta.dirname, '../..');
/** Characters: a shorter one stands in texts by chance, and is used where no agent runs. */
const LENGTH_MIN = 8;

/** It goes through the provider in clear, and is good for one message. */
const PROBE_TOKEN = /^[a-z2-7]{32}$/;

/** Of tests in which an agent, or a part of one, may run: those of the domain, the benches and a child that only appends run none. */
const sources = globSync('test/**/*.ts', { cwd: PROJECT })
  .filter((file) => !/^test\/(?:tooling|domain|bench)\/|\/appender\.ts$/.test(file))
  .map((file) => ({ file, text: readFileSync(join(PROJECT, file), 'utf8') }));
const secret = SECRETS[0];

describe('a secret is found', () => {
  test.each([
    ['as it is', secret],
    ['in JSON', JSON.stringify({ token: `Bearer ${secret}` })],
    ['in hex', Buffer.from(`x${secret}`).toString('hex')],
    ['in a URL', `http://x/?token=${encodeURIComponent(SECRETS[3])}`],
    ...[0, 1, 2, 3].map((length) => [
      `as SASL PLAIN sends it after ${length} more characters`,
      Buffer.from(`\0user${'x'.repeat(length)}\0${secret}`).toString('base64'),
    ]),
    ['that nobody listed, if it is a private key', '"-----BEGIN RSA PRIVATE KEY-----\\nMII'],
  ])('%s', (_, text) => {
    expect(secretIn(`{"msg":"login refused: ${text} was sent"}`)).not.toBeNull();
  });

  test('that the agent made for itself', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mailflow-secrets-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'token.key'), 'made-by-the-first-run-of-an-agent');
    expect(secretIn('made-by-the-first-run-of-an-agent')).toBeNull();
    keepKeysOf(folder);
    expect(secretIn('made-by-the-first-run-of-an-agent')).not.toBeNull();
  });
});

test('what is no secret is none', () => {
  expect(secretIn('{"level":"warn","msg":"login refused: wrong password","provider":"corp"}')).toBeNull();
});

describe('a secret is heard', () => {
  test.each([
    ['in what a fixture hands over', () => examineOutput('a daemon', `{"msg":"${secret}"}`)],
    [
      'of an agent in this process, which writes past every stream',
      () => createLog('error', 'test').error(`this line is of a test: ${secret}`),
    ],
    [
      'from the parts that get a log of no consequence',
      () => examinedLog.debug('deep', { error: new Error('outer', { cause: new Error(secret) }) }),
    ],
  ])('%s', (_, say) => {
    say();
    expect(takeFindings()).toHaveLength(1);
    expect(takeFindings()).toEqual([]);
  });
});

test('whoever starts a command of ours has all that it says examined', () => {
  const starting = sources.filter(({ text }) => /src\/main\.ts/.test(text));
  expect(starting.map(({ file }) => file)).toContain('test/servers/command.ts');
  expect(starting.filter(({ text }) => !text.includes('examineOutput(')).map(({ file }) => file)).toEqual([]);
});

test('a log that says nothing is examined, too', () => {
  const silent = sources.filter(({ text }) => /debug(?:\(\)|: \(\) =>) \{\}/.test(text));
  expect(silent.map(({ file }) => file)).toEqual([]);
});

test('every password and bearer token that a test writes down is on the list', () => {
  const written = sources.flatMap(({ file, text }) =>
    [...text.matchAll(/(?:password|pass|TOKEN)(?::| =) '(?<literal>[^']+)'/g)].map(({ groups }) => ({
      file,
      literal: groups?.['literal'] ?? '',
    })),
  );
  expect(written.length).toBeGreaterThan(5);
  const known: readonly string[] = SECRETS;
  const isKnown = (literal: string): boolean => known.some((each) => literal.includes(each));
  const strange = written.filter(({ literal }) => literal.length >= LENGTH_MIN && !PROBE_TOKEN.test(literal));
  expect(strange.filter(({ literal }) => !isKnown(literal))).toEqual([]);
});
