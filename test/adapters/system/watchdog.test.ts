/** The watchdog in a process of its own: what it ends, and what it lets live. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const WATCHED = fileURLToPath(new URL('./watched.ts', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function watched(what: 'hang' | 'leak' | 'run', during?: (pid: number) => Promise<void>): Promise<Ended> {
  // A hundred files are plenty for it; without a limit of its own the leak would take minutes.
  const child = spawn('sh', ['-c', 'ulimit -n 100; exec "$0" "$@"', process.execPath, WATCHED, what]);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  if (child.pid !== undefined) await during?.(child.pid);
  const [code, signal] = await ended;
  return { code, signal, stdout, stderr };
}

test('a process whose thread hangs is killed, and says why', async () => {
  const { signal, stderr } = await watched('hang');
  expect(signal).toBe('SIGKILL');
  expect(JSON.parse(stderr)).toMatchObject({
    level: 'fatal',
    msg: expect.stringContaining('has not run for') as string,
  });
});

test('a process that runs out of files is told while it still has some', async () => {
  const { code, stdout } = await watched('leak');
  expect(code).toBe(9);
  expect(stdout).toMatch(/^at least 32 files must be left to open \(ulimit -n\), \d+ are$/);
});

test('a process that was stopped for longer than a thread may hang goes on, and one that is well ends by itself', async () => {
  const ended = await watched('run', async (pid) => {
    await sleep(1500);
    process.kill(pid, 'SIGSTOP');
    await sleep(3000);
    process.kill(pid, 'SIGCONT');
  });
  expect(ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
});
