/** The domain's downtime and its verdicts against an oracle that goes through a month step by step. */
import { describe, expect, it } from 'vitest';
import { diceFor } from '../dice.ts';
import { smallest } from '../shrink.ts';
import { compare } from './compare.ts';
import { figuresOf, judgementOf, truthOf } from './oracle.ts';
import { outagesIn } from './outages.ts';
import { randomScene } from './random-scene.ts';
import type { Scene, SeenCheck, SeenTrip } from './scene.ts';
import { sharpened } from './sharpen.ts';
import { describeScene, smallerThan } from './shrink.ts';

const MONTHS = Number(process.env['ORACLE_MONTHS'] ?? 10_000);
/** Another seed is another ten thousand months: ORACLE_SEED=2 vitest run test/oracle */
const SEED = Number(process.env['ORACLE_SEED'] ?? 1);
/** This many are made small and printed; the rest are counted. */
const SHOWN_MAX = 3;

/** A hundred steps of a second in two days, over long since; one endpoint, a cell of ten. */
const plain: Scene = {
  stepMs: 1000,
  originMs: 1_790_000_000_000,
  length: 100,
  calendar: null,
  days: [0, 50],
  now: 1000,
  cell: 10,
  endpoints: ['mx'],
  checks: [],
  trips: [],
  exclusions: [],
  terms: {
    kinds: ['carrier'],
    denominator: 'month',
    downUnderMs: 10_000,
    faultsMaxMs: 10_000,
    adjustmentsMaxMs: 10_000,
    availabilityMin: 900_000,
  },
  truth: null,
};
const checksAt = (result: SeenCheck['result'], ...times: readonly number[]): readonly SeenCheck[] =>
  times.map((at) => ({ endpoint: 'mx', at, result, afterBreak: false }));
const UP = checksAt('up', -5, 10, 20, 30, 40);
const AGAIN = checksAt('up', 60, 75, 90, 105);

describe('the oracle, against what was worked out by hand', () => {
  it('counts as down what lies between two failures, as up what lies between two good checks, and the rest as neither', () => {
    const figures = figuresOf({ ...plain, checks: [...UP, ...checksAt('down', 45, 52), ...AGAIN] });
    expect(figures).toMatchObject({
      down: { lo: 7, hi: 20 },
      unknown: 13,
      longestGap: 8,
      faultyDays: { lo: 2, hi: 2 },
    });
    const farther = { ...plain, checks: [...UP, ...checksAt('up', 61, 75, 90, 105)] };
    expect(figuresOf(farther)).toMatchObject({ down: { lo: 0, hi: 21 }, faultyDays: { lo: 0, hi: 2 } });
  });

  it('takes out of each part what its paths have excluded', () => {
    const outage = { ...plain, checks: [...UP, ...checksAt('down', 40, 60), ...AGAIN] };
    const down = (...exclusions: Scene['exclusions']) => figuresOf({ ...outage, exclusions }).down;
    expect(down()).toEqual({ lo: 20, hi: 20 });
    expect(down({ kind: 'carrier', path: null, from: 45, to: 50 })).toEqual({ lo: 15, hi: 15 });
    expect(down({ kind: 'carrier', path: 'receive', from: 45, to: 50 })).toEqual({ lo: 15, hi: 15 });
    expect(down({ kind: 'carrier', path: 'send', from: 45, to: 50 })).toEqual({ lo: 20, hi: 20 });
    expect(down({ kind: 'adjustment', path: null, from: 45, to: 50 })).toEqual({ lo: 20, hi: 20 });
  });

  it('lets two failures of one path prove the time between them, if nothing lies between', () => {
    const trip = (at: number, fate: SeenTrip['fate']): SeenTrip => ({
      path: 'receive',
      at,
      fate,
      byProvider: fate === 'failed',
    });
    const down = (...trips: readonly SeenTrip[]) =>
      figuresOf({ ...plain, checks: checksAt('up', -5, 10, 25, 40, 55, 70, 85, 100), trips }).down;
    const [before, one, other, after] = [
      trip(10, 'delivered'),
      trip(20, 'failed'),
      trip(30, 'failed'),
      trip(50, 'delivered'),
    ];
    expect(down(before, one, other, after)).toEqual({ lo: 10, hi: 40 });
    expect(down(before, one, trip(25, 'pending'), other, after)).toEqual({ lo: 0, hi: 40 });
    expect(down(before, one, trip(25, 'delivered'), other, after)).toEqual({ lo: 0, hi: 40 });
    expect(down(before, one, after)).toEqual({ lo: 0, hi: 40 });
    expect(down(trip(25, 'failed'))).toEqual({ lo: 0, hi: 100 });
  });

  it('keeps a limit that is reached, and not the one that must be stayed under', () => {
    const judged = (down: number, hi = down) => {
      const { downtime, availability, faults } = judgementOf(plain, {
        ...figuresOf(plain),
        unknown: 0,
        down: { lo: down, hi },
      });
      return [downtime, availability, faults];
    };
    expect(judged(9)).toEqual(['MET', 'MET', 'MET']);
    expect(judged(10)).toEqual(['BREACH', 'MET', 'MET']);
    expect(judged(11)).toEqual(['BREACH', 'BREACH', 'BREACH']);
    expect(judged(9, 10)).toEqual(['INCONCLUSIVE', 'MET', 'MET']);
    expect(judged(9, 11)).toEqual(['INCONCLUSIVE', 'INCONCLUSIVE', 'INCONCLUSIVE']);
  });

  it('tells an outage by its first and last failure and the good checks about it', () => {
    const scene = { ...plain, checks: [...UP, ...checksAt('down', 45), ...checksAt('doubtful', 52), ...AGAIN] };
    const outage = {
      part: 'mx',
      path: null,
      beganAfter: 40,
      beganBy: 45,
      endedAfter: 52,
      endedBy: 60,
      checks: 2,
      reason: '45',
    };
    expect(outagesIn(scene)).toEqual([outage]);
  });

  it('counts what really was by the step, within the month as far as it is over', () => {
    const truth = {
      endpoints: new Map([
        [
          'mx',
          [
            { from: -5, to: 5 },
            { from: 40, to: 60 },
          ],
        ],
      ] as const),
      paths: new Map(),
    };
    expect(truthOf({ ...plain, truth })).toEqual({ down: 25, faultyDays: 2 });
    expect(truthOf({ ...plain, truth, now: 45 })).toEqual({ down: 10, faultyDays: 1 });
  });
});

