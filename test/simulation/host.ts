/** The agent's host: its clocks, and what makes them stand still, step, or begin anew. */
import type { Instant } from '../../src/domain/time/instant.ts';
import type { Clock } from '../../src/ports.ts';
import type { VirtualClock } from '../fakes/virtual-clock.ts';
import type { Books } from './truth.ts';

/** Microseconds that the monotonic clock shows when an agent comes up after a boot. */
const BOOTED_US = 20_000_000;

export class Host implements Clock {
  readonly #world: VirtualClock;
  readonly #wall: Books['wall'] & { push(entry: Books['wall'][number]): void };
  #aheadMs: number;
  /** Passed time at which the monotonic clock would have shown 0. */
  #zeroUs = -BOOTED_US;
  #asleepUs = 0;
  #boot = 'boot0';
  #asleepSinceUs: number | null = null;
  #isFrozen = false;
  #awake = Promise.withResolvers<void>();

  constructor(world: VirtualClock, startWallMs: number, wall: Host['wall']) {
    this.#world = world;
    this.#aheadMs = startWallMs;
    this.#wall = wall;
    this.#note();
  }

  /** As in the books. */
  get wall(): Books['wall'] & { push(entry: Books['wall'][number]): void } {
    return this.#wall;
  }

  get wallMs(): number {
    return Math.round(this.#world.passedUs / 1000 + this.#aheadMs);
  }

  get isAsleep(): boolean {
    return this.#asleepSinceUs !== null;
  }

  now(): Instant {
    return {
      wallMs: this.wallMs,
      monoUs: this.#monoUs,
      // Read to 10 ms (domain/time/instant).
      suspendedMs: Math.floor(this.#asleepUs / 10_000) * 10,
      errorUs: 0,
      boot: this.#boot,
    };
  }

  /** Sleeps of whatever runs on it, or ran: those of a dead process end when they are due. */
  get sleeping(): number {
    return this.#sleeping;
  }

  /** By monotonic time, which stands still while the host sleeps. A boot ends the sleeps of the one before: no process outlives it. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.#sleeping += 1;
    return this.#sleep(ms, signal).finally(() => {
      this.#sleeping -= 1;
    });
  }
  #sleeping = 0;

  async #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const boot = this.#boot;
    const dueUs = this.#monoUs + Math.ceil(Math.max(0, ms) * 1000);
    await this.#world.sleep(ms, signal);
    for (;;) {
      if (this.#asleepSinceUs !== null) await this.#awake.promise;
      const leftUs = dueUs - this.#monoUs;
      if (leftUs <= 0 || signal?.aborted === true || boot !== this.#boot) return;
      await this.#world.sleep(leftUs / 1000, signal);
    }
  }

  suspend(): void {
    this.#asleepSinceUs ??= this.#world.passedUs;
  }

  /** All its clocks stand still, and none tells of it later but the wall clock, which is set when it goes on (a snapshot, a migration). */
  freeze(): void {
    this.#isFrozen ||= !this.isAsleep;
    this.suspend();
  }

  resume(): void {
    if (this.#asleepSinceUs === null) return;
    const us = this.#world.passedUs - this.#asleepSinceUs;
    this.#asleepSinceUs = null;
    this.#zeroUs += us;
    if (!this.#isFrozen) this.#asleepUs += us;
    this.#isFrozen = false;
    this.#awake.resolve();
    this.#awake = Promise.withResolvers();
  }

  /** Resolves at once unless it sleeps. */
  whenAwake(): Promise<void> {
    return this.#asleepSinceUs === null ? Promise.resolve() : this.#awake.promise;
  }

  /** Comes up again, its wall clock so far from what is right; nothing may run on it meanwhile. */
  reboot(aheadMs = 0): void {
    this.resume();
    this.#zeroUs = this.#world.passedUs - BOOTED_US;
    this.#asleepUs = 0;
    this.#boot = `boot${this.#world.passedUs.toString(36)}`;
    this.stepWall(aheadMs);
  }

  get boot(): string {
    return this.#boot;
  }

  stepWall(ms: number): void {
    if (ms === 0) return;
    this.#aheadMs += ms;
    this.#note();
  }

  get #monoUs(): number {
    return (this.#asleepSinceUs ?? this.#world.passedUs) - this.#zeroUs;
  }

  #note(): void {
    this.#wall.push({ fromMs: this.#world.passedUs / 1000, aheadMs: this.#aheadMs });
  }
}
