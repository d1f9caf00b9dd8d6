/** Runs the command line as a user would: a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { examineOutput, keepKeysOf } from '../tooling/secrets.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Environment of a command whose host must have been up for long: months are closed by such a one alone. */
export const LONG_UP = {
  NODE_OPTIONS: `--require ${fileURLToPath(new URL('./long-up.cjs', import.meta.url))}`,
} as const;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Finished> {
  return finished(start(args, environment), args);
}

/** Stops it once it says something of that kind on standard output, does the work, and lets it go on. */
export async function runStopped(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  said: RegExp,
  work: () => Promise<unknown>,
): Promise<Finished> {
  const child = start(args, environment);
  let output = '';
  const works: Promise<unknown>[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (works.length > 0 || !said.test(output)) return;
    child.kill('SIGSTOP');
    works.push(work().finally(() => child.kill('SIGCONT')));
  });
  const result = await finished(child, args);
  await Promise.all(works);
  return result;
}

function start(args: readonly string[], environment: NodeJS.ProcessEnv) {
  return spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
}

async function finished(child: ReturnType<typeof start>, args: readonly string[]): Promise<Finished> {
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  examineOutput(args.join(' '), stdout + stderr);
  return { code, stdout, stderr };
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = '';
  for await (const chunk of stream) all += String(chunk);
  return all;
}

export interface Spawned {
  readonly process: ChildProcess;
  /** Resolves with where it serves HTTP; rejects, with its log, if it ends before. */
  readonly serving: Promise<string>;
  /** What it logged so far. */
  log(): string;
  /** Resolves with the exit code and signal. */
  end(signal: NodeJS.Signals): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}
export interface Daemon extends Spawned {
  readonly url: string;
}

/** Starts `run`. `environment` is added to this process's own; `before` is a command line that becomes the one it is given. */
export function spawnDaemon(
  config: string,
  environment: NodeJS.ProcessEnv = {},
  before: readonly string[] = [],
): Spawned {
  const [program, ...args] = [...before, process.execPath, MAIN, 'run', '-c', config];
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let log = '';
  const serving = new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      const found = /"http":"(http:[^"]+)"/.exec(log)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('close', () => {
      // Where every configuration of a test has it.
      keepKeysOf(join(dirname(config), 'data'));
      examineOutput(`the daemon of ${config}`, log);
      reject(new Error(`the daemon ended: ${log}`));
    });
  });
  // Whoever ends it before it serves need not hear of it.
  serving.catch(() => undefined);
  return {
    process: child,
    serving,
    log: () => log,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill(signal);
        await ended;
      }
      return { code: child.exitCode, signal: child.signalCode };
    },
  };
}

/** Starts `run` and resolves once it serves HTTP. */
export async function startDaemon(
  config: string,
  environment: NodeJS.ProcessEnv = {},
  before: readonly string[] = [],
): Promise<Daemon> {
  const spawned = spawnDaemon(config, environment, before);
  return Object.assign(spawned, { url: await spawned.serving });
}
