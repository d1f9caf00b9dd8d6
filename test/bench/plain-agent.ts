/** The agent as a process of its own without TLS, so that the wire shows what it says, and with as many providers as wanted, all of them one. */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { ledgerStats, openLedger } from '../../src/app.ts';
import type { Path } from '../../src/domain/probe.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import type { Provider } from '../servers/provider.ts';
import { QUIET } from './ledger-of.ts';

export interface Line {
  readonly provider: string;
  readonly path: Path;
}

const POLL_MS = 200;
const PATIENCE_MS = 60_000;
const RECORDS_MAX = 1_000_000;

/** Spot checks alone, one mailbox for each user; returns the file. The ledger is in `data` beside it. */
export function writePlainConfiguration(folder: string, provider: Provider, users: readonly string[]): string {
  mkdirSync(join(folder, 'data'), { recursive: true, mode: 0o700 });
  const parts = users.map((user) => {
    const { username, password, address } = provider.user(user);
    writeFileSync(join(folder, `${user}.password`), `${password}\n`, { mode: 0o600 });
    const login = `username: ${username}, password: {file: ${user}.password}, security: none`;
    return `  - name: ${user}
    networks: [127.0.0.0/8]
    submission: {host: 127.0.0.1, port: ${provider.submission.port}, ${login}}
    mx: {host: 127.0.0.1, port: ${provider.mx.port}, retry_after: [2s], security: none}
    mailbox: {host: 127.0.0.1, port: ${provider.imap.port}, ${login}, address: ${address}}`;
  });
  const file = join(folder, 'mailflow-probe.yml');
  writeFileSync(
    file,
    `agent: bench
data_folder: ./data
http: {listen: "127.0.0.1:0", spot_checks_per_minute: 60000}
sending: {messages_per_day: 1000000}
sink: {listen: "127.0.0.1:${provider.sinkPort}", hostname: ${provider.sinkDomain}}
providers:
${parts.join('\n')}
routes: []
connectivity: {every: 60s, control: ["127.0.0.1:${provider.imap.port}"]}
log: {level: info}
`,
  );
  return file;
}

/** One spot check; resolves with the probe's id, or null where the agent has its hands full on that line. */
async function order(url: string, line: Line, connection: Agent): Promise<string | null> {
  const headers = { 'content-type': 'application/json' };
  const sent = request(`${url}/api/v1/probes`, { method: 'POST', agent: connection, headers });
  sent.end(JSON.stringify(line));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const answer = await text(response);
  if (response.statusCode === 202) return (JSON.parse(answer) as { readonly id: string }).id;
  if (response.statusCode === 429 && answer.includes('handed over')) return null;
  throw new Error(`a spot check must be taken, was answered ${response.statusCode}: ${answer}`);
}

export interface Pace {
  readonly perSecond: number;
  readonly seconds: number;
}
export interface Ordered {
  readonly ids: readonly string[];
  readonly turnedAway: number;
}

/** Orders under way at once, each from an address of its own: the agent lets one address ask 20 times a second in the long run. */
const LANES = 16;

/** Spot checks on the lines in turn, each at a random moment of its own, whatever became of those before. Resolves once all are ordered. */
export async function orderPaced(url: string, lines: readonly Line[], { perSecond, seconds }: Pace): Promise<Ordered> {
  const from = performance.now();
  const count = Math.round(perSecond * seconds);
  const ids: string[] = [];
  const lane = async (first: number): Promise<void> => {
    const connection = new Agent({ keepAlive: true, maxSockets: 1, localAddress: `127.0.1.${first + 1}` });
    for (let index = first; index < count; index += LANES) {
      const dueMs = from + ((index + Math.random()) / perSecond) * 1000 - performance.now();
      if (dueMs > 0) await pause(dueMs);
      const id = await order(url, lines[index % lines.length]!, connection);
      if (id !== null) ids.push(id);
    }
    connection.destroy();
  };
  await Promise.all(Array.from({ length: LANES }, (_, first) => lane(first)));
  return { ids, turnedAway: count - ids.length };
}

/** Resolves with how many probes are still pending once there are none, or none have ended for long. */
export async function untilSettled(dataFolder: string): Promise<number> {
  let [before, sinceMs] = [Number.NaN, performance.now()];
  for (;;) {
    const { probes } = await ledgerStats(dataFolder);
    const pending = probes.filter(({ outcome }) => outcome === 'pending').reduce((sum, { count }) => sum + count, 0);
    if (pending !== before) sinceMs = performance.now();
    if (pending === 0 || performance.now() - sinceMs > PATIENCE_MS) return pending;
    before = pending;
    await pause(POLL_MS);
  }
}

/** Every probe of the ledger, oldest first. */
export async function recordsOf(dataFolder: string): Promise<readonly ProbeRecord[]> {
  const ledger = await openLedger(dataFolder, { role: 'reader', log: QUIET });
  try {
    return (await ledger.recent(RECORDS_MAX)).toReversed();
  } finally {
    await ledger.close();
  }
}
