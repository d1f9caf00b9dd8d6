/** What the kernel and the disk say of a running daemon: memory, descriptors, threads, processor time in all and by thread, bytes of its ledger. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface Vitals {
  readonly residentBytes: number;
  readonly descriptors: number;
  readonly threads: number;
  /** Of all threads since the process began, user and system. */
  readonly cpuSeconds: number;
}

/** USER_HZ, as Linux reports it to every program. */
const TICKS_PER_SECOND = 100;

export async function vitalsOf(pid: number): Promise<Vitals> {
  const [status, line, descriptors] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readdir(`/proc/${pid}/fd`),
  ]);
  return {
    residentBytes: field(status, 'VmRSS') * 1024,
    descriptors: descriptors.length,
    threads: field(status, 'Threads'),
    cpuSeconds: cpuSecondsOf(line),
  };
}

/** Processor seconds, user and system, of the threads that run, those of one name together. Node names its own and workers by theirs. */
export async function threadSecondsOf(pid: number): Promise<ReadonlyMap<string, number>> {
  const ids = await readdir(`/proc/${pid}/task`);
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${pid}/task/${id}/stat`, 'utf8')));
  const seconds = new Map<string, number>();
  for (const line of lines) {
    const name = line.slice(line.indexOf('(') + 1, line.lastIndexOf(')'));
    seconds.set(name, (seconds.get(name) ?? 0) + cpuSecondsOf(line));
  }
  return seconds;
}

/** The name may hold anything; user and system time are the 12th and 13th field behind it. */
function cpuSecondsOf(line: string): number {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function field(status: string, name: string): number {
  const value = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1];
  if (value === undefined) throw new Error(`/proc/PID/status must have ${name}, has not: ${status}`);
  return Number(value);
}

/** The database and its write-ahead log. */
export async function ledgerBytes(dataFolder: string): Promise<number> {
  const sizes = await Promise.all(
    ['ledger.db', 'ledger.db-wal'].map((name) =>
      stat(join(dataFolder, name)).then(
        ({ size }) => size,
        (error: unknown) => {
          if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
          throw error;
        },
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
