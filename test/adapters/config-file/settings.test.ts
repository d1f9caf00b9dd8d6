/** A sound configuration becomes settings: defaults filled in, secrets fetched, paths from its own folder. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Settings } from '../../../src/domain/settings.ts';
import { ENVIRONMENT, FIXTURES, folderWith, readSettings, SMALL } from './folder.ts';

const KEY = 'key: { env: KEY }\n';
const ROUTES = 'routes:\n  - { provider: acme, path: send, every: 2m }\n';
/** Without it there is a warning. */
const CONTROL = 'connectivity: { control: ["control.example.net:443"] }\n';
const environment = { ...ENVIRONMENT, KEY: 'sixteen-byte-key' };
const ACCOUNT = 'username: probe, address: probe@acme.example';

async function read(text: string, files: Readonly<Record<string, string>> = {}) {
  const folder = await folderWith({ 'config.yml': text, ...files });
  return { folder, result: await readSettings(join(folder, 'config.yml'), environment) };
}

async function settingsOf(text: string, files: Readonly<Record<string, string>> = {}): Promise<Settings> {
  const { result } = await read(text, files);
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.settings;
}

test('the smallest configuration takes every default', async () => {
  const { folder, result } = await read(`${KEY}${SMALL}${CONTROL}${ROUTES}`);
  expect(result).toEqual({
    ok: true,
    warnings: [],
    settings: {
      agent: hostname(),
      dataFolder: join(folder, 'data'),
      key: new TextEncoder().encode('sixteen-byte-key'),
      retiredKey: null,
      http: {
        listen: { host: '127.0.0.1', port: 9825 },
        token: null,
        spotChecksPerMinute: 20,
        names: [],
        metrics: { listen: null, token: null },
      },
      sink: {
        listen: { host: '0.0.0.0', port: 2525 },
        hostname: 'probe.example.org',
        domain: 'probe.example.org',
        recipients: 4,
        tls: null,
        reachability: 'inbound',
      },
      providers: [
        {
          name: 'acme',
          contract: 'enterprise-mail-sla',
          submission: {
            host: 'smtp.acme.example',
            port: 587,
            security: 'starttls',
            tls: { ca: null, servername: null },
            login: null,
            from: 'probe@acme.example',
            helo: 'probe.example.org',
          },
          mx: null,
          mailbox: null,
          networks: [],
        },
      ],
      routes: [{ provider: 'acme', path: 'send', every: 120, minGap: 10, maxGap: 600 }],
      connectivity: { every: 60, control: [{ host: 'control.example.net', port: 443 }] },
      // 723 on an average day, for the longest gaps are cut off, and six times the root of that.
      sending: { messagesPerDay: 2 * 885 + 100 + 200 },
      log: { level: 'info' },
    },
  });
});

test('senders and names default to the mailbox and the sink', async () => {
  const { providers } = await settingsOf(`${KEY}sink: { hostname: MX.Example.org, domain: Example.org }
providers:
  - name: acme
    submission: { host: smtp.acme.example }
    mx: { host: mx.acme.example }
    mailbox: { host: imap.acme.example, password: { env: ACME_PASSWORD }, ${ACCOUNT} }
`);
  expect(providers[0]?.submission).toMatchObject({ from: 'probe@acme.example', helo: 'mx.example.org' });
  expect(providers[0]?.mx).toMatchObject({ port: 25, security: 'starttls', from: 'probe@example.org', dkim: null });
  expect(providers[0]?.mx).toMatchObject({ helo: 'mx.example.org', retryAfter: [300, 600, 900, 1800] });
  expect(providers[0]?.mailbox).toMatchObject({ security: 'tls', cleanup: 'delete', address: 'probe@acme.example' });
});

test.each([
  ['tls', 465, 993],
  ['starttls', 587, 143],
  ['none', 587, 143],
])('ports follow security %s', async (security, submissionPort, mailboxPort) => {
  const login = `security: ${security}, password: { env: ACME_PASSWORD }, username: probe`;
  const { providers } = await settingsOf(`${KEY}sink: { hostname: probe.example.org }
providers:
  - name: acme
    submission: { host: localhost, ${login} }
    mailbox: { host: 127.0.0.1, ${login}, address: probe@acme.example }
`);
  expect(providers[0]?.submission).toMatchObject({ port: submissionPort, security });
  expect(providers[0]?.mailbox).toMatchObject({ port: mailboxPort, security });
});

test.each([
  ['10s', 5, 50],
  ['11s', 5, 55],
  ['20s', 10, 100],
  ['24h', 10, 432_000],
])('a route every %s has gaps of %d to %d seconds', async (every, minGap, maxGap) => {
  const { routes } = await settingsOf(`${KEY}${SMALL}routes:\n  - { provider: acme, path: send, every: ${every} }\n`);
  expect(routes[0]).toMatchObject({ minGap, maxGap });
});

test('gaps may be as long as every itself', async () => {
  const route = '{ provider: acme, path: send, every: 1h30m, min_gap: 90m, max_gap: 5400s }';
  const { routes } = await settingsOf(`${KEY}${SMALL}routes:\n  - ${route}\n`);
  expect(routes[0]).toMatchObject({ every: 5400, minGap: 5400, maxGap: 5400 });
});

