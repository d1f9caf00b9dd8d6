/** A month that is over, closed by a real daemon, and what is said of it afterwards: by command, over HTTP, and in the year. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { MonthClosed } from '../../src/domain/event.ts';
import type { Report } from '../../src/domain/report/report.ts';
import type { YearReport } from '../../src/domain/report/year-report.ts';
import { seriesOf } from '../adapters/prometheus/scrape.ts';
import { opened } from '../adapters/sqlite/support.ts';
import { type Daemon, type Finished, LONG_UP, run, startDaemon } from '../servers/command.ts';
import { MONTH, monthLedger } from './month-ledger.ts';

/** Several processes a test. */
vi.setConfig({ testTimeout: 180_000 });

const report = (config: string, ...args: readonly string[]): Promise<Finished> =>
  run(['report', '-c', config, ...args]);
async function json<T>(config: string, ...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await report(config, '--format', 'json', ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}
async function daemonOf(config: string): Promise<Daemon> {
  const daemon = await startDaemon(config, LONG_UP);
  onTestFinished(async () => void (await daemon.end('SIGKILL')));
  return daemon;
}
/** Once there is one. */
async function closings(folder: string): Promise<readonly MonthClosed[]> {
  const reader = await opened(folder, 'reader');
  for (;;) {
    const entries = await reader.marked(['month.closed']);
    if (entries.length > 0) {
      await reader.close();
      return entries.map(({ event }) => event as MonthClosed);
    }
    await delay(100);
  }
}
const june = ({ providers }: YearReport) => providers[0]?.months[5];

test('a daemon closes a month once; later reports say whether they differ and why, and the year takes what holds', async () => {
  const { config, folder } = await monthLedger();
  const first = await daemonOf(config);
  const [closed] = await closings(folder);
  expect(closed).toMatchObject({ provider: 'acme', month: MONTH, version: expect.stringMatching(/^\d/) });
  expect(closed?.summary.map(({ id, verdict }) => [id, verdict])).toContainEqual(['2a', 'MET']);

  const verdicts = (await (await fetch(`${first.url}/api/v1/verdicts?month=${MONTH}`)).json()) as Report;
  const same = await json<Report>(config, '--month', MONTH);
  expect(verdicts.providers).toEqual(same.providers);
  expect(same.providers[0]?.closed).toMatchObject({ same: true, changes: [], reasons: [] });
  expect(same.providers[0]?.closed?.reportSha256).toBe(closed?.report);
  expect((await fetch(`${first.url}/reports/${MONTH}`)).status).toBe(200);
  expect((await fetch(`${first.url}/reports/1999-01`)).status).toBe(404);
  const scraped = seriesOf(await (await fetch(`${first.url}/metrics`)).text());
  expect(scraped.get('mailflow_sla_evaluated_timestamp_seconds{provider="acme"}')).toBeGreaterThan(0);
  expect(scraped.get('mailflow_sla_verdict{provider="acme",clause="2a",verdict="INCONCLUSIVE"}')).toBe(1);

  await first.end('SIGKILL');
  const second = await daemonOf(config);
  expect(june(await json<YearReport>(config, '--year', '2025'))).toMatchObject({ status: 'final', closed: true });

  const added = await run([
    ...['exclusion', 'add', '-c', config, '--provider', 'acme', '--kind', 'carrier', '--by', 'Li Wei'],
    ...['--note', 'line cut', '--from', '2025-06-02T00:00', '--to', '2025-06-03T00:00'],
  ]);
  expect(added.code).toBe(0);
  const changed = (await json<Report>(config, '--month', MONTH)).providers[0]?.closed;
  expect(changed).toMatchObject({
    same: false,
    reasons: [{ kind: 'exclusion-added', by: 'Li Wei', note: 'line cut' }],
  });
  expect(june(await json<YearReport>(config, '--year', '2025'))).toMatchObject({ status: 'final', closed: false });
  const { stdout } = await report(config, '--year', '2025');
  expect(stdout).toMatch(/^# Service-level year 2025\n/);
  expect(stdout).toMatch(/^\| 2025-06 \| final \|/m);
  await second.end('SIGTERM');
  expect(await closings(folder)).toHaveLength(1);
});

test('a year is told apart from a month, and what is none in one line', async () => {
  const { config } = await monthLedger();
  const says = async (text: string, ...args: readonly string[]) => {
    const { code, stdout, stderr } = await report(config, ...args);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toBe(`mailflow-probe: ${text}\n`);
  };
  await says('--month or --year must be given');
  await says(
    '--month and --year exclude each other, are 2025-06 and 2025',
    ...['--month', '2025-06', '--year', '2025'],
  );
  await says('--year must be a year such as 2026, is "25"', '--year', '25');
  await says(
    '--year must have begun, is 9998, which begins at 9998-01-01 00:00:00.000+08:00 (Asia/Shanghai)',
    ...['--year', '9998'],
  );
  await says('--year must be one with a probe of acme in the ledger, is 2024', '--year', '2024');
});

test('a contract that is wrong stops the daemon, and is told by `config check`', async () => {
  const provider = '  - { name: acme, contract: mine, submission: { host: 127.0.0.1, from: probe@acme.example } }';
  const { config } = await monthLedger(null, { 'contracts/mine.yml': 'title: 1\n' }, provider);
  for (const command of [['run'], ['config', 'check']]) {
    const { code, stdout, stderr } = await run([...command, '-c', config]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^mailflow-probe: title must be /m);
    expect(stderr).toContain('contracts/mine.yml:1)');
  }
});
