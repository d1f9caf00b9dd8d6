/** What it takes to be there: time until ready, memory at rest, bytes to install, each beside the same of the bare libraries. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startProvider } from '../servers/provider.ts';
import { vitalsOf } from '../servers/vitals.ts';
import { type Program, pack, startAgent, writeConfiguration } from './agent-process.ts';
import { atMost, type Bench, type Row, row } from './bench-row.ts';
import { fillLedger } from './ledger-of.ts';

const PROJECT = join(import.meta.dirname, '../..');
const RUNS = 5;
/** Long after everything is loaded, and before V8 sees a reason to collect. */
const REST_MS = 20_000;
/** What the agent loads at its start, whatever it is used for. */
const LIBRARIES = [
  'commander',
  'fastify',
  'imapflow',
  'nodemailer',
  'pino',
  'prom-client',
  'smtp-server',
  'yaml',
  'zod',
];
const PROVIDER = 'corp';
/** Rare, so that it rests. */
const EVERY_SECONDS = 3600;

export const START: Bench = {
  name: 'start',
  about: 'time until ready, memory at rest and bytes to install, beside those of the bare libraries in Node',
  async run(tell) {
    await using stack = new AsyncDisposableStack();
    const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'mailflow-bench-')), (path) =>
      rmSync(path, { recursive: true, force: true }),
    );
    const provider = stack.adopt(await startProvider({ users: [PROVIDER] }), (started) => started.stop());
    pack();
    const young = writeConfiguration(mkdtempSync(join(folder, 'young-')), provider, PROVIDER, EVERY_SECONDS);
    const oldFolder = mkdtempSync(join(folder, 'old-'));
    const old = writeConfiguration(oldFolder, provider, PROVIDER, EVERY_SECONDS);
    const year = { toMs: Date.now() - 60_000, days: 365, everySeconds: 300 };
    const { probes, events } = await fillLedger(join(oldFolder, 'data'), PROVIDER, year);
    tell(`a year's ledger: ${probes} probes, ${events} events`);

    const bare = writeBare(folder);
    const libraries = await repeated(RUNS, () => bareLoad(bare));
    const fresh = await repeated(RUNS, () => timeToReady('packed', young));
    const full = await repeated(RUNS, () => timeToReady('packed', old));
    const source = await repeated(RUNS, () => timeToReady('source', old));
    const [agentAtRest, bareAtRest] = await Promise.all([memoryAtRest(old), bareMemory(bare)]);
    return [
      row('Node with the libraries alone', 'ms', libraries),
      row('ready, new ledger', 'ms', fresh),
      row("ready, a year's ledger", 'ms', full, atMost(500)),
      row("ready, a year's ledger, over the libraries alone", 'ratio', ratios(full, libraries)),
      row("ready, a year's ledger, from the source", 'ms', source),
      row('memory of the libraries and a worker', 'MiB', [bareAtRest]),
      row("memory at rest, a year's ledger", 'MiB', [agentAtRest], atMost(130)),
      ...installed(),
    ];
  },
};

async function timeToReady(program: Program, config: string): Promise<number> {
  const agent = await startAgent(program, config);
  await agent.end();
  return agent.readyMs;
}

/** A program that loads the libraries, says so, and rests beside a worker that does nothing. */
function writeBare(folder: string): string {
  const file = join(folder, 'bare.mjs');
  const imports = LIBRARIES.map((name) => `import ${JSON.stringify(import.meta.resolve(name))};`).join('\n');
  const rest = `import { Worker } from 'node:worker_threads';
if (process.argv[2] === 'rest') new Worker('setInterval(() => {}, 60_000)', { eval: true });
process.stdout.write('loaded\\n');`;
  writeFileSync(file, `${imports}\n${rest}\n`);
  return file;
}

async function bareLoad(file: string): Promise<number> {
  const from = performance.now();
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const ms = performance.now() - from;
  await once(child, 'exit');
  return ms;
}

async function bareMemory(file: string): Promise<number> {
  const child = spawn(process.execPath, [file, 'rest'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  await pause(REST_MS);
  const { residentBytes } = await vitalsOf(child.pid!);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  return residentBytes / 2 ** 20;
}

async function memoryAtRest(config: string): Promise<number> {
  const agent = await startAgent('packed', config);
  await pause(REST_MS);
  const { residentBytes } = await vitalsOf(agent.pid);
  await agent.end();
  return residentBytes / 2 ** 20;
}

/** What `npm ci --omit=dev` and the build put on the disk. */
function installed(): readonly Row[] {
  const lock = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };
  const folders = Object.entries(lock.packages).flatMap(([path, { dev }]) =>
    path === '' || dev === true ? [] : [path],
  );
  return [
    row('libraries to install', 'MiB', [mebibytesOf(folders)]),
    row('the agent itself', 'MiB', [mebibytesOf(['dist'])]),
  ];
}

/** A folder within another is counted once. */
function mebibytesOf(folders: readonly string[]): number {
  const { stdout, status, stderr } = spawnSync('du', ['-s', '-B1', '--apparent-size', '-c', ...folders], {
    cwd: PROJECT,
    encoding: 'utf8',
  });
  const total = /^(\d+)\ttotal$/m.exec(stdout)?.[1];
  if (status !== 0 || total === undefined)
    throw new Error(`du must tell the bytes of ${folders.length} folders: ${stderr}`);
  return Number(total) / 2 ** 20;
}

async function repeated(times: number, measure: () => Promise<number>): Promise<readonly number[]> {
  const values: number[] = [];
  while (values.length < times) values.push(await measure());
  return values;
}

function ratios(values: readonly number[], yardstick: readonly number[]): readonly number[] {
  return values.map((value, index) => value / yardstick[index]!);
}
