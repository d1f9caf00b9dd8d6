/** Time for what runs on a virtual clock, in tests that wait for it as for the real one. */
import { onTestFinished } from 'vitest';
import type { VirtualClock } from '../fakes/virtual-clock.ts';

/** Passes in steps of `stepMs` for as long as the test lasts. */
export function letTimePass(clock: VirtualClock, stepMs = 1): void {
  let isOver = false;
  const passing = (async () => {
    while (!isOver) await clock.advance(stepMs / 1000);
  })();
  onTestFinished(async () => {
    isOver = true;
    await passing;
  });
}

/** Passes in long steps, until `work` is done. */
export async function passing<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  const done = work.then(() => true);
  while (!(await Promise.race([done, clock.advance(100).then(() => false)])));
  return work;
}
