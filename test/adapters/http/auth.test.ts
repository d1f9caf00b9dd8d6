/** Who may send mail, by address. */
import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/adapters/http/auth.ts';

describe('without a token', () => {
  it.each(['127.0.0.1', '127.3.2.1', '::1', '::ffff:127.0.0.1'])('%s may act', (remote) => {
    expect(admit(null, { remote, headers: {} })).toBe('admitted');
  });

  it.each(['10.0.0.1', '128.0.0.1', '::2', '::ffff:10.0.0.1', 'fe80::1%eth0', '0.0.0.0', '', undefined])(
    '%s may not',
    (remote) => {
      expect(admit(null, { remote, headers: {} })).toBe('loopback-only');
    },
  );
});

describe('with a token', () => {
  it('loopback needs it too', () => {
    expect(admit('secret', { remote: '127.0.0.1', headers: {} })).toBe('token-needed');
  });

  it('its holder may act from anywhere, under any name', () => {
    const headers = { authorization: 'Bearer secret', host: 'probe.example' };
    expect(admit('secret', { remote: '10.0.0.1', headers })).toBe('admitted');
  });
});
