/** Random months of checks and round trips, full of edges: outages across month ends, cells just long enough, half hours just too long. */

import { ENDPOINTS, type Endpoint } from '../../../src/domain/endpoint.ts';
import { DEFAULT_EXCLUSIONS, EXCLUSION_KINDS } from '../../../src/domain/exclusion.ts';
import { PATHS, type Path } from '../../../src/domain/probe.ts';
import { type Dice, diceFor } from '../dice.ts';
import { randomMonth } from './random-month.ts';
import type { Scene, SeenCheck, SeenExclusion, SeenTrip, Spell, Terms } from './scene.ts';

const HALF_HOUR_MS = 1_800_000;

/** The month `index` of the run `seed`. */
export function randomScene(seed: number, index: number): Scene {
  const dice = diceFor(seed, index);
  const month = randomMonth(dice);
  const { length, stepMs } = month;
  const cell = dice.between(4, Math.min(40, Math.floor(length / 12)));
  const now = dice.chance(65) ? length + dice.between(0, 3 * cell) : dice.between(-2, length + 2);
  // Every second month keeps to what checks can tell apart, so that the truth must lie within the figures.
  const faithful = dice.chance(50);
  const lasting = (least: number): number => (faithful ? least : 1);
  const span = { from: -4 * cell, to: length + 4 * cell };
  const downAtMost = dice.pick([cell, Math.ceil(length / 50), Math.ceil(length / 8)]);
  const endpoints = dice.chance(3) ? [] : ENDPOINTS.filter(() => dice.chance(75));
  const outages = new Map(
    endpoints.map((endpoint) => {
      const least = lasting(2 * cell + 1);
      return [
        endpoint,
        randomSpells(dice, span, [least, Math.max(least, length)], [least, least + downAtMost]),
      ] as const;
    }),
  );
  const halfHour = Math.floor(HALF_HOUR_MS / stepMs);
  const paths = PATHS.filter(() => dice.chance(40));
  const broken = new Map(
    paths.map((path) => {
      const least = lasting(halfHour + 1);
      return [path, randomSpells(dice, span, [least, least + length], [1, 1 + 4 * downAtMost])] as const;
    }),
  );
  const checks = endpoints
    .flatMap((endpoint) => randomChecks(dice, { endpoint, span, cell, faithful, down: outages.get(endpoint) ?? [] }))
    .filter(({ at }) => at <= now);
  const trips = paths
    .flatMap((path) => randomTrips(dice, { path, span, halfHour, broken: broken.get(path) ?? [] }))
    .filter(({ at }) => at <= now);
  const seen = (path: Path, { from, to }: Spell): boolean =>
    trips.some((trip) => trip.path === path && trip.fate === 'failed' && trip.at >= from && trip.at < to);
  const shown = [...broken].map(([path, spells]) => [path, spells.filter((spell) => seen(path, spell))] as const);
  return {
    ...month,
    now,
    cell,
    endpoints,
    checks,
    trips,
    exclusions: randomExclusions(
      dice,
      length,
      [...checks, ...trips].map(({ at }) => at),
    ),
    terms: randomTerms(dice, length * stepMs),
    // Where nothing was checked or failed, nothing can be said, and nothing is.
    truth: faithful ? { endpoints: outages, paths: new Map(shown) } : null,
  };
}

type Lengths = readonly [least: number, most: number];

/** When something is down, by turns with being up; it may begin or end so. */
function randomSpells(dice: Dice, { from, to }: Spell, up: Lengths, down: Lengths): readonly Spell[] {
  const spells: Spell[] = [];
  let at = from + (dice.chance(15) ? 0 : dice.between(1, up[1]));
  while (at < to) {
    const end = at + dice.between(...down);
    spells.push({ from: at, to: end });
    at = end + dice.between(...up);
  }
  return spells;
}

interface Checked {
  readonly endpoint: Endpoint;
  readonly span: Spell;
  readonly cell: number;
  readonly faithful: boolean;
  readonly down: readonly Spell[];
}

