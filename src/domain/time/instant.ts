/** Instants on the agent's own clocks, and the time between two of them as an interval that holds the truth. */
import type { Interval } from '../interval.ts';

/**
 * One reading of every clock the host has, taken together.
 * The event that is read happened at `monoUs` or up to `errorUs` before it, never after.
 */
export interface Instant {
  /** Wall time, milliseconds since the Unix epoch. Assigns months and spans reboots; never measures a duration within one boot. */
  readonly wallMs: number;
  /** Monotonic time, microseconds since boot (CLOCK_MONOTONIC: survives a restart of the process, shared by threads). */
  readonly monoUs: number;
  /** How long the host has been suspended since boot, milliseconds, to the kernel's 10 ms. */
  readonly suspendedMs: number;
  /** The reading's own error: how long the event loop may have been busy before it could take the reading, microseconds. */
  readonly errorUs: number;
  /** Names the boot. Monotonic time of two boots cannot be compared. */
  readonly boot: string;
}

/** How far apart the wall clocks of two boots may be from the truth; NTP sets the clock within this of it, or the host is unsound. */
const REBOOT_ERROR_SECONDS = 2;
/** Seconds after a boot until NTP has set the clock: before, it shows what the hardware kept, which may be hours or years off. */
const CLOCK_SETTLED_AFTER = 3600;
/** NTP slews a clock by at most 500 ppm of true time (adjtimex(2)), which is a little more of the time that a slow clock shows. */
const CLOCK_RATE_ERROR = 500.5e-6;
/** Seconds: two readings, each cut to the microsecond. */
const READING_ERROR = 2e-6;
/** `suspendedMs` is the difference of two clocks read to 10 ms; less than this is not a suspend. */
const SUSPEND_RESOLUTION_MS = 50;
/** Seconds: the time asleep is the difference of two such readings, each of two clocks one after the other. */
const SUSPEND_ERROR = 0.02;
/** Seconds. A wall clock that moved against the monotonic one by more than this was stepped (NTP steps at 128 ms). */
const STEP_THRESHOLD = 0.128;

/** Why a span is known less well than usual. */
export type ClockFlag = 'clock-stepped' | 'host-suspended' | 'rebooted';

/** Seconds from one reading to another, with what disturbed the clocks on the way. `lo` and `hi` are negative when `to` came first. */
export interface Span extends Interval {
  readonly flags: readonly ClockFlag[];
}

/**
 * Seconds from `from` to `to`. Within one boot by monotonic time; across boots by wall time, widened. A suspend in between widens the
 * span to hold it with and without the time asleep, and so does a wall clock that was put forward: a virtual machine that was frozen
 * has clocks that stood still, until NTP sets this one. `set` is a reading of the boot of `to` once its wall clock was set, which may
 * be later: null where there is none.
 */
export function spanBetween(from: Instant, to: Instant, set: Instant | null = null): Span {
  if (from.boot !== to.boot) return spanOverBoot(from, to, set);
  const flags: ClockFlag[] = [];
  const awake = (to.monoUs - from.monoUs) / 1e6;
  const asleepMs = to.suspendedMs - from.suspendedMs;
  const suspended = Math.abs(asleepMs) > SUSPEND_RESOLUTION_MS;
  if (suspended) flags.push('host-suspended');
  const total = suspended ? awake + asleepMs / 1000 : awake;
  const wall = (to.wallMs - from.wallMs) / 1000;
  const stepped = Math.abs(wall - total) > STEP_THRESHOLD + Math.abs(total) * CLOCK_RATE_ERROR;
  if (stepped) flags.push('clock-stepped');
  const awakeError = Math.abs(awake) * CLOCK_RATE_ERROR + READING_ERROR;
  const totalError = Math.abs(total) * CLOCK_RATE_ERROR + SUSPEND_ERROR;
  let [lo, hi] = [awake - awakeError, awake + awakeError];
  if (suspended) [lo, hi] = [Math.min(lo, total - totalError), Math.max(hi, total + totalError)];
  // Backwards (`to` came first) it is the same time, by the same clocks.
  if (stepped && Math.abs(wall) > Math.abs(total) && wall * total >= 0) {
    const wallError = STEP_THRESHOLD + Math.abs(wall) * CLOCK_RATE_ERROR;
    [lo, hi] = [Math.min(lo, wall - wallError), Math.max(hi, wall + wallError)];
  }
  return { lo, hi, flags };
}

