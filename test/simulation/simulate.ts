/** `npm run simulate`: runs simulated worlds by their seeds, and tells what the agent said in them that was not so. */
import { addCaution, type Caution, cautionTable, noCaution, verdictLines } from './caution.ts';
import { MUTANTS } from './mutants.ts';
import { commandOf, narrow } from './narrow.ts';
import { ALL_MUTANTS, type CommandOptions, parseOptions, USAGE } from './options.ts';
import { Pool } from './pool.ts';
import type { WorldOrder, WorldRun } from './worker.ts';

/** Exit codes: as the program's own commands end. */
const FOUND = 1;
const MISUSED = 3;
/** To narrow one down takes up to a minute; those of the rest show by their seeds. */
const NARROWED_MAX = 3;
const FINDINGS_SHOWN = 5;
/** Seeds: so often a log is told how far it is. */
const TOLD_EVERY = 500;
const DAY_MS = 86_400_000;

interface Totals {
  worlds: number;
  probes: number;
  kills: number;
  simulatedMs: number;
  readonly caution: Caution;
  readonly failed: WorldRun[];
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args);
  if (!parsed.ok) {
    for (const problem of parsed.problems) tell(process.stderr, problem);
    tell(process.stderr, USAGE);
    return MISUSED;
  }
  const { options } = parsed;
  if (options.mutant !== null) return hunt(options);
  const pool = new Pool(jobsFor(options), null);
  try {
    const beganMs = performance.now();
    const totals = await runAll(options, pool, () => false);
    report(options, totals, (performance.now() - beganMs) / 1000);
    await explain(totals.failed, pool, null);
    return totals.failed.length === 0 ? 0 : FOUND;
  } finally {
    pool.close();
  }
}

/** Runs seeds until one shows that something is wrong with a mutant. Found is what is wanted here. */
async function hunt(options: CommandOptions): Promise<number> {
  const names = options.mutant === ALL_MUTANTS ? MUTANTS.map(({ name }) => name) : [options.mutant ?? ''];
  let missed = 0;
  for (const name of names) {
    const pool = new Pool(jobsFor(options), name);
    try {
      const { failed, worlds } = await runAll(options, pool, ({ failed: found }) => found.length > 0);
      const [first] = failed.sort((one, other) => one.options.seed - other.options.seed);
      if (first === undefined) missed += 1;
      const [what = ''] = first?.result.wrong ?? [];
      tell(
        process.stdout,
        first === undefined
          ? `${name}: not caught in ${worlds} seeds`
          : `${name}: caught by seed ${first.options.seed}: ${what.split('\n')[0]}`,
      );
    } finally {
      pool.close();
    }
  }
  return missed === 0 ? 0 : FOUND;
}

async function runAll(options: CommandOptions, pool: Pool, enough: (totals: Totals) => boolean): Promise<Totals> {
  const { seeds, jobs } = options;
  const totals: Totals = { worlds: 0, probes: 0, kills: 0, simulatedMs: 0, caution: noCaution(), failed: [] };
  let next = seeds.from;
  const lane = async (): Promise<void> => {
    while (next <= seeds.to && !enough(totals)) {
      const seed = next;
      next += 1;
      const run = await pool.run(orderOf(options, seed));
      add(totals, run);
      // An hour's run that breaks off has told what it found.
      if (options.mutant === null && run.result.wrong.length > 0)
        tell(process.stderr, `seed ${seed}: ${run.result.wrong[0]}`);
      showProgress(totals, seeds.to - seeds.from + 1);
    }
  };
  await Promise.all(Array.from({ length: jobs }, lane));
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  return totals;
}

function orderOf({ months, weather, only, untilMs, trace }: CommandOptions, seed: number): WorldOrder {
  const narrowed = { ...(only === undefined ? {} : { only }), ...(untilMs === undefined ? {} : { untilMs }) };
  return { options: { seed, months, weather, ...narrowed }, trace };
}

function jobsFor({ jobs, seeds }: CommandOptions): number {
  return Math.min(jobs, seeds.to - seeds.from + 1);
}

function add(totals: Totals, run: WorldRun): void {
  const { wrong, probes, kills, simulatedMs } = run.result;
  totals.worlds += 1;
  totals.probes += probes;
  totals.kills += kills;
  totals.simulatedMs += simulatedMs;
  addCaution(totals.caution, run.caution);
  if (wrong.length > 0) totals.failed.push(run);
}

function showProgress({ worlds, probes, failed }: Totals, of: number): void {
  const line = `${worlds} of ${of} seeds, ${probes} probes, ${failed.length} with findings`;
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
  else if (worlds % TOLD_EVERY === 0) tell(process.stderr, line);
}

function report({ seeds, months, weather, jobs }: CommandOptions, totals: Totals, tookSeconds: number): void {
  const { worlds, probes, kills, simulatedMs, caution, failed } = totals;
  const lines = [
    `seeds      ${seeds.from}..${seeds.to}, ${worlds} worlds of ${months} ${months === 1 ? 'month' : 'months'}, ${weather}`,
    `probes     ${probes}`,
    `kills      ${kills}`,
    `simulated  ${(simulatedMs / DAY_MS).toFixed(1)} days`,
    `took       ${tookSeconds.toFixed(1)} s with ${jobs} at a time`,
    `findings   ${failed.length === 0 ? 'none' : `in ${failed.length} seeds: ${failed.map(({ options }) => options.seed).join(' ')}`}`,
    '',
    ...verdictLines(caution),
    '',
    ...cautionTable(caution),
  ];
  for (const line of lines) tell(process.stdout, line);
}

/** What was found, and the shortest way to see it again. */
async function explain(failed: readonly WorldRun[], pool: Pool, mutant: string | null): Promise<void> {
  for (const run of failed.slice(0, NARROWED_MAX)) {
    tell(process.stdout, '', `seed ${run.options.seed}:`, ...run.result.wrong.slice(0, FINDINGS_SHOWN));
    const shortest = await narrow(run, (options) => pool.run({ options, trace: null }));
    tell(
      process.stdout,
      'to replay it:',
      `  ${commandOf(shortest.options, mutant)}`,
      ...shortest.result.wrong.slice(0, FINDINGS_SHOWN),
    );
  }
}

function tell(stream: NodeJS.WriteStream, ...lines: readonly string[]): void {
  for (const line of lines) stream.write(`${line}\n`);
}
