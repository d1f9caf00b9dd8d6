/** Months on the command line are those of the contracts' zone. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ledgerMonth, readMonth } from '../../src/cli/month.ts';
import { folderWith, SMALL } from '../adapters/config-file/folder.ts';

test('without a configuration a month begins and ends at midnight in China', async () => {
  const { fromMs, toMs } = await ledgerMonth('2026-11', null);
  expect(new Date(fromMs).toISOString()).toBe('2026-10-31T16:00:00.000Z');
  expect(new Date(toMs).toISOString()).toBe('2026-11-30T16:00:00.000Z');
  expect((await ledgerMonth('2026-12', null)).toMs).toBe((await ledgerMonth('2027-01', null)).fromMs);
});

test('contracts of several time zones have no month in common', async () => {
  const other =
    '  - { name: other, contract: example-strict, submission: { host: a.example, from: probe@a.example } }\n';
  const config = join(await folderWith({ 'mailflow.yml': `${SMALL}${other}` }), 'mailflow.yml');
  await expect(ledgerMonth('2026-11', config)).rejects.toMatchObject({
    exitCode: 3,
    lines: [
      "--month must be the same time for all providers, their contracts' time zones are Asia/Shanghai and Europe/Berlin",
    ],
  });
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
