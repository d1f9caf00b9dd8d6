/** Certificates are checked by our own wall clock: where that is wrong, every server fails, and the neutral hosts, which are only connected to, do not. */
import { expect, test } from 'vitest';
import { checks, clause, DAY, HOUR, judged, ledgerOf, MINUTE } from '../domain/november.ts';

test('a server whose certificate is not valid yet by a clock that is 20 days slow was not down in a month in which nobody measured', async () => {
  // Truth: the agent is installed on the 10th of November on a host whose clock shows the 21st of October; the certificate was renewed
  // on the 1st of November. After an hour NTP sets the clock. The server was up all along.
  const early = {
    result: { kind: 'down', stage: 'tls', code: 'CERT_NOT_YET_VALID', text: 'certificate is not yet valid' },
    control: 'healthy',
  } as const;
  const t = 10 * DAY;
  const ledger = await ledgerOf(...checks(t, t + HOUR, early, -20 * DAY), ...checks(t + HOUR + 10 * MINUTE, t + DAY));
  const one = clause(await judged(ledger, 20 * DAY, '2026-10'), '1', 'connectivity');
  expect(one.figures.downSeconds.lo).toBe(0);
  expect(one.verdict).not.toBe('BREACH');
});
