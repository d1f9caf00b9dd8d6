/** Months and days of any zone begin when its calendar says so, and leave no instant out. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dayRange,
  daysOf,
  isTimeZone,
  localMs,
  monthAfter,
  monthOf,
  monthRange,
  parseMonth,
  utcDay,
} from '../../../src/domain/time/calendar.ts';
import type { MsRange } from '../../../src/domain/time/span-set.ts';

const HOUR = 3_600_000;
const iso = ({ fromMs, toMs }: MsRange) => [fromMs, toMs].map((ms) => new Date(ms).toISOString());

describe('monthRange', () => {
  it.each([
    ['2026-11 in China', '2026-11', 'Asia/Shanghai', '2026-10-31T16:00:00.000Z', '2026-11-30T16:00:00.000Z'],
    ['a leap February', '2028-02', 'Asia/Shanghai', '2028-01-31T16:00:00.000Z', '2028-02-29T16:00:00.000Z'],
    ['a century that is no leap year', '2100-02', 'UTC', '2100-02-01T00:00:00.000Z', '2100-03-01T00:00:00.000Z'],
    ['a month that loses an hour', '2026-03', 'Europe/Berlin', '2026-02-28T23:00:00.000Z', '2026-03-31T22:00:00.000Z'],
    ['a month that gains one', '2026-10', 'Europe/Berlin', '2026-09-30T22:00:00.000Z', '2026-10-31T23:00:00.000Z'],
    ['half an hour', '2026-04', 'Australia/Lord_Howe', '2026-03-31T13:00:00.000Z', '2026-04-30T13:30:00.000Z'],
    ['local mean time', '1900-12', 'Asia/Shanghai', '1900-11-30T15:54:17.000Z', '1900-12-31T16:00:00.000Z'],
    ['daylight saving in China', '1990-05', 'Asia/Shanghai', '1990-04-30T15:00:00.000Z', '1990-05-31T15:00:00.000Z'],
    // At 00:01 of 1 November the clocks went back to 23:01 of 31 October: the month began at the first midnight.
    [
      'a midnight that came twice',
      '2009-11',
      'America/St_Johns',
      '2009-11-01T02:30:00.000Z',
      '2009-12-01T03:30:00.000Z',
    ],
    ['the last month of all', '9999-12', 'Asia/Shanghai', '9999-11-30T16:00:00.000Z', '9999-12-31T16:00:00.000Z'],
  ])('%s', (_what, month, zone, from, to) => {
    expect(iso(monthRange(month, zone))).toEqual([from, to]);
  });

  it('is no constant number of minutes', () => {
    const hours = (month: string, zone: string) => {
      const { fromMs, toMs } = monthRange(month, zone);
      return (toMs - fromMs) / HOUR;
    };
    expect(hours('2026-02', 'Asia/Shanghai')).toBe(28 * 24);
    expect(hours('2028-02', 'Asia/Shanghai')).toBe(29 * 24);
    expect(hours('2026-03', 'Europe/Berlin')).toBe(31 * 24 - 1);
    expect(hours('2026-10', 'Europe/Berlin')).toBe(31 * 24 + 1);
  });

  it('throws on what is no month or no zone', () => {
    expect(() => monthRange('2026-13', 'UTC')).toThrow('must be a month such as 2026-11, is 2026-13');
    expect(() => monthRange('2026-11', 'Asia/Beijing')).toThrow(RangeError);
  });
});

describe('dayRange', () => {
  it.each([
    ['an ordinary day', '2026-11-05', 'Asia/Shanghai', '2026-11-04T16:00:00.000Z', '2026-11-05T16:00:00.000Z'],
    [
      'a day without a midnight',
      '2018-11-04',
      'America/Sao_Paulo',
      '2018-11-04T03:00:00.000Z',
      '2018-11-05T02:00:00.000Z',
    ],
    // Clocks went from 23:30 of 30 March to 00:30 of 31 March.
    [
      'a day that begins at half past',
      '1919-03-31',
      'America/Toronto',
      '1919-03-31T04:30:00.000Z',
      '1919-04-01T04:00:00.000Z',
    ],
    ['a day that never was', '2011-12-30', 'Pacific/Apia', '2011-12-30T10:00:00.000Z', '2011-12-30T10:00:00.000Z'],
  ])('%s', (_what, day, zone, from, to) => {
    expect(iso(dayRange(day, zone))).toEqual([from, to]);
  });

  it.each([
    '2026-02-29',
    '2026-04-31',
    '2026-1-1',
    '2026-11',
    '',
    '2026-11-05x',
    'x2026-11-05',
    '2026-11-32',
    '2026-00-01',
  ])('throws on %j', (day) => {
    expect(() => dayRange(day, 'UTC')).toThrow(`must be a day such as 2026-11-05, is ${day}`);
  });
});

const ZONES = [
  'Asia/Shanghai',
  'Europe/Berlin',
  'America/St_Johns',
  'America/Sao_Paulo',
  'Pacific/Apia',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Asia/Tehran',
  'UTC',
];
const anyZone = fc.constantFrom(...ZONES);
const anyMonth = fc
  .record({ year: fc.integer({ min: 1850, max: 2100 }), month: fc.integer({ min: 1, max: 12 }) })
  .map(({ year, month }) => `${year}-${String(month).padStart(2, '0')}`);

describe('the calendar', () => {
  it('is made of days that follow each other from the first of the month to the next month', () => {
    fc.assert(
      fc.property(anyMonth, anyZone, (month, zone) => {
        const days = daysOf(month, zone);
        const { fromMs, toMs } = monthRange(month, zone);
        expect(days[0]?.fromMs).toBe(fromMs);
        expect(days.at(-1)?.toMs).toBe(toMs);
        for (const [index, day] of days.entries()) {
          expect(day).toEqual({ day: day.day, ...dayRange(day.day, zone) });
          expect(day.toMs).toBe(days[index + 1]?.fromMs ?? toMs);
          expect(day.day.startsWith(month)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('puts every instant in the month whose range holds it', () => {
    const edges = fc.record({ month: anyMonth, zone: anyZone, offset: fc.integer({ min: -3 * HOUR, max: 3 * HOUR }) });
    fc.assert(
      fc.property(edges, ({ month, zone, offset }) => {
        const ms = monthRange(month, zone).fromMs + offset;
        const { fromMs, toMs } = monthRange(monthOf(ms, zone), zone);
        expect(ms).toBeGreaterThanOrEqual(fromMs);
        expect(ms).toBeLessThan(toMs);
      }),
      { numRuns: 300 },
    );
  });

  it.each(['UTC', 'Asia/Shanghai', 'America/New_York'])('begins a month in %s with its first millisecond', (zone) => {
    const { fromMs } = monthRange('2026-11', zone);
    expect([fromMs - 1, fromMs].map((ms) => monthOf(ms, zone))).toEqual(['2026-10', '2026-11']);
  });

  it('keeps an instant in the new month when the clock goes back into the old one', () => {
    // 23:30 of 31 October by the clock, for the second time.
    expect(monthOf(Date.parse('2009-11-01T03:00:00Z'), 'America/St_Johns')).toBe('2009-11');
    expect(monthOf(Date.parse('2009-11-01T02:29:59.999Z'), 'America/St_Johns')).toBe('2009-10');
  });

  it('has thirty days in the December that lost one', () => {
    expect(daysOf('2011-12', 'Pacific/Apia')).toHaveLength(30);
  });
});

describe('monthAfter', () => {
  it.each([
    ['2026-11', '2026-12'],
    ['2026-12', '2027-01'],
    ['2026-09', '2026-10'],
  ])('%s comes %s', (month, next) => {
    expect(monthAfter(month)).toBe(next);
  });
});

describe('localMs', () => {
  it('is what the clocks of the zone show, to the millisecond, before the epoch too', () => {
    for (const ms of [Date.UTC(2026, 10, 5, 13, 14, 15, 678), Date.UTC(1969, 11, 31, 23, 59, 59, 1)]) {
      expect(localMs(ms, 'UTC')).toBe(ms);
      expect(localMs(ms, 'Asia/Shanghai')).toBe(ms + 8 * HOUR);
      expect(localMs(ms, 'America/Caracas') - ms).toBe(-4 * HOUR);
    }
  });
});

describe('utcDay', () => {
  it('counts from the epoch, by midnights in UTC', () => {
    expect([-1, 0, 24 * HOUR - 1, 24 * HOUR].map(utcDay)).toEqual([-1, 0, 0, 1]);
  });
});

describe('parseMonth', () => {
  it('takes a year and a month', () => {
    for (const month of ['2026-11', '2026-09', '2026-10', '1000-01', '9999-12'])
      expect(parseMonth(month)).toEqual({ ok: true, month });
  });

  it('shows of what is none no more than helps to see the mistake', () => {
    expect(parseMonth('x'.repeat(41))).toEqual({
      ok: false,
      problem: `must be a month such as 2026-11, is "${'x'.repeat(40)}"`,
    });
  });

  it.each(['2026-13', '2026-00', 'nonsense', '2026', '2026-1', '0000-01', '2026-11-01', '', ' 2026-11'])(
    'says what %j should be',
    (text) => {
      expect(parseMonth(text)).toEqual({
        ok: false,
        problem: `must be a month such as 2026-11, is ${JSON.stringify(text)}`,
      });
    },
  );
});

describe('isTimeZone', () => {
  it.each([
    ['Asia/Shanghai', true],
    ['UTC', true],
    ['Asia/Beijing', false],
    ['', false],
  ])('of %j is %s', (name, expected) => {
    expect(isTimeZone(name)).toBe(expected);
  });
});
