/** Secrets kept out of texts. */
import { expect, test } from 'vitest';
import { printable } from '../../src/adapters/smtp-client/reply.ts';
import { conceal, secretsOf } from '../../src/domain/conceal.ts';
import type { Settings } from '../../src/domain/settings.ts';

const LOGIN = { username: 'probe', password: 'correct horse 马' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const PEM_LINE = 'MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC7VJTUt9Us8cKj';
const SETTINGS = {
  key: new TextEncoder().encode('sixteen-bytes-and-more'),
  retiredKey: null,
  http: { token: 'a-bearer-of-tidings', metrics: { token: 'let-the-test-in' } },
  sink: { tls: { cert: 'public', key: `-----BEGIN PRIVATE KEY-----\n${PEM_LINE}\nAA==\n-----END PRIVATE KEY-----\n` } },
  providers: [
    { submission: { login: LOGIN }, mailbox: { login: { ...LOGIN, password: 'another one' } }, mx: null },
    { submission: { login: null }, mailbox: null, mx: { dkim: { privateKey: `${PEM_LINE.replace('M', 'N')}\r\n` } } },
  ],
} as unknown as Settings;

test('a password is left out of a text as it is, and as SASL PLAIN and LOGIN send it', () => {
  const text = `got ${LOGIN.password}, ${base64(LOGIN.password)} and ${base64(`\0probe\0${LOGIN.password}`)}.`;
  expect(conceal(text, LOGIN)).toBe('got ***, *** and ***.');
});

test('a password is left out of a quoted string, too', () => {
  const login = { username: 'probe', password: 'a"b\\c long' };
  expect(conceal(String.raw`NO LOGIN "probe" "a\"b\\c long" refused`, login)).toBe('NO LOGIN "probe" "***" refused');
});

test.each(['two  spaces in it', ' begins with one', 'no\u00a0break', 'soft\u00adhyphen'])(
  'a password is left out of a reply that is shown as one line: %j',
  (password) => {
    expect(conceal(printable(`wrong password: ${password}`), { username: 'probe', password })).toMatch(
      /^wrong password: ?\*{3}$/,
    );
  },
);

test.each([4, 10, LOGIN.password.length - 1])('what a cut left of a password goes, too: %d characters', (length) => {
  expect(conceal(`no such user ${LOGIN.password.slice(0, length)}…`, LOGIN)).toBe('no such user ***…');
});

test('what a text ends with by chance stays', () => {
  expect(conceal('no such user cor…', LOGIN)).toBe('no such user cor…');
  expect(conceal('no such user corr', LOGIN)).toBe('no such user corr');
});

test('an empty password leaves a text as it is', () => {
  expect(conceal('nothing to hide', { username: '', password: '' })).not.toContain('****');
});

test('the secrets of the settings are every login, the bearer token, the key and the lines of private keys', () => {
  const secrets = secretsOf(SETTINGS);
  for (const secret of [
    LOGIN.password,
    base64(`\0probe\0${LOGIN.password}`),
    'another one',
    'a-bearer-of-tidings',
    'let-the-test-in',
    base64('let-the-test-in'),
    'sixteen-bytes-and-more',
    base64('sixteen-bytes-and-more'),
    Buffer.from('sixteen-bytes-and-more').toString('hex'),
    PEM_LINE,
    PEM_LINE.replace('M', 'N'),
  ])
    expect(secrets).toContain(secret);
  expect(secrets).not.toContain('public');
});

test('what stands in texts by chance is no secret that could be struck out, and a longer one comes before its part', () => {
  const login = { username: 'u', password: 'abc' };
  const secrets = secretsOf({ ...SETTINGS, providers: [{ submission: { login }, mailbox: null, mx: null }] } as never);
  expect(secrets).not.toContain('abc');
  const lengths = secrets.map(({ length }) => length);
  expect(lengths).toEqual(lengths.toSorted((one, other) => other - one));
});
