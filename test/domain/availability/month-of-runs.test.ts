/** A month by its checks, as the ledger on the disk has it: where the clock is set back, where an endpoint is new, and where nothing is known of one. */
import { expect, test } from 'vitest';
import { check, checks, clause, DAY, DOWN, END, FINAL, HOUR, judged, ledgerOf, MINUTE } from '../november.ts';

test('an endpoint that was checked all month and showed nothing makes the month unknown', async () => {
  // Each login to the mailbox was answered "too many connections". Nobody knows whether a customer could read mail.
  const throttled = { result: { kind: 'inconclusive', reason: 'throttled: too many connections' } } as const;
  const ledger = await ledgerOf(
    ...checks(-HOUR, END + HOUR),
    ...checks(-HOUR, END + HOUR, { endpoint: 'mailbox', ...throttled }),
  );
  const one = clause(await judged(ledger), '1', 'connectivity');
  expect.soft(one.verdict).toBe('INCONCLUSIVE');
  expect.soft(one.coverage.ratio).toBeLessThan(1);
  expect.soft(one.figures.parts.map(({ part }) => part)).toContain('mailbox');
});

test('an endpoint whose every check of the month broke off is not MET: nobody knows whether it was up', async () => {
  // The agent recorded each cell as unmeasured, and says so in the coverage of the same clause.
  const missed = checks(-HOUR, END + HOUR).map(({ at: when, provider }) => {
    const reason = 'the check broke off';
    return { type: 'check.unmeasured', at: when, provider, endpoint: 'mailbox', reason } as const;
  });
  const ledger = await ledgerOf(...checks(-HOUR, END + HOUR), ...missed);
  const one = clause(await judged(ledger), '1', 'connectivity');
  expect(one.coverage.unmeasured).toBe(30 * 144);
  expect.soft(one.verdict).toBe('INCONCLUSIVE');
  expect.soft(one.coverage.ratio).toBe(0);
});

test('a month that was up to the second stays MET when a service that is new is checked from the second day after it on', async () => {
  const before = checks(-HOUR, END + DAY);
  const ledger = await ledgerOf(...before);
  expect(clause(await judged(ledger, END + DAY), '1', 'connectivity').verdict).toBe('MET');
  await ledger.append(checks(END + 2 * DAY, END + 3 * DAY, { endpoint: 'mailbox' }));
  expect(clause(await judged(ledger, END + 3 * DAY), '1', 'connectivity').verdict).toBe('MET');
});

test('the same service that is new after the report is final takes nothing from the month', async () => {
  const ledger = await ledgerOf(
    ...checks(-HOUR, END + DAY),
    ...checks(FINAL + 1, FINAL + DAY, { endpoint: 'mailbox' }),
  );
  expect(clause(await judged(ledger), '1', 'connectivity').verdict).toBe('MET');
});

test('one failed check after the clock was put back by an hour in December leaves November, up and closed, as it was', async () => {
  const ledger = await ledgerOf(...checks(-HOUR, FINAL + 20 * DAY));
  const closed = await judged(ledger, FINAL + HOUR);
  expect(clause(closed, '1', 'connectivity').verdict).toBe('MET');
  const t = FINAL + 20 * DAY + 10;
  await ledger.append([check(t, { everySeconds: 600, ...DOWN }, -HOUR), ...checks(t + 600, t + 2 * DAY, {}, -HOUR)]);
  const later = await judged(ledger, FINAL + 22 * DAY);
  expect(clause(later, '1', 'connectivity').verdict).toBe('MET');
  expect(later.sha256).toBe(closed.sha256);
});

test('the hours after a clock was put back by two hours are measured', async () => {
  const ledger = await ledgerOf(...checks(-DAY, 10 * DAY, {}, 2 * HOUR), ...checks(10 * DAY + 600, END + HOUR));
  const one = clause(await judged(ledger), '1', 'connectivity');
  // Two hours came twice by the wall clock.
  expect(one.figures.downSeconds.hi).toBeLessThanOrEqual(2 * HOUR + 40 * MINUTE);
});

test.each([
  ['greylisted', { result: { kind: 'inconclusive', reason: 'asked to come again: 451 4.7.1' } }],
  ['refused', { result: { kind: 'down', stage: 'rcpt', code: '550', text: '5.1.1 no such user' }, control: 'healthy' }],
] as const)(
  'an MX that was up all November, and closed so, stays it though the first recipient ever named there, in December, is %s',
  async (_how, said) => {
    // A route to the mailbox is configured on the 16th of December; until then a greeting was as deep as a check of the MX could go.
    const greeting = { endpoint: 'mx', depth: 'greeting' } as const;
    const ledger = await ledgerOf(...checks(-HOUR, FINAL + 10 * DAY, greeting));
    const closed = await judged(ledger, FINAL + HOUR);
    expect(clause(closed, '1', 'connectivity').verdict).toBe('MET');
    const t = FINAL + 10 * DAY;
    await ledger.append([
      check(t + 600, { endpoint: 'mx', depth: 'recipient', everySeconds: 600, ...said }),
      ...checks(t + 1200, t + HOUR, greeting),
    ]);
    const later = await judged(ledger, t + HOUR);
    expect.soft(clause(later, '1', 'connectivity').verdict).toBe('MET');
    expect.soft(later.sha256).toBe(closed.sha256);
  },
);
