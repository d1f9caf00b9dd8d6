/** Months on the command line are those of the contract's zone. */
import { expect, test } from 'vitest';
import { readMonth } from '../../src/cli/month.ts';

test('a month begins and ends at midnight in China', () => {
  const { fromMs, toMs } = readMonth('2026-11');
  expect(new Date(fromMs).toISOString()).toBe('2026-10-31T16:00:00.000Z');
  expect(new Date(toMs).toISOString()).toBe('2026-11-30T16:00:00.000Z');
  expect(readMonth('2026-12').toMs).toBe(readMonth('2027-01').fromMs);
});

test.each(['2026-13', '2026-00', 'nonsense', '2026', '2026-1', '0000-01', '2026-11-01', '', ' 2026-11'])(
  '%j is no month',
  (text) => {
    expect(() => readMonth(text)).toThrow(
      expect.objectContaining({
        exitCode: 3,
        lines: [`--month must be a month such as 2026-11, is ${JSON.stringify(text)}`],
      }),
    );
  },
);
