/** A command as a process that is watched while it runs, in a folder of its own with a temporary folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Finished } from '../servers/command.ts';
import { examineOutput } from '../tooling/secrets.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface Launched {
  readonly process: ChildProcess;
  /** Resolves with standard output so far, once it matches. Rejects if it ends before. */
  readonly until: (pattern: RegExp) => Promise<string>;
  readonly ended: Promise<Finished>;
  /** What is left in its two folders, by name. */
  readonly leftBehind: () => Promise<readonly string[]>;
}

/** Killed, and its folders removed, when the test ends. */
export async function launch(args: readonly string[]): Promise<Launched> {
  const folder = await mkdtemp(join(tmpdir(), 'mailflow-cli-'));
  const [cwd, temporary] = [join(folder, 'cwd'), join(folder, 'tmp')];
  await Promise.all([mkdir(cwd), mkdir(temporary)]);
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  const ended = (once(child, 'close') as Promise<[number | null]>).then(([code]) => {
    examineOutput(args.join(' '), said.stdout + said.stderr);
    return { code, ...said };
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  return {
    process: child,
    ended,
    async until(pattern) {
      while (!pattern.test(said.stdout)) {
        const over = await Promise.race([once(child.stdout, 'data').then(() => null), ended]);
        if (over !== null && !pattern.test(said.stdout))
          throw new Error(`ended with ${over.code} before ${pattern}: ${over.stdout}${over.stderr}`);
      }
      return said.stdout;
    },
    leftBehind: async () => (await Promise.all([cwd, temporary].map((each) => readdir(each)))).flat(),
  };
}
