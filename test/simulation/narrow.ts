/** Looks for the shortest way to replay a failing seed: fewer kinds of faults, an earlier end. */
import type { WorldOrder, WorldRun } from './worker.ts';

type Options = WorldOrder['options'];

/** Worlds run for it at most: each takes up to some seconds. */
const TRIES_MAX = 60;
const HOUR_MS = 3_600_000;

/**
 * Leaves out kind after kind as long as anything is still found wrong, then ends the world as early as it is. Every kind draws from a
 * stream of its own, so the others stay as they were.
 */
export async function narrow(failed: WorldRun, run: (options: Options) => Promise<WorldRun>): Promise<WorldRun> {
  let best = failed;
  let tries = 0;
  const fails = async (options: Options): Promise<boolean> => {
    if (tries >= TRIES_MAX) return false;
    tries += 1;
    const found = await run(options);
    if (found.result.wrong.length === 0) return false;
    best = found;
    return true;
  };
  let only = best.options.only ?? best.faults;
  // Halves first: most kinds have no part in it.
  for (let size = Math.ceil(only.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let first = 0; first < only.length; ) {
      const rest = [...only.slice(0, first), ...only.slice(first + size)];
      if (await fails({ ...best.options, only: rest })) only = rest;
      else first += size;
    }
  }
  await endEarlier(best, fails);
  return best;
}

async function endEarlier(from: WorldRun, fails: (options: Options) => Promise<boolean>): Promise<void> {
  const { options, result, firstFoundMs } = from;
  const latest = options.untilMs ?? result.simulatedMs;
  let [tooEarly, enough] = [0, Math.ceil(latest / HOUR_MS)];
  const foundHours = Math.ceil((firstFoundMs ?? latest) / HOUR_MS) + 1;
  if (foundHours < enough && (await fails({ ...options, untilMs: foundHours * HOUR_MS }))) enough = foundHours;
  while (enough - tooEarly > 1) {
    const middle = Math.floor((tooEarly + enough) / 2);
    if (await fails({ ...options, untilMs: middle * HOUR_MS })) enough = middle;
    else tooEarly = middle;
  }
}

/** The command that runs it again. */
export function commandOf({ seed, months, weather, only, untilMs }: Options, mutant: string | null): string {
  const parts = [
    `npm run simulate -- --seed ${seed} --months ${months}`,
    ...(weather === 'stormy' ? [] : [`--weather ${weather}`]),
    ...(only === undefined ? [] : [`--only '${only.join(',')}'`]),
    ...(untilMs === undefined ? [] : [`--until-hours ${Math.ceil(untilMs / HOUR_MS)}`]),
    ...(mutant === null ? [] : [`--mutant ${mutant}`]),
  ];
  return parts.join(' ');
}
