/** Availability counted step by step: for every step of the month each part of the service is up, down or neither. */

import type { Verdict } from '../../../src/domain/delay/month-verdict.ts';
import { ENDPOINTS, type Endpoint } from '../../../src/domain/endpoint.ts';
import { PATHS, type Path } from '../../../src/domain/probe.ts';
import type { Scene, SeenCheck, SeenTrip, Spell } from './scene.ts';

/** At least and at most so many steps. */
export interface Bounds {
  readonly lo: number;
  readonly hi: number;
}

export interface Figures {
  readonly down: Bounds;
  readonly raw: Bounds;
  readonly parts: ReadonlyMap<string, Bounds & { readonly unknown: number }>;
  /** Steps of the whole month. */
  readonly excused: number;
  readonly adjustments: number;
  readonly unknown: number;
  readonly longestGap: number;
  readonly days: { readonly faultFree: number; readonly faulty: number; readonly open: number; readonly ahead: number };
  readonly faultyDays: Bounds;
}

export interface Judgement {
  readonly downtime: Verdict;
  readonly connectivity: Verdict;
  readonly faults: Verdict;
  readonly adjustments: Verdict;
  readonly availability: Verdict;
  readonly operations: Verdict;
}

/** States of a part in a step; 0 is neither, both where the clock was put back and shows the step twice. */
const UP = 1;
const DOWN = 2;
/** Next to a failure that is excused: it proves something only as long as nothing is excused. */
const HALF_DOWN = 4;

/** What a step says of parts taken together. */
const NO = 0;
const PERHAPS = 1;
const SURELY = 2;

interface Row {
  readonly name: string;
  readonly states: Uint8Array;
  /** 1 in the steps that are excused for this part. */
  readonly excused: Uint8Array;
}

const HALF_HOUR_MS = 1_800_000;
/** Who cannot reach the one cannot use the other (contract.md, clause 1; design.md, "Three paths"). */
const NEEDED_BY: Readonly<Record<Endpoint, readonly Path[]>> = {
  submission: ['send', 'internal'],
  mx: ['receive'],
  mailbox: ['receive', 'internal'],
};

export function elapsedOf({ now, length }: Scene): number {
  return Math.max(0, Math.min(now, length));
}

export function figuresOf(scene: Scene): Figures {
  const { length } = scene;
  const elapsed = elapsedOf(scene);
  const excluded = excludedByPath(scene);
  const rows = rowsOf(scene, excluded);
  const unknown = unknownIn(rows.filter(({ name }) => name !== 'round-trip'));
  let [longestGap, gap] = [0, 0];
  for (let step = 0; step < elapsed; step += 1) {
    gap = unknown[step] === 1 ? gap + 1 : 0;
    longestGap = Math.max(longestGap, gap);
  }
  const everything = excusedFor(PATHS, excluded, length);
  const left = together(rows, length, true);
  const parts = [...new Set(rows.map(({ name }) => name))].map((name) => {
    const alike = rows.filter((row) => row.name === name);
    const bounds = boundsIn(together(alike, length, true), elapsed);
    return [name, { ...bounds, unknown: countOf(unknownIn(alike), 1, elapsed) }] as const;
  });
  return {
    down: boundsIn(left, elapsed),
    raw: boundsIn(together(rows, length, false), elapsed),
    parts: new Map(parts),
    excused: countOf(everything, 1, length),
    adjustments: adjustmentsIn(scene),
    unknown: countOf(unknown, 1, elapsed),
    longestGap,
    ...countDays(scene, left),
  };
}

type Excluded = Readonly<Record<Path, Uint8Array>>;

function rowsOf(scene: Scene, excluded: Excluded): readonly Row[] {
  const { length, endpoints, checks, trips } = scene;
  // Where nothing was ever checked nothing is known of anything.
  const held = endpoints.length === 0 ? ENDPOINTS : endpoints;
  return [
    ...held.map((endpoint): Row => {
      const own = checks.filter((check) => check.endpoint === endpoint);
      const excused = excusedFor(NEEDED_BY[endpoint], excluded, length);
      return { name: endpoint, states: statesOf(own, scene), excused };
    }),
    ...PATHS.flatMap((path): readonly Row[] => {
      const own = trips.filter((trip) => trip.path === path);
      if (!own.some(({ fate }) => fate === 'failed')) return [];
      return [{ name: 'round-trip', states: tripStates(own, scene), excused: excusedFor([path], excluded, length) }];
    }),
  ];
}

