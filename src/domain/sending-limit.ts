/**
 * How many messages leave the agent in a day, whatever asks for them: so that no mistake, no scraper and no stolen token makes it a
 * source of spam, or spends a provider's quota. A day is one of UTC: when there is mail again is then plain, and one number a day is
 * all that has to be remembered. The schedule's share is kept for it, or spot checks could end the measuring.
 */
import type { ProbeKind } from './probe.ts';
import type { Gaps } from './time/schedule.ts';

const DAY_SECONDS = 86_400;
export const DAY_MS = DAY_SECONDS * 1000;
/** Standard deviations by which a day of a random schedule may exceed its mean: one in a billion does. */
const DEVIATIONS = 6;
/** Days before today that the ledger is asked for: a wall clock that goes back for no more finds its count again. */
export const DAYS_BACK = 7;

/** Days remembered in all, those that a clock put ahead has gone through included: two numbers each. */
const DAYS_MAX = 400;

export interface SendingLimit {
  readonly perDay: number;
  /** Of these, what spot checks leave to the schedule. */
  readonly scheduled: number;
}

/** Messages that the ledger has of a day. */
export interface PlannedCount {
  /** Days since the epoch, UTC. */
  readonly day: number;
  readonly kind: ProbeKind;
  readonly count: number;
}

export interface SendingCount {
  /** Counts one more message at `wallMs`, or counts none and gives false: the day's limit is reached. */
  take(kind: ProbeKind, wallMs: number): boolean;
  /** One that was counted at `wallMs` is not sent after all. */
  giveBack(kind: ProbeKind, wallMs: number): void;
}

export function dayOf(wallMs: number): number {
  return Math.floor(wallMs / DAY_MS);
}

/** Until the day after that of `wallMs`. */
export function secondsToNextDay(wallMs: number): number {
  return ((dayOf(wallMs) + 1) * DAY_MS - wallMs) / 1000;
}

/** Messages that these routes send in a day, at the very most. */
export function scheduledPerDayMost(routes: readonly Gaps[]): number {
  return routes.reduce((sum, route) => {
    const mean = DAY_SECONDS / meanGap(route);
    return sum + Math.ceil(mean + DEVIATIONS * Math.sqrt(mean));
  }, 0);
}

/** Seconds: of `nextGapSeconds`, its ceiling included. */
function meanGap({ every, minGap, maxGap }: Gaps): number {
  const rest = every - minGap;
  return rest <= 0 ? Math.min(minGap, maxGap) : minGap + rest * (1 - Math.exp((minGap - maxGap) / rest));
}

/** A clock that is put ahead day by day, and back, must not make today forgotten. */
function furthestFrom(day: number, days: readonly number[]): number {
  return days.reduce((furthest, each) => (Math.abs(each - day) > Math.abs(furthest - day) ? each : furthest), day);
}

type Day = Record<ProbeKind, number>;

/** `planned`: what the ledger has of the last DAYS_BACK days, of today, and of days to come where the wall clock went back. */
export function createSendingCount(
  { perDay, scheduled }: SendingLimit,
  planned: readonly PlannedCount[],
): SendingCount {
  const days = new Map<number, Day>();
  const countOf = (day: number): Day => {
    const known = days.get(day) ?? { scheduled: 0, spot: 0 };
    days.set(day, known);
    while (days.size > DAYS_MAX) days.delete(furthestFrom(day, [...days.keys()]));
    return known;
  };
  for (const { day, kind, count } of planned) {
    const known = days.get(day) ?? { scheduled: 0, spot: 0 };
    days.set(day, { ...known, [kind]: known[kind] + count });
  }

  return {
    take(kind, wallMs) {
      const today = countOf(dayOf(wallMs));
      const isFull = today.scheduled + today.spot >= perDay || (kind === 'spot' && today.spot >= perDay - scheduled);
      if (!isFull) today[kind] += 1;
      return !isFull;
    },
    giveBack(kind, wallMs) {
      const today = countOf(dayOf(wallMs));
      today[kind] = Math.max(0, today[kind] - 1);
    },
  };
}