function randomChecks(dice: Dice, given: Checked): readonly SeenCheck[] {
  const { endpoint, span, cell, faithful } = given;
  const pauses = dice.chance(40) ? randomSpells(dice, span, [10 * cell, span.to], [1, 6 * cell]) : [];
  const doubtful = dice.pick([0, 5, 100]);
  const checks: SeenCheck[] = [];
  let last = span.from - 1;
  const check = (at: number): SeenCheck['result'] => {
    const result = resultAt(dice, at, given, doubtful);
    checks.push({ endpoint, at, result, afterBreak: dice.chance(1) });
    last = at;
    return result;
  };
  for (let start = span.from; start < span.to; start += cell) {
    const at = start + dice.between(0, cell - 1);
    if (at <= last || isIn(at, pauses)) continue;
    const result = check(at);
    if (result !== 'up' && dice.chance(70)) check(at + dice.between(1, 3));
  }
  return faithful || dice.chance(80) ? checks : withClockPutBack(dice, checks, cell);
}

/** As it was, or failing beside a control that fails too, or once in a while for no reason of the provider's. */
function resultAt(dice: Dice, at: number, { down, cell, faithful }: Checked, doubtful: number): SeenCheck['result'] {
  if (isIn(at, down)) return dice.chance(doubtful) ? 'doubtful' : 'down';
  if (dice.chance(1)) return 'doubtful';
  // A second failure by chance would confirm the first: a truth that is to be held against the figures has none.
  const farFromOutages = !down.some(({ from, to }) => from - 2 * cell <= at && at < to + 2 * cell);
  return !faithful && farFromOutages && dice.chance(3) ? 'down' : 'up';
}

function withClockPutBack(dice: Dice, checks: readonly SeenCheck[], cell: number): readonly SeenCheck[] {
  const since = dice.between(0, checks.length);
  const by = dice.between(1, 5 * cell);
  return checks.map((check, index) =>
    index < since ? check : { ...check, at: check.at - by, afterBreak: check.afterBreak || index === since },
  );
}

interface Probed {
  readonly path: Path;
  readonly span: Spell;
  readonly halfHour: number;
  readonly broken: readonly Spell[];
}

function randomTrips(dice: Dice, { path, span, halfHour, broken }: Probed): readonly SeenTrip[] {
  const trips: SeenTrip[] = [];
  const most = Math.max(2, Math.floor((span.to - span.from) / dice.pick([4, 15, 60])));
  const gap = (): number => (dice.chance(30) ? halfHour + dice.between(-1, 1) : dice.between(1, most));
  for (let at = span.from + dice.between(0, most); at < span.to; at += Math.max(1, gap())) {
    const fails = isIn(at, broken) ? dice.chance(95) : dice.chance(3);
    // What fails while mail flows is our own loss; at our own sink that looks like the provider's.
    const byProvider = fails && (isIn(at, broken) ? dice.chance(80) : path === 'send');
    if (fails) trips.push({ path, at, fate: 'failed', byProvider });
    else if (!isIn(at, broken) && dice.chance(93)) trips.push({ path, at, fate: 'delivered', byProvider: false });
    else trips.push({ path, at, fate: 'pending', byProvider: false });
  }
  return trips;
}

function isIn(at: number, spells: readonly Spell[]): boolean {
  return spells.some(({ from, to }) => from <= at && at < to);
}

function randomExclusions(dice: Dice, length: number, moments: readonly number[]): readonly SeenExclusion[] {
  if (dice.chance(30)) return [];
  const anchors = [0, length, ...moments];
  return Array.from({ length: dice.between(1, 5) }, () => {
    const from = dice.pick(anchors) + dice.between(-3, 3);
    const to =
      from +
      (dice.chance(2) ? 2 * length : dice.pick([1, dice.between(1, 20), dice.between(1, Math.ceil(length / 6))]));
    return { kind: dice.pick(EXCLUSION_KINDS), path: dice.chance(60) ? null : dice.pick(PATHS), from, to };
  });
}

function randomTerms(dice: Dice, lengthMs: number): Terms {
  const upTo = (most: number): number => dice.between(1, Math.ceil(most));
  return {
    kinds: dice.pick([
      DEFAULT_EXCLUSIONS.connectivity,
      DEFAULT_EXCLUSIONS.operations,
      DEFAULT_EXCLUSIONS.operations,
      [],
    ]),
    denominator: dice.pick(['month', 'month-less-exclusions']),
    downUnderMs: upTo(lengthMs / dice.pick([2, 10, 100])),
    faultsMaxMs: upTo(lengthMs / dice.pick([2, 10, 100])),
    adjustmentsMaxMs: upTo(lengthMs / 10),
    availabilityMin: 1_000_000 - upTo(1_000_000 / dice.pick([2, 10, 100])),
  };
}
