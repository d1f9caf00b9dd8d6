/** A failing seed is narrowed down to what it takes to fail. */
import { expect, it } from 'vitest';
import { noCaution } from './caution.ts';
import { FAULT_KINDS, type FaultKind } from './fault.ts';
import { commandOf, narrow } from './narrow.ts';
import type { WorldOrder, WorldRun } from './worker.ts';

type Options = WorldOrder['options'];
const HOUR_MS = 3_600_000;

/** A world that fails where these kinds come together, if it lasts so long. */
function world(needed: readonly FaultKind[], hours: number) {
  let runs = 0;
  const run = async (options: Options): Promise<WorldRun> => {
    runs += 1;
    const only = options.only ?? FAULT_KINDS;
    const fails = needed.every((kind) => only.includes(kind)) && (options.untilMs ?? 900 * HOUR_MS) >= hours * HOUR_MS;
    const result = { wrong: fails ? ['wrong'] : [], probes: 1, kills: 0, simulatedMs: 900 * HOUR_MS, trace: '' };
    return { options, result, faults: only, firstFoundMs: fails ? 800 * HOUR_MS : null, caution: noCaution() };
  };
  return { run, runs: () => runs };
}

it('leaves out every kind that has no part in it, and ends as early as it can', async () => {
  const { run, runs } = world(['kill', 'slow disk'], 100);
  const shortest = await narrow(await run({ seed: 4, months: 1, weather: 'stormy' }), run);
  expect(shortest.options).toEqual({
    ...{ seed: 4, months: 1, weather: 'stormy', only: ['kill', 'slow disk'], untilMs: 100 * HOUR_MS },
  });
  expect(shortest.result.wrong).toEqual(['wrong']);
  expect(runs()).toBeLessThan(62);
  expect(commandOf(shortest.options, null)).toBe(
    "npm run simulate -- --seed 4 --months 1 --only 'kill,slow disk' --until-hours 100",
  );
});

it('finds out where no fault is needed at all', async () => {
  const { run } = world([], 1);
  const { options } = await narrow(await run({ seed: 4, months: 2, weather: 'steady' }), run);
  expect(commandOf(options, 'late-twice')).toBe(
    "npm run simulate -- --seed 4 --months 2 --weather steady --only '' --until-hours 1 --mutant late-twice",
  );
});
