/** What the watchdog takes for a host on which nothing can be measured, and what it bears. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Instant } from '../../../src/domain/time/instant.ts';
import { beginSoundness, clockUnset, observeSoundness, unsoundness } from '../../../src/domain/time/soundness.ts';

const START: Instant = {
  wallMs: Date.UTC(2026, 10, 10),
  monoUs: 1_000_000_000,
  suspendedMs: 0,
  errorUs: 0,
  boot: 'boot0001',
};
interface Second {
  /** Seconds that pass, awake. */
  readonly passes?: number;
  readonly asleep?: number;
  /** Seconds by which the wall clock is set meanwhile. */
  readonly step?: number;
}

function after(now: Instant, { passes = 1, asleep = 0, step = 0 }: Second): Instant {
  return {
    ...now,
    wallMs: now.wallMs + (passes + asleep + step) * 1000,
    monoUs: now.monoUs + passes * 1e6,
    suspendedMs: now.suspendedMs + asleep * 1000,
  };
}
/** What is found first, and after how many observations. */
function firstFound(seconds: Iterable<Second>): { readonly why: string; readonly after: number } | null {
  let now = START;
  let soundness = beginSoundness(now);
  let count = 0;
  for (const second of seconds) {
    const before = now;
    now = after(now, second);
    soundness = observeSoundness(soundness, now, 1);
    count += 1;
    const why = unsoundness(soundness, before);
    if (why !== null) return { why, after: count };
  }
  return null;
}
const times = (count: number, second: (index: number) => Second): Second[] =>
  Array.from({ length: count }, (_, index) => second(index));

describe('bears', () => {
  it('a month of seconds that are up to five seconds late', () => {
    expect(firstFound(times(100_000, (index) => ({ passes: 1 + (index % 6) })))).toBeNull();
  });
  it('a night asleep, an hour stopped, and a clock set by years, once each', () => {
    const second = [{ asleep: 30_000 }, { passes: 3600 }, { step: 1e8 }, { step: -1e8 }];
    expect(firstFound([...times(10, () => ({})), ...second, ...times(1000, () => ({}))])).toBeNull();
  });
  it('a step of the wall clock every quarter of an hour', () => {
    expect(firstFound(times(100_000, (index) => ({ step: index % 900 === 0 ? 0.5 : 0 })))).toBeNull();
  });
  it('a wall clock that runs off by what NTP slews', () => {
    expect(firstFound(times(100_000, () => ({ step: 499e-6 })))).toBeNull();
  });
});

describe('does not bear', () => {
  it('a process that is held up for half of its time', () => {
    const found = firstFound(times(1000, () => ({ passes: 12 })));
    expect(found?.why).toContain('the process must run when it has to');
    expect(found?.after).toBeLessThan(20);
  });
  it('a wall clock that is set again and again', () => {
    const found = firstFound(times(1000, (index) => ({ step: index % 60 === 0 ? (index % 120) - 60 : 0 })));
    expect(found?.why).toContain('is it set by two at once?');
  });
  it('a wall clock that is set again and again after a week in which it was right', () => {
    const week = times(7 * 86_400, () => ({}));
    const found = firstFound([
      ...week,
      ...times(1000, (index) => ({ step: index % 30 === 0 ? (index % 60) - 20 : 0 })),
    ]);
    expect(found?.why).toContain('is it set by two at once?');
  });
  it('a wall clock that runs at another rate', () => {
    expect(firstFound(times(1000, () => ({ step: 0.01 })))?.why).toContain('must keep to the monotonic one');
  });
  it('a monotonic clock that goes back', () => {
    expect(firstFound([{}, { passes: -0.001 }])).toEqual({
      why: 'the monotonic clock must not go back, it went from 1001000000 to 1000999000 µs',
      after: 2,
    });
  });
  it('a clock that nobody has set', () => {
    expect(clockUnset({ ...START, wallMs: 1000 })).toBe(
      "the host's clock must be set, it says 1970-01-01T00:00:01.000Z",
    );
    expect(clockUnset(START)).toBeNull();
    expect(firstFound([{ step: -1e9 }])?.why).toContain("the host's clock must be set");
    const newYearMs = Date.UTC(2026, 0, 1);
    expect([newYearMs - 1, newYearMs].map((wallMs) => clockUnset({ ...START, wallMs }) === null)).toEqual([
      false,
      true,
    ]);
  });
  it('more than it bears, and no less', () => {
    const sound = beginSoundness(START);
    expect([120, 121].map((heldUp) => unsoundness({ ...sound, heldUp }, START) === null)).toEqual([true, false]);
    expect([5, 5.1].map((steps) => unsoundness({ ...sound, steps }, START) === null)).toEqual([true, false]);
  });
});

describe('does not compare', () => {
  it('the monotonic clocks of two boots', () => {
    const rebooted = { ...START, monoUs: 5, boot: 'boot0002' };
    expect(unsoundness(beginSoundness(rebooted), START)).toBeNull();
  });
});

it('forgets: after an hour without trouble it bears as much as at first', () => {
  const second = fc.record({ passes: fc.constantFrom(1, 2, 10, 100), step: fc.constantFrom(0, 0, 0, 1, -1) });
  const calm = times(4000, () => ({}));
  fc.assert(
    fc.property(fc.array(second, { maxLength: 40 }), (trouble) => {
      fc.pre(firstFound(trouble) === null);
      const alone = firstFound([...calm, ...trouble]);
      expect(alone).toBeNull();
      expect(firstFound([...trouble, ...calm, ...trouble])).toBeNull();
    }),
    { numRuns: 30 },
  );
});
