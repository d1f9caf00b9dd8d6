/** What a seed has in store for a world: when the agent runs, what goes wrong when, and the contract it is judged by. */

import { DEEP_EVERY } from '../../src/domain/check-plan.ts';
import type { ContractTerms } from '../../src/domain/contract-terms.ts';
import { ENDPOINTS } from '../../src/domain/endpoint.ts';
import { type Month, monthAfter, monthRange } from '../../src/domain/time/calendar.ts';
import { CONTRACT } from '../fakes/contract.ts';
import { Draw } from './draw.ts';
import { FAULT_KINDS, type FaultKind, LATER_KINDS } from './fault.ts';
import type { SimulationOptions } from './simulation.ts';
import type { Outage } from './truth.ts';

/** Milliseconds that passed. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}
/** How the agent comes to be away until its next stretch. */
export type Skip = 'stop' | 'kill' | 'power off' | 'suspend';
export interface Stretch extends Span {
  readonly leaves: Skip;
}

export interface Plan {
  readonly seed: number;
  readonly kinds: readonly FaultKind[];
  readonly has: (kind: FaultKind) => boolean;
  readonly providers: readonly string[];
  readonly months: readonly { readonly month: Month; readonly endMs: number; readonly finalMs: number }[];
  /** Of the agent's wall clock at the beginning, milliseconds since the epoch. */
  readonly startWallMs: number;
  /** When the agent runs, in order; the last one is for what is still pending, and keeps no schedule. */
  readonly stretches: readonly Stretch[];
  readonly skipsExcluded: boolean;
  /** When every fault has stopped. */
  readonly calmFromMs: number;
  readonly spans: (kind: FaultKind) => readonly Span[];
  readonly outages: readonly Outage[];
  readonly outagesCannotBeMissed: boolean;
  readonly checkEverySeconds: number;
  readonly probeEverySeconds: number;
  readonly reachability: 'inbound' | 'assumed';
  readonly controlled: boolean;
  readonly disk: 'memory' | 'file';
  readonly memoryMs: number;
  readonly mailboxLatencyMs: number;
  readonly lagMs: number;
  /** How old a standing may be before it is evaluated anew. */
  readonly standingAgeMs: number;
  readonly contractOf: (provider: string) => ContractTerms;
}

const FIRST_MONTH = '2026-11';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The agent looks in so often, for a few minutes: what waits for it five days is given up. */
const LOOK_IN_EVERY = 3.5 * DAY;
const LOOK_IN = 100_000;
const FINAL_AFTER = 120 * HOUR;
/** By how much a clock is ahead at most before it is set. */
export const UNSET_AHEAD_MAX = 12 * HOUR;
/** The last stretch: long enough for every reader to come back, and for the referee's first look. */
const LAST_STRETCH = 30 * MINUTE;
/** After a boot the agent gives nothing up before its clock has had an hour to be set. */
const LAST_STRETCH_OF_BOOT = 70 * MINUTE;
const STEADY_LEAD = HOUR;

/**
 * How often a kind strikes in an hour of a stretch, and for how long, at least and at most. A sink that is cut off for less than ten
 * minutes while nothing is on its way is taken for one that is not (src/ARCHITECTURE.md): here it never is.
 */
const STRIKES: Partial<Record<FaultKind, readonly [perHour: number, leastMs: number, mostMs: number]>> = {
  'line down': [2, 1000, 20 * MINUTE],
  'sink cut off': [0.8, 25 * MINUTE, 2 * HOUR],
  strangers: [15, 0, 2 * MINUTE],
  kill: [5, 100, 10 * MINUTE],
  stop: [2.5, 100, 10 * MINUTE],
  reboot: [1.8, 20_000, 10 * MINUTE],
  suspend: [2.5, 2000, 20 * MINUTE],
  'held process': [2.5, 1000, 5 * MINUTE],
  'disk full': [2.5, 1000, 10 * MINUTE],
  'slow disk': [2.5, 10_000, 20 * MINUTE],
  'torn write': [5, 100, MINUTE],
  'clock steps': [2.5, 0, 0],
  'mailbox disconnects': [10, 0, 3 * MINUTE],
  'mailbox lies': [10, 0, MINUTE],
  'renumbered folder': [2.5, 0, 0],
  'renamed folder': [2.5, 0, 0],
  exclusions: [2.5, MINUTE, 2 * HOUR],
  'spot checks': [10, 0, 0],
  'failing sink': [3, 0, 0],
  'frozen host': [1.5, 2000, 20 * MINUTE],
};
/** A steady world knows as much trouble in a month as a stormy one in two hours. */
const STEADY_SHARE = 2 / 720;