/**
 * By wall time, once that of each boot is set. Before, no more is sure than that the later boot lasted as long as it did: hardware clocks
 * stand still, or keep local time. Nor does a wall clock that went back say how long it was. Of two hosts between which the agent moved,
 * each has been up for longer.
 */
function spanOverBoot(from: Instant, to: Instant, set: Instant | null): Span {
  const flags = ['rebooted'] as const;
  const isDated = isClockSettled(from) && set?.boot === to.boot && isClockSettled(set);
  if (isClockSettled(from) && (isDated || isClockSettled(to))) {
    const { lo, hi } = isDated ? spanBefore(wallSpan(from, set), spanBetween(to, set)) : wallSpan(from, to);
    if (hi >= 0) return { lo, hi, flags };
  }
  return { lo: Math.min(wallSpan(from, to).lo, uptime(to)), hi: Number.POSITIVE_INFINITY, flags };
}

/** What is left of `whole` before `rest`. */
function spanBefore(whole: Interval, rest: Interval): Interval {
  return { lo: whole.lo - rest.hi, hi: whole.hi - rest.lo };
}

/** Seconds between two readings of wall clocks that were right, as two settings of a clock are. */
function wallSpan(from: Instant, to: Instant): Interval {
  const seconds = (to.wallMs - from.wallMs) / 1000;
  const error = REBOOT_ERROR_SECONDS + Math.abs(seconds) * CLOCK_RATE_ERROR;
  return { lo: seconds - error, hi: seconds + error };
}

/** Whether the wall clock has been set since the boot. */
export function isClockSettled(instant: Instant): boolean {
  return clockSettlesIn(instant) <= 0;
}

/** Seconds until it is; not above zero once it has been. */
export function clockSettlesIn(instant: Instant): number {
  return CLOCK_SETTLED_AFTER - uptime(instant);
}

/** Seconds since the boot. */
function uptime({ monoUs, suspendedMs }: Instant): number {
  return monoUs / 1e6 + suspendedMs / 1000;
}

/** The earliest moment at which the event behind a reading can have happened. */
export function earliest(instant: Instant): Instant {
  return shift(instant, -instant.errorUs / 1000);
}

/** The same clocks, `byMs` later (earlier if negative), as an exact instant. */
export function shift(instant: Instant, byMs: number): Instant {
  return {
    ...instant,
    wallMs: instant.wallMs + Math.round(byMs),
    monoUs: instant.monoUs + Math.round(byMs * 1000),
    errorUs: 0,
  };
}

/** Boots in the order in which they came; what is not among them was before. */
export type Boots = readonly string[];

/** Whether `a` came before `b`. Of two boots that nothing is known of the wall clock tells, which may not have been set. */
export function isBefore(a: Instant, b: Instant, boots: Boots = []): boolean {
  if (a.boot === b.boot) return a.monoUs < b.monoUs;
  const [one, other] = [boots.indexOf(a.boot), boots.indexOf(b.boot)];
  return one === other ? a.wallMs < b.wallMs : one < other;
}

/** The earlier of two instants; a missing one does not count. */
export function earlierOf<T extends Instant | null>(a: T, b: Instant, boots?: Boots): Instant {
  return a === null || isBefore(b, a, boots) ? b : a;
}

/** The later of two instants; a missing one does not count. */
export function laterOf<T extends Instant | null>(a: T, b: Instant, boots?: Boots): Instant {
  return a === null || isBefore(a, b, boots) ? b : a;
}

/**
 * Of two instants after `from` that something lasted until at least, the one that makes it shorter. One of the same boot came before one
 * of another; which of two other boots came first need not be known.
 */
export function shorterOf(from: Instant, a: Instant, b: Instant): Instant {
  if (a.boot === b.boot) return earlierOf(a, b);
  if (a.boot === from.boot || b.boot === from.boot) return a.boot === from.boot ? a : b;
  return spanBetween(from, b).lo < spanBetween(from, a).lo ? b : a;
}

/** Wall time as RFC 3339 in UTC, for people and JSON. */
export function toIso(instant: Instant): string {
  return isoText(instant.wallMs);
}

/** As `toIso`, of milliseconds since the epoch. */
export function isoText(ms: number): string {
  return new Date(ms).toISOString();
}