describe(`${MONTHS} random months (ORACLE_SEED=${SEED})`, () => {
  it('are measured and judged alike by the domain and the oracle, and as what happened allows', {
    timeout: 180_000,
  }, () => {
    const shown: string[] = [];
    const verdicts = new Map<string, number>();
    let disagreeing = 0;
    let proven = 0;
    for (let index = 0; index < MONTHS; index += 1) {
      const scene = sceneAt(index);
      const { disagreements, judgement } = compare(scene);
      for (const [name, verdict] of Object.entries(judgement)) {
        const key = `${name} ${verdict}`;
        verdicts.set(key, (verdicts.get(key) ?? 0) + 1);
      }
      if (scene.truth !== null) proven += 1;
      if (disagreements.length === 0) continue;
      disagreeing += 1;
      if (shown.length < SHOWN_MAX) shown.push(report(index, scene, disagreements));
    }
    expect(shown, `${disagreeing} of ${MONTHS} months\n${shown.join('\n\n')}`).toEqual([]);
    // Each kind of verdict must come up often, or agreement would say little. Adjustments are known, so two of three.
    expect(verdicts.size).toBe(17);
    expect(Math.min(...verdicts.values())).toBeGreaterThan(MONTHS / 50);
    expect(proven).toBeGreaterThan(MONTHS / 3);
  });
});

/** Every second month has its limits moved onto its own figures. */
function sceneAt(index: number): Scene {
  const scene = randomScene(SEED, index);
  return index % 2 === 0 ? scene : sharpened(scene, diceFor(~SEED, index));
}

/** The smallest month that shows the first of the disagreements. */
function report(index: number, scene: Scene, disagreements: readonly string[]): string {
  const subject = (sentence: string): string => sentence.split(/[:[]/)[0] ?? sentence;
  const first = subject(disagreements[0] ?? '');
  const fails = (smaller: Scene): boolean => compare(smaller).disagreements.some((each) => subject(each) === first);
  const found = smallest(scene, smallerThan, fails);
  return [`month ${index} of seed ${SEED}`, ...compare(found).disagreements, describeScene(found)].join('\n');
}
