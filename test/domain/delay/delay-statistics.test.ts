/** Averages, breaches and quantiles of bounds are the least and the most over everything that may be true, tried one by one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averageOf, conditionalAverage, leastMean } from '../../../src/domain/delay/delay-average.ts';
import { bootstrapAverage } from '../../../src/domain/delay/delay-bootstrap.ts';
import { countBreaches } from '../../../src/domain/delay/delay-breaches.ts';
import { leastQuantile, quantilesOf } from '../../../src/domain/delay/delay-quantiles.ts';
import type { DelaySample } from '../../../src/domain/delay/delay-sample.ts';
import type { Interval } from '../../../src/domain/interval.ts';
import type { Outcome } from '../../../src/domain/record.ts';

const INF = Number.POSITIVE_INFINITY;
const exactly = (seconds: number): Interval => ({ lo: seconds, hi: seconds });
const atLeast = (seconds: number): Interval => ({ lo: seconds, hi: INF });
const none: readonly Interval[] = [];
const few = (maxLength: number) => fc.array(fc.integer({ min: 0, max: 9 }), { maxLength });

function subsets<T>(all: readonly T[]): T[][] {
  return all.reduce<T[][]>((sets, each) => [...sets, ...sets.map((set) => [...set, each])], [[]]);
}

describe('the average', () => {
  it('is the least over any part of what is possible, and zero where that may be nothing at all', () => {
    fc.assert(
      fc.property(few(6), few(7), (certain, possible) => {
        const means = subsets(possible)
          .map((chosen) => [...certain, ...chosen])
          .map((all) => (all.length === 0 ? 0 : all.reduce((sum, each) => sum + each, 0) / all.length));
        const least = certain.length + possible.length === 0 ? null : Math.min(...means);
        const found = leastMean(certain, possible);
        expect(found === null ? null : found.toFixed(9)).toBe(least === null ? null : least.toFixed(9));
      }),
    );
  });

  // (59.7 + 116.4 + 3.9) / 3 = 60, of which doubles make 60.00000000000001.
  it('of exactly the limit is exactly the limit, however the sum is rounded', () => {
    const delivered = [59.7, 116.4, 3.9].map(exactly);
    expect(averageOf({ delivered, lost: none, pending: none }, false)).toEqual(exactly(60));
  });

  it('is open above while a message is pending, and closed once it is lost', () => {
    const delivered = [exactly(10), exactly(20)];
    expect(averageOf({ delivered, lost: none, pending: [atLeast(500)] }, false)).toEqual({ lo: 15, hi: INF });
    expect(averageOf({ delivered, lost: [atLeast(500)], pending: none }, false)).toEqual({ lo: 15, hi: 15 });
  });

  // (10 + 20 + 3) / 3 = 11: measurement.md's floor is that of any part of what is pending or lost.
  it('may be lowered by a lost message of which little was proven', () => {
    const delivered = [exactly(10), exactly(20)];
    expect(averageOf({ delivered, lost: [atLeast(3)], pending: none }, false)).toEqual({ lo: 11, hi: 15 });
  });

  // (10 + 20 + 600) / 3 = 210
  it('with losses counted holds what was proven of each lost message, and is open above', () => {
    const delivered = [exactly(10), exactly(20)];
    expect(averageOf({ delivered, lost: [atLeast(600)], pending: none }, true)).toEqual({ lo: 210, hi: INF });
  });

  it('with losses counted is not raised by a pending message, which may still bounce', () => {
    const delivered = [exactly(10), exactly(20)];
    expect(averageOf({ delivered, lost: none, pending: [atLeast(600)] }, true)).toEqual({ lo: 15, hi: INF });
    // (10 + 20 + 3) / 3 = 11
    expect(averageOf({ delivered, lost: none, pending: [atLeast(3)] }, true)).toEqual({ lo: 11, hi: INF });
  });

  it('with losses counted is closed where nothing was lost', () => {
    expect(averageOf({ delivered: [exactly(10), exactly(20)], lost: none, pending: none }, true)).toEqual(exactly(15));
  });

  it('of nothing but lost messages is open above where losses count', () => {
    expect(averageOf({ delivered: none, lost: [atLeast(700)], pending: none }, true)).toEqual(atLeast(700));
  });

  it('of nothing delivered may be none: what is pending may bounce, and what is lost is left out', () => {
    expect(averageOf({ delivered: none, lost: none, pending: [atLeast(700), atLeast(90)] }, false)).toEqual(atLeast(0));
    expect(averageOf({ delivered: none, lost: none, pending: [atLeast(700)] }, true)).toEqual(atLeast(0));
    expect(averageOf({ delivered: none, lost: [atLeast(700)], pending: none }, false)).toEqual(atLeast(0));
    expect(averageOf({ delivered: none, lost: none, pending: none }, false)).toBeNull();
    expect(conditionalAverage({ delivered: none, lost: [atLeast(700)], pending: none })).toBeNull();
  });
});

describe('the nearest rank', () => {
  it('is the least over any part of what is possible', () => {
    fc.assert(
      fc.property(few(6), few(7), fc.constantFrom(50, 95, 99), (certain, possible, percent) => {
        fc.pre(certain.length + possible.length > 0);
        const quantiles = subsets(possible)
          .map((chosen) => [...certain, ...chosen].sort((one, other) => one - other))
          .filter((all) => all.length > 0)
          .map((all) => all[Math.ceil((percent * all.length) / 100) - 1] ?? Number.NaN);
        const ordered = (values: readonly number[]) => Float64Array.from(values).sort();
        expect(leastQuantile(ordered(certain), ordered(possible), percent)).toBe(Math.min(...quantiles));
      }),
      { numRuns: 500 },
    );
  });

  // Of 1 to 60 s: ranks 30, ceil(57.0) = 57 and ceil(59.4) = 60. 0.95 × 60 in doubles is above 57 and would give 58.
  it('of sixty delays is a delay, not one between two', () => {
    const delivered = Array.from({ length: 60 }, (_, index) => exactly(index + 1));
    expect(quantilesOf({ delivered, lost: none, pending: none })).toEqual({
      p50: exactly(30),
      p95: exactly(57),
      p99: exactly(60),
    });
  });

  // 96 delivered in 1 s, 4 lost after 100 h: p95 is rank 95 of 100, p99 rank 99, a lost one.
  it('is open above where it falls on a lost message', () => {
    const delivered = Array.from({ length: 96 }, () => exactly(1));
    const lost = Array.from({ length: 4 }, () => atLeast(360_000));
    expect(quantilesOf({ delivered, lost, pending: none })).toEqual({
      p50: exactly(1),
      p95: exactly(1),
      p99: atLeast(360_000),
    });
  });

  it('is null of nothing', () => {
    expect(quantilesOf({ delivered: none, lost: none, pending: none })).toBeNull();
  });
});

const MAXIMUM = 3600;
let count = 0;
const sample = (outcome: Outcome, raw: Interval, stripped: Interval = raw): DelaySample => {
  count += 1;
  return { id: `p${count}`, acceptedMs: count, outcome, raw, stripped };
};
const late = () => sample('delivered', exactly(3601));
const onTime = () => sample('delivered', exactly(1));
const unclear = () => sample('delivered', { lo: 0, hi: 9000 });
const breachesOf = (...samples: readonly DelaySample[]) => countBreaches(samples, MAXIMUM);

describe('breaches', () => {
  it('begin above the maximum, not at it', () => {
    expect(breachesOf(sample('delivered', exactly(3600)))).toEqual({ messages: exactly(0), episodes: exactly(0) });
    expect(breachesOf(sample('delivered', exactly(3600.000001))).messages).toEqual(exactly(1));
  });

  it('make one episode until a delivery on time', () => {
    expect(breachesOf(late(), late(), late())).toEqual({ messages: exactly(3), episodes: exactly(1) });
    expect(breachesOf(late(), onTime(), late())).toEqual({ messages: exactly(2), episodes: exactly(2) });
  });

  it('are one episode or two when it is unclear what lies between them', () => {
    expect(breachesOf(late(), unclear(), late())).toEqual({ messages: { lo: 2, hi: 3 }, episodes: { lo: 1, hi: 2 } });
    // Five of which the second and fourth may be on time: at most three runs.
    expect(breachesOf(unclear(), unclear(), unclear(), unclear(), unclear()).episodes).toEqual({ lo: 0, hi: 3 });
  });

  it('may be parted by a message that is pending for no longer than the maximum, and by none that is for longer', () => {
    const between = (lo: number) => breachesOf(late(), sample('pending', atLeast(lo)), late()).episodes;
    expect(between(3600)).toEqual({ lo: 1, hi: 2 });
    expect(between(3600.000001)).toEqual(exactly(1));
  });

  it('are neither parted nor made for sure by a message that is late only by excluded time so far', () => {
    const missing = sample('pending', atLeast(7000), atLeast(10));
    expect(breachesOf(missing)).toEqual({ messages: { lo: 0, hi: 1 }, episodes: { lo: 0, hi: 1 } });
    expect(breachesOf(late(), missing, late()).episodes).toEqual(exactly(1));
  });

  it('are not parted by a lost message, nor by one that bounced', () => {
    expect(breachesOf(late(), sample('lost', atLeast(9)), late()).episodes).toEqual(exactly(1));
    expect(breachesOf(late(), sample('failed', { lo: 9, hi: 20 }), late())).toEqual({
      messages: exactly(2),
      episodes: exactly(1),
    });
  });

  it('stay when the message bounces at last', () => {
    expect(breachesOf(sample('failed', { lo: 7000, hi: 8000 })).messages).toEqual(exactly(1));
  });

  it('that are excluded part no episode: an excluded breach is no delivery on time', () => {
    const excluded = sample('delivered', exactly(7000), exactly(10));
    expect(breachesOf(late(), excluded, late())).toEqual({ messages: exactly(2), episodes: exactly(1) });
  });

  it('are as few and as many as any truth within the bounds makes them', () => {
    const states = [
      'late',
      'onTime',
      'unclear',
      'pending',
      'lost',
      'failed',
      'failedLate',
      'excluded',
      'halfExcluded',
    ] as const;
    type Truth = 'breach' | 'onTime' | 'neither';
    const kinds: Record<(typeof states)[number], { make: () => DelaySample; truths: readonly Truth[] }> = {
      late: { make: late, truths: ['breach'] },
      onTime: { make: onTime, truths: ['onTime'] },
      unclear: { make: unclear, truths: ['breach', 'onTime'] },
      pending: { make: () => sample('pending', atLeast(5)), truths: ['breach', 'onTime', 'neither'] },
      lost: { make: () => sample('lost', atLeast(5)), truths: ['breach', 'neither'] },
      failed: { make: () => sample('failed', { lo: 5, hi: 50 }), truths: ['neither'] },
      failedLate: { make: () => sample('failed', { lo: 5, hi: 9000 }), truths: ['breach', 'neither'] },
      excluded: { make: () => sample('delivered', exactly(7000), exactly(10)), truths: ['neither'] },
      halfExcluded: {
        make: () => sample('delivered', exactly(7000), { lo: 3000, hi: 4000 }),
        truths: ['breach', 'neither'],
      },
    };
    const episodes = (truths: readonly Truth[]) =>
      truths
        .filter((truth) => truth !== 'neither')
        .join(' ')
        .split(/(?:onTime ?)+/)
        .filter((run) => run.includes('breach')).length;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...states), { maxLength: 7 }), (sequence) => {
        const worlds = sequence.reduce<Truth[][]>(
          (all, state) => all.flatMap((world) => kinds[state].truths.map((truth) => [...world, truth])),
          [[]],
        );
        const messages = worlds.map((world) => world.filter((truth) => truth === 'breach').length);
        const runs = worlds.map(episodes);
        expect(
          countBreaches(
            sequence.map((state) => kinds[state].make()),
            MAXIMUM,
          ),
        ).toEqual({
          messages: { lo: Math.min(...messages), hi: Math.max(...messages) },
          episodes: { lo: Math.min(...runs), hi: Math.max(...runs) },
        });
      }),
      { numRuns: 300 },
    );
  });
});

describe('the bootstrap', () => {
  const DAY = 86_400_000;
  const days = Array.from({ length: 10 }, (_, index) => ({ fromMs: index * DAY, toMs: (index + 1) * DAY }));
  /** Park–Miller: enough of chance for a test, the same each time. */
  const seeded = () => {
    let state = 20_261_110;
    return () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
  };
  const daily = (delays: readonly number[]) =>
    delays.flatMap((delay, day) => [0, 1].map((each) => ({ acceptedMs: day * DAY + each, delay: exactly(delay) })));

  it('needs seven days with a message', () => {
    expect(bootstrapAverage(daily([1, 2, 3, 4, 5, 6]), days, seeded())).toBeNull();
    expect(bootstrapAverage(daily([1, 2, 3, 4, 5, 6, 7]), days, seeded())).not.toBeNull();
  });

  it('is the mean itself when all days are alike', () => {
    expect(bootstrapAverage(daily([5, 5, 5, 5, 5, 5, 5, 5]), days, seeded())).toEqual(exactly(5));
  });

  it('is as wide as the days differ, around the mean, and the same for the same numbers', () => {
    const samples = daily([1, 9, 1, 9, 1, 9, 1, 9, 1, 9]);
    const drawn = bootstrapAverage(samples, days, seeded())!;
    // The mean of ten draws of 1 or 9 has a deviation of 4 / √10 = 1.26, so 95% lie within about 5 ± 2.5.
    expect(drawn.lo).toBeGreaterThan(1.8);
    expect(drawn.lo).toBeLessThan(3.5);
    expect(drawn.hi).toBeGreaterThan(6.5);
    expect(drawn.hi).toBeLessThan(8.2);
    expect(bootstrapAverage(samples, days, seeded())).toEqual(drawn);
  });

  // 2.5% of 1,000 are 25: the bounds are the 25th least and the 975th.
  it.each([
    [24, 26, { lo: 5, hi: 9 }],
    [25, 25, { lo: 1, hi: 5 }],
    [25, 26, { lo: 1, hi: 9 }],
  ])('of a thousand draws, %d of them low and %d high, is %j', (low, high, expected) => {
    const samples = daily([1, 5, 5, 5, 5, 5, 9]);
    let drawn = 0;
    const uniform = () => {
      const draw = Math.floor(drawn / 7);
      drawn += 1;
      return draw < low ? 0 : draw < 1000 - high ? 0.5 : 0.999;
    };
    expect(bootstrapAverage(samples, days, uniform)).toEqual(expected);
    expect(drawn).toBe(7 * 1000);
  });

  it('holds each message by the day in which it was accepted, and as often as there are messages in it', () => {
    const first = days.map(({ fromMs }, day) => ({ acceptedMs: fromMs, delay: { lo: day, hi: day + 100 } }));
    const last = { acceptedMs: days[3]!.toMs - 1, delay: { lo: 4, hi: 203 } };
    const samples = [...first.slice(0, 4), last, ...first.slice(4)];
    expect(bootstrapAverage(samples, days, () => 0.35)).toEqual({ lo: 3.5, hi: 153 });
    expect(bootstrapAverage(samples, days, () => 0.45)).toEqual({ lo: 4, hi: 104 });
  });

  it('takes no number that is not in [0, 1)', () => {
    expect(() => bootstrapAverage(daily([1, 2, 3, 4, 5, 6, 7]), days, () => 1)).toThrow(
      'uniform must give numbers in [0, 1)',
    );
  });
});
