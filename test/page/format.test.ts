/** Figures and times as the page shows them: short, and never narrower than the truth. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ageText,
  clockText,
  countText,
  dateTime,
  dayStart,
  exactPercent,
  figureBeside,
  figureText,
  limitText,
  ratioBelow,
  ratioText,
  spanBeside,
  spanText,
} from '../../src/page/format.ts';
import { EN } from '../../src/page/words-en.ts';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

test.each([
  [0, '0 s'],
  [0.0004, '< 1 ms'],
  [0.34, '340 ms'],
  [0.9994, '999 ms'],
  [1, '1 s'],
  [4.126, '4.13 s'],
  [41.26, '41.3 s'],
  [59.99, '60 s'],
  [60, '1 min'],
  [74.4, '1 min 14 s'],
  [3600, '1 h'],
  [7512, '2 h 5 min'],
  [86_400, '1 d'],
  [273_600, '3 d 4 h'],
])('%d seconds are %s', (seconds, text) => {
  expect(plain(spanText(seconds, EN.units))).toBe(text);
});

test.each([
  [{ lo: 4.131, hi: 4.162 }, '4.13–4.17 s'],
  [{ lo: 4.13, hi: 4.13 }, '4.13 s'],
  [{ lo: 0.8, hi: 1.2 }, '800 ms–1.2 s'],
  [{ lo: 74.2, hi: 75.1 }, '1 min 14 s–1 min 16 s'],
  [{ lo: 3600, hi: null }, '≥ 1 h'],
])('%o is told as %s', (figure, text) => {
  expect(plain(figureText(figure, EN.units))).toBe(text);
});

test.each([
  [6020, 6000, '1 h 40 min 20 s'],
  [6000.25, 6000, '1 h 40 min 0.3 s'],
  [3600.4, 3600, '1 h 0.4 s'],
  [86_401, 86_400, '1 d 1 s'],
  [5.004, 5, '5.004 s'],
  [3600, 3600, '1 h'],
  [7200, 3600, '2 h'],
])('%d seconds beside a limit of %d are %s', (seconds, limit, text) => {
  expect(plain(spanBeside(seconds, limit, EN.units))).toBe(text);
});

test.each([
  [{ lo: 60.31, hi: 60.32 }, '1 min 0.3 s–1 min 1 s'],
  [{ lo: 60.31, hi: null }, '≥ 1 min 0.3 s'],
  [{ lo: 74.2, hi: 75.1 }, '1 min 14 s–1 min 16 s'],
  [{ lo: 60, hi: 61 }, '1 min–1 min 1 s'],
])('an average of %o beside a limit of a minute is %s', (figure, text) => {
  expect(plain(figureBeside(figure, 60, EN.units))).toBe(text);
});

test('what is below a promised share reads so', () => {
  expect(ratioBelow({ lo: 0.9985, hi: 0.9996 }, 0.9999)).toBe('99.85–99.96%');
  expect(ratioBelow({ lo: 0.999871, hi: 0.999872 }, 0.9999)).toBe('99.987–99.988%');
});

test('an interval is told by ends that are not inside it', () => {
  const seconds = (text: string): number => {
    const units = { d: 86_400, h: 3600, min: 60, s: 1, ms: 0.001 };
    return [...text.matchAll(/([\d.]+) (d|h|min|s|ms)\b/g)].reduce(
      (sum, [, value, unit]) => sum + Number(value) * units[unit as keyof typeof units],
      0,
    );
  };
  fc.assert(
    fc.property(fc.double({ min: 0, max: 500_000, noNaN: true }), (value) => {
      const slack = value * 1e-9 + 1e-9;
      expect(seconds(plain(spanText(value, EN.units, Math.floor)))).toBeLessThanOrEqual(value + slack);
      expect(seconds(plain(spanText(value, EN.units, Math.ceil)))).toBeGreaterThanOrEqual(value - slack - 0.0005);
    }),
  );
});

test('counts, shares, limits and ages', () => {
  expect(countText({ lo: 2, hi: 2 })).toBe('2');
  expect(countText({ lo: 1, hi: 3 })).toBe('1–3');
  expect(plain(countText({ lo: 1, hi: null }))).toBe('≥ 1');
  expect(ratioText({ lo: 0.99871, hi: 0.99951 })).toBe('99.87–99.96%');
  expect(ratioText({ lo: 1, hi: 1 })).toBe('100%');
  expect(exactPercent(0.999)).toBe('99.9%');
  expect(plain(limitText(6000, EN.units))).toBe('100 min');
  expect(plain(limitText(3600, EN.units))).toBe('1 h');
  expect(plain(ageText(34.9, EN.units))).toBe('34 s');
  expect(plain(ageText(-2, EN.units))).toBe('0 s');
});

test('times are by the clocks of the zone, with the date where it is another day', () => {
  const ms = Date.parse('2026-11-28T17:05:09Z');
  expect(dateTime(ms, 'Asia/Shanghai')).toBe('2026-11-29 01:05:09');
  expect(clockText(ms, ms + 3_600_000, 'Asia/Shanghai')).toBe('01:05:09');
  expect(clockText(ms, ms + 86_400_000, 'Asia/Shanghai')).toBe('11-29 01:05:09');
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, 1e300])('what is no time (%d) breaks nothing', (ms) => {
  expect(dateTime(ms, 'UTC')).toBe('– ');
});

test.each([
  ['Asia/Shanghai', '2026-11-28T06:30:00Z', '2026-11-27T16:00:00.000Z'],
  ['UTC', '2026-11-28T00:00:00Z', '2026-11-28T00:00:00.000Z'],
  ['Europe/Berlin', '2026-03-29T10:00:00Z', '2026-03-28T23:00:00.000Z'],
  ['Europe/Berlin', '2026-10-25T10:00:00Z', '2026-10-24T22:00:00.000Z'],
  ['America/New_York', '2026-03-08T20:00:00Z', '2026-03-08T05:00:00.000Z'],
])('a day in %s at %s began at %s', (zone, now, began) => {
  expect(new Date(dayStart(Date.parse(now), zone)).toISOString()).toBe(began);
});
