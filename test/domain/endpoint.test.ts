/** Which failures of a server may be our own doing. */
import { expect, test } from 'vitest';
import { type CheckResult, mayBeOurs } from '../../src/domain/endpoint.ts';

type Down = Extract<CheckResult, { kind: 'down' }>;
const down = (stage: Down['stage'], code: string, text = ''): Down => ({ kind: 'down', stage, code, text });

test.each([
  ['a certificate that is not valid yet', down('tls', 'CERT_NOT_YET_VALID')],
  ['535 at the login', down('auth', '535', 'no')],
  ['AUTHENTICATIONFAILED at the login', down('auth', 'AUTHENTICATIONFAILED')],
  ['526 at the login', down('auth', '526', 'Authentication failure[0]')],
  ['a connection that our firewall forbids', down('connect', 'EPERM')],
  ['one for which our host has no file left', down('connect', 'EMFILE')],
  ['5.7.8 at the login', down('auth', '454', '5.7.8 credentials')],
])('%s may be', (_, result) => {
  expect(mayBeOurs(result)).toBe(true);
});

test.each([
  ['a certificate that has expired', down('tls', 'CERT_HAS_EXPIRED')],
  ['another reply at the login', down('auth', '454', '4.7.0 no')],
  ['a code that is only quoted', down('auth', '454', 'not 5.7.8')],
  ['a longer one', down('auth', '454', '5.7.80')],
  ['535 elsewhere', down('mail', '535', '5.7.8')],
  ['AUTHENTICATIONFAILED elsewhere', down('session', 'AUTHENTICATIONFAILED')],
  ['a network that is not reached', down('connect', 'ENETUNREACH')],
  ['what our host forbids elsewhere', down('data', 'EPERM')],
  ['a server that is not there', down('connect', 'ECONNREFUSED')],
])('%s is not', (_, result) => {
  expect(mayBeOurs(result)).toBe(false);
});
