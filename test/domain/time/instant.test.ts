/** Instants and the spans between them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  earlierOf,
  earliest,
  type Instant,
  isBefore,
  laterOf,
  shift,
  shorterOf,
  spanBetween,
  toIso,
} from '../../../src/domain/time/instant.ts';

const at = (seconds: number, extra: Partial<Instant> = {}): Instant => ({
  wallMs: Math.round(1.7e12 + seconds * 1000),
  monoUs: Math.round(1e9 + seconds * 1e6),
  suspendedMs: 0,
  errorUs: 0,
  boot: 'a',
  ...extra,
});
const seconds = fc.double({ min: 0, max: 500_000, noNaN: true });

describe('spanBetween', () => {
  it('holds the true duration within one boot, however the clock was slewed', () => {
    fc.assert(
      fc.property(seconds, fc.double({ min: -500e-6, max: 500e-6, noNaN: true }), (duration, rate) => {
        const { lo, hi } = spanBetween(at(0), at(duration * (1 + rate)));
        expect(lo).toBeLessThanOrEqual(duration);
        expect(hi).toBeGreaterThanOrEqual(duration);
      }),
    );
  });

  it('does not move when the wall clock is put back, and says so', () => {
    const span = spanBetween(at(0), at(10, { wallMs: 1.7e12 + 10_000 - 3_600_000 }));
    expect(span.lo).toBeCloseTo(10, 1);
    expect(span.hi).toBeCloseTo(10, 1);
    expect(span.flags).toEqual(['clock-stepped']);
  });

  it('holds the time of a host that was frozen, which only the wall clock tells once it is set', () => {
    const thawed = at(10, { wallMs: 1.7e12 + 1_800_000 });
    const near = (lo: number, hi: number) => ({ lo: expect.closeTo(lo, 9), hi: expect.closeTo(hi, 9) });
    // 1800 × 0.0005005 = 0.9009, and a step's threshold.
    expect(spanBetween(at(0), thawed)).toEqual({ ...near(9.994993, 1800 + 1.0289), flags: ['clock-stepped'] });
    expect(spanBetween(thawed, at(0))).toEqual({ ...near(-1800 - 1.0289, -9.994993), flags: ['clock-stepped'] });
    const asleep = spanBetween(at(0), at(10, { wallMs: 1.7e12 + 1_800_000, suspendedMs: 60_000 }));
    expect(asleep).toMatchObject(near(9.994993, 1800 + 1.0289));
  });

  it('holds the duration with and without the time the host was suspended', () => {
    const span = spanBetween(at(0), at(10, { wallMs: 1.7e12 + 70_000, suspendedMs: 60_000 }));
    expect(span.lo).toBeLessThanOrEqual(10);
    expect(span.hi).toBeGreaterThanOrEqual(70);
    expect(span.flags).toEqual(['host-suspended']);
  });

  it('holds the true duration of a suspend of which the kernel tells to 10 ms', () => {
    const kernel = (ms: number): number => Math.floor(ms / 10) * 10;
    const suspend = fc.double({ min: 100, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: 0, max: 10, noNaN: true }), suspend, suspend, (awake, before, asleep) => {
        const to = at(awake, { suspendedMs: kernel(before + asleep) });
        const { lo, hi } = spanBetween(at(0, { suspendedMs: kernel(before) }), to);
        expect(lo).toBeLessThanOrEqual(awake);
        expect(hi).toBeGreaterThanOrEqual(awake + asleep / 1000);
      }),
    );
  });

  it('is no shorter for a suspend than the time awake, however long it lasted', () => {
    const { lo } = spanBetween(at(0), at(10, { suspendedMs: 3e8 }));
    expect(lo).toBeCloseTo(10 - 0.005007, 9);
  });

  it('takes two clocks read to 10 ms for no suspend', () => {
    expect(spanBetween(at(0), at(10, { suspendedMs: 10 })).flags).toEqual([]);
  });

  it('is as wide as the clocks may be wrong: 500 ppm and two readings, of the microsecond or 10 ms, or two settings of the wall clock', () => {
    const near = (lo: number, hi: number) => ({ lo: expect.closeTo(lo, 9), hi: expect.closeTo(hi, 9) });
    expect(spanBetween(at(0), at(10))).toEqual({ ...near(9.994993, 10.005007), flags: [] });
    expect(spanBetween(at(10), at(0))).toEqual({ ...near(-10.005007, -9.994993), flags: [] });
    const asleep = spanBetween(at(0), at(10, { wallMs: 1.7e12 + 70_000, suspendedMs: 60_000 }));
    expect(asleep).toMatchObject(near(10 - 0.005007, 70 + 0.055035));
    const back = spanBetween(at(10, { wallMs: 1.7e12 + 70_000, suspendedMs: 60_000 }), at(0));
    expect(back).toMatchObject(near(-70 - 0.055035, -10 + 0.005007));
  });

  const HOUR_UP = { boot: 'b', monoUs: 3600e6 };
  const hourUp = (wall: number) => at(wall, HOUR_UP);

  it('goes by wall time across boots, as wide as two settings of the clock, once both have been set', () => {
    const from = at(0, { monoUs: 3600e6 });
    const near = (lo: number, hi: number) => ({ lo: expect.closeTo(lo, 9), hi: expect.closeTo(hi, 9) });
    expect(spanBetween(from, hourUp(9000))).toEqual({ ...near(9000 - 6.5045, 9000 + 6.5045), flags: ['rebooted'] });
    expect(spanBetween(from, at(9000, { ...HOUR_UP, monoUs: 3000e6, suspendedMs: 600_000 })).lo).toBeCloseTo(8993.4955);
  });

  it('is at least as long as the second boot has lasted, and no more is sure while either clock may not have been set', () => {
    const from = at(0, { monoUs: 3600e6 });
    expect(spanBetween(from, at(9000, { boot: 'b', monoUs: 60e6, suspendedMs: 5000 })).lo).toBe(65);
    expect(spanBetween(at(0, { monoUs: 3599e6 }), at(9000, { ...HOUR_UP, monoUs: 4000e6 })).lo).toBe(4000);
    // Moved to a host that has been up for longer.
    expect(spanBetween(at(0), at(100, { ...HOUR_UP, monoUs: 90_000e6 })).lo).toBeCloseTo(100 - 2.05005, 9);
  });

  it('may have lasted for ever where the wall clock of the second boot shows less than that of the first', () => {
    expect(spanBetween(at(100, { monoUs: 3600e6 }), hourUp(0))).toEqual({
      ...{ lo: expect.closeTo(-102.05005, 9), hi: Number.POSITIVE_INFINITY, flags: ['rebooted'] },
    });
    const settled = at(1, { monoUs: 3600e6 });
    expect(spanBetween(settled, at(0, { ...HOUR_UP, monoUs: 90_000e6 })).hi).toBeCloseTo(1.0005005, 6);
  });

  it('or while either clock may not have been set', () => {
    expect(spanBetween(at(0, { monoUs: 3600e6 }), at(9000, { boot: 'b', monoUs: 3599e6 })).hi).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(spanBetween(at(0, { monoUs: 3599e6 }), hourUp(9000)).hi).toBe(Number.POSITIVE_INFINITY);
  });

  it('is told by a reading of the second boot after its clock was set, if that of the first was', () => {
    const [from, set] = [at(0, { monoUs: 3600e6 }), at(10_000, HOUR_UP)];
    const out = at(-90_000, { boot: 'b', monoUs: 100e6 });
    const { lo, hi } = spanBetween(from, out, set);
    expect(lo).toBeLessThan(10_000 - 3500);
    expect(hi).toBeGreaterThan(10_000 - 3500);
    expect(hi).toBeLessThan(10_000 - 3500 + 10);
    const unset = at(9000, { boot: 'b', monoUs: 3000e6 });
    for (const useless of [at(10_000, { boot: 'c', monoUs: 3600e6 }), unset])
      expect(spanBetween(from, out, useless).hi).toBe(Number.POSITIVE_INFINITY);
    expect(spanBetween(at(0, { monoUs: 60e6 }), out, set).hi).toBe(Number.POSITIVE_INFINITY);
  });

  it('holds what passed over a boot whose clock was anything until it was set', () => {
    const sleeps = fc.integer({ min: 0, max: 86_400 });
    const anything = fc.integer({ min: -1e6, max: 1e6 });
    const upFor = fc.integer({ min: 1, max: 3599 });
    fc.assert(
      fc.property(anything, sleeps, upFor, sleeps, upFor, (wrongBy, down, up, asleep, asleepAt) => {
        // Down for so long, up until it came out, then awake and asleep until an hour after the boot and more.
        const passed = down + up;
        const lag = asleep * Number(asleepAt > up);
        const slept = (asleep - lag) * 1000;
        const out = at(passed + asleep - lag + wrongBy, { boot: 'b', monoUs: up * 1e6, suspendedMs: slept });
        const set = at(down + 3600 + asleep, { boot: 'b', monoUs: 3600e6, suspendedMs: asleep * 1000 });
        const { lo, hi } = spanBetween(at(0, { monoUs: 3600e6 }), out, set);
        expect(lo).toBeLessThanOrEqual(passed + asleep - lag);
        expect(hi).toBeGreaterThanOrEqual(passed + asleep - lag);
      }),
    );
  });

  it.each([
    [50, 0, []],
    [51, 51, ['host-suspended']],
    [-51, -51, ['host-suspended']],
    // 128 ms and what 500.5 ppm make of 10 s; a suspend moves the wall clock rightly.
    [0, 133, []],
    [0, -133, []],
    [0, 134, ['clock-stepped']],
    [0, -134, ['clock-stepped']],
    [1000, 1000 + 133, ['host-suspended']],
    [1000, 1000 + 134, ['host-suspended', 'clock-stepped']],
    [1000, 0, ['host-suspended', 'clock-stepped']],
  ])(
    'of ten seconds with %d ms of suspend, and the wall clock %d ms ahead, is flagged %j',
    (suspendedMs, ahead, flags) => {
      expect(spanBetween(at(0), at(10, { suspendedMs, wallMs: at(10).wallMs + ahead })).flags).toEqual(flags);
    },
  );

  it('is negative when the second reading came first', () => {
    expect(spanBetween(at(10), at(4)).hi).toBeLessThan(-5.9);
  });
});

describe('earliest', () => {
  it('goes back by the reading error and never forward', () => {
    expect(earliest(at(1, { errorUs: 2500 })).monoUs).toBe(1e9 + 1e6 - 2500);
    expect(earliest(at(1))).toEqual(at(1));
    expect(earliest(at(1, { errorUs: 3_000_000, suspendedMs: 7 }))).toEqual(at(-2, { suspendedMs: 7 }));
  });
});

describe('isBefore', () => {
  it('orders two boots by wall time', () => {
    expect(isBefore(at(5), at(6, { boot: 'b', monoUs: 1 }))).toBe(true);
  });
  it('orders boots that it is told of, whatever their wall clocks say, and others before them', () => {
    const [first, second] = [at(9), at(6, { boot: 'b', monoUs: 1 })];
    const boots = [first.boot, 'b'];
    expect([isBefore(first, second, boots), isBefore(second, first, boots)]).toEqual([true, false]);
    expect([isBefore(first, second, ['b']), isBefore(second, first, ['b'])]).toEqual([true, false]);
    expect([earlierOf(second, first, boots), laterOf(first, second, boots)]).toEqual([first, second]);
  });
  it('orders one boot by the monotonic clock, whatever the wall clock says', () => {
    expect(isBefore(at(5, { wallMs: 9 }), at(6, { wallMs: 8 }))).toBe(true);
    expect(isBefore(at(5), at(5))).toBe(false);
    expect(isBefore(at(5), at(5, { boot: 'b', monoUs: 1 }))).toBe(false);
  });
  it('agrees with shift', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (ms) => {
        expect(isBefore(at(0), shift(at(0), ms))).toBe(true);
        expect(isBefore(shift(at(0), ms), at(0))).toBe(false);
      }),
    );
  });
});

describe('shorterOf', () => {
  const from = at(0, { monoUs: 7200e6 });
  const next = at(900, { boot: 'b', monoUs: 60e6 });
  it('is the earlier of one boot, and what was in the boot of the beginning before what was in another', () => {
    const [one, other] = [at(1000, { monoUs: 8200e6 }), at(2000, { monoUs: 9200e6 })];
    expect([shorterOf(from, one, other), shorterOf(from, other, one)]).toEqual([one, one]);
    expect([shorterOf(from, one, next), shorterOf(from, next, one)]).toEqual([one, one]);
  });
  it('is what shows less where two others are in question', () => {
    // The clock of the third boot was set long ago, that of the second is not yet.
    const third = at(500, { boot: 'c', monoUs: 7200e6 });
    expect([shorterOf(from, next, third), shorterOf(from, third, next)]).toEqual([next, next]);
  });
});

describe('earlierOf and laterOf', () => {
  const [one, other, alike] = [at(1), at(2), at(1)];
  it('choose by the order of instants, and the first of two at once', () => {
    expect([earlierOf(one, other), earlierOf(other, one)]).toEqual([one, one]);
    expect([laterOf(one, other), laterOf(other, one)]).toEqual([other, other]);
    expect(earlierOf(one, alike)).toBe(one);
    expect(laterOf(one, alike)).toBe(one);
  });
  it('do not count one that is missing', () => {
    expect([earlierOf(null, one), laterOf(null, one)]).toEqual([one, one]);
  });
});

describe('toIso', () => {
  it('is RFC 3339 in UTC', () => {
    expect(toIso(at(0.25))).toBe('2023-11-14T22:13:20.250Z');
  });
});
