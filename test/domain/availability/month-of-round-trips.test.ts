/** What failed probes say of a month: at its edges, and where the wall clock was set between two of them. */
import { expect, test } from 'vitest';
import type { LedgerEvent } from '../../../src/domain/event.ts';
import {
  check,
  checks,
  clause,
  DAY,
  delivered,
  END,
  HOUR,
  at as instant,
  judged,
  ledgerOf,
  MINUTE,
  refused,
} from '../november.ts';

/** Servers that answer well from before the month until after it: what speaks against it are probes alone. */
const allUp = checks(-HOUR, END + HOUR);

test('mail that failed from ten minutes before the month’s end is not MET in it because the first failed probe was planned one minute after it', async () => {
  // Delivered at -12 min, down from -10 min on (10 minutes of November), the next probe is refused in December.
  const ledger = await ledgerOf(
    ...allUp,
    ...delivered('before', END - 12 * MINUTE),
    ...refused('after', END + MINUTE),
    ...refused('later', END + 10 * MINUTE),
    ...delivered('back', END + 30 * MINUTE),
  );
  const three = clause(await judged(ledger), '3', 'operations');
  expect(three.figures.downSeconds.hi).toBeGreaterThanOrEqual(10 * MINUTE);
  expect(three.verdicts.availability).not.toBe('MET');
});

test('mail that failed until five hours into the month is not MET in it because the last failed probe was planned 25 hours before it', async () => {
  // Down from -25 h to +5 h. A route may have gaps of up to 168 h (max_gap), and throttled probes say nothing either.
  const ledger = await ledgerOf(
    ...allUp,
    ...delivered('before', -30 * HOUR),
    ...refused('failed', -25 * HOUR),
    ...delivered('back', 5 * HOUR),
  );
  const one = clause(await judged(ledger), '1', 'connectivity');
  expect(one.figures.downSeconds.hi).toBeGreaterThanOrEqual(5 * HOUR);
  expect(one.verdict).not.toBe('MET');
});

test('a wall clock that was 25 minutes slow and is set right between two refused probes makes no 25 minutes of proven outage', async () => {
  // Refused, and refused again 10 s later: 10 s are proven. The wall clock was put forward by 1500 s in between.
  const ledger = await ledgerOf(
    ...checks(-HOUR, 10 * DAY, {}, -1500),
    ...delivered('before', 10 * DAY - 600, 1, -1500),
    ...refused('one', 10 * DAY, 'receive', -1500),
    ...refused('two', 10 * DAY + 10),
    ...delivered('back', 10 * DAY + 70),
    ...checks(10 * DAY + 60, END + HOUR),
  );
  const three = clause(await judged(ledger), '3', 'operations');
  expect(three.figures.downSeconds.lo).toBeLessThanOrEqual(11);
  expect(three.verdict).not.toBe('BREACH');
});

test('two refused probes two hours apart, with mail delivered between, are no proven outage where the clock was put back', async () => {
  // Refused at 10:00; the clock, two hours fast, is set right; mail is delivered all along until it is refused again, by wall 5 min later.
  const ahead = 2 * HOUR;
  const t = 10 * DAY;
  const ledger = await ledgerOf(
    ...checks(-HOUR, t, {}, ahead),
    ...delivered('before', t - 600, 1, ahead),
    ...refused('one', t, 'receive', ahead),
    ...Array.from({ length: 23 }, (_, each) => delivered(`fine ${each}`, t + 300 * (each + 1))).flat(),
    ...refused('two', t + 2 * HOUR + 290),
    ...delivered('back', t + 2 * HOUR + 600),
    ...checks(t + 60, END + HOUR),
  );
  const three = clause(await judged(ledger), '3', 'operations');
  expect(three.figures.downSeconds.lo).toBe(0);
  expect(three.verdict).not.toBe('BREACH');
});

