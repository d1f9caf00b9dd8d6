/** Processes that run worlds, one a core: a world keeps one busy. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { WorldOrder, WorldRun } from './worker.ts';

/** What is collected at a time: nearly all that a world makes is garbage at once. */
const YOUNG_MB = 32;
/** What a world of a year may come to: its truth, and every message in its mailboxes. */
const OLD_MB = 8192;

export class Pool {
  readonly #workers: readonly ChildProcess[];
  readonly #idle: ChildProcess[];
  readonly #waiting: ((worker: ChildProcess) => void)[] = [];

  /** `mutant` by its name, or null for the agent as it is. */
  constructor(jobs: number, mutant: string | null) {
    const worker = new URL('./worker.ts', import.meta.url);
    // Each has a core: threads that help one to collect its garbage take the core of another.
    const execArgv = [
      '--disable-warning=ExperimentalWarning',
      '--single-threaded-gc',
      `--max-semi-space-size=${YOUNG_MB}`,
      `--max-old-space-size=${OLD_MB}`,
    ];
    this.#workers = Array.from({ length: jobs }, () =>
      fork(worker, [mutant ?? ''], { execArgv, serialization: 'advanced' }),
    );
    this.#idle = [...this.#workers];
  }

  /** Waits for a process that is free. Rejects if the process ends instead. */
  async run(order: WorldOrder): Promise<WorldRun> {
    const worker = this.#idle.pop() ?? (await new Promise<ChildProcess>((resolve) => this.#waiting.push(resolve)));
    worker.send(order);
    const patience = new AbortController();
    const ended = once(worker, 'exit', { signal: patience.signal }).then(([code, signal]) => {
      throw new Error(`a process ended in seed ${order.options.seed}: ${String(code ?? signal)}`);
    });
    try {
      const [run] = (await Promise.race([once(worker, 'message'), ended])) as [WorldRun];
      return run;
    } finally {
      patience.abort();
      ended.catch(() => {});
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(worker);
      else next(worker);
    }
  }

  close(): void {
    for (const worker of this.#workers) worker.kill();
  }
}
