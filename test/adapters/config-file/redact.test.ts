/** What is printed of the settings: everything but the secrets, in the file's own words. */
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { redact } from '../../../src/adapters/config-file/read.ts';
import { folderWith, readSettings } from './folder.ts';

const TEXT = `agent: probe-1
key: { env: SECRET }
http: { token: { env: SECRET }, names: [Probe.example.org], metrics: { listen: "127.0.0.1:9826", token: { env: SECRET } } }
sink:
  hostname: probe.example.org
  tls: { cert_file: files/sink-cert.pem, key_file: files/sink-key.pem }
providers:
  - name: acme
    submission: { host: smtp.acme.example, username: probe, password: { env: SECRET } }
    mailbox: { host: imap.acme.example, username: probe, password: { env: SECRET }, address: probe@acme.example }
routes:
  - { provider: acme, path: send, every: 90s }
sending: { messages_per_day: 5000 }
connectivity: { every: 30s, control: ["192.0.2.7:443", "[2001:db8::7]:25"] }
`;

test('every key is printed as the file has it, a secret only as set', async () => {
  const folder = await folderWith({ 'config.yml': TEXT });
  const result = await readSettings(join(folder, 'config.yml'), { SECRET: 'hunter2 hunter2 hunter2' });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  expect(redact(result.settings)).toEqual({
    agent: 'probe-1',
    data_folder: join(folder, 'data'),
    key: '(23 bytes)',
    http: {
      listen: '127.0.0.1:9825',
      token: '(set)',
      spot_checks_per_minute: 20,
      names: ['probe.example.org'],
      metrics: { listen: '127.0.0.1:9826', token: '(set)' },
    },
    sink: {
      listen: '0.0.0.0:2525',
      hostname: 'probe.example.org',
      domain: 'probe.example.org',
      recipients: 4,
      tls: '(PEM)',
      reachability: 'inbound',
    },
    providers: [
      {
        name: 'acme',
        contract: 'enterprise-mail-sla',
        networks: [],
        submission: {
          host: 'smtp.acme.example',
          port: 587,
          security: 'starttls',
          username: 'probe',
          password: '(set)',
          from: 'probe@acme.example',
          helo: 'probe.example.org',
          ca_file: null,
          servername: null,
        },
        mx: null,
        mailbox: {
          host: 'imap.acme.example',
          port: 993,
          security: 'tls',
          username: 'probe',
          password: '(set)',
          address: 'probe@acme.example',
          cleanup: 'delete',
          ca_file: null,
          servername: null,
        },
      },
    ],
    routes: [{ provider: 'acme', path: 'send', every: '1m30s', min_gap: '10s', max_gap: '7m30s' }],
    connectivity: { every: '30s', control: ['192.0.2.7:443', '[2001:db8::7]:25'] },
    sending: { messages_per_day: 5000 },
    log: { level: 'info' },
  });
});

test('settings show no secret, printed whole or in part', async () => {
  const folder = await folderWith({ 'config.yml': TEXT });
  const result = await readSettings(join(folder, 'config.yml'), { SECRET: 'hunter2 hunter2 hunter2' });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  const { settings } = result;
  const parts = [settings, settings.http, settings.sink, ...settings.providers];
  const printed = parts.flatMap((part) => [JSON.stringify(part), inspect(part, { depth: null })]);
  const key = Buffer.from('hunter2')
    .toString('hex')
    .replaceAll(/(..)(?!$)/g, '$1 ');
  expect(printed.filter((text) => /hunter2|PRIVATE KEY/.test(text) || text.includes(key))).toEqual([]);
  expect(printed.join()).toContain('(set)');
  // What is used is there.
  expect(settings.http.token).toBe('hunter2 hunter2 hunter2');
});