test('mail that was down for 44 minutes is not MET because the clock was put back by two hours after it, and mail of the second pass lies between', async () => {
  // Refused from t to t + 44 min, by a clock that is two hours fast; then it is set right, and mail comes every five minutes.
  const ahead = 2 * HOUR;
  const t = 10 * DAY;
  const ledger = await ledgerOf(
    ...checks(-HOUR, t + 44 * MINUTE, {}, ahead),
    ...delivered('before', t - 60, 1, ahead),
    ...refused('one', t, 'receive', ahead),
    ...refused('two', t + 43 * MINUTE, 'receive', ahead),
    ...checks(t + 54 * MINUTE, END + HOUR),
    ...Array.from({ length: 60 }, (_, each) => delivered(`fine ${each}`, t + 45 * MINUTE + 1 + 300 * each)).flat(),
  );
  const one = clause(await judged(ledger), '1', 'connectivity');
  expect.soft(one.verdict).not.toBe('MET');
  expect
    .soft(one.figures.parts.find(({ part }) => part === 'round-trip')?.downSeconds.hi)
    .toBeGreaterThanOrEqual(43 * MINUTE);
});

test('an MX that takes recipients and turns every message away with 451 after DATA for three hours did not MEET clause 1', async () => {
  // No mail could be received from t to t + 3 h. Checks end at RCPT; each probe is tried again after 5, 10, 15, 30, 30 … minutes.
  const t = 10 * DAY;
  const refusal = {
    kind: 'refused',
    stage: 'data',
    code: 451,
    enhanced: '4.3.0',
    text: 'content filter unavailable',
  } as const;
  const late = Array.from({ length: 12 }, (_, each) => {
    const [id, begun] = [`deferred ${each}`, t + each * 15 * MINUTE];
    const tries = [0, 5, 15, 30, 60, 90, 120, 150, 180]
      .map((minute) => begun + minute * MINUTE)
      .filter((at) => at < t + 3 * HOUR);
    const again = (tries.at(-1) ?? begun) + 30 * MINUTE;
    const [plan, ...taken] = delivered(id, again);
    return [
      { ...plan, at: instant(begun) } as LedgerEvent,
      ...tries.map(
        (second, index): LedgerEvent => ({
          ...{
            type: 'probe.deferred',
            at: instant(second + 1),
            probe: id,
            attempt: index + 1,
            refusal,
            retryAfterSeconds: 1800,
          },
        }),
      ),
      ...taken,
    ];
  }).flat();
  const mx = { endpoint: 'mx', depth: 'recipient' } as const;
  const ledger = await ledgerOf(
    ...checks(-HOUR, END + HOUR, mx),
    ...delivered('before', t - 600),
    ...late,
    ...delivered('after', t + 4 * HOUR),
  );
  const judgement = await judged(ledger);
  const one = clause(judgement, '1', 'connectivity');
  expect.soft(one.figures.downSeconds.hi).toBeGreaterThanOrEqual(2.5 * HOUR);
  expect.soft(one.verdict).not.toBe('MET');
  expect.soft(clause(judgement, '3', 'operations').verdict).not.toBe('MET');
  // Nor is it a delay: that begins when the message is taken at last.
  expect(clause(judgement, '2b', 'delay').verdict).toBe('MET');
});

test('a submission server that lets in and answers every message with 451 4.7.1 for three hours, as Postfix does while its milter is down, did not MEET clause 1', async () => {
  // Nobody could send from t to t + 3 h. The reply may be read as throttling, so nothing is proven; nor is it proven that mail could be sent.
  const t = 10 * DAY;
  const refusal = {
    kind: 'refused',
    stage: 'data',
    code: 451,
    enhanced: '4.7.1',
    text: 'Service unavailable - try again later',
  } as const;
  const turnedAway = Array.from({ length: 36 }, (_, each) =>
    refused(`away ${each}`, t + each * 5 * MINUTE, 'internal', 0, refusal),
  ).flat();
  const ledger = await ledgerOf(
    ...allUp,
    ...delivered('before', t - 600),
    ...turnedAway,
    ...delivered('after', t + 4 * HOUR),
  );
  const one = clause(await judged(ledger), '1', 'connectivity');
  expect.soft(one.figures.downSeconds.lo).toBe(0);
  expect.soft(one.figures.downSeconds.hi).toBeGreaterThanOrEqual(2.5 * HOUR);
  expect(one.verdict).toBe('INCONCLUSIVE');
});

test('without the fault the month is MET', async () => {
  const ledger = await ledgerOf(
    ...allUp,
    check(END + 2 * HOUR),
    ...delivered('one', 5 * DAY),
    ...delivered('two', 6 * DAY),
  );
  const judgement = await judged(ledger);
  expect(clause(judgement, '1', 'connectivity').verdict).toBe('MET');
  expect(clause(judgement, '3', 'operations').verdicts.availability).toBe('MET');
});
