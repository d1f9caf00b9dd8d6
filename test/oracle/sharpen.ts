/** Moves a clause's limits to where the month's figures are: on the very number, and a hair to each side. */
import type { Dice } from './dice.ts';
import { figuresOf } from './oracle.ts';
import type { Scene } from './scene.ts';
import type { Sightings } from './sighting.ts';

/** Seconds: more than a figure may be rounded by, far less than the clocks leave open. */
const HAIR = 3e-6;

export function sharpened(scene: Scene, { sightings }: Sightings, dice: Dice): Scene {
  const { clause } = scene;
  const clocks = dice.pick(['perfect', 'least', 'most'] as const);
  const samples = sightings.map(({ fate, [clocks]: { raw, stripped } }) => ({ fate, raw, ...stripped }));
  const hair = dice.pick([0, 0, 1, -1]);
  const { average } = figuresOf(samples, clause);
  const limitAt = (values: readonly number[], otherwise: number): number => {
    const fit = values.filter((value) => Number.isFinite(value) && value > 0);
    return fit.length === 0 ? otherwise : dice.pick(fit) + hair * HAIR;
  };
  return {
    ...scene,
    clause: {
      ...clause,
      averageMaxSeconds: dice.chance(40)
        ? limitAt(average === null ? [] : [average.lo, average.hi], clause.averageMaxSeconds)
        : clause.averageMaxSeconds,
      maximumSeconds: dice.chance(40)
        ? limitAt(
            samples.flatMap(({ lo, hi }) => [lo, hi]),
            clause.maximumSeconds,
          )
        : clause.maximumSeconds,
    },
  };
}
