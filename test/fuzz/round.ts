/** Runs a part of a surface in a thread of its own, so that what hangs is a finding and not the end of the run. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Watched } from './surface.ts';

/** Milliseconds. A round takes a second or a few; what is not linear takes minutes. */
const HANG_MS = 120_000;
/** Mebibytes of the thread's heap: what is read at a time is far below. */
const HEAP_MB_MAX = 512;

export interface Round {
  /** The module that has the surface by its name, as `worker.ts` gets it. */
  readonly table: string;
  readonly surface: string;
  readonly seed: number;
  readonly count: number;
}

/** A thread that dies, or has not ended in time, is a finding with what to run again. */
export async function runRound(
  round: Round,
  { hangMs = HANG_MS, heapMb = HEAP_MB_MAX }: { readonly hangMs?: number; readonly heapMb?: number } = {},
): Promise<Watched> {
  const { surface, seed, count } = round;
  const again = `npm run fuzz -- --surface ${surface} --seed ${seed} --count ${count}`;
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: round,
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
  });
  const over = new AbortController();
  const { signal } = over;
  const broken = (what: string): Watched => ({
    ...{ tried: 0, held: null, longestMs: 0 },
    findings: [`${what}: ${again}`],
  });
  const ways: Promise<Watched>[] = [
    once(worker, 'message', { signal }).then(([result]) => result as Watched),
    once(worker, 'exit', { signal }).then(() => broken('the thread ended')),
    delay(hangMs, broken(`no end after ${hangMs / 1000} s`), { signal }),
  ];
  try {
    // An `error` of the thread rejects the first of these.
    return await Promise.race(ways).catch((error: unknown) => broken(String(error)));
  } finally {
    over.abort();
    await Promise.allSettled(ways);
    await worker.terminate();
  }
}
