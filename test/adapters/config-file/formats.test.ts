/** The written forms the configuration takes, and those it does not. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DURATION_PATTERN, formatDuration, parseDuration } from '../../../src/adapters/config-file/duration.ts';
import {
  collide,
  formatHostPort,
  isAddress,
  isHelo,
  isHost,
  isHostName,
  isLoopback,
  isNetwork,
  parseHostPort,
} from '../../../src/adapters/config-file/formats.ts';

describe('a duration', () => {
  test.each([
    ['10s', 10],
    ['2m', 120],
    ['90s', 90],
    ['1h30m', 5400],
    ['1h1m1s', 3661],
    ['2h5s', 7205],
    ['0s', 0],
    ['007m', 420],
  ])('%s is %d seconds', (text, seconds) => expect(parseDuration(text)).toBe(seconds));

  test.each(['', '10', 's', '2min', '1d', '1.5h', '-5s', '+5s', '1 h', '30s1m', '1m1m', '10S', '10s\n', '1e3s', '１s'])(
    '%j is none',
    (text) => expect(parseDuration(text)).toBeNull(),
  );

  test('of any length survives being written and read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 9 }), (seconds) => {
        const text = formatDuration(seconds);
        expect(parseDuration(text)).toBe(seconds);
        expect(text).toMatch(DURATION_PATTERN);
      }),
    );
  });

  test('that matches is an exact whole number, whatever its digits', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{0,12}[hms]?\d{0,12}[hms]?\d{0,12}[hms]?$/), (text) => {
        const seconds = parseDuration(text);
        expect(seconds === null || Number.isSafeInteger(seconds)).toBe(true);
      }),
    );
  });
});

describe('a host', () => {
  test.each([
    'localhost',
    'mail.example.org',
    'mail_server',
    '192.0.2.1',
    '::1',
    '2001:db8::25',
    'xn--mnchen-3ya.de',
    '3com.com',
  ])('may be %s', (text) => expect(isHost(text)).toBe(true));
  test.each([
    '',
    '.',
    'a..b',
    '-a.org',
    'a-.org',
    'smtp.acme.example:587',
    '192.0.2.999',
    '1.2.3',
    'münchen.de',
    'a b',
    'a.org.',
    `${'a'.repeat(64)}.org`,
  ])('may not be %j', (text) => expect(isHost(text)).toBe(false));
  test('name has no underscore and is no address', () => {
    expect(['mail_server', '192.0.2.1', 'mail.example.org'].map(isHostName)).toEqual([false, false, true]);
  });
  test.each([
    ['localhost', true],
    ['smtp.LOCALHOST', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['127.example.org', false],
    ['localhost.example.org', false],
    ['128.0.0.1', false],
    ['0.0.0.0', false],
  ])('%s is on loopback: %s', (host, expected) => expect(isLoopback(host)).toBe(expected));
});

test.each([
  ['probe.example.org', true],
  ['[192.0.2.1]', true],
  ['[IPv6:2001:db8::1]', true],
  ['192.0.2.1', false],
  ['[192.0.2]', false],
  ['[2001:db8::1]', false],
  ['[IPv6:192.0.2.1]', false],
  ['a b', false],
])('%s may follow EHLO: %s', (text, expected) => expect(isHelo(text)).toBe(expected));

describe('a listener', () => {
  test.each(['127.0.0.1:9825', '[::1]:9825', 'localhost:0', '0.0.0.0:2525'])('%s is read and written alike', (text) => {
    const listen = parseHostPort(text);
    expect(listen === null ? null : formatHostPort(listen)).toBe(text);
  });
  test.each([
    '9825',
    ':9825',
    '127.0.0.1',
    '127.0.0.1:',
    '::1:9825',
    '[127.0.0.1]:1',
    '[::1]',
    'a b:1',
    '127.0.0.1:-1',
    'a:1:2',
  ])('%j is none', (text) => expect(parseHostPort(text)).toBeNull());
  test.each([
    ['127.0.0.1:25', '127.0.0.1:25', true],
    ['LocalHost:25', 'localhost:25', true],
    ['127.0.0.1:25', '0.0.0.0:25', true],
    ['[::]:25', '127.0.0.1:25', true],
    ['127.0.0.1:25', '127.0.0.2:25', false],
    ['127.0.0.1:25', '127.0.0.1:26', false],
    ['0.0.0.0:0', '0.0.0.0:0', false],
  ])('%s and %s collide: %s', (one, other, expected) => {
    const [a, b] = [parseHostPort(one), parseHostPort(other)];
    expect(a !== null && b !== null && collide(a, b)).toBe(expected);
  });
});

test.each([
  ['198.51.100.0/24', true],
  ['::ffff:198.51.100.0/120', false],
  ['::198.51.100.0/120', false],
  ['2001:db8::/32', true],
  ['0.0.0.0/0', true],
  ['198.51.100.7/32', true],
  ['198.51.100.7', false],
  ['198.51.100.0/33', false],
  ['2001:db8::/129', false],
  ['198.51.100/24', false],
  ['fe80::1%eth0/64', false],
  ['198.51.100.0/-1', false],
  ['acme.example/24', false],
])('%s is a network: %s', (text, expected) => expect(isNetwork(text)).toBe(expected));

test.each([
  ['probe@example.org', true],
  ['a.b+c=d@mail.example.org', true],
  ['probe@localhost', true],
  [`${'a'.repeat(64)}@example.org`, true],
  [`${'a'.repeat(65)}@example.org`, false],
  ['probe', false],
  ['@example.org', false],
  ['probe@', false],
  ['a..b@example.org', false],
  ['.a@example.org', false],
  ['a b@example.org', false],
  ['Probe <probe@example.org>', false],
  ['probe@example.org\n', false],
  ['probe@[192.0.2.1]', false],
  ['prøbe@example.org', false],
  ['a@b@example.org', false],
])('%j is an address: %s', (text, expected) => expect(isAddress(text)).toBe(expected));
