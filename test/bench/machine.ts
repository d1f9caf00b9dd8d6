/** On what a bench ran: figures of another machine are other figures. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly kernel: string;
  readonly node: string;
  /** Processes that wanted to run in the last minute: beyond a fraction, something else was measured along. */
  readonly load: number;
}

export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: /^PRETTY_NAME="(.+)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown',
    kernel: release(),
    node: process.version,
    load: loadavg()[0] ?? Number.NaN,
  };
}

/** One line. */
export function machineLine({ processor, cores, memoryBytes, system, kernel, node, load }: Machine): string {
  const gibibytes = (memoryBytes / 2 ** 30).toFixed(0);
  return `${processor}, ${cores} cores, ${gibibytes} GiB, ${system}, Linux ${kernel}, Node ${node}, load ${load.toFixed(2)}`;
}
