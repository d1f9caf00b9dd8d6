import { createHash, generateKeyPairSync, verify } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { createInjector } from '../../../src/adapters/smtp-client/sender.ts';
import { message, mx, never } from './fixtures.ts';
import { manualClock } from './manual-clock.ts';
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts';

let server: ScriptedServer | undefined;
afterEach(() => server?.stop());

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const dkim = {
  domain: 'sink.test',
  selector: 's1',
  privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
};

/** RFC 6376 §3.4.2. */
const relaxed = (field: string) => {
  const colon = field.indexOf(':');
  const value = field
    .slice(colon + 1)
    .replace(/\s+/g, ' ')
    .trim();
  return `${field.slice(0, colon).trim().toLowerCase()}:${value}`;
};

test('what is injected carries a DKIM signature that holds', async () => {
  server = await startScriptedServer();
  const injector = createInjector(mx({ port: server.port, dkim }), manualClock());
  expect((await injector.send(message, () => {}, never())).kind).toBe('accepted');
  const received = server.messages[0]?.replaceAll('\r\n..', '\r\n.') ?? '';
  const [head = '', ...rest] = received.split('\r\n\r\n');
  const fields = head.split(/\r\n(?![ \t])/);
  const signature = fields[0] ?? '';
  expect(received.endsWith(message.text)).toBe(true);
  expect(signature).toMatch(/^DKIM-Signature:/);
  const tags = new Map(
    relaxed(signature)
      .slice('dkim-signature:'.length)
      .split(';')
      .map((tag) => tag.trim().split(/=(.*)/s) as [string, string]),
  );
  expect([tags.get('d'), tags.get('s'), tags.get('c')]).toEqual(['sink.test', 's1', 'relaxed/relaxed']);
  const body = rest.join('\r\n\r\n');
  expect(tags.get('bh')?.replaceAll(' ', '')).toBe(createHash('sha256').update(body).digest('base64'));
  const named = (tags.get('h') ?? '')
    .split(':')
    .map((name) => fields.find((field) => field.toLowerCase().startsWith(`${name.trim().toLowerCase()}:`)));
  const signed = [
    ...named.filter((field) => field !== undefined).map(relaxed),
    relaxed(signature.replace(/(\bb=)[^;]*$/s, '$1')),
  ];
  const proof = Buffer.from(tags.get('b') ?? '', 'base64');
  expect(verify('sha256', Buffer.from(signed.join('\r\n')), publicKey, proof)).toBe(true);
});

test('a DKIM key that is none is told when the injector is made, and not shown', () => {
  const make = () => createInjector(mx({ dkim: { ...dkim, privateKey: 'secret nonsense' } }), manualClock());
  expect(make).toThrow('the DKIM key of s1._domainkey.sink.test must be a private key in PEM');
});
