/** Starts a test's helper program as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export interface Child {
  readonly process: ChildProcess;
  /** The next line of its output. */
  line(): Promise<string>;
  send(text: string): void;
  end(): void;
  /** Its exit code, or the signal that ended it, with what it wrote on stderr. */
  readonly ended: Promise<{ readonly code: number | string | null; readonly stderr: string }>;
}

/** Killed at the end of the test if it has not ended by then. `prepare` is shell text run before the program in its process. */
export function startChild(script: string, args: readonly string[], prepare = ':'): Child {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn('/bin/sh', ['-c', `${prepare}; exec "$0" "$@"`, process.execPath, file, ...args], {
    stdio: 'pipe',
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const lines = linesOf(createInterface({ input: child.stdout }));
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: (code ?? signal) as number | string | null,
    stderr,
  }));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    process: child,
    async line() {
      const next = await lines.next();
      if (next.done === true) throw new Error(`${script} ended without another line: ${(await ended).stderr}`);
      return next.value;
    },
    send: (text) => child.stdin.write(text),
    end: () => child.stdin.end(),
    ended,
  };
}

function linesOf(input: Interface): AsyncIterator<string> {
  return input[Symbol.asyncIterator]();
}
