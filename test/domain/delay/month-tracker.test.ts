/** What of a route's probes enters its month, and in which order. */
import { expect, test } from 'vitest';
import { MonthTracker } from '../../../src/domain/delay/month-tracker.ts';
import type { ProbeRecord } from '../../../src/domain/record.ts';
import { delivered, HOUR, probe, refused, T0 } from '../month-case.ts';

const month = { fromMs: T0, toMs: T0 + 24 * HOUR * 1000 };
function tracked(...records: readonly ProbeRecord[]) {
  const tracker = new MonthTracker({ provider: 'acme', path: 'send', month, excluded: [], maximumSeconds: 3600 });
  for (const record of records) tracker.take(record);
  return tracker.samples(new Map(), T0);
}

test('a probe that measured nothing is counted, and is no point of the month', () => {
  const throttled = probe('p', 5, { handover: refused(450, '4.7.1') });
  const { outcomes, points } = tracked(throttled, probe('q', 6, { handover: refused(550, '5.1.1') }));
  expect(outcomes).toMatchObject({ unmeasured: 1, failed: 1 });
  expect(points).toEqual([{ atMs: T0 + 6000, outcome: 'failed', delay: null }]);
});

test('probes of one moment come in one order, however they were taken', () => {
  const [one, two, three] = ['a', 'b', 'c'].map((id) => delivered(id, 5, 10)) as [
    ProbeRecord,
    ProbeRecord,
    ProbeRecord,
  ];
  const ids = (...records: readonly ProbeRecord[]) => tracked(...records).samples.map(({ id }) => id);
  expect([ids(one, two, three), ids(three, two, one), ids(two, three, one)]).toEqual(Array(3).fill(['a', 'b', 'c']));
  expect(ids(delivered('z', 4, 10), two, one)).toEqual(['z', 'a', 'b']);
});

test('the month begins with its first millisecond and ends before its last', () => {
  const at = (seconds: number) => tracked(delivered('p', seconds, 10)).samples.length;
  expect([-0.001, 0, 24 * HOUR - 0.001, 24 * HOUR].map(at)).toEqual([0, 1, 1, 0]);
});
