/** Whatever happens, the agent claims nothing that the provider's own books contradict. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anyScenario } from './any-scenario.ts';
import { run } from './scenario.ts';

const RUNS = 200;
/** Repeatable: another seed is another set of afternoons. */
const SEED = 20_261_110;

it('holds the true delay in every interval, and every outcome to what became of the message', async () => {
  await fc.assert(
    fc.asyncProperty(anyScenario, async (each) => {
      expect(await run(each)).toEqual([]);
    }),
    { numRuns: RUNS, seed: SEED, endOnFailure: Boolean(process.env['NOSHRINK']) },
  );
}, 300_000);