test.each([
  ['{ env: SECRET }', 'spaced out '],
  ['{ file: plain }', 'from a file'],
  ['{ file: lf }', ' kept'],
  ['{ file: crlf }', 'windows'],
])('a secret %s is taken whole but for one line end', async (from, expected) => {
  const files = { plain: 'from a file', lf: ' kept\n', crlf: 'windows\r\n' };
  const folder = await folderWith({ 'config.yml': `${KEY}${SMALL}http: { token: ${from} }\n`, ...files });
  const result = await readSettings(join(folder, 'config.yml'), { ...environment, SECRET: 'spaced out ' });
  expect(result).toMatchObject({ ok: true, settings: { http: { token: expected } } });
});

test('a name of the object prototype is no environment variable', async () => {
  const { result } = await read(`${KEY}${SMALL}http: { token: { env: constructor } }\n`);
  expect(result).toMatchObject({ ok: false, problems: [{ key: 'http.token.env', value: 'constructor' }] });
});

test('the key may be any bytes', async () => {
  const folder = await folderWith({ 'config.yml': `key: { file: files/sink-cert.pem }\n${SMALL}` });
  const result = await readSettings(join(folder, 'config.yml'), {});
  const pem = readFileSync(join(FIXTURES, 'files/sink-cert.pem'), 'latin1').trimEnd();
  expect(result.ok && Buffer.from(result.settings.key).toString('latin1')).toBe(pem);
});

test('PEM files are read from the folder of the configuration', async () => {
  const { sink, providers } = await settingsOf(`${KEY}sink:
  hostname: probe.example.org
  tls: { cert_file: files/sink-cert.pem, key_file: files/sink-key.pem }
providers:
  - name: acme
    submission: { host: smtp.acme.example, from: probe@acme.example, ca_file: files/sink-cert.pem, servername: acme.example }
`);
  const cert = readFileSync(join(FIXTURES, 'files/sink-cert.pem'), 'utf8');
  expect(sink.tls).toEqual({ cert, key: readFileSync(join(FIXTURES, 'files/sink-key.pem'), 'utf8') });
  expect(providers[0]?.submission?.tls).toEqual({ ca: cert, servername: 'acme.example' });
});

test.each([
  ['[::1]:0', { host: '::1', port: 0 }],
  ['localhost:25', { host: 'localhost', port: 25 }],
])('the sink listens on %s', async (listen, expected) => {
  const { sink } = await settingsOf(`${KEY}${SMALL.replace('org }', `org, listen: "${listen}" }`)}`);
  expect(sink.listen).toEqual(expected);
});

test.each([
  ['two free ports', '127.0.0.1:0', '0.0.0.0:0'],
  ['one port on two addresses', '127.0.0.1:2525', '127.0.0.2:2525'],
])('%s are no clash', async (_, page, mail) => {
  const { result } = await read(`${KEY}http: { listen: ${page} }\n${SMALL.replace('org }', `org, listen: ${mail} }`)}`);
  expect(result.ok).toBe(true);
});

test('a password may cross a network in plain text where that is allowed, with a warning; loopback needs neither', async () => {
  const login = 'security: none, username: probe, password: { env: ACME_PASSWORD }';
  const { folder, result } = await read(`${KEY}${CONTROL}sink: { hostname: probe.example.org }
providers:
  - name: acme
    submission: { host: smtp.acme.example, ${login}, allow_plaintext: true }
    mailbox: { host: localhost, ${login}, allow_plaintext: true, address: probe@acme.example }
routes:
  - { provider: acme, path: send, every: 2m }
`);
  const path = 'providers[0].submission';
  expect(result).toMatchObject({
    ok: true,
    warnings: [
      `${path}.allow_plaintext lets the password of ${path} cross networks unencrypted (${join(folder, 'config.yml')}:6)`,
    ],
  });
});

test.each([
  ['without routes', CONTROL, ['routes is empty, nothing is measured but by spot checks']],
  [
    'with a provider that has none',
    `  - name: beta
    submission: { host: smtp.beta.example, from: Probe@acme.example }
${ROUTES}${CONTROL}`,
    [
      'providers[1] has no route, beta is measured by spot checks alone',
      'providers[1].submission has the sender of providers[0], lost connections are laid to that one',
    ],
  ],
  [
    'without a control',
    ROUTES,
    ["connectivity.control names no neutral host, so no fault is ever proven to be a provider's"],
  ],
  [
    "with a provider's host as the control",
    `${ROUTES}connectivity: { control: ["control.example.net:443", "SMTP.acme.example:443"] }\n`,
    ["connectivity.control[1] is a provider's own host, which is down when the provider is"],
  ],
])('a configuration %s is sound, with a warning', async (_, rest, expected) => {
  const { result } = await read(`${KEY}${SMALL}${rest}`);
  expect(result.ok && result.warnings.map((warning) => warning.replace(/ \([^(]*$/, ''))).toEqual(expected);
});

test('checks come once in a cell of a minute unless told otherwise, and IPv6 hosts may be the control', async () => {
  const { connectivity } = await settingsOf(
    `${KEY}${SMALL}connectivity: { every: 5m, control: ["[2001:db8::7]:25", "192.0.2.7:53"] }\n`,
  );
  expect(connectivity).toEqual({
    every: 300,
    control: [
      { host: '2001:db8::7', port: 25 },
      { host: '192.0.2.7', port: 53 },
    ],
  });
  expect((await settingsOf(`${KEY}${SMALL}connectivity: {}\n`)).connectivity).toEqual({ every: 60, control: [] });
});
