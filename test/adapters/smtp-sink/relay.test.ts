/** Nothing is relayed, whatever an address looks like: only what is ours is taken, and it comes to the listener as we write it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { recipientRule } from '../../../src/adapters/smtp-sink/recipients.ts';
import { openSink } from './fixtures.ts';

const OWN = ['probe-0', 'probe-1', 'probe-2', 'probe-3', 'postmaster', 'abuse', 'receive'].map(
  (local) => `${local}@sink.test`,
);
const LONG = 'x'.repeat(300);

/** What stands behind `RCPT TO:`, and our address that is meant, null for none. */
const PATHS: readonly (readonly [name: string, path: string, taken: string | null])[] = [
  ['ours', '<probe-0@sink.test>', OWN[0]!],
  ['ours in other case', '<PROBE-1@SINK.Test>', OWN[1]!],
  ['a bare postmaster', '<Postmaster>', 'postmaster'],
  [
    'ours behind a source route, which is ignored (RFC 5321 appendix C)',
    '<@a.test,@b.test:probe-0@sink.test>',
    OWN[0]!,
  ],
  ['ours in letters of full width, which IDNA takes for the same', '<probe-0@ｓｉｎｋ.test>', OWN[0]!],
  ['elsewhere', '<user@elsewhere.test>', null],
  ['ours elsewhere', '<probe-0@elsewhere.test>', null],
  ['below our domain', '<probe-0@sub.sink.test>', null],
  ['above our domain', '<probe-0@test>', null],
  ['a domain that ends like ours', '<probe-0@notsink.test>', null],
  ['a domain that begins like ours', '<probe-0@sink.test.elsewhere.test>', null],
  ['one past the pool', '<probe-64@sink.test>', null],
  ['a tag behind ours', '<probe-0+user@sink.test>', null],
  ['elsewhere behind a source route', '<@sink.test:user@elsewhere.test>', null],
  ['elsewhere behind a source route of two', '<@sink.test,@b.test:user@elsewhere.test>', null],
  ['a source route alone', '<@sink.test>', null],
  ['a source route to nobody', '<@sink.test:>', null],
  ['a percent hack', '<user%elsewhere.test@sink.test>', null],
  ['a percent hack from ours', '<probe-0%sink.test@elsewhere.test>', null],
  ['a bang path', '<elsewhere.test!user@sink.test>', null],
  ['a bang path without a domain', '<sink.test!probe-0>', null],
  ['an address within a local part', '<"user@elsewhere.test"@sink.test>', null],
  ['two ats', '<user@elsewhere.test@sink.test>', null],
  ['a quoted local part of ours', '<"probe-0"@sink.test>', null],
  ['a quoted local part with a blank', '<"probe 0"@sink.test>', null],
  ['an escaped local part', '<probe\\-0@sink.test>', null],
  ['an IPv4 literal', '<probe-0@[127.0.0.1]>', null],
  ['an IPv6 literal', '<probe-0@[IPv6:::1]>', null],
  ['a bare IPv4 address', '<probe-0@127.0.0.1>', null],
  ['our domain as a literal', '<probe-0@[sink.test]>', null],
  ['a dot behind our domain', '<probe-0@sink.test.>', null],
  ['an encoded dot', '<probe-0@sink%2Etest>', null],
  ['a port', '<probe-0@sink.test:25>', null],
  ['no domain', '<probe-0>', null],
  ['no domain behind the at', '<probe-0@>', null],
  ['no local part', '<@sink.test>', null],
  ['the null path', '<>', null],
  ['nothing', '', null],
  ['no brackets', 'probe-0@sink.test', null],
  ['half a bracket', '<probe-0@sink.test', null],
  ['brackets in brackets', '<<probe-0@sink.test>>', null],
  ['two paths', '<probe-0@sink.test><user@elsewhere.test>', null],
  ['two paths with a comma', '<probe-0@sink.test>,<user@elsewhere.test>', null],
  ['a NUL in the local part', '<probe-0\0@sink.test>', null],
  ['a NUL behind the domain', '<probe-0@sink.test\0.elsewhere.test>', null],
  ['a tab before the at', '<probe-0\t@sink.test>', null],
  ['a zero-width space', '<probe-0\u200B@sink.test>', null],
  ['a soft hyphen in our domain alone, which IDNA drops', '<probe-0@si\u00ADnk.test>', OWN[0]!],
  ['letters of another script', '<probe-0@ѕink.test>', null],
  ['a local part in UTF-8', '<用户@sink.test>', null],
  ['bytes that are no UTF-8', '<probe-0\xff@sink.test>', null],
  ['a local part that is too long', `<${LONG}@sink.test>`, null],
  ['a domain that is too long', `<probe-0@${LONG}.sink.test>`, null],
  ['a pipe', '<|/bin/sh@sink.test>', null],
  ['a file', '</etc/passwd@sink.test>', null],
];

test.each(PATHS)('%s: %s', async (_, path, taken) => {
  const { client, listener } = await openSink();
  const peer = client();
  await peer.greet();
  await peer.ask('MAIL FROM:<a@provider.test>');
  peer.write(Buffer.from(`RCPT TO:${path}\r\n`, path.includes('\xff') ? 'latin1' : 'utf8'));
  const { code } = await peer.reply();
  expect(`${code}`[0]).toBe(taken === null ? '5' : '2');
  expect((await peer.ask('DATA')).code).toBe(taken === null ? 503 : 354);
  peer.destroy();
  expect((await listener.told('abandoned')).transaction.recipients).toEqual(taken === null ? [] : [taken]);
});

test('an own recipient does not let a foreign one in beside it', async () => {
  const { client, listener } = await openSink();
  const peer = client();
  await peer.greet();
  await peer.ask('MAIL FROM:<a@provider.test>');
  for (const [path, code] of [
    ['<probe-0@sink.test>', 250],
    ['<user@elsewhere.test>', 550],
  ] as const)
    expect(await peer.ask(`RCPT TO:${path}`)).toMatchObject({ code });
  await peer.ask('DATA');
  await peer.ask('A: b\r\n\r\nbody\r\n.');
  expect((await listener.told('received')).transaction.recipients).toEqual(['probe-0@sink.test']);
});

test('the rule gives back nothing but what is ours, whatever it is asked', () => {
  const rule = recipientRule({ domain: 'sink.test', count: 4, senders: ['receive@sink.test'] });
  const own = new Set<string | null>([null, 'postmaster', ...OWN]);
  const piece = fc.constantFrom(
    'probe-0',
    'user',
    'sink.test',
    'elsewhere.test',
    '@',
    '%',
    '!',
    ':',
    ',',
    '"',
    '\0',
    '.',
  );
  const address = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(address, (asked) => {
      expect(own.has(rule(asked))).toBe(true);
    }),
  );
  const inAscii = address.filter((asked) => /^[\x20-\x7e]*$/.test(asked));
  fc.assert(
    fc.property(inAscii, (asked) => {
      expect([null, asked.toLowerCase()]).toContain(rule(asked));
    }),
    { numRuns: 1000 },
  );
});