export function planOf({ seed, months, weather, only }: SimulationOptions): Plan {
  const draw = new Draw(seed, 'plan');
  const steady = weather === 'steady';
  const drawn = drawKinds(draw, seed);
  const kinds = drawn.filter((kind) => only === undefined || only.includes(kind));
  const has = (kind: FaultKind): boolean => kinds.includes(kind);
  const zone = draw.pick(['Asia/Shanghai', 'Asia/Shanghai', 'UTC', 'America/New_York']);
  const leadMs = steady ? STEADY_LEAD : draw.between(3 * MINUTE, 20 * MINUTE);
  const startWallMs = Math.round(monthRange(FIRST_MONTH, zone).fromMs - leadMs);
  const ends = monthsFrom(FIRST_MONTH, months, zone).map(({ month, wallMs }) => ({
    month,
    endMs: wallMs - startWallMs,
    finalMs: wallMs - startWallMs + FINAL_AFTER + MINUTE,
  }));
  const lastEndMs = ends.at(-1)?.endMs ?? 0;
  // Chosen by what the seed has drawn, not by what is left of it: leaving a kind out moves nothing.
  const skips: readonly Skip[] = drawn.includes('clock steps')
    ? ['stop', 'kill', 'suspend']
    : ['stop', 'kill', 'suspend', 'power off'];
  const stretches: Stretch[] = steady
    ? [{ fromMs: 0, toMs: lastEndMs + 30 * MINUTE, leaves: 'stop' as const }]
    : [
        ...stormyStretches(
          draw,
          leadMs,
          ends.map(({ endMs }) => endMs),
          skips,
        ),
        ...finalStretch(seed, lastEndMs, skips),
      ];
  const calmFromMs = stretches.at(-1)?.toMs ?? 0;
  // A process that never ended would keep its schedule to the last.
  const before = stretches.at(-1);
  if (before?.leaves === 'suspend') stretches[stretches.length - 1] = { ...before, leaves: 'kill' };
  // What was sent by a clock that was ahead is given up so much later.
  const lastFromMs = calmFromMs + FINAL_AFTER + HOUR + (has('unset clock') ? UNSET_AHEAD_MAX : 0);
  const lastMs = skips.includes('power off') ? LAST_STRETCH_OF_BOOT : LAST_STRETCH;
  const last: Stretch = { fromMs: lastFromMs, toMs: lastFromMs + lastMs, leaves: 'stop' };
  const checkEverySeconds = draw.pick([30, 60, 60]);
  const outagesCannotBeMissed = draw.chance(0.7);
  const providers = draw.chance(0.3) && !steady ? ['acme', 'beta'] : ['acme'];
  const spans = (kind: FaultKind): readonly Span[] => (has(kind) ? spansOf(seed, kind, stretches, steady) : []);
  return {
    seed,
    kinds,
    has,
    providers,
    months: ends,
    startWallMs,
    stretches: [...stretches, last],
    skipsExcluded: !steady && draw.chance(0.5),
    calmFromMs,
    spans,
    checkEverySeconds: steady ? 60 : checkEverySeconds,
    probeEverySeconds: steady ? 300 : draw.wide(40, 300),
    outagesCannotBeMissed,
    outages: providers.flatMap((provider) =>
      outagesOf(seed, provider, kinds, stretches, { checkEverySeconds, outagesCannotBeMissed, steady }),
    ),
    reachability: draw.chance(0.6) ? 'inbound' : 'assumed',
    controlled: draw.chance(0.8),
    disk: draw.chance(0.25) && !steady ? 'file' : 'memory',
    memoryMs: has('remembered failure') ? draw.wide(MINUTE, HOUR) : 0,
    mailboxLatencyMs: draw.pick([0, 1, 50, 200]),
    lagMs: has('busy process') ? 30 : 0,
    // Each reads its month so far: every half hour that would be half of what a steady year takes.
    standingAgeMs: steady ? 6 * HOUR : HOUR / 2,
    contractOf: (provider) => termsOf(new Draw(seed, 'terms', provider), zone),
  };
}

