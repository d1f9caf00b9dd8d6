/** Who may send mail, by address. */
import { describe, expect, it } from 'vitest';
import { type Asker, admit } from '../../../src/adapters/http/auth.ts';

const asking = (ip: string | undefined, headers: Asker['headers'] = {}, httpVersion = '1.1'): Asker => ({
  ip,
  headers,
  raw: { httpVersion },
});

describe('without a token', () => {
  it.each(['127.0.0.1', '127.3.2.1', '::1', '::ffff:127.0.0.1'])('%s may act', (remote) => {
    expect(admit(null, asking(remote))).toBe('admitted');
  });

  it.each(['10.0.0.1', '128.0.0.1', '::2', '::ffff:10.0.0.1', 'fe80::1%eth0', '0.0.0.0', '', undefined])(
    '%s may not',
    (remote) => {
      expect(admit(null, asking(remote))).toBe('loopback-only');
    },
  );
});

it.each([
  ['a proxy that says so', asking('127.0.0.1', { 'x-forwarded-for': '192.0.2.7' })],
  ['one that says nothing, in HTTP/1.0', asking('127.0.0.1', { connection: 'close' }, '1.0')],
])('without a token, what %s passes on may not act', (_, asker) => {
  expect(admit(null, asker)).toBe('loopback-only');
});

describe('with a token', () => {
  it('loopback needs it too', () => {
    expect(admit('secret', asking('127.0.0.1'))).toBe('token-needed');
  });

  it('its holder may act from anywhere, under any name', () => {
    const headers = { authorization: 'Bearer secret', host: 'probe.example' };
    expect(admit('secret', asking('10.0.0.1', headers))).toBe('admitted');
  });
});
