/** Failures of checks that may be our own doing: neither proof that a server was down nor that it was up. */
import { expect, test } from 'vitest';
import { check, checks, clause, DAY, END, HOUR, judged, ledgerOf, MINUTE, refused } from '../november.ts';

type Refused = readonly [code: string, text: string];

/** Eight hours in which every login is refused. */
async function monthOf([code, text]: Refused) {
  const login = { result: { kind: 'down', stage: 'auth', code, text }, control: 'healthy' } as const;
  const ledger = await ledgerOf(
    ...checks(-HOUR, 10 * DAY),
    ...checks(10 * DAY + 600, 10 * DAY + 8 * HOUR, login),
    ...checks(10 * DAY + 8 * HOUR + 600, END + HOUR),
  );
  return clause(await judged(ledger), '1', 'connectivity');
}

test.each<Refused>([
  ['535', '5.7.8 Authentication credentials invalid'],
  ['535', 'authentication failed'],
  ['550', '5.7.8 wrong password'],
  ['AUTHENTICATIONFAILED', 'mail.example.com:993: login refused: password expired'],
])(
  'a login that is refused with %s %s may be an old password of ours: nobody knows whether customers were let in',
  async (...said) => {
    const one = await monthOf(said);
    expect(one.figures.downSeconds.lo).toBe(0);
    expect(one.figures.downSeconds.hi).toBeGreaterThanOrEqual(8 * HOUR);
    expect(one.verdict).toBe('INCONCLUSIVE');
  },
);

test.each<Refused>([
  ['454', '4.7.0 Temporary authentication failure'],
  ['UNAVAILABLE', 'mail.example.com:993: login not possible now'],
])('a login that is not possible now, with %s %s, is an outage', async (...said) => {
  expect((await monthOf(said)).verdict).toBe('BREACH');
});

test('a certificate that is not valid yet by a clock that is 20 days slow proves nothing', async () => {
  // The agent is installed on the 10th of November on a host whose clock shows the 21st of October; the certificate was renewed
  // on the 1st of November. After an hour NTP sets the clock. The neutral hosts, which are only connected to, were healthy.
  const early = {
    result: { kind: 'down', stage: 'tls', code: 'CERT_NOT_YET_VALID', text: 'certificate is not yet valid' },
    control: 'healthy',
  } as const;
  const t = 10 * DAY;
  const ledger = await ledgerOf(...checks(t, t + HOUR, early, -20 * DAY), ...checks(t + HOUR + 10 * MINUTE, t + DAY));
  const one = clause(await judged(ledger, 20 * DAY, '2026-10'), '1', 'connectivity');
  expect(one.figures.downSeconds.lo).toBe(0);
  expect(one.verdict).toBe('INCONCLUSIVE');
});

test('two probes whose login was refused prove no outage, and leave one open', async () => {
  const no = { kind: 'refused', stage: 'auth', code: 535, enhanced: '5.7.8', text: 'no' } as const;
  const ledger = await ledgerOf(
    ...checks(-HOUR, END + HOUR),
    ...refused('one', DAY, 'internal', 0, no),
    ...refused('other', DAY + 20 * MINUTE, 'internal', 0, no),
    check(END + 2 * HOUR),
  );
  const judgement = await judged(ledger);
  const one = clause(judgement, '1', 'connectivity');
  expect(one.figures.downSeconds.lo).toBe(0);
  expect(one.figures.downSeconds.hi).toBeGreaterThanOrEqual(20 * MINUTE);
});
