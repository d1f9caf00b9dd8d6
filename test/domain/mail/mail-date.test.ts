import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMailDate, parseMailDate } from '../../../src/domain/mail/mail-date.ts';

const iso = (text: string): string | null => {
  const ms = parseMailDate(text);
  return ms === null ? null : new Date(ms).toISOString();
};

describe('parseMailDate', () => {
  it.each([
    ['Thu, 12 Nov 2026 03:04:05 +0800', '2026-11-11T19:04:05.000Z'],
    ['12 Nov 2026 03:04 -0330', '2026-11-12T06:34:00.000Z'],
    ['Thu, 12 Nov 2026 03:04:05 +0000 (Coordinated (Universal) Time)', '2026-11-12T03:04:05.000Z'],
    ['Thu,12 Nov 26 03:04:05 GMT', '2026-11-12T03:04:05.000Z'],
    ['Thu, 12 Nov 98 03:04:05 EST', '1998-11-12T08:04:05.000Z'],
    ['Thu, 12 Nov 126 03:04:05 UT', '2026-11-12T03:04:05.000Z'],
    ['Thu, 12 Nov 2026 03:04:05.6789 -0800 (PST)', '2026-11-12T11:04:05.678Z'],
    ['  Thu,  12\tNov 2026\t03:04:05\u00a0 CST (a) ', '2026-11-12T09:04:05.000Z'],
    ['12 Nov 2026 03:04:05 XYZ', '2026-11-12T03:04:05.000Z'],
    ['12 Nov 2026 23:59:60 +0000', '2026-11-13T00:00:00.000Z'],
    ['29 Feb 2028 00:00:00 +0000', '2028-02-29T00:00:00.000Z'],
    ['12 Nov 49 03:04:05 GMT', '2049-11-12T03:04:05.000Z'],
    ['12 Nov 50 03:04:05 GMT', '1950-11-12T03:04:05.000Z'],
    ['12 Nov 1900 03:04:05 GMT', '1900-11-12T03:04:05.000Z'],
    ['12 Nov 2026 03:04:05 +0059', '2026-11-12T02:05:05.000Z'],
  ])('reads %s', (text, expected) => {
    expect(iso(text)).toBe(expected);
  });
  it.each([
    '',
    'yesterday',
    '31 Apr 2026 00:00:00 +0000',
    '29 Feb 2026 00:00 GMT',
    '12 Foo 2026 03:04:05 +0000',
    '12 Nov 2026 24:00:00 +0000',
    '12 Nov 2026 03:60:00 +0000',
    '12 Nov 1066 03:04:05 +0000',
    '12 Nov 2026 03:04:05 +0060',
    '12 Nov 2026 03:04:61 +0000',
    `(${'x'.repeat(200)}) 12 Nov 2026 03:04:05 +0000`,
    '12 Nov 2026',
  ])('refuses "%s"', (text) => {
    expect(parseMailDate(text)).toBeNull();
  });
  it('reads back what it wrote, to the second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
        expect(parseMailDate(formatMailDate(seconds * 1000 + 999))).toBe(seconds * 1000);
      }),
    );
  });
  it('makes of any text a moment or null', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('1', ' ', ':', 'N', 'o', 'v', '+', '(', ')', '-') }), (text) => {
        const ms = parseMailDate(text);
        expect(ms === null || Number.isInteger(ms)).toBe(true);
      }),
    );
  });
});

describe('formatMailDate', () => {
  it('writes UTC with two-digit days', () => {
    expect(formatMailDate(Date.UTC(2026, 10, 2, 3, 4, 5))).toBe('Mon, 02 Nov 2026 03:04:05 +0000');
  });
});
