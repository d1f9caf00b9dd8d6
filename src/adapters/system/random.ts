/** Chance from the operating system's generator. */
import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from '../../ports.ts';

/** 2^48 values, the most `randomInt` gives; enough for a schedule nobody can foresee. */
const STEPS = 2 ** 48 - 1;

export const systemRandom: Random = {
  uniform: () => randomInt(STEPS) / STEPS,
  bytes: (count) => randomBytes(count),
};
