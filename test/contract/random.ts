/** What every Random must keep. */
import { expect, it } from 'vitest';
import type { Random } from '../../src/ports.ts';

const DRAWS = 20_000;
/** The mean of that many draws has a standard error of 0.002; eight of them is chance for nobody. */
const MEAN_ERROR = 0.0165;

export function describeRandom(make: () => Random): void {
  it('draws from 0 up to but not including 1', () => {
    const random = make();
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const value = random.uniform();
      expect(value >= 0 && value < 1).toBe(true);
    }
  });

  it('draws evenly', () => {
    const random = make();
    const draws = Array.from({ length: DRAWS }, () => random.uniform());
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean(draws) - 0.5)).toBeLessThan(MEAN_ERROR);
    // The mean of the squares of a uniform draw is a third.
    expect(Math.abs(mean(draws.map((value) => value * value)) - 1 / 3)).toBeLessThan(MEAN_ERROR);
  });

  it('gives as many bytes as asked for, other ones each time', () => {
    const random = make();
    expect(random.bytes(0)).toHaveLength(0);
    expect(random.bytes(10)).toHaveLength(10);
    expect(random.bytes(1000)).toHaveLength(1000);
    expect(random.bytes(16)).not.toEqual(random.bytes(16));
  });

  it('gives bytes of every value', () => {
    expect(new Set(make().bytes(10_000)).size).toBe(256);
  });
}
