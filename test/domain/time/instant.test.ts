/** Instants and the spans between them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { earliest, type Instant, isBefore, shift, spanBetween } from '../../../src/domain/time/instant.ts';

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

  it('does not move when the wall clock is stepped, and says so', () => {
    const span = spanBetween(at(0), at(10, { wallMs: 1.7e12 + 10_000 - 3_600_000 }));
    expect(span.lo).toBeCloseTo(10, 1);
    expect(span.hi).toBeCloseTo(10, 1);
    expect(span.flags).toEqual(['clock-stepped']);
  });

  it('holds the duration with and without the time the host was suspended', () => {
    const span = spanBetween(at(0), at(10, { wallMs: 1.7e12 + 70_000, suspendedMs: 60_000 }));
    expect(span.lo).toBeLessThanOrEqual(10);
    expect(span.hi).toBeGreaterThanOrEqual(70);
    expect(span.flags).toEqual(['host-suspended']);
  });

  it('takes two clocks read to 10 ms for no suspend', () => {
    expect(spanBetween(at(0), at(10, { suspendedMs: 10 })).flags).toEqual([]);
  });

  it('goes by wall time across boots, widened', () => {
    const span = spanBetween(at(0), at(100, { boot: 'b', monoUs: 5 }));
    expect(span.lo).toBeLessThan(98.1);
    expect(span.hi).toBeGreaterThan(101.9);
    expect(span.flags).toEqual(['rebooted']);
  });

  it('is negative when the second reading came first', () => {
    expect(spanBetween(at(10), at(4)).hi).toBeLessThan(-5.9);
  });
});

describe('earliest', () => {
  it('goes back by the reading error and never forward', () => {
    expect(earliest(at(1, { errorUs: 2500 })).monoUs).toBe(1e9 + 1e6 - 2500);
    expect(earliest(at(1))).toEqual(at(1));
  });
});

describe('isBefore', () => {
  it('orders two boots by wall time', () => {
    expect(isBefore(at(5), at(6, { boot: 'b', monoUs: 1 }))).toBe(true);
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
