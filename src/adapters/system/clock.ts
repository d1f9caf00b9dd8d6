/** The host's clocks: wall, monotonic and uptime read together, with the reading's own error. */
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Instant } from '../../domain/time/instant.ts';
import type { Clock } from '../../ports.ts';

/** How often the loop's busy time is noted. Shorter is a tighter error and more wake-ups; 50 a second cost under 0.5% of a core. */
const TICK_MS = 20;
/**
 * The uptime takes ten times as long to read as all the rest. It is read again so much later, and at once where the wall clock has moved
 * by more against the monotonic one, as it has when the host slept.
 */
const UPTIME_KEPT_US = 1_000_000;
const MOVED_MS_MAX = 5;
/** Longest single timer Node takes; a longer sleep is a chain of these. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export interface SystemClock extends Clock {
  /** How late the last tick was, seconds: the event loop's lag. */
  lagSeconds(): number;
  close(): void;
}

/** What a test may stand in for. */
export interface Host {
  /** Seconds since the boot, those asleep included. */
  readonly uptime: () => number;
  readonly wallMs: () => number;
}

/**
 * Opens the host's clocks. An event is read late by no more than the loop was busy since the tick before last, and as much
 * as timers were late since: whatever arrived earlier than that tick was taken in the rounds between.
 */
export function systemClock(host: Host = { uptime, wallMs: Date.now }): SystemClock {
  const boot = bootId();
  const suspendedMs = createSuspended(host);
  let lastTick = activeMs();
  let tickBefore = lastTick;
  let due = performance.now() + TICK_MS;
  let lagMs = 0;
  let lagBefore = 0;
  const ticker = setInterval(() => {
    const now = performance.now();
    lagBefore = lagMs;
    lagMs = Math.max(0, now - due);
    due = now + TICK_MS;
    tickBefore = lastTick;
    lastTick = activeMs();
  }, TICK_MS);
  ticker.unref();

  return {
    now(): Instant {
      const monoUs = Number(process.hrtime.bigint() / 1000n);
      const busyMs = activeMs() - tickBefore;
      // A process that was stopped or starved looks idle to the loop; its timers tell.
      const lateMs = Math.max(performance.now() - due, lagMs, lagBefore);
      const wallMs = host.wallMs();
      return {
        wallMs,
        monoUs,
        suspendedMs: suspendedMs(wallMs, monoUs),
        errorUs: Math.ceil((Math.max(0, busyMs) + Math.max(0, lateMs)) * 1000),
        boot,
      };
    },
    async sleep(ms: number, signal?: AbortSignal): Promise<void> {
      const due = performance.now() + ms;
      // A timer may fire up to a millisecond early, and none runs longer than TIMER_MS_MAX.
      for (let left = ms; left > 0 && signal?.aborted !== true; left = due - performance.now())
        await timer(Math.min(Math.ceil(left), TIMER_MS_MAX), signal);
    },
    lagSeconds: () => Math.max(lagMs, performance.now() - due, 0) / 1000,
    close: () => clearInterval(ticker),
  };
}

/** How long the host has slept, milliseconds, at a reading of its clocks. */
function createSuspended(host: Pick<Host, 'uptime'>): (wallMs: number, monoUs: number) => number {
  let suspendedMs = 0;
  let readUs = Number.NEGATIVE_INFINITY;
  let aheadMs = 0;
  return (wallMs, monoUs) => {
    const monoMs = monoUs / 1000;
    if (monoUs - readUs > UPTIME_KEPT_US || Math.abs(wallMs - monoMs - aheadMs) > MOVED_MS_MAX) {
      suspendedMs = Math.max(0, Math.round(host.uptime() * 1000 - monoMs));
      readUs = monoUs;
      aheadMs = wallMs - monoMs;
    }
    return suspendedMs;
  };
}

/** Milliseconds the event loop has spent outside its wait for events. */
function activeMs(): number {
  return performance.eventLoopUtilization().active;
}

/** Those of node:timers/promises reject when they are aborted, with an exception made for each: most of ours are. */
function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(running);
      signal?.removeEventListener('abort', over);
      resolve();
    };
    const running = setTimeout(over, ms);
    signal?.addEventListener('abort', over);
  });
}

/** First 8 hex digits of the kernel's boot id; where there is none, the boot's wall time to 10 s stands for it. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
  } catch {
    return `b${Math.round((Date.now() - uptime() * 1000) / 10_000)}`;
  }
}
