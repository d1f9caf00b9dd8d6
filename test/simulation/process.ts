/** The agent as a process on the simulated host: the real engine and referee, which can be killed at any call, or stand still. */
import type { ContractTerms } from '../../src/domain/contract-terms.ts';
import { type Engine, type EngineOptions, startEngine } from '../../src/engine/engine.ts';
import { type Referee, startReferee } from '../../src/engine/referee.ts';
import type { Clock, Ledger, Mailbox } from '../../src/ports.ts';
import { NO_DKIM, seededRandom } from '../fakes/agent.ts';
import { CountingObserver, silentLog } from '../fakes/fake-provider.ts';
import { FakeSink } from '../fakes/fake-sink.ts';
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

/** Milliseconds after a stop for which the system's clock still tells of it: two of its ticks. */
const STOP_TOLD_MS = 40;

export class SimulatedProcess {
  readonly sink: FakeSink;
  readonly engine: Promise<Engine>;
  readonly #host: Host;
  readonly #death = Promise.withResolvers<void>();
  #alive = true;
  #referee: Referee | null = null;
  /** While the process is stopped (SIGSTOP), what its timers wait for. */
  #held: PromiseWithResolvers<void> | null = null;
  #stopped = { fromUs: 0, toUs: 0 };
  /** At which call of a port it dies, before the effect or after it. */
  #fatal: { calls: number; readonly before: boolean; readonly onDeath: () => void } | null = null;

  constructor(options: ProcessOptions) {
    this.#host = options.host;
    const clock = this.#mortalClock(options);
    this.sink = new FakeSink(clock, options.lagMs, () => this.#held !== null || this.#host.isAsleep);
    const ledger = this.#mortal(options.ledger(clock));
    const random = seededRandom(options.seed);
    this.engine = startEngine(
      options.engine(clock, (mailbox) => this.#mortal(mailbox)),
      { ledger, sink: this.sink, clock, random, dkim: NO_DKIM, observer: new CountingObserver(), log: silentLog },
    );
    const scoreboard = { judged() {} };
    this.engine.then(
      ({ recorder }) => {
        if (this.#alive)
          this.#referee = startReferee(
            { version: '0', held: options.held },
            { ledger, recorder, scoreboard, clock, log: silentLog },
          );
      },
      () => {},
    );
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  /** Resolves when the process has ended, be it that it is killed meanwhile. */
  async stop(): Promise<void> {
    const stopped = this.engine.then(async (engine) => {
      await this.#referee?.stop();
      await engine.stop();
    });
    await Promise.race([stopped, this.#death.promise]);
    this.kill();
  }

  kill(): void {
    this.#alive = false;
    this.#death.resolve();
    this.sink.die();
  }

  /** Dies at the `calls`-th call of a port from now on. */
  killAtCall(calls: number, before: boolean, onDeath: () => void): void {
    this.#fatal ??= { calls, before, onDeath };
  }

  /** Stops the process for a while, as a starved host does: no timer of it fires meanwhile. */
  async hold(ms: number): Promise<void> {
    if (this.#held !== null) return;
    const fromUs = this.#host.now().monoUs;
    this.#held = Promise.withResolvers();
    await this.#host.sleep(ms);
    this.#stopped = { fromUs, toUs: this.#host.now().monoUs };
    this.#held.resolve();
    this.#held = null;
  }

  async #unlessDead<T>(work: Promise<T>): Promise<T> {
    const result = await work.catch(async (error: unknown) => {
      await this.#lifetime();
      throw error;
    });
    await this.#lifetime();
    return result;
  }

  /** Never resolves once the process is dead. */
  #lifetime(): Promise<void> {
    return this.#alive ? Promise.resolve() : new Promise(() => {});
  }

  #mortalClock({ lagMs }: ProcessOptions): Clock {
    const host = this.#host;
    return {
      now: () => {
        const now = host.now();
        const { fromUs, toUs } = this.#stopped;
        const told = now.monoUs >= toUs && now.monoUs - toUs < STOP_TOLD_MS * 1000;
        return { ...now, errorUs: lagMs * 1000 + (told ? toUs - fromUs : 0) };
      },
      sleep: (ms, signal) => this.#unlessDead(host.sleep(ms, signal).then(() => this.#held?.promise)),
    };
  }

  #mortal<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) =>
          this.#unlessDead(this.#call(() => Reflect.apply(method, target, args) as unknown));
      },
    });
  }

  async #call(effect: () => unknown): Promise<unknown> {
    await this.#lifetime();
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
    if (this.#alive) {
      this.kill();
      onDeath();
    }
    return new Promise(() => {});
  }
}
