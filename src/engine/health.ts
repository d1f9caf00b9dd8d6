/** How each part of the agent does: told to health, to the log and to the metrics from one place. */
import { type Instant, spanBetween } from '../domain/time/instant.ts';
import type { AgentHealth, Clock, Log, Observer, Part } from '../ports.ts';

/** Seconds between two lines about the same failure: it may go on for days, and a log is kept for weeks. */
const REMIND_EVERY = 3600;

/** What the log says of a part that fails, and of one that works again. */
export interface PartWords {
  readonly fails: string;
  readonly works: string;
  /** A fault of somebody else's is a warning. */
  readonly level?: 'warn' | 'error';
}

/** States: waiting (nothing known yet) → working ⇄ failing. */
export interface PartHealth {
  /** Of every failure: counted each time, told to the log at the first and then once an hour. `problem` is for people, in one line. */
  failed(problem: string, fields?: Readonly<Record<string, unknown>>): void;
  works(): void;
  readonly failing: boolean;
}

export interface Health {
  /** `waiting` says what it has to do first before it counts as working. */
  part(part: Part, provider: string | null, words: PartWords, waiting?: string): PartHealth;
  view(): AgentHealth;
}

export function createHealth(clock: Clock, observer: Observer, log: Log): Health {
  const problems = new Map<string, string | null>();

  return {
    part(part, provider, { fails, works, level = 'error' }, waiting) {
      const key = provider === null ? part : `${part} ${provider}`;
      const of = provider === null ? {} : { provider };
      problems.set(key, waiting ?? null);
      let told: Instant | null = null;
      let failures = 0;
      observer.partStands(part, provider, waiting === undefined);
      return {
        get failing() {
          return failures > 0;
        },
        failed(problem, fields = {}) {
          const now = clock.now();
          failures += 1;
          problems.set(key, problem);
          observer.partFailed(part, provider);
          if (failures === 1) observer.partStands(part, provider, false);
          if (told !== null && spanBetween(told, now).lo < REMIND_EVERY) return;
          log[level](fails, { ...of, problem, ...(failures === 1 ? {} : { failures }), ...fields });
          told = now;
        },
        works() {
          if (problems.get(key) === null) return;
          problems.set(key, null);
          observer.partStands(part, provider, true);
          if (failures > 0) log.info(works, { ...of, failures });
          failures = 0;
          told = null;
        },
      };
    },
    view: () => ({
      ready: [...problems.values()].every((problem) => problem === null),
      parts: Object.fromEntries(problems),
    }),
  };
}

/** What an error says, for `failed`. */
export function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
