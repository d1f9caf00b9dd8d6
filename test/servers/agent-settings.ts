/** Settings and configuration files that measure the private provider. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MailboxSettings, MxSettings, Settings, SubmissionSettings } from '../../src/domain/settings.ts';
import type { Provider } from './provider.ts';

/** Signs the tokens. */
export const KEY = new Uint8Array(32).fill(9);

export interface Wish {
  /** `starttls` on the ports for it, or `tls` on those for that; the MX has STARTTLS only. */
  readonly security?: 'starttls' | 'tls';
  readonly submission?: Partial<SubmissionSettings>;
  readonly mx?: Partial<MxSettings>;
  readonly mailbox?: Partial<MailboxSettings>;
}

export async function temporaryFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'mfp-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** All three paths through the provider as `alice`, on demand only; the sink listens where the provider delivers. */
export function settingsFor(provider: Provider, dataFolder: string, wish: Wish = {}): Settings {
  const { username, password, address } = provider.user('alice');
  const security = wish.security ?? 'starttls';
  const tls = { ca: provider.caPem, servername: provider.serverName };
  const login = { username, password };
  const helo = provider.sinkDomain;
  return {
    agent: 'test',
    dataFolder,
    key: KEY,
    retiredKey: null,
    http: {
      listen: { host: '127.0.0.1', port: 0 },
      token: null,
      spotChecksPerMinute: 6000,
      names: [],
      metrics: { listen: null, token: null },
    },
    sink: {
      listen: { host: '127.0.0.1', port: provider.sinkPort },
      hostname: provider.sinkDomain,
      domain: provider.sinkDomain,
      recipients: 4,
      tls: null,
      reachability: 'inbound',
    },
    providers: [
      {
        name: 'corp',
        contract: 'enterprise-mail-sla',
        networks: ['127.0.0.0/8'],
        submission: {
          ...(security === 'tls' ? provider.submissions : provider.submission),
          security,
          tls,
          login,
          from: address,
          helo,
          ...wish.submission,
        },
        mx: {
          ...provider.mx,
          security: 'starttls',
          tls,
          from: `bounces@${provider.sinkDomain}`,
          helo,
          dkim: null,
          retryAfter: [2],
          ...wish.mx,
        },
        mailbox: {
          ...(security === 'tls' ? provider.imaps : provider.imap),
          security,
          tls,
          login,
          address,
          cleanup: 'delete',
          ...wish.mailbox,
        },
      },
    ],
    routes: [],
    connectivity: { every: 60, control: [] },
    sending: { messagesPerDay: 100_000 },
    log: { level: 'error' },
  };
}

/** The same as a configuration file, with its secrets beside it; resolves with the file's path. */
export async function writeConfiguration(
  provider: Provider,
  folder: string,
  change: (text: string) => string = (text) => text,
): Promise<string> {
  const { username, password, address } = provider.user('alice');
  await writeFile(join(folder, 'ca.pem'), provider.caPem);
  await writeFile(join(folder, 'password'), `${password}\n`, { mode: 0o600 });
  const trust = `ca_file: ca.pem, servername: ${provider.serverName}`;
  const login = `username: ${username}, password: {file: password}`;
  const text = `agent: test
data_folder: ./data
http: {listen: "127.0.0.1:0", spot_checks_per_minute: 6000}
sending: {messages_per_day: 1000000}
sink: {listen: "127.0.0.1:${provider.sinkPort}", hostname: ${provider.sinkDomain}}
providers:
  - name: corp
    networks: [127.0.0.0/8]
    submission: {host: 127.0.0.1, port: ${provider.submission.port}, ${login}, ${trust}}
    mx: {host: 127.0.0.1, port: ${provider.mx.port}, retry_after: [2s], ${trust}}
    mailbox: {host: 127.0.0.1, port: ${provider.imaps.port}, ${login}, address: ${address}, ${trust}}
connectivity: {control: ["127.0.0.1:${provider.imaps.port}"]}
log: {level: info}
`;
  const file = join(folder, 'mailflow-probe.yml');
  await writeFile(file, change(text));
  return file;
}