const BY_WALL_CLOCK: ReadonlySet<FaultKind> = new Set(['reboot', 'frozen host']);

/** Now and then nothing, one or two kinds by themselves, most often some, at times nearly all. */
function drawKinds(draw: Draw, seed: number): readonly FaultKind[] {
  const share = draw.pick([0, 0.06, 0.15, 0.3, 0.5, 0.9]);
  const drawn = FAULT_KINDS.filter((kind) =>
    (LATER_KINDS.includes(kind) ? new Draw(seed, 'has', kind) : draw).chance(share),
  );
  // Between two boots the wall clock alone tells the time, and how long a host was frozen: there it must be right, once it is set.
  return drawn.filter((kind) => !BY_WALL_CLOCK.has(kind) || !drawn.includes('clock steps'));
}

function monthsFrom(first: Month, count: number, zone: string): readonly { month: Month; wallMs: number }[] {
  const months: { month: Month; wallMs: number }[] = [];
  for (let month = first; months.length < count; month = monthAfter(month))
    months.push({ month, wallMs: monthRange(month, zone).toMs });
  return months;
}

function stormyStretches(draw: Draw, leadMs: number, ends: readonly number[], skips: readonly Skip[]): Stretch[] {
  const leaves = (): Skip => skips[Math.floor(draw.uniform() * skips.length)] ?? 'stop';
  const wanted: Span[] = [{ fromMs: 0, toMs: leadMs + draw.between(5 * MINUTE, 20 * MINUTE) }];
  let beginMs = leadMs;
  for (const endMs of ends) {
    for (let count = draw.whole(0, 2); count > 0; count -= 1) {
      const fromMs = draw.between(beginMs + 2 * HOUR, endMs - 8 * HOUR);
      const long = draw.chance(0.01) ? draw.between(8 * HOUR, 24 * HOUR) : draw.wide(3 * MINUTE, 60 * MINUTE);
      wanted.push({ fromMs, toMs: Math.min(fromMs + long, endMs - 6 * HOUR) });
    }
    wanted.push({
      fromMs: endMs - draw.between(3 * MINUTE, 20 * MINUTE),
      toMs: endMs + draw.between(2 * MINUTE, 15 * MINUTE),
    });
    for (let fromMs = beginMs + LOOK_IN_EVERY; fromMs < endMs - 6 * HOUR; fromMs += LOOK_IN_EVERY)
      wanted.push({ fromMs, toMs: fromMs + LOOK_IN });
    beginMs = endMs;
  }
  const merged: Stretch[] = [];
  for (const { fromMs, toMs } of wanted.sort((one, other) => one.fromMs - other.fromMs)) {
    const before = merged.at(-1);
    // A minute apart at least, so that one has ended before the next begins.
    if (before === undefined || fromMs > before.toMs + MINUTE) merged.push({ fromMs, toMs, leaves: leaves() });
    else merged[merged.length - 1] = { ...before, toMs: Math.max(before.toMs, toMs) };
  }
  return merged;
}

/** Now and then the agent runs as the last month becomes final, while what was sent right after the month is still awaited. */
function finalStretch(seed: number, endMs: number, skips: readonly Skip[]): readonly Stretch[] {
  const draw = new Draw(seed, 'final');
  if (!draw.chance(0.3)) return [];
  const finalMs = endMs + FINAL_AFTER;
  const [fromMs, toMs] = [
    finalMs - draw.between(MINUTE, 10 * MINUTE),
    finalMs + draw.between(12 * MINUTE, 40 * MINUTE),
  ];
  return [{ fromMs, toMs, leaves: skips[draw.whole(0, skips.length - 1)] ?? 'stop' }];
}