/** Where each of the paths is excluded. */
function excusedFor(paths: readonly Path[], excluded: Excluded, length: number): Uint8Array {
  const row = new Uint8Array(length);
  for (let step = 0; step < length; step += 1) row[step] = paths.every((path) => excluded[path][step] === 1) ? 1 : 0;
  return row;
}

/** A step between two checks in a row, no further apart than two cells, is what both of them say. */
function statesOf(checks: readonly SeenCheck[], { length, cell }: Scene): Uint8Array {
  const states = new Uint8Array(length);
  for (const [index, check] of checks.entries()) {
    const next = checks[index + 1];
    if (next === undefined || next.afterBreak || next.result !== check.result || next.at - check.at > 2 * cell)
      continue;
    if (check.result === 'doubtful') continue;
    for (let step = Math.max(0, check.at); step < Math.min(length, next.at); step += 1)
      states[step] = (states[step] ?? 0) | (check.result === 'up' ? UP : DOWN);
  }
  return states;
}

/** Mail flows unless a failure says otherwise: in doubt from delivered to delivered, down between two failures in a row. */
function tripStates(trips: readonly SeenTrip[], scene: Scene): Uint8Array {
  const { length, stepMs } = scene;
  const states = new Uint8Array(length).fill(UP);
  const mark = (from: number, to: number, state: number): void => {
    for (let step = Math.max(0, from); step < Math.min(length, to); step += 1)
      if (states[step] !== DOWN && states[step] !== HALF_DOWN) states[step] = state;
  };
  const delivered = trips.filter(({ fate }) => fate === 'delivered').map(({ at }) => at);
  for (const one of trips) {
    if (one.fate !== 'failed') continue;
    const before = Math.max(Number.NEGATIVE_INFINITY, ...delivered.filter((at) => at < one.at));
    const after = Math.min(Number.POSITIVE_INFINITY, ...delivered.filter((at) => at > one.at));
    mark(before, after, 0);
    for (const other of trips) {
      if (other.fate !== 'failed' || other.at <= one.at || (other.at - one.at) * stepMs > HALF_HOUR_MS) continue;
      const between = trips.some(({ at }) => at > one.at && at < other.at);
      const isHalf = isExcused(one, scene) || isExcused(other, scene);
      if (!between && one.byProvider && other.byProvider && one.path !== 'send')
        mark(one.at, other.at, isHalf ? HALF_DOWN : DOWN);
    }
  }
  return states;
}

function isExcused({ path, at }: SeenTrip, { exclusions, terms }: Scene): boolean {
  return exclusions
    .filter((each) => terms.kinds.includes(each.kind) && (each.path === null || each.path === path))
    .some(({ from, to }) => at >= from && at < to);
}

/** For each path the steps that the clause leaves out. */
function excludedByPath({ length, exclusions, terms }: Scene): Readonly<Record<Path, Uint8Array>> {
  const rows = { send: new Uint8Array(length), receive: new Uint8Array(length), internal: new Uint8Array(length) };
  for (const { kind, path, from, to } of exclusions) {
    if (!terms.kinds.includes(kind)) continue;
    for (const each of PATHS)
      if (path === null || path === each) rows[each].fill(1, Math.max(0, from), Math.max(0, to));
  }
  return rows;
}

function adjustmentsIn({ length, exclusions }: Scene): number {
  const row = new Uint8Array(length);
  for (const { kind, from, to } of exclusions)
    if (kind === 'adjustment') row.fill(1, Math.max(0, from), Math.max(0, to));
  return row.reduce((sum, step) => sum + step, 0);
}

/** The worst that any of the rows says of each step. */
function together(rows: readonly Row[], length: number, strip: boolean): Uint8Array {
  const worst = new Uint8Array(length);
  for (const { states, excused } of rows) {
    for (let step = 0; step < length; step += 1) {
      const state = states[step];
      if (state === UP || (strip && excused[step] === 1)) continue;
      const isDown = state === DOWN || (state === HALF_DOWN && !strip);
      worst[step] = Math.max(worst[step] ?? NO, isDown ? SURELY : PERHAPS);
    }
  }
  return worst;
}

