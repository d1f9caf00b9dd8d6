/** A clock that stands still until it is told to go on: simulated hours take milliseconds. */
import type { Instant } from '../../src/domain/time/instant.ts';
import type { Clock } from '../../src/ports.ts';

/** Sleepers woken from one turn of the event loop to the next, so that what else runs in the process is not held up for long. */
const TURN_EVERY = 100;

interface Sleeper {
  readonly dueUs: number;
  /** Of several due at once the one that slept first wakes first. */
  readonly order: number;
  readonly wake: () => void;
  over: boolean;
}

export class VirtualClock implements Clock {
  /** Time that has passed for everybody, reboots or not; sleeps are due by it. */
  #passedUs = 0;
  #monoUs = 1_000_000_000;
  #wallMs = Date.UTC(2026, 10, 10);
  #suspendedMs = 0;
  #boot = 'boot0001';
  /** A binary heap by due time. Those cut short stay in it until they are due, or until they are most of it. */
  #heap: Sleeper[] = [];
  #sleeping = 0;
  #slept = 0;

  now(): Instant {
    return {
      wallMs: Math.round(this.#wallMs),
      monoUs: this.#monoUs,
      suspendedMs: this.#suspendedMs,
      errorUs: 0,
      boot: this.#boot,
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const done = (): void => {
        if (sleeper.over) return;
        sleeper.over = true;
        this.#sleeping -= 1;
        signal?.removeEventListener('abort', done);
        resolve();
      };
      // Rounded up to the microsecond that the clock counts: nobody wakes early.
      const dueUs = this.#passedUs + Math.ceil(Math.max(0, ms) * 1000);
      const sleeper: Sleeper = { dueUs, order: this.#slept, wake: done, over: false };
      this.#slept += 1;
      this.#sleeping += 1;
      this.#push(sleeper);
      signal?.addEventListener('abort', done);
    });
  }

  /** Lets `seconds` pass, waking each sleeper at its moment and letting what follows from it settle. */
  async advance(seconds: number): Promise<void> {
    const endUs = this.#passedUs + Math.round(seconds * 1e6);
    await turn();
    for (let woken = 1; ; woken += 1) {
      const next = this.#first();
      if (next === null || next.dueUs > endUs) break;
      this.#pop();
      this.#pass(Math.max(0, next.dueUs - this.#passedUs));
      next.wake();
      await (woken % TURN_EVERY === 0 ? turn() : settle());
    }
    this.#pass(endUs - this.#passedUs);
    await turn();
  }

  /** The wall clock is set; nothing else notices. */
  stepWall(seconds: number): void {
    this.#wallMs += seconds * 1000;
  }

  /** The host sleeps: monotonic time stands still. */
  suspend(seconds: number): void {
    this.#suspendedMs += seconds * 1000;
    this.#wallMs += seconds * 1000;
  }

  /** Another boot. The time it took is what was advanced before. */
  reboot(): void {
    this.#monoUs = 5_000_000;
    this.#suspendedMs = 0;
    this.#boot = `boot${this.#passedUs.toString(36)}`;
  }

  /** Microseconds that have passed, as `passedSeconds`. */
  get passedUs(): number {
    return this.#passedUs;
  }

  /** Seconds that have passed since the clock was made, by no clock of the agent's. */
  get passedSeconds(): number {
    return this.#passedUs / 1e6;
  }

  /** How many sleeps are under way: a test that ends with any has left something running. */
  get sleeping(): number {
    return this.#sleeping;
  }

  /** The one due next. */
  #first(): Sleeper | null {
    while (this.#heap[0]?.over === true) this.#pop();
    return this.#heap[0] ?? null;
  }

  #push(sleeper: Sleeper): void {
    if (this.#heap.length > 64 && this.#heap.length > 4 * this.#sleeping) this.#weed();
    const heap = this.#heap;
    let at = heap.push(sleeper) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Sleeper;
      if (!comesBefore(sleeper, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = sleeper;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && comesBefore(heap[child + 1] as Sleeper, heap[child] as Sleeper)) child += 1;
      if (!comesBefore(heap[child] as Sleeper, last)) break;
      heap[at] = heap[child] as Sleeper;
      at = child;
    }
    heap[at] = last;
  }

  /** Leaves out those cut short; what is in order is a heap. */
  #weed(): void {
    this.#heap = this.#heap.filter(({ over }) => !over).sort((one, other) => (comesBefore(one, other) ? -1 : 1));
  }

  #pass(us: number): void {
    this.#passedUs += us;
    this.#monoUs += us;
    this.#wallMs += us / 1000;
  }
}

function comesBefore(one: Sleeper, other: Sleeper): boolean {
  return one.dueUs < other.dueUs || (one.dueUs === other.dueUs && one.order < other.order);
}

/** Lets promises run out: fakes wait for nothing but promises and sleeps. */
function settle(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** As `settle`, and lets the event loop turn, which takes several times as long. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
