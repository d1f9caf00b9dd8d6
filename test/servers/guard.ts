/** Ends servers and removes their folder when the test process is gone, even if it was killed and ran no exit hook. */
import { spawn } from 'node:child_process';
import { SERVER_ENVIRONMENT } from './daemon.ts';

/**
 * Each line on its input replaces the list of process groups to end. The end of its input, which the kernel
 * brings about when the test process dies, is the signal; a parent-death signal would be lost when a server changes user.
 */
const SCRIPT = `groups=
while read -r line; do groups=$line; done
for group in $groups; do kill -s KILL -- "-$group"; done
exec rm -rf -- "$1"`;

export interface Guard {
  watch(processGroup: number): void;
  forget(processGroup: number): void;
  /** Ends what is still watched and removes the folder. */
  close(): Promise<void>;
}

export function startGuard(folder: string): Guard {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'guard', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: SERVER_ENVIRONMENT,
    cwd: '/',
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('exit', () => resolve());
    child.once('error', reject);
  });
  // An unref'ed pipe: the guard must not keep the test process from ending.
  const input = child.stdin as typeof child.stdin & { unref(): void };
  input.unref();
  child.unref();
  const groups = new Set<number>();
  const tell = () => input.write(`${[...groups].join(' ')}\n`);
  return {
    watch(processGroup) {
      groups.add(processGroup);
      tell();
    },
    forget(processGroup) {
      groups.delete(processGroup);
      tell();
    },
    async close() {
      child.ref();
      input.end();
      await ended;
    },
  };
}
