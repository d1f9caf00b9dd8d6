/** One simulated world, from a seed to what was found wrong in it. */
import type { DatabaseSync } from 'node:sqlite';
import type { ContractTerms } from '../../src/domain/contract-terms.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import type { Judgement } from '../../src/domain/report/judge.ts';
import type { Month } from '../../src/domain/time/calendar.ts';
import type { TimelineState } from '../../src/domain/timeline.ts';
import type { FaultKind } from './fault.ts';
import type { Books } from './truth.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly months: number;
  /** `stormy`: faults are dense, and most of the month is skipped over. `steady`: the agent runs all the time, faults are as rare as in life. */
  readonly weather: 'stormy' | 'steady';
  /** Only these, to narrow a failing seed down; all of the seed's own where left out. */
  readonly only?: readonly FaultKind[];
  /** Milliseconds after which the world ends, to narrow it down. */
  readonly untilMs?: number;
  /** Told of every line of the trace as it is made. */
  readonly onLine?: (line: string) => void;
  /** Told of each month once it is over: one of a steady world takes minutes. */
  readonly onMonth?: (month: Month) => void;
}

/** What the oracle sees of a world. */
export interface WorldView {
  readonly books: Books;
  readonly contracts: ReadonlyMap<string, ContractTerms>;
  /** The faults that this seed draws from. */
  readonly faults: readonly FaultKind[];
  /** Length of a cell of the checks, seconds. */
  readonly checkEverySeconds: number;
  /** Whether the providers' outages are long enough not to be missed; shorter ones are drawn too. */
  readonly outagesCannotBeMissed: boolean;
  /** Milliseconds that passed, and what the agent's wall clock shows. */
  nowMs(): number;
  wallMs(): number;
  /** The ledger as it is on the simulated disk. */
  readonly ledger: {
    /** For reading only. */
    readonly db: DatabaseSync;
    state(): TimelineState;
    record(id: string): ProbeRecord | null;
    /** Every probe ever planned. */
    records(): Iterable<ProbeRecord>;
    judge(provider: string, month: Month): Judgement;
  };
  /** Largest so far. */
  readonly peaks: Peaks;
}
export interface Peaks {
  openProbes: number;
  /** Sleeps under way in the whole world. */
  sleepers: number;
  sinkSessions: number;
}

/** Watches a world; whatever it finds wrong it says in words that name the probe, clause or month. */
export interface Oracle {
  /** These records changed, durably. */
  changed(records: readonly ProbeRecord[]): void;
  /** The agent's wall clock has passed the end of the month; its verdict is provisional. Called between two steps of time. */
  monthEnded(month: Month): void;
  /** Five days later. */
  monthFinal(month: Month): void;
  /** Faults have stopped long enough for all that is pending to be resolved; the agent has been stopped. */
  ended(): void;
  readonly wrong: readonly string[];
}

export interface SimulationResult {
  readonly seed: number;
  readonly wrong: readonly string[];
  /** SHA-256 of the trace: every event of the ledger and every injected fault, in order. */
  readonly trace: string;
  readonly probes: number;
  readonly kills: number;
  readonly simulatedMs: number;
  readonly peaks: Peaks;
}

/** Made anew for each world. `test/simulation/world.ts` exports `simulate: Simulate`. */
export type CreateOracle = (view: WorldView) => Oracle;
export type Simulate = (options: SimulationOptions, createOracle: CreateOracle) => Promise<SimulationResult>;
