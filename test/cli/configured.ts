/** The demo's provider in this process, and a configuration file by which a command measures it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Agent, createLog, openAgent, readSettings, systemClock, systemRandom } from '../../src/app.ts';
import { type DemoProvider, startDemoProvider } from '../../src/demo/provider.ts';
import type { Path } from '../../src/domain/probe.ts';
import { reservePorts } from '../servers/ports.ts';
import { keepSecret } from '../tooling/secrets.ts';

export interface Configured {
  readonly provider: DemoProvider;
  /** Where the sink will listen. */
  readonly sinkPort: number;
  readonly folder: string;
  /** The configuration file. */
  readonly config: string;
  /** Writes another one beside it, changed. */
  readonly changed: (name: string, change: (text: string) => string) => Promise<string>;
}

export const TOKEN = 'a-bearer-of-tidings';
const HOST = '127.0.0.1';
const PATIENCE = 10_000;

/** Closed when the test ends. */
export async function configured(delays: Partial<Record<Path, number>> = {}): Promise<Configured> {
  const { ports, release } = await reservePorts(HOST, ['sink']);
  onTestFinished(release);
  const clock = systemClock();
  onTestFinished(() => clock.close());
  const provider = await startDemoProvider({
    sink: { host: HOST, port: ports.sink },
    delays: { send: 0, receive: 0, internal: 0, ...delays },
    clock,
    random: systemRandom,
  });
  onTestFinished(() => provider.close());
  keepSecret(provider.login.password);
  const folder = await mkdtemp(join(tmpdir(), 'mailflow-check-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const config = join(folder, 'mailflow.yml');
  const text = configurationOf(provider, ports.sink);
  await writeFile(join(folder, 'password'), provider.login.password, { mode: 0o600 });
  await writeFile(join(folder, 'token'), `${TOKEN}\n`, { mode: 0o600 });
  await writeFile(config, text);
  const changed = async (name: string, change: (text: string) => string): Promise<string> => {
    await writeFile(join(folder, name), change(text));
    return join(folder, name);
  };
  return { provider, sinkPort: ports.sink, folder, config, changed };
}

/** A daemon in this process, by the same configuration. */
export async function daemonOf({ config }: Configured): Promise<Agent> {
  const result = await readSettings(config, process.env, { createKey: true });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  const agent = await openAgent(result.settings, { log: createLog('error', 'test'), as: 'daemon' });
  onTestFinished(() => agent.close());
  await agent.ready(PATIENCE);
  return agent;
}

function configurationOf({ submission, mx, imap, login, address }: DemoProvider, sinkPort: number): string {
  const account = `username: ${login.username}, password: {file: password}`;
  return `agent: test
http: {listen: "${HOST}:0", token: {file: token}}
sink: {listen: "${HOST}:${sinkPort}", hostname: sink.example}
providers:
  - name: acme
    submission: {host: ${submission.host}, port: ${submission.port}, security: none, ${account}}
    mx: {host: ${mx.host}, port: ${mx.port}, security: none}
    mailbox: {host: ${imap.host}, port: ${imap.port}, security: none, ${account}, address: ${address}}
`;
}
