/** Messages a second that the sink takes from Postfix's smtp-source, beside what others take of the same; and real probes beside such load. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { demand, MAIL_SERVERS } from '../servers/available.ts';
import { reservePorts } from '../servers/ports.ts';
import { startProvider } from '../servers/provider.ts';
import { vitalsOf } from '../servers/vitals.ts';
import { startAgent } from './agent-process.ts';
import { atLeast, type Bench, type Row, row } from './bench-row.ts';
import { writePlainConfiguration } from './plain-agent.ts';
import { besideLoad, ownMail, type Scene } from './sink-probes.ts';

const SOURCE = '/usr/sbin/smtp-source';
const SMTP_SINK = '/usr/sbin/smtp-sink';
const TARGET_PROGRAM = fileURLToPath(new URL('sink-target.ts', import.meta.url));
const RUNS = 2;
const PAYLOAD_BYTES = 2000;
/** More messages than smtp-source sends before it is stopped. */
const ENDLESS = 10_000_000;
const PROVIDER = 'corp';

const TARGETS = ['the sink', 'empty smtp-server', 'smtp-sink', 'bare node:net'] as const;
type Target = (typeof TARGETS)[number];

interface Setting {
  readonly sessions: number;
  readonly isReused: boolean;
  readonly messages: number;
}
/** A new connection waits 100 ms for the banner of smtp-server, so fewer will do. */
const SETTINGS: readonly Setting[] = [
  { sessions: 1, isReused: true, messages: 500 },
  { sessions: 10, isReused: true, messages: 2000 },
  { sessions: 50, isReused: true, messages: 2000 },
  { sessions: 1, isReused: false, messages: 15 },
  { sessions: 10, isReused: false, messages: 150 },
  { sessions: 50, isReused: false, messages: 750 },
];

export const SINK: Bench = {
  name: 'sink',
  about: `messages of ${PAYLOAD_BYTES} bytes by smtp-source into the sink of a running agent, an empty smtp-server, smtp-sink and node:net; then real probes beside them`,
  async run() {
    demand(MAIL_SERVERS);
    await using stack = new AsyncDisposableStack();
    const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'mailflow-bench-')), (path) =>
      rmSync(path, { recursive: true, force: true }),
    );
    const provider = stack.adopt(await startProvider({ users: [PROVIDER] }), (started) => started.stop());
    const config = writePlainConfiguration(folder, provider, [PROVIDER]);
    const agent = stack.adopt(await startAgent('source', config), (started) => started.end());
    const child = (started: ChildProcess): ChildProcess => stack.adopt(started, ended);
    const { ports, release } = await reservePorts('127.0.0.1', ['sink']);
    stack.defer(release);
    child(spawn(SMTP_SINK, ['-u', 'nobody', `127.0.0.1:${ports.sink}`, '128'], { stdio: 'ignore' }));
    const ported: Readonly<Record<Target, number>> = {
      'the sink': provider.sinkPort,
      'empty smtp-server': await portOf(child(fork(TARGET_PROGRAM, ['smtp-server']))),
      'bare node:net': await portOf(child(fork(TARGET_PROGRAM, ['bare']))),
      'smtp-sink': ports.sink,
    };
    // Whatever is done for the first time takes longer.
    for (const target of TARGETS) await rateOf(ported[target], { sessions: 10, isReused: true, messages: 500 });
    const before = await vitalsOf(agent.pid);
    const rows = await measured(ported);
    const after = await vitalsOf(agent.pid);
    const taken = RUNS * SETTINGS.reduce((sum, { messages }) => sum + messages, 0);
    const cpuMs = ((after.cpuSeconds - before.cpuSeconds) * 1000) / taken;
    const scene: Scene = {
      ...{ provider, url: agent.url, dataFolder: join(folder, 'data'), line: { provider: PROVIDER, path: 'send' } },
      startLoad: (options) => child(startSource(provider.sinkPort, [...options, '-m', String(ENDLESS)])),
    };
    return [
      ...rows,
      row('processor of the agent for each message', 'ms', [cpuMs]),
      ...(await besideLoad(scene)),
      ...(await ownMail(scene)),
    ];
  },
};

async function measured(ported: Readonly<Record<Target, number>>): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const setting of SETTINGS) {
    const rates = new Map<Target, number[]>(TARGETS.map((target) => [target, []]));
    for (let run = 0; run < RUNS; run += 1)
      for (const target of TARGETS) rates.get(target)!.push(await rateOf(ported[target], setting));
    const name = `${setting.sessions} ${setting.isReused ? 'kept' : 'new each time'}`;
    const ratios = rates.get('the sink')!.map((rate, run) => rate / rates.get('empty smtp-server')![run]!);
    rows.push(...TARGETS.map((target) => row(`${name}: ${target}`, '1/s', rates.get(target)!)));
    rows.push(row(`${name}: the sink over smtp-server`, 'ratio', ratios, atLeast(0.8)));
  }
  return rows;
}

/** Messages a second. Rejects unless all of them are taken. */
async function rateOf(port: number, { sessions, isReused, messages }: Setting): Promise<number> {
  // A process of its own, and nobody here has anything else to do meanwhile.
  const from = performance.now();
  const child = startSource(port, [...(isReused ? ['-d'] : []), '-s', String(sessions), '-m', String(messages)]);
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = await once(child, 'close');
  const seconds = (performance.now() - from) / 1000;
  if (code !== 0 || said !== '') throw new Error(`smtp-source must have every message taken: ${said}`);
  // What was closed last is gone from the agent's books, too.
  await pause(100);
  return messages / seconds;
}

function startSource(port: number, options: readonly string[]): ChildProcess {
  const message = ['-l', String(PAYLOAD_BYTES), '-f', 'source@elsewhere.test', '-t', 'probe-0@sink.test'];
  return spawn(SOURCE, [...options, ...message, '-M', 'elsewhere.test', `127.0.0.1:${port}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

async function portOf(child: ChildProcess): Promise<number> {
  const [{ port }] = (await once(child, 'message')) as [AddressInfo];
  return port;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
