/** Random months, full of edges: limits met to the second, exclusions over month ends, and all that can become of a probe. */
import type { DelayClause } from '../../src/domain/contract-terms.ts';
import { DEFAULT_EXCLUSIONS, EXCLUSION_KINDS } from '../../src/domain/exclusion.ts';
import { PATHS } from '../../src/domain/probe.ts';
import { type Month, monthOf } from './calendar.ts';
import { type Dice, diceFor } from './dice.ts';
import { randomProbe, type Surroundings } from './random-probe.ts';
import type { Scene, SeenExclusion, SeenProbe } from './scene.ts';

/** Leap February, the ends of daylight time, a month that begins at 01:00 (Asuncion, 2023-10), offsets of 30 and 45 minutes. */
const MONTHS = [
  ['Asia/Shanghai', '2026-10'],
  ['Asia/Shanghai', '2028-02'],
  ['Asia/Shanghai', '2027-02'],
  ['Asia/Shanghai', '2026-12'],
  ['Europe/Berlin', '2026-03'],
  ['Europe/Berlin', '2026-10'],
  ['America/New_York', '2026-11'],
  ['America/St_Johns', '2027-03'],
  ['America/Asuncion', '2023-09'],
  ['America/Asuncion', '2023-10'],
  ['America/Havana', '2026-11'],
  ['Asia/Kathmandu', '2026-07'],
  ['Australia/Lord_Howe', '2026-04'],
  ['UTC', '2026-06'],
] as const;

const HOUR = 3600;
/** Handing over takes at most this long here, so that acceptances do not overlap. */
const GAP_MIN = 8;
const PROVIDER = 'acme';

/** The month `index` of the run `seed`. */
export function randomScene(seed: number, index: number): Scene {
  const dice = diceFor(seed, index);
  const [timeZone, name] = dice.pick(MONTHS);
  const month = monthOf(timeZone, name);
  const clause = randomClause(dice);
  const moments = randomMoments(dice, month);
  const last = moments.at(-1) ?? month.to;
  const absentUntil = dice.chance(5) ? null : last + dice.between(-100, 3 * clause.maximumSeconds);
  const rebooting = dice.chance(4) ? dice.pick([month.from, ...moments]) + dice.between(0, 60) : null;
  const around: Surroundings = { provider: PROVIDER, clause, absentUntil };
  const probes = moments.map((planned, number) => randomProbe(dice, around, planned, `p${number}`));
  // No handover outlives the process that was at it.
  const rebootedAt = probes.some((probe) => isUnderWay(probe, rebooting)) ? null : rebooting;
  return {
    month,
    provider: PROVIDER,
    clause,
    probes,
    exclusions: randomExclusions(dice, month, probes),
    absentUntil,
    unmeasuredSlots: dice.chance(20) ? dice.between(1, 3) : 0,
    rebootedAt,
  };
}

function isUnderWay({ planned, handover }: SeenProbe, at: number | null): boolean {
  const until =
    handover.kind === 'accepted' ? handover.acknowledged : 'handedOver' in handover ? handover.handedOver : planned;
  return at !== null && planned < at && at <= until;
}

function randomClause(dice: Dice): DelayClause {
  const nothing = { en: '', zh: '' };
  const contractual = dice.chance(15);
  return {
    kind: 'delay',
    id: '2x',
    title: nothing,
    remedy: null,
    path: dice.pick(PATHS),
    averageMaxSeconds: contractual ? 60 : dice.between(1, 60),
    maximumSeconds: contractual ? HOUR : dice.between(5, 120),
    breachesFrom: dice.between(1, 3),
    countedPer: dice.pick(['message', 'episode']),
    lossesInAverage: dice.chance(40),
    exclusions: DEFAULT_EXCLUSIONS.delay,
  };
}

/** When probes are planned: in a few bunches, at the month's edges by preference, or spread over days. */
function randomMoments(dice: Dice, month: Month): readonly number[] {
  const count = dice.chance(40) ? dice.between(0, 6) : dice.between(6, 36);
  const spread = dice.chance(15) ? dice.between(3 * HOUR, 20 * HOUR) : dice.pick([0, 5, 60, 600]);
  const bunches = [month.from - dice.between(0, 120)];
  while (dice.chance(60)) {
    bunches.push(dice.chance(50) ? month.to - dice.between(0, 300) : dice.between(month.from, month.to));
  }
  if (dice.chance(60)) bunches.shift();
  const starts = bunches.length === 0 ? [month.to - dice.between(0, 300)] : bunches.toSorted((a, b) => a - b);
  const moments: number[] = [];
  for (const [bunch, start] of starts.entries()) {
    let moment = Math.max(start, (moments.at(-1) ?? 0) + GAP_MIN);
    const until = Math.round(((bunch + 1) * count) / starts.length);
    while (moments.length < until) {
      moments.push(moment);
      moment += GAP_MIN + dice.between(0, spread);
    }
  }
  return moments.filter((moment) => moment < month.to + 8 * HOUR);
}

function randomExclusions(dice: Dice, month: Month, probes: readonly SeenProbe[]): readonly SeenExclusion[] {
  if (dice.chance(30)) return [];
  return Array.from({ length: dice.between(1, 5) }, () => {
    const anchors = [month.from, month.to, ...probes.map(({ planned }) => planned)];
    const from = dice.pick(anchors) + dice.between(-200, 200);
    const length = dice.chance(2)
      ? dice.between(86_400, 40 * 86_400)
      : dice.pick([1, dice.between(1, 20), dice.between(1, 300), dice.between(1, 2 * HOUR)]);
    return {
      kind: dice.pick(EXCLUSION_KINDS),
      provider: dice.chance(85) ? PROVIDER : 'other',
      path: dice.chance(50) ? null : dice.pick(PATHS),
      from,
      to: from + length,
    };
  });
}
