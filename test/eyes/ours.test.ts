/** Faults of ours that look like the provider's. */
import { expect, test } from 'vitest';
import { checks, clause, DAY, END, HOUR, judged, ledgerOf } from '../domain/november.ts';

test('a password that the customer changed and did not tell the agent is no outage that is proven against the provider', async () => {
  // Truth: everybody reads mail all day; only the agent's login is refused, as RFC 4954 §6 has it for a wrong password.
  const refused = {
    result: { kind: 'down', stage: 'auth', code: '535', text: '5.7.8 Authentication credentials invalid' },
    control: 'healthy',
  } as const;
  const ledger = await ledgerOf(
    ...checks(-HOUR, 10 * DAY),
    ...checks(10 * DAY + 600, 10 * DAY + 8 * HOUR, refused),
    ...checks(10 * DAY + 8 * HOUR + 600, END + HOUR),
  );
  expect(clause(await judged(ledger), '1', 'connectivity').verdict).not.toBe('BREACH');
});