/** 1 in the steps of which some row says neither that it was up nor that it was down. */
function unknownIn(rows: readonly Row[]): Uint8Array {
  const unknown = new Uint8Array(rows[0]?.states.length ?? 0);
  for (const { states } of rows)
    for (let step = 0; step < states.length; step += 1)
      if (states[step] !== UP && states[step] !== DOWN && states[step] !== HALF_DOWN) unknown[step] = 1;
  return unknown;
}

function countOf(row: Uint8Array, value: number, end: number): number {
  let counted = 0;
  for (let step = 0; step < end; step += 1) if (row[step] === value) counted += 1;
  return counted;
}

function boundsIn(worst: Uint8Array, end: number): Bounds {
  const lo = countOf(worst, SURELY, end);
  return { lo, hi: lo + countOf(worst, PERHAPS, end) };
}

function countDays(scene: Scene, left: Uint8Array): Pick<Figures, 'days' | 'faultyDays'> {
  const elapsed = elapsedOf(scene);
  const days = { faultFree: 0, faulty: 0, open: 0, ahead: 0 };
  let perhaps = 0;
  for (const [index, from] of scene.days.entries()) {
    const to = scene.days[index + 1] ?? scene.length;
    const said = left.subarray(from, Math.max(from, Math.min(to, elapsed)));
    const [surely, doubtful] = [said.includes(SURELY), said.includes(PERHAPS)];
    days[surely ? 'faulty' : to > elapsed ? 'ahead' : doubtful ? 'open' : 'faultFree'] += 1;
    if (surely || doubtful) perhaps += 1;
  }
  return { days, faultyDays: { lo: days.faulty, hi: perhaps } };
}

/** From the figures alone: missed by what is proven, kept by what is left open, and by nothing where nothing is known. */
export function judgementOf(scene: Scene, figures: Figures): Judgement {
  const { stepMs, terms, length } = scene;
  const [lo, hi] = [figures.down.lo * stepMs, figures.down.hi * stepMs];
  const of = terms.denominator === 'month' ? length : length - figures.excused;
  const known = figures.unknown < elapsedOf(scene);
  const verdict = (missed: boolean, kept: boolean): Verdict =>
    missed ? 'BREACH' : kept && known ? 'MET' : 'INCONCLUSIVE';
  const share = (down: number): bigint => BigInt(of * stepMs - down) * 1_000_000n;
  const least = BigInt(terms.availabilityMin) * BigInt(of * stepMs);
  const availability = verdict(share(lo) < least, share(hi) >= least);
  const downtime = verdict(!(lo < terms.downUnderMs), hi < terms.downUnderMs);
  const faults = verdict(lo > terms.faultsMaxMs, hi <= terms.faultsMaxMs);
  const adjustments = figures.adjustments * stepMs <= terms.adjustmentsMaxMs ? 'MET' : 'BREACH';
  return {
    downtime,
    availability,
    connectivity: worst(downtime, availability),
    faults,
    adjustments,
    operations: worst(faults, adjustments, availability),
  };
}

function worst(...verdicts: readonly Verdict[]): Verdict {
  for (const each of ['BREACH', 'INCONCLUSIVE'] as const) if (verdicts.includes(each)) return each;
  return 'MET';
}

/** How many steps really were down, exclusions taken out of each part, and how many days had such a step. */
export function truthOf(scene: Scene): { readonly down: number; readonly faultyDays: number } | null {
  const { truth, length, days } = scene;
  if (truth === null) return null;
  const excluded = excludedByPath(scene);
  const row = new Uint8Array(length);
  const fill = (spells: readonly Spell[], paths: readonly Path[]): void => {
    for (const { from, to } of spells)
      for (let step = Math.max(0, from); step < Math.min(elapsedOf(scene), to); step += 1)
        if (!paths.every((path) => excluded[path][step] === 1)) row[step] = 1;
  };
  for (const [endpoint, spells] of truth.endpoints) fill(spells, NEEDED_BY[endpoint]);
  for (const [path, spells] of truth.paths) fill(spells, [path]);
  return {
    down: row.reduce((sum, step) => sum + step, 0),
    faultyDays: days.filter((from, index) => row.subarray(from, days[index + 1] ?? length).includes(1)).length,
  };
}
