/** Times as people enter them: with an offset, or by the clocks of a zone that may have changed them. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { localText, parseTime } from '../../../src/domain/time/local-time.ts';

const SHANGHAI = 'Asia/Shanghai';
const BERLIN = 'Europe/Berlin';
const read = (text: string, zone: string) => {
  const parsed = parseTime(text, zone);
  return parsed.ok ? `${new Date(parsed.ms).toISOString()}${parsed.local ? ' local' : ''}` : parsed.problem;
};

it.each([
  ['2026-11-03T08:00', SHANGHAI, '2026-11-03T00:00:00.000Z local'],
  ['2026-11-03 08:00:30', SHANGHAI, '2026-11-03T00:00:30.000Z local'],
  ['2026-11-03T08:00:30.25', SHANGHAI, '2026-11-03T00:00:30.250Z local'],
  ['2026-11-03T08:00:00Z', SHANGHAI, '2026-11-03T08:00:00.000Z'],
  ['2026-11-03T08:00:00-05:00', SHANGHAI, '2026-11-03T13:00:00.000Z'],
  ['2026-11-03T08:00+0530', SHANGHAI, '2026-11-03T02:30:00.000Z'],
  ['2026-07-01T00:00', BERLIN, '2026-06-30T22:00:00.000Z local'],
  ['2026-12-01T00:00', BERLIN, '2026-11-30T23:00:00.000Z local'],
  ['2028-02-29T12:00', SHANGHAI, '2028-02-29T04:00:00.000Z local'],
  ['2026-11-03T08:00:30.2', SHANGHAI, '2026-11-03T00:00:30.200Z local'],
  ['2026-11-03T08:00:30.005Z', SHANGHAI, '2026-11-03T08:00:30.005Z'],
  ['1000-01-31T19:59:59Z', SHANGHAI, '1000-01-31T19:59:59.000Z'],
  ['9999-12-31T23:59:59.999Z', SHANGHAI, '9999-12-31T23:59:59.999Z'],
  ['2026-10-30T08:00+14:59', SHANGHAI, '2026-10-29T17:01:00.000Z'],
  ['2026-09-09T09:09-09:30', SHANGHAI, '2026-09-09T18:39:00.000Z'],
  ['2026-11-03T08:00-0530', SHANGHAI, '2026-11-03T13:30:00.000Z'],
])('%s in %s is %s', (text, zone, expected) => {
  expect(read(text, zone)).toBe(expected);
});

describe('by a zone that changes its clocks', () => {
  it('a time that is left out is none, and one that comes twice needs an offset', () => {
    expect(read('2026-03-29T02:30', BERLIN)).toBe('must be a time that Europe/Berlin has, is "2026-03-29T02:30"');
    expect(read('2026-10-25T02:30', BERLIN)).toBe(
      'must have an offset where the clocks of Europe/Berlin show it twice, is "2026-10-25T02:30"',
    );
    expect(read('2026-10-25T02:30+02:00', BERLIN)).toBe('2026-10-25T00:30:00.000Z');
  });
});

it.each([
  '',
  'yesterday',
  '2026-11-03',
  '2026-11-31T08:00',
  '2026-02-29T08:00',
  '2026-11-03T24:00',
  '2026-11-03T08:00+24:00',
  '2026-11-03T08',
  ' 2026-11-03T08:00',
  '02026-11-03T08:00',
  '2026-11-03T08:00 ',
  '2026-11-03T08:00ZZ',
  '2026-11-03T08:00z',
  '2026-11-03_08:00',
  '0999-11-03T08:00',
  '2026-00-03T08:00',
  '2026-13-03T08:00',
  '2026-20-03T08:00',
  '2026-11-00T08:00',
  '2026-10-32T08:00',
  '2026-10-40T08:00',
  '2026-11-03T30:00',
  '2026-11-03T08:60',
  '2026-11-03T08:00:60',
  '2026-11-03T08:00:',
  '2026-11-03T08:00:00.',
  '2026-11-03T08:00:00.1234',
  '2026-11-03T08:00.5',
  '2026-11-03T08:00+15:00',
  '2026-11-03T08:00+20:00',
  '2026-11-03T08:00+08:60',
  '2026-11-03T08:00+08::00',
  '2026-11-03T08:00+8:00',
])('%j is no time', (text) => {
  const rule = 'must be a time such as 2026-11-03T08:00 or 2026-11-03T08:00:00+08:00';
  expect(read(text, SHANGHAI)).toBe(`${rule}, is ${JSON.stringify(text)}`);
});

test('what is written is read back, in any zone', () => {
  const ms = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2040, 0, 1) });
  const zone = fc.constantFrom(SHANGHAI, BERLIN, 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'UTC');
  fc.assert(
    fc.property(ms, zone, (moment, name) => {
      expect(parseTime(localText(moment, name), name)).toEqual({ ok: true, ms: moment, local: false });
    }),
  );
});

test('a time that is none is shown up to a bound', () => {
  expect(read('x'.repeat(40), SHANGHAI)).toMatch(/, is "x{40}"$/);
  expect(read('x'.repeat(41), SHANGHAI)).toMatch(/, is "x{40}"$/);
});

test('times are written with their offset', () => {
  expect(localText(Date.parse('2026-11-03T00:00:00Z'), 'UTC')).toBe('2026-11-03 00:00:00.000+00:00');
  expect(localText(Date.parse('2026-11-03T00:00:00Z'), 'Pacific/Marquesas')).toBe('2026-11-02 14:30:00.000-09:30');
  // Local mean time was 8:05:43 ahead: told as 8:06, and the text is the same moment still.
  expect(localText(Date.parse('1890-01-01T00:00:00Z'), SHANGHAI)).toBe('1890-01-01 08:06:00.000+08:06');
  expect(localText(Date.parse('2026-11-03T00:00:00.5Z'), SHANGHAI)).toBe('2026-11-03 08:00:00.500+08:00');
  expect(localText(Date.parse('2026-01-03T00:00:00Z'), 'America/St_Johns')).toBe('2026-01-02 20:30:00.000-03:30');
});
