/** Seeded chance for the oracle's months: the same seed gives the same months, each of them alone too. */

export interface Dice {
  /** A whole number in `[from, to]`. */
  between(from: number, to: number): number;
  /** True in `percent` of 100 throws. */
  chance(percent: number): boolean;
  pick<T>(choices: readonly T[]): T;
}

/** Dice for one month of one run (mulberry32, public domain, Tommy Ettinger). */
export function diceFor(seed: number, index: number): Dice {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (from: number, to: number): number => from + Math.floor(uniform() * (to - from + 1));
  return {
    between,
    chance: (percent) => uniform() * 100 < percent,
    pick: (choices) => choices[between(0, choices.length - 1)] as (typeof choices)[number],
  };
}
