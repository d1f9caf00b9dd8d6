/** DKIM keys out of DNS: whole over several strings, and null for whatever is none. */
import { expect, onTestFinished, test } from 'vitest';
import { createKeyLookup } from '../../../src/adapters/dkim/lookup.ts';
import { startDnsResponder } from '../../fakes/dns-responder.ts';

const LONG = `v=DKIM1; k=rsa; p=${'A'.repeat(700)}`;

test('a key is found whole, and anything else is none', async () => {
  const dns = await startDnsResponder({
    'long._domainkey.acme.example': LONG,
    'spf._domainkey.acme.example': 'v=spf1 -all',
    'huge._domainkey.acme.example': `v=DKIM1; p=${'A'.repeat(4096)}`,
  });
  onTestFinished(() => dns.close());
  const lookup = createKeyLookup([dns.address]);
  const find = (selector: string) => lookup.find('acme.example', selector, new AbortController().signal);
  expect(await find('long')).toBe(LONG);
  expect(await find('spf')).toBeNull();
  expect(await find('huge')).toBeNull();
  expect(await find('none')).toBeNull();
  // Asked anew each time.
  dns.records.set('long._domainkey.acme.example', 'p=');
  expect(await find('long')).toBe('p=');
});

test('a server that does not answer is given up when the agent stops', async () => {
  // Nothing listens at the discard port.
  const lookup = createKeyLookup(['127.0.0.1:9']);
  const stopping = new AbortController();
  const found = lookup.find('acme.example', 'long', stopping.signal);
  stopping.abort();
  expect(await found).toBeNull();
  expect(await lookup.find('acme.example', 'long', stopping.signal)).toBeNull();
});
