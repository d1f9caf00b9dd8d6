/** The agent as a process of its own, from the source or as it is packed, and how long it took to come up. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Provider } from '../servers/provider.ts';

const PROJECT = join(import.meta.dirname, '../..');
/** What `run` is started from: the packed program has no types left to strip. */
const PROGRAMS = { packed: 'dist/bin.js', source: 'src/main.ts' } as const;
export type Program = keyof typeof PROGRAMS;

const POLL_MS = 2;
/** The agent lets nobody ask more than a thousand times at once: one that takes long to come up is asked ever more rarely. */
const POLLS = 100;
const PATIENCE_MS = 120_000;

export interface RunningAgent {
  readonly pid: number;
  readonly url: string;
  /** Milliseconds from the start of the process until it serves HTTP. */
  readonly servingMs: number;
  /** Until `/readyz` says yes: the ledger, the sink and every mailbox are there. */
  readonly readyMs: number;
  /** SIGTERM, and waits for the end. Rejects where that is no orderly one. Once it has ended, nothing more is done. */
  end(): Promise<void>;
}

/** Compiles the package into `dist`. */
export function pack(): void {
  const { status, stderr } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: PROJECT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the build must succeed: ${stderr}`);
}

/** `flags` are Node's own. */
export async function startAgent(
  program: Program,
  config: string,
  flags: readonly string[] = [],
): Promise<RunningAgent> {
  const from = performance.now();
  const child = spawn(process.execPath, [...flags, join(PROJECT, PROGRAMS[program]), 'run', '-c', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const url = await served(child);
  const servingMs = performance.now() - from;
  const readyMs = await ready(url, from);
  return {
    ...{ pid: child.pid!, url, servingMs, readyMs },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const [code] = await ended;
      if (code !== 0) throw new Error(`the agent must end with 0, ended with ${String(code)}`);
    },
  };
}

function served({ stderr, ...child }: ChildProcess): Promise<string> {
  let log = '';
  return new Promise((resolve, reject) => {
    stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      const url = /"http":"(http:[^"]+)"/.exec(log)?.[1];
      if (url !== undefined) resolve(url);
    });
    stderr?.once('close', () => reject(new Error(`the agent ${child.pid} must serve, and ended: ${log}`)));
  });
}

async function ready(url: string, from: number): Promise<number> {
  for (;;) {
    const { ok, body } = await fetch(`${url}/readyz`);
    await body?.cancel();
    const ms = performance.now() - from;
    if (ok) return ms;
    if (ms > PATIENCE_MS) throw new Error(`the agent must be ready within ${PATIENCE_MS / 1000} s`);
    await pause(Math.max(POLL_MS, ms / POLLS));
  }
}

/** A configuration in the folder that measures one mailbox of the provider on all paths; returns its file. The ledger is in `data` beside it. */
export function writeConfiguration(folder: string, provider: Provider, user: string, everySeconds: number): string {
  const { username, password, address } = provider.user(user);
  const trust = `ca_file: ca.pem, servername: ${provider.serverName}`;
  const login = `username: ${username}, password: {file: mailbox.password}`;
  mkdirSync(join(folder, 'data'), { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'mailbox.password'), `${password}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'ca.pem'), provider.caPem);
  const file = join(folder, 'mailflow-probe.yml');
  writeFileSync(
    file,
    `agent: bench
data_folder: ./data
http: {listen: "127.0.0.1:0"}
sink: {listen: "127.0.0.1:${provider.sinkPort}", hostname: ${provider.sinkDomain}}
providers:
  - name: ${user}
    networks: [127.0.0.0/8]
    submission: {host: 127.0.0.1, port: ${provider.submission.port}, ${login}, ${trust}}
    mx: {host: 127.0.0.1, port: ${provider.mx.port}, retry_after: [2s], ${trust}}
    mailbox: {host: 127.0.0.1, port: ${provider.imaps.port}, ${login}, address: ${address}, ${trust}}
routes:
${['send', 'receive', 'internal'].map((path) => `  - {provider: ${user}, path: ${path}, every: ${everySeconds}s}`).join('\n')}
connectivity: {every: 60s, control: ["127.0.0.1:${provider.imaps.port}"]}
`,
  );
  return file;
}
