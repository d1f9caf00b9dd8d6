/** Moves a scene's limits to where its figures are: on the very millisecond, and one to each side. */
import type { Dice } from '../dice.ts';
import { figuresOf } from './oracle.ts';
import type { Scene } from './scene.ts';

export function sharpened(scene: Scene, dice: Dice): Scene {
  const { stepMs, length, terms } = scene;
  const { down, excused, adjustments } = figuresOf(scene);
  const beside = (steps: number): number => steps * stepMs + dice.pick([0, 0, 1, -1]);
  const positive = (ms: number): number => Math.max(1, ms);
  const end = (): number => (dice.chance(50) ? down.lo : down.hi);
  const of = terms.denominator === 'month' ? length : length - excused;
  const share = of === 0 ? 1_000_000 : 1_000_000 - Math.floor((end() * 1_000_000) / of) + dice.pick([0, 0, 1, -1]);
  return {
    ...scene,
    terms: {
      ...terms,
      downUnderMs: positive(beside(end())),
      faultsMaxMs: Math.max(0, beside(end())),
      adjustmentsMaxMs: Math.max(0, beside(adjustments)),
      availabilityMin: Math.min(1_000_000, Math.max(1, share)),
    },
  };
}
