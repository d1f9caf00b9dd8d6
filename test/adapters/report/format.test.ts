/** Figures as people read them, at their limits. */
import { expect, test } from 'vitest';
import { percents } from '../../../src/adapters/report/format.ts';
import { availabilityOf } from '../../../src/domain/availability/verdict.ts';

test('a month of 30 days that was down for a millisecond more than 0.1% does not read as 99.9000%', () => {
  const monthMs = 30 * 86_400_000;
  const downMs = monthMs / 1000 + 1;
  const { lo, hi } = availabilityOf({ loMs: downMs, hiMs: downMs }, monthMs);
  expect(lo).toBeLessThan(0.999);
  expect(percents({ lo, hi })).toBe('99.8999–99.9000%');
});
