/** A process that runs worlds one after another as it is told to, with a mutant in the agent or without. */
import { openSync, writeSync } from 'node:fs';
import type { Month } from '../../src/domain/time/calendar.ts';
import type { addWorld, Caution, noCaution } from './caution.ts';
import type { FaultKind } from './fault.ts';
import { applyMutant, mutantNamed } from './mutants.ts';
import type { createOracleWith } from './oracle.ts';
import type { Simulate, SimulationOptions, SimulationResult } from './simulation.ts';

export interface WorldOrder {
  readonly options: Omit<SimulationOptions, 'onLine' | 'onMonth'>;
  /** A file, or `-` for standard output; null for none. */
  readonly trace: string | null;
}
/** How one world went. */
export interface WorldRun {
  readonly options: WorldOrder['options'];
  readonly result: Pick<SimulationResult, 'wrong' | 'probes' | 'kills' | 'simulatedMs' | 'trace'>;
  /** What the seed drew from. */
  readonly faults: readonly FaultKind[];
  /** Milliseconds of the world after which the first thing was found wrong; null if none was, or it never came to its end. */
  readonly firstFoundMs: number | null;
  readonly caution: Caution;
}

interface Parts {
  readonly simulate: Simulate;
  readonly createOracleWith: typeof createOracleWith;
  readonly addWorld: typeof addWorld;
  readonly noCaution: typeof noCaution;
}

const STANDARD_OUTPUT = 1;

/** Loaded only now, so that a mutant gets in. Rejects if it did not: what is not mutated is not caught either. */
async function load(mutantName: string): Promise<Parts> {
  const mutant = mutantNamed(mutantName);
  const holdApplied = mutant === null ? null : applyMutant(mutant);
  const [{ simulate }, { createOracleWith }, caution] = await Promise.all([
    import('./world.ts'),
    import('./oracle.ts'),
    import('./caution.ts'),
  ]);
  holdApplied?.();
  return { simulate, createOracleWith, addWorld: caution.addWorld, noCaution: caution.noCaution };
}

export async function runWorld({ options, trace }: WorldOrder, parts: Parts): Promise<WorldRun> {
  const caution = parts.noCaution();
  let faults: readonly FaultKind[] = [];
  let firstFoundMs: number | null = null;
  const createOracle = parts.createOracleWith((seen) => {
    faults = seen.view.faults;
    firstFoundMs = seen.firstFoundMs;
    parts.addWorld(caution, seen);
  });
  const file = trace === null ? null : trace === '-' ? STANDARD_OUTPUT : openSync(trace, 'w');
  const onLine = file === null ? {} : { onLine: (line: string) => void writeSync(file, `${line}\n`) };
  const onMonth = (month: Month): void => void process.stderr.write(`seed ${options.seed}: ${month} is over\n`);
  const onMonths = options.months > 1 ? { onMonth } : {};
  try {
    const {
      wrong,
      probes,
      kills,
      simulatedMs,
      trace: hash,
    } = await parts.simulate({ ...options, ...onLine, ...onMonths }, createOracle);
    return { options, result: { wrong, probes, kills, simulatedMs, trace: hash }, faults, firstFoundMs, caution };
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const result = { wrong: [`the simulation broke off: ${what}`], probes: 0, kills: 0, simulatedMs: 0, trace: '' };
    return { options, result, faults, firstFoundMs, caution };
  }
}

if (process.send !== undefined) {
  const parts = load(process.argv[2] ?? '');
  process.on('message', (order: WorldOrder) => {
    void parts.then((loaded) => runWorld(order, loaded)).then((run) => process.send?.(run));
  });
}
