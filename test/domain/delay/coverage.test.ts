/** Coverage says how much of the month was measured, and is not fooled by a few probes. */
import { expect, test } from 'vitest';
import { coverageOf, unusualGaps } from '../../../src/domain/delay/coverage.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 1);
const RANGE = { fromMs: START_MS, toMs: START_MS + 24 * HOUR_MS };
const everyMinute = (fromHour: number, toHour: number): number[] =>
  Array.from({ length: (toHour - fromHour) * 60 }, (_, minute) => START_MS + fromHour * HOUR_MS + minute * 60_000);

test('a probe a minute covers the day whole', () => {
  const times = everyMinute(0, 24);
  expect(coverageOf(times, 0, RANGE)).toEqual({ measured: 1440, unmeasured: 0, ratio: 1, longestGapSeconds: 60 });
});

test('the hours in which the agent was off are not covered, wherever they lie', () => {
  const twelve = { ratio: expect.closeTo(0.5, 2), longestGapSeconds: expect.closeTo(12 * 3600, -3) };
  expect(coverageOf(everyMinute(0, 12), 0, RANGE)).toMatchObject(twelve);
  expect(coverageOf(everyMinute(12, 24), 0, RANGE)).toMatchObject(twelve);
  expect(coverageOf([...everyMinute(0, 6), ...everyMinute(18, 24)], 0, RANGE)).toMatchObject(twelve);
});

test('gaps within ten medians are those of a random schedule', () => {
  const times = everyMinute(0, 24).filter(
    (ms) => ms < START_MS + 8 * HOUR_MS || ms >= START_MS + 8 * HOUR_MS + 9 * 60_000,
  );
  expect(coverageOf(times, 0, RANGE)).toMatchObject({ ratio: 1, longestGapSeconds: 600 });
});

test('nothing, or one probe, covers nothing', () => {
  expect(coverageOf([], 3, RANGE)).toEqual({ measured: 0, unmeasured: 3, ratio: 0, longestGapSeconds: 24 * 3600 });
  expect(coverageOf([START_MS + HOUR_MS], 0, RANGE)).toMatchObject({ measured: 1, ratio: 0 });
  expect(coverageOf([], 0, { fromMs: 5, toMs: 5 })).toMatchObject({ ratio: 0, longestGapSeconds: 0 });
});

test('what is almost whole is not called whole', () => {
  const times = everyMinute(0, 24);
  const almost = { fromMs: START_MS - 700_000, toMs: START_MS + 365 * 24 * HOUR_MS };
  expect(coverageOf(times, 0, almost).ratio).toBeLessThan(1);
});

test('a stretch is unusual only if it is longer than ten medians, at the edges of the month too', () => {
  const minutes = (...at: number[]) => at.map((minute) => START_MS + minute * 60_000);
  const [fromMs = 0, toMs = 0] = minutes(0, 40);
  // Gaps of 10 (to the first), 1, 1, 1, 10, 1, 11 and 5 minutes.
  const times = minutes(10, 11, 12, 13, 23, 24, 35);
  const [unusualFrom, unusualTo] = minutes(24, 35);
  expect(unusualGaps(times, { fromMs, toMs })).toEqual([{ fromMs: unusualFrom, toMs: unusualTo }]);
  expect(coverageOf(times, 0, { fromMs, toMs })).toMatchObject({ ratio: 0.725, longestGapSeconds: 660 });
  const [later = 0] = minutes(46);
  expect(unusualGaps(times, { fromMs: fromMs - 60_000, toMs: later })).toEqual([
    { fromMs: fromMs - 60_000, toMs: times[0] },
    { fromMs: unusualFrom, toMs: unusualTo },
    { fromMs: times.at(-1), toMs: later },
  ]);
});
