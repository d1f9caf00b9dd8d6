/** Finds a server's own child process in /proc. */
import { readdir, readFile } from 'node:fs/promises';

/** The pid of a child of `parent` that runs the program `name`, undefined while there is none. */
export async function childNamed(parent: number, name: string): Promise<number | undefined> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    // `pid (name) state ppid …`; the process may be gone by now.
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const [, program, ppid] = /^\d+ \((.*)\) \S (\d+)/.exec(stat) ?? [];
    if (program === name && Number(ppid) === parent) return Number(entry);
  }
  return undefined;
}
