/** Finds a server's processes in /proc. */
import { readdir, readFile } from 'node:fs/promises';

export interface Process {
  readonly pid: number;
  /** The program it runs. */
  readonly name: string;
  readonly parent: number;
  readonly group: number;
}

/** Every process that has not ended; one that has and waits for its parent to take note is left out. */
export async function livingProcesses(): Promise<readonly Process[]> {
  const found: Process[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const [, name = '', state, parent, group] = /^\d+ \((.*)\) (\S) (\d+) (\d+)/s.exec(await statOf(entry)) ?? [];
    if (state === undefined || state === 'Z') continue;
    found.push({ pid: Number(entry), name, parent: Number(parent), group: Number(group) });
  }
  return found;
}

/** `pid (name) state parent group …`, empty when the process has ended since it was listed. */
function statOf(pid: string): Promise<string> {
  return readFile(`/proc/${pid}/stat`, 'utf8').catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return '';
    throw error;
  });
}
