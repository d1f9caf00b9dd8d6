/** What the command is asked for, from its arguments. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { FAULT_KINDS, type FaultKind } from './fault.ts';
import { MUTANTS } from './mutants.ts';
import type { SimulationOptions } from './simulation.ts';

export interface CommandOptions extends Pick<SimulationOptions, 'months' | 'weather' | 'only' | 'untilMs'> {
  /** Both included. */
  readonly seeds: { readonly from: number; readonly to: number };
  /** A file, or `-` for standard output; null for none. */
  readonly trace: string | null;
  /** Processes at once. */
  readonly jobs: number;
  /** Name of one, or all of them; null for none. */
  readonly mutant: string | null;
}

export type ParsedOptions =
  | { readonly ok: true; readonly options: CommandOptions }
  /** Each names the option, the rule and the value. */
  | { readonly ok: false; readonly problems: readonly string[] };

export const USAGE = `npm run simulate -- --seed N | --seeds A..B  [--months K] [--weather stormy|steady] [--only KIND,KIND]
  [--until-hours H] [--trace FILE] [--jobs N] [--mutant NAME|all]`;
export const ALL_MUTANTS = 'all';

/** Seeds are drawn from as 32 bits. */
const SEED_MAX = 2 ** 32 - 1;
/** Ten years: what is longer shows nothing new. */
const MONTHS_MAX = 120;
const HOURS_MAX = MONTHS_MAX * 31 * 24;
const JOBS_MAX = 64;
const WEATHERS = ['stormy', 'steady'] as const;

export function parseOptions(args: readonly string[]): ParsedOptions {
  let values: ReturnType<typeof readArgs>;
  try {
    values = readArgs(args);
  } catch (error) {
    return { ok: false, problems: [error instanceof Error ? error.message : String(error)] };
  }
  const problems: string[] = [];
  const number = (name: string, text: string, min: number, max: number): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max))
      problems.push(`--${name} must be a whole number from ${min} to ${max}, is ${JSON.stringify(text)}`);
    return value;
  };
  const seeds = seedsOf(values, number, problems);
  const months = number('months', values.months ?? '1', 1, MONTHS_MAX);
  const jobs = number('jobs', values.jobs ?? String(availableParallelism()), 1, JOBS_MAX);
  const hours = values['until-hours'];
  const untilMs = hours === undefined ? undefined : number('until-hours', hours, 1, HOURS_MAX) * 3_600_000;
  const weather = WEATHERS.find((each) => each === (values.weather ?? 'stormy'));
  if (weather === undefined)
    problems.push(`--weather must be one of ${WEATHERS.join(', ')}, is ${JSON.stringify(values.weather)}`);
  const only = values.only === undefined ? undefined : kindsOf(values.only, problems);
  const { trace = null, mutant = null } = values;
  if (trace !== null && seeds.from !== seeds.to)
    problems.push(`--trace must come with a single seed, is with ${seeds.from}..${seeds.to}`);
  const names = [ALL_MUTANTS, ...MUTANTS.map(({ name }) => name)];
  if (mutant !== null && !names.includes(mutant))
    problems.push(`--mutant must be one of ${names.join(', ')}, is ${JSON.stringify(mutant)}`);
  if (problems.length > 0 || weather === undefined) return { ok: false, problems };
  const narrowed = { ...(only === undefined ? {} : { only }), ...(untilMs === undefined ? {} : { untilMs }) };
  return { ok: true, options: { seeds, months, weather, ...narrowed, trace, jobs, mutant } };
}

function readArgs(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    seed: text,
    seeds: text,
    months: text,
    weather: text,
    only: text,
    'until-hours': text,
    trace: text,
    jobs: text,
    mutant: text,
  };
  return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
}

function seedsOf(
  { seed, seeds }: { readonly seed?: string | undefined; readonly seeds?: string | undefined },
  number: (name: string, text: string, min: number, max: number) => number,
  problems: string[],
): CommandOptions['seeds'] {
  if (seed !== undefined && seeds === undefined) {
    const only = number('seed', seed, 0, SEED_MAX);
    return { from: only, to: only };
  }
  const match = seed === undefined ? /^(\d+)\.\.(\d+)$/.exec(seeds ?? '1..100') : null;
  if (match === null) {
    const given = seed === undefined ? `is ${JSON.stringify(seeds)}` : 'both are given';
    problems.push(`either --seed N or --seeds A..B must be given, ${given}`);
    return { from: 0, to: 0 };
  }
  const [, from = '', to = ''] = match;
  const range = { from: number('seeds', from, 0, SEED_MAX), to: number('seeds', to, 0, SEED_MAX) };
  if (range.to < range.from) problems.push(`--seeds must not end before it begins, is ${from}..${to}`);
  return range;
}

function kindsOf(text: string, problems: string[]): readonly FaultKind[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names.flatMap((name) => {
    const kind = FAULT_KINDS.find((each) => each === name);
    if (kind === undefined)
      problems.push(`--only must name kinds of faults (${FAULT_KINDS.join(', ')}), names ${JSON.stringify(name)}`);
    return kind ?? [];
  });
}
