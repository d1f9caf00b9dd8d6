/** What a process of the agent's sees of the world: once it is killed nothing it waits for ever comes, and while it is stopped nothing reaches it. */
import type { Clock } from '../../src/ports.ts';

/** Milliseconds after a stop for which the system's clock still tells of it: two of its ticks. */
const STOP_TOLD_MS = 40;

export class Mortal {
  /** The host's clock as the process reads it, `lagMs` late. */
  readonly clock: Clock;
  readonly #host: Clock;
  readonly #death = Promise.withResolvers<void>();
  #alive = true;
  /** While the process is stopped (SIGSTOP), what its timers wait for. */
  #held: PromiseWithResolvers<void> | null = null;
  /** The last stop: when it began and ended, by monotonic time; microseconds. */
  #stopped = { fromUs: 0, toUs: 0 };

  constructor(host: Clock, lagMs: number) {
    this.#host = host;
    this.clock = {
      now: () => {
        const now = host.now();
        const { fromUs, toUs } = this.#stopped;
        const told = now.monoUs >= toUs && now.monoUs - toUs < STOP_TOLD_MS * 1000;
        return { ...now, errorUs: lagMs * 1000 + (told ? toUs - fromUs : 0) };
      },
      sleep: (ms, signal) => this.unlessDead(host.sleep(ms, signal)),
    };
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  get isHeld(): boolean {
    return this.#held !== null;
  }

  /** Resolves when it is killed. */
  get death(): Promise<void> {
    return this.#death.promise;
  }

  kill(): void {
    this.#alive = false;
    this.#death.resolve();
  }

  /** Stops the process for a while, as a starved host does. */
  async hold(ms: number): Promise<void> {
    if (this.#held !== null) return;
    const fromUs = this.#host.now().monoUs;
    this.#held = Promise.withResolvers();
    await this.#host.sleep(ms);
    this.#stopped = { fromUs, toUs: this.#host.now().monoUs };
    const held = this.#held;
    this.#held = null;
    held.resolve();
  }

  /** The port as the process meets it; `call` may come between a call and its effect. */
  port<T extends object>(port: T, call: (effect: () => unknown) => unknown = (effect) => effect()): T {
    return new Proxy(port, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) =>
          this.unlessDead(this.#called(() => call(() => Reflect.apply(method, target, args) as unknown)));
      },
    });
  }

  /** At once, so that what it is given is as it was at the call. */
  async #called(call: () => unknown): Promise<unknown> {
    return this.#alive ? call() : this.lifetime();
  }

  /** Whatever comes of it is heard when the process goes on, if it does. */
  async unlessDead<T>(work: Promise<T>): Promise<T> {
    const result = await work.catch(async (error: unknown) => {
      await this.#awake();
      throw error;
    });
    await this.#awake();
    return result;
  }

  async #awake(): Promise<void> {
    while (this.#held !== null) await this.#held.promise;
    await this.lifetime();
  }

  /** Never resolves once the process is dead. */
  lifetime(): Promise<void> {
    return this.#alive ? Promise.resolve() : new Promise(() => {});
  }
}
