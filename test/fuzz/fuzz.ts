/**
 * `npm run fuzz -- [--surface NAME] [--minutes N | --count N] [--seed N]`: throws made-up input at what strangers write to, each
 * surface in turn, and ends with 1 if one of them did what it must not. A seed tries the same again.
 */
import { parseArgs } from 'node:util';
import { type Held, megabytes } from './memory.ts';
import { runRound } from './round.ts';
import { SURFACES, TABLE } from './surfaces.ts';

const FOUND = 1;
const MISUSED = 3;
const SEED_MAX = 2 ** 31;
const USAGE = `npm run fuzz -- [--surface NAME] [--minutes N | --count N] [--seed N]
${Object.entries(SURFACES)
  .map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`)
  .join('\n')}
`;

interface Options {
  readonly surfaces: readonly string[];
  readonly seed: number;
  /** Tries of each surface, or minutes for all of them together. */
  readonly budget: { readonly count: number } | { readonly minutes: number };
}

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n${USAGE}`);
    return MISUSED;
  }
  const { surfaces, seed, budget } = options;
  print(`seed ${seed}`);
  const endMs = 'minutes' in budget ? performance.now() + (budget.minutes * 60_000) / surfaces.length : 0;
  let found = 0;
  for (const [index, surface] of surfaces.entries()) {
    const untilMs = endMs + (('minutes' in budget ? budget.minutes : 0) * 60_000 * index) / surfaces.length;
    const isOver = (tried: number): boolean =>
      'count' in budget ? tried >= budget.count : performance.now() >= untilMs;
    found += await run(surface, seed, 'count' in budget ? budget.count : Number.POSITIVE_INFINITY, isOver);
  }
  return found === 0 ? 0 : FOUND;
}

/** How many findings there were. Each round has a seed of its own, the first one that was given. */
async function run(
  surface: string,
  seed: number,
  countMax: number,
  isOver: (tried: number) => boolean,
): Promise<number> {
  const { roundCount } = SURFACES[surface] ?? { roundCount: 1 };
  let tried = 0;
  let found = 0;
  /** The round that grew the most. */
  let most: Held | null = null;
  let [longestMs, longestSeed] = [0, 0];
  // One at least: a surface that was left out would look as if nothing had been found on it.
  for (let round = 0; round === 0 || !isOver(tried); round += 1) {
    const count = Math.min(roundCount, countMax - tried);
    const order = { table: TABLE, surface, seed: (seed + round) % SEED_MAX, count };
    const { findings, held, longestMs: longest } = await runRound(order);
    if (longest > longestMs) [longestMs, longestSeed] = [longest, order.seed];
    if (held !== null && (most === null || held.late - held.early > most.late - most.early)) most = held;
    tried += count;
    found += findings.length;
    for (const finding of findings) print(`FOUND ${surface}, seed ${order.seed}, count ${count}: ${finding}`);
  }
  const memory = most === null ? 'too few to tell' : `at most ${megabytes(most.early)} to ${megabytes(most.late)} MB`;
  const time = longestMs === 0 ? '' : `, longest ${longestMs.toFixed(1)} ms (seed ${longestSeed})`;
  print(`${surface.padEnd(10)} ${tried} tried, ${found} found, memory in a round: ${memory}${time}`);
  return found;
}

/** Or what is wrong with the arguments. */
function readOptions(): Options | string {
  try {
    const { values } = parseArgs({
      options: {
        surface: { type: 'string' },
        minutes: { type: 'string' },
        count: { type: 'string', default: '1000' },
        seed: { type: 'string', default: String(Math.floor(Math.random() * SEED_MAX)) },
      },
    });
    const [minutes, count, seed] = [Number(values.minutes ?? 1), Number(values.count), Number(values.seed)];
    if (!(minutes > 0)) return `--minutes must be a number above 0, is ${values.minutes}`;
    if (!Number.isSafeInteger(count) || count < 1) return `--count must be a whole number above 0, is ${values.count}`;
    if (!Number.isSafeInteger(seed) || seed < 0 || seed >= SEED_MAX)
      return `--seed must be a whole number below ${SEED_MAX}, is ${values.seed}`;
    const { surface } = values;
    if (surface !== undefined && SURFACES[surface] === undefined)
      return `--surface must be one of these, is ${surface}`;
    return {
      surfaces: surface === undefined ? Object.keys(SURFACES) : [surface],
      seed,
      budget: values.minutes === undefined ? { count } : { minutes },
    };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