function spansOf(seed: number, kind: FaultKind, stretches: readonly Stretch[], steady: boolean): readonly Span[] {
  const strikes = STRIKES[kind];
  if (strikes === undefined) return [];
  const [perHour, leastMs, mostMs] = strikes;
  const draw = new Draw(seed, kind);
  const meanMs = HOUR / (perHour * (steady ? STEADY_SHARE : 1));
  const spans: Span[] = [];
  for (const stretch of stretches) {
    for (let atMs = stretch.fromMs - meanMs * Math.log(1 - draw.uniform()); atMs < stretch.toMs; ) {
      const lengthMs = mostMs === 0 ? 0 : draw.wide(Math.max(leastMs, 10), mostMs);
      spans.push({ fromMs: Math.round(atMs), toMs: Math.round(atMs + lengthMs) });
      atMs += lengthMs - meanMs * Math.log(1 - draw.uniform());
    }
  }
  return spans;
}

function outagesOf(
  seed: number,
  provider: string,
  kinds: readonly FaultKind[],
  stretches: readonly Stretch[],
  how: { readonly checkEverySeconds: number; readonly outagesCannotBeMissed: boolean; readonly steady: boolean },
): readonly Outage[] {
  const outages: Outage[] = [];
  const missableMs = how.outagesCannotBeMissed ? (2 * how.checkEverySeconds + 1) * 1000 : 0;
  const meanMs = how.steady ? 300 * HOUR : 1.5 * HOUR;
  for (const endpoint of ENDPOINTS) {
    const draw = new Draw(seed, 'outage', provider, endpoint);
    for (const { fromMs, toMs } of stretches) {
      for (let atMs = fromMs - meanMs * Math.log(1 - draw.uniform()) + missableMs; atMs < toMs; ) {
        const kind = draw.chance(0.2) ? 'expired certificate' : 'outage';
        const manner = draw.pick(['refuses', 'mute', 'deep']);
        const deepMs = kind === 'outage' && manner === 'deep' && how.outagesCannotBeMissed ? DEEP_EVERY * 1000 : 0;
        const lengthMs = missableMs + deepMs + draw.wide(5000, 40 * MINUTE);
        const outage = { provider, endpoint, fromMs: Math.round(atMs), toMs: Math.round(atMs + lengthMs) };
        if (kinds.includes(kind)) outages.push({ ...outage, how: kind === 'outage' ? manner : 'certificate' });
        atMs += lengthMs + missableMs - meanMs * Math.log(1 - draw.uniform());
      }
    }
  }
  return outages;
}

/** The usual contract, its limits where a month of a few hours can keep or miss them. */
function termsOf(draw: Draw, timeZone: string): ContractTerms {
  const averageMaxSeconds = draw.pick([60, 60, 5, 600]);
  const breachesFrom = draw.pick([2, 2, 1, 3]);
  const countedPer = draw.pick(['message', 'message', 'episode']);
  const lossesInAverage = draw.chance(0.3);
  const denominator = draw.pick(['month', 'month-less-exclusions']);
  const downUnderSeconds = draw.wide(30, 20_000);
  const availabilityMin = 1 - draw.wide(1e-5, 1e-2);
  const faultsMaxSeconds = draw.wide(30, 20_000);
  const adjustmentsMaxSeconds = draw.wide(30, 20_000);
  return {
    ...CONTRACT,
    timeZone,
    clauses: CONTRACT.clauses.map((clause) => {
      switch (clause.kind) {
        case 'delay':
          return { ...clause, averageMaxSeconds, breachesFrom, countedPer, lossesInAverage };
        case 'connectivity':
          return { ...clause, downUnderSeconds, availabilityMin, denominator };
        case 'operations':
          return { ...clause, faultsMaxSeconds, adjustmentsMaxSeconds, availabilityMin, denominator };
        case 'attested':
          return clause;
      }
    }),
  };
}
