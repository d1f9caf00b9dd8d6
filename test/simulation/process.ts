/** The agent as a process on the simulated host: the real engine and referee, which can be killed at any call, or stand still. */
import type { ContractTerms } from '../../src/domain/contract-terms.ts';
import { type Engine, type EngineOptions, startEngine } from '../../src/engine/engine.ts';
import { type Referee, startReferee } from '../../src/engine/referee.ts';
import type { Clock, Ledger, Mailbox } from '../../src/ports.ts';
import { NO_DKIM, seededRandom } from '../fakes/agent.ts';
import { CountingObserver, silentLog } from '../fakes/fake-provider.ts';
import { FakeSink } from '../fakes/fake-sink.ts';
import { Mortal } from '../fakes/mortal.ts';
import type { Host } from './host.ts';

export interface ProcessOptions {
  readonly host: Host;
  readonly lagMs: number;
  readonly seed: number;
  readonly ledger: (clock: Clock) => Ledger;
  /** What it is told to do, living by this clock and meeting mailboxes as `mortal` makes them. */
  readonly engine: (clock: Clock, mortal: (mailbox: Mailbox) => Mailbox) => EngineOptions;
  readonly held: readonly { readonly provider: string; readonly contract: ContractTerms }[];
}

export class SimulatedProcess {
  readonly sink: FakeSink;
  readonly engine: Promise<Engine>;
  readonly #mortal: Mortal;
  #referee: Referee | null = null;
  /** At which call of a port it dies, before the effect or after it. */
  #fatal: { calls: number; readonly before: boolean; readonly onDeath: () => void } | null = null;

  constructor(options: ProcessOptions) {
    const { host, lagMs } = options;
    const mortal = new Mortal(host, lagMs);
    this.#mortal = mortal;
    const { clock } = mortal;
    this.sink = new FakeSink(clock, lagMs, () => mortal.isHeld || host.isAsleep);
    const call = (effect: () => unknown): unknown => this.#call(effect);
    const ledger = mortal.port(options.ledger(clock), call);
    const random = seededRandom(options.seed);
    this.engine = startEngine(
      options.engine(clock, (mailbox) => mortal.port(mailbox, call)),
      { ledger, sink: this.sink, clock, random, dkim: NO_DKIM, observer: new CountingObserver(), log: silentLog },
    );
    const scoreboard = { judged() {} };
    this.engine.then(
      ({ recorder, partHealth: health }) => {
        if (mortal.isAlive)
          this.#referee = startReferee(
            { version: '0', held: options.held },
            { ledger, recorder, health, scoreboard, clock, log: silentLog },
          );
      },
      () => {},
    );
  }

  get isAlive(): boolean {
    return this.#mortal.isAlive;
  }

  /** Resolves when the process has ended, be it that it is killed meanwhile. */
  async stop(): Promise<void> {
    const stopped = this.engine.then(async (engine) => {
      await this.#referee?.stop();
      await engine.stop();
    });
    await Promise.race([stopped, this.#mortal.death]);
    this.kill();
  }

  kill(): void {
    this.#mortal.kill();
    this.sink.die();
  }

  /** Dies at the `calls`-th call of a port from now on. */
  killAtCall(calls: number, before: boolean, onDeath: () => void): void {
    this.#fatal ??= { calls, before, onDeath };
  }

  /** Stops the process for a while, as a starved host does: no timer of it fires meanwhile. */
  hold(ms: number): Promise<void> {
    return this.#mortal.hold(ms);
  }

  async #call(effect: () => unknown): Promise<unknown> {
    const dies = this.#fatal !== null && (this.#fatal.calls -= 1) <= 0 ? this.#fatal : null;
    if (dies?.before === true) return this.#die(dies.onDeath);
    const done = effect();
    if (dies !== null) {
      // The effect may be there or not; whoever asked for it never hears.
      await Promise.resolve(done).catch(() => {});
      return this.#die(dies.onDeath);
    }
    return done;
  }

  #die(onDeath: () => void): Promise<never> {
    this.#fatal = null;
    if (this.isAlive) {
      this.kill();
      onDeath();
    }
    return new Promise(() => {});
  }
}
