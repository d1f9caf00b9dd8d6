/** Reads what V8's profiler wrote of a process's threads: where each spent the time in which it was not idle, by cause and by part of the agent. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { join } from 'node:path';

/** Microseconds of the monotonic clock, which V8 stamps its samples with. */
export interface Window {
  readonly fromUs: number;
  readonly toUs: number;
}
/** Shares of the time not idle, 0 to 1, the largest first. Whatever a thread waits for within a call counts, as a disk does. */
export interface Shares {
  /** By what ran itself: a file of ours with its function, a library, a module of Node's, or what V8 and the system do. */
  readonly causes: readonly Share[];
  /** By the innermost part of the agent on whose behalf it ran. */
  readonly parts: readonly Share[];
}
export type Share = readonly [name: string, share: number];

/** As Node names the file: the thread that measures is 0, the first worker the ledger's. */
const THREADS = { measuring: 0, ledger: 1 } as const;
export type Thread = keyof typeof THREADS;

/** Throws where the thread left no profile in the folder. */
export function sharesOf(folder: string, thread: Thread, window: Window): Shares {
  const file = readdirSync(folder).find((name) => Number(name.split('.')[4]) === THREADS[thread]);
  if (file === undefined) throw new Error(`the ${thread} thread must have left a profile in ${folder}`);
  const { nodes, samples = [], timeDeltas = [], startTime } = readProfile(join(folder, file));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const [causes, parts] = [new Map<string, number>(), new Map<string, number>()];
  let atUs = startTime;
  for (const [index, id] of samples.entries()) {
    atUs += timeDeltas[index] ?? 0;
    const frames: Frame[] = [];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) frames.push(byId.get(at)!.callFrame);
    if (atUs < window.fromUs || atUs > window.toUs || frames[0]!.functionName === '(idle)') continue;
    const us = timeDeltas[index + 1] ?? 0;
    add(causes, causeOf(frames[0]!), us);
    add(parts, frames.map(partOf).find((part) => part !== null) ?? 'Node and V8', us);
  }
  return { causes: sharesFrom(causes), parts: sharesFrom(parts) };
}

function readProfile(file: string): Profiler.Profile {
  return JSON.parse(readFileSync(file, 'utf8')) as Profiler.Profile;
}

type Frame = Profiler.Profile['nodes'][number]['callFrame'];

/** By the function: what shows under many names, or one that says little. */
const CAUSES: readonly (readonly [RegExp, string])[] = [
  [/^inTransaction$/, 'BEGIN and COMMIT, the disk included'],
  [/^postMessage$/, 'messages between threads'],
  [/^write(v|Buffer|\w+String)$/, 'writing to sockets'],
  [/(Error|Exception|Failure)$/, 'making exceptions'],
  [/^\(garbage collector\)$/, 'collecting garbage'],
  [/^\(program\)$/, 'V8 and the system'],
];

function causeOf({ functionName, url, lineNumber }: Frame): string {
  const known = CAUSES.find(([pattern]) => pattern.test(functionName))?.[1];
  if (known !== undefined) return known;
  const library = libraryOf(url);
  if (library !== null) return library;
  const ours = /\/src\/(?:adapters\/)?(.*)/.exec(url)?.[1];
  if (ours !== undefined) return `${ours} ${functionName || `line ${lineNumber + 1}`}`;
  const module = /^node:(?:internal\/)?([^/]+)/.exec(url)?.[1];
  return module === undefined ? `native ${functionName || 'code'}` : `node:${module}`;
}

/** Our own room, and what a library does for it. */
const PARTS: Readonly<Record<string, string>> = {
  nodemailer: 'smtp-client',
  'smtp-server': 'smtp-sink',
  imapflow: 'imap',
  fastify: 'http',
  'prom-client': 'prometheus',
};

function partOf({ url }: Frame): string | null {
  const library = libraryOf(url);
  if (library !== null) return PARTS[library] ?? null;
  return /\/src\/(?:adapters\/)?([^/]+)\//.exec(url)?.[1] ?? null;
}

function libraryOf(url: string): string | null {
  return /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? null;
}

function add(sums: Map<string, number>, name: string, us: number): void {
  sums.set(name, (sums.get(name) ?? 0) + us);
}

function sharesFrom(sums: ReadonlyMap<string, number>): readonly Share[] {
  const all = [...sums.values()].reduce((sum, us) => sum + us, 0);
  return [...sums].map(([name, us]): Share => [name, us / all]).toSorted(([, one], [, other]) => other - one);
}
