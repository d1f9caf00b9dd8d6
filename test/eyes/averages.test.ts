/** A month's average where few probes, or none, have arrived: a breach that is claimed stays one. */
import { expect, test } from 'vitest';
import { judgeDelay } from '../../src/domain/delay/delay-verdict.ts';
import type { Interval } from '../../src/domain/interval.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import { at, bounced, CLAUSE, delivered, HOUR, lost, probe } from '../domain/month-case.ts';

const judge = (records: readonly ProbeRecord[], absentFor: number | null) =>
  judgeDelay({
    clause: CLAUSE,
    provider: 'acme',
    month: '2026-11',
    timeZone: 'Asia/Shanghai',
    records,
    unmeasured: 0,
    exclusions: [],
    absence: new Map(absentFor === null ? [] : [['sink', at(absentFor)]]),
    random: () => 0.5,
  });

test('the only probe of a month, pending for two minutes, is no breach of the average: it bounces, and there is no delay', () => {
  const before = judge([probe('p', 0)], 120);
  const after = judge([bounced('p', 0, 120, 130)], null);
  // measurement.md: bounced, "a connectivity failure, not a delay".
  expect(after.verdict).toBe('INCONCLUSIVE');
  expect(before.verdict).toBe('INCONCLUSIVE');
});

test('the only probe of a month, lost, is one exceeding and no breach of an average that leaves losses out', () => {
  const { average, maximum, figures } = judge([lost('p', 0, 120 * HOUR)], null);
  expect(figures.excluded.breaches.messages).toEqual({ lo: 1, hi: 1 } satisfies Interval);
  expect(maximum).not.toBe('BREACH');
  // Nothing was delivered: there is no delay to take an average of, whatever becomes of what was lost.
  expect(figures.excluded.conditionalAverage).toBeNull();
  expect(average).toBe('INCONCLUSIVE');
});

test('in the month’s first minutes one probe that took 70 s is no breach of the month’s average: the next hundred take a second', () => {
  const first = delivered('first', 0, 70);
  const early = judge([first], null);
  const later = judge(
    [first, ...Array.from({ length: 100 }, (_, each) => delivered(`p${each}`, 300 + 300 * each, 1))],
    null,
  );
  expect(later.verdict).toBe('MET');
  expect(early.verdict).not.toBe('BREACH');
});
