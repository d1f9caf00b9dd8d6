/** What a surface is: a part of the agent that reads what strangers write, and something that throws made-up input at it. */
import fc from 'fast-check';
import type { Held } from './memory.ts';

export interface Fuzzed {
  readonly tried: number;
  /** What went wrong, each in words with its input; empty is what one wants. */
  readonly findings: readonly string[];
}

/** A part of a run, with what was held in it; null where it was too short to tell. */
export interface Watched extends Fuzzed {
  readonly held: Held | null;
  /** Of the input that took the longest; 0 where they are not tried one at a time. Told, and never judged: a busy machine is slow. */
  readonly longestMs: number;
}

/**
 * The same seed tries the same inputs. Rejects only if it cannot run at all: what the agent throws is a finding. `tried` is called
 * behind each, with the milliseconds that it took where they are tried one at a time.
 */
export type Fuzz = (seed: number, count: number, tried?: (ms?: number) => void) => Promise<Fuzzed>;

export interface Surface {
  readonly about: string;
  readonly fuzz: Fuzz;
  /** Tries in a part of the run that must end within the deadline of `round.ts`; below 1 % of it on a quiet machine. */
  readonly roundCount: number;
}

/** Characters of an input that are shown: enough to see what it is, and the seed gives the rest. */
const SHOWN_MAX = 2000;

/**
 * Tries `count` values; `check` throws what is wrong with one. The first that fails is made as small as it gets (fast-check's
 * shrinking), so a run has one finding at most: the next run has the next.
 */
export function fuzzValues<T>(values: fc.Arbitrary<T>, check: (value: T) => void | Promise<void>): Fuzz {
  return async (seed, count, tried = () => undefined) => {
    const property = fc.asyncProperty(values, async (value) => {
      const begunMs = performance.now();
      await check(value);
      tried(performance.now() - begunMs);
    });
    const { numRuns, failed, counterexample, errorInstance } = await fc.check(property, { seed, numRuns: count });
    if (!failed) return { tried: numRuns, findings: [] };
    const input = JSON.stringify(counterexample?.[0] ?? null);
    const shown = input.length > SHOWN_MAX ? `${input.slice(0, SHOWN_MAX)}… (${input.length} characters)` : input;
    return { tried: numRuns, findings: [`${String(errorInstance)} on ${shown}`] };
  };
}

/** Says what is wrong, unless `holds`. */
export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
