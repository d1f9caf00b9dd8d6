/** `ledger archive` beside a daemon: old months go into bundles, and nothing that is said of any month changes. */
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { cutArchive } from '../../src/adapters/sqlite/archive.ts';
import { headAt } from '../../src/adapters/sqlite/bundle.ts';
import { acquireArchive } from '../../src/adapters/sqlite/lock.ts';
import type { BundleManifest } from '../../src/domain/evidence/bundle.ts';
import type { ChainHead } from '../../src/domain/evidence/chain.ts';
import type { Report } from '../../src/domain/report/report.ts';
import type { YearReport } from '../../src/domain/report/year-report.ts';
import { monthRange } from '../../src/domain/time/calendar.ts';
import { seriesOf } from '../adapters/prometheus/scrape.ts';
import { at, opened, rawly, temporaryFolder } from '../adapters/sqlite/support.ts';
import { deliveredProbe, fill, HEALTHY } from '../bench/generate-ledger.ts';
import { seededRandom } from '../fakes/agent.ts';
import { type Daemon, LONG_UP, run, runStopped, startDaemon } from '../servers/command.ts';
import { monthLedger } from './month-ledger.ts';

/** Many processes. */
vi.setConfig({ testTimeout: 300_000 });

const ZONE = 'Asia/Shanghai';

/** Four months of probes and checks with a checkpoint a day, closed by a daemon, which goes on. */
async function closedMonths() {
  const { config, folder } = await monthLedger({
    fromMs: monthRange('2025-05', ZONE).fromMs,
    toMs: monthRange('2025-08', ZONE).toMs,
    everySeconds: 7200,
    checkSeconds: 3600,
    checkpoints: true,
    perMille: { late: 5, lost: 3, bounced: 3, refused: 3, unmeasured: 5 },
  });
  const daemon = await daemonOf(config);
  const reader = await opened(folder, 'reader');
  await vi.waitFor(async () => expect(await reader.marked(['month.closed'])).toHaveLength(4), 120_000);
  await reader.close();
  return { config, folder, daemon };
}

async function daemonOf(config: string): Promise<Daemon> {
  const daemon = await startDaemon(config, LONG_UP);
  onTestFinished(async () => void (await daemon.end('SIGKILL')));
  return daemon;
}

/** Standard output of a command that must do what it is asked for. */
async function said(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args, LONG_UP);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

async function refused(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args, LONG_UP);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  return stderr;
}

/** What the months from August on, and the year, are said to be. */
async function told(config: string) {
  const json = async <T>(...args: readonly string[]): Promise<T> =>
    JSON.parse(await said('report', '-c', config, '--format', 'json', ...args)) as T;
  const { providers } = await json<Report>('--month', '2025-08');
  const year = await json<YearReport>('--year', '2025');
  return { august: providers.map(({ closed, clauses }) => ({ closed, clauses })), year: year.providers };
}

async function statusOf(url: string): Promise<number> {
  const answer = await fetch(url);
  await answer.arrayBuffer();
  return answer.status;
}

const countersOf = async ({ url }: Daemon) => {
  const all = seriesOf(await (await fetch(`${url}/metrics`)).text());
  return new Map([...all].filter(([name]) => /^mailflow_(probes|delay_exceeded)_total/.test(name)));
};

test('months go out of a ledger that is in use, into bundles that hold, and every figure stays', async () => {
  const { config, daemon } = await closedMonths();
  // Agreed after the month was closed: the year judges it anew from then on.
  await said(
    ...['exclusion', 'add', '-c', config, '--provider', 'acme', '--kind', 'agreed-maintenance', '--by', 'Li Wei'],
    ...['--from', '2025-05-01T00:00', '--to', '2025-06-01T00:00'],
  );
  const [before, counters] = [await told(config), await countersOf(daemon)];
  expect(before.year[0]?.months[4]?.closed).toBe(false);
  expect(counters.size).toBeGreaterThan(3);
  const to = join(temporaryFolder(), 'archive');
  const output = await said('ledger', 'archive', '-c', config, '--before', '2025-07', '--to', to);
  expect(output).toMatch(/2025-05\.bundle: 2025-05, entries 1 to \d+, sha256 [0-9a-f]{64}\n/);
  expect(output).toMatch(/entries up to \d+ are archived and gone, the ledger begins in time for 2025-07/);
  expect(readdirSync(to).toSorted()).toEqual(['2025-05.bundle', '2025-06.bundle']);

  // Whoever has the files has everything that went, and can check it without the ledger.
  for (const name of readdirSync(to))
    expect(await said('ledger', 'verify', join(to, name))).toMatch(/verdict: recomputed/);
  const spans = [...output.matchAll(/entries (\d+) to (\d+)/g)].map(([, first, last]) => [Number(first), Number(last)]);
  const upTo = Number(/up to (\d+) are archived/.exec(output)?.[1]);
  expect(spans[1]![0]).toBeLessThanOrEqual(spans[0]![1]! + 1);
  expect(spans[1]![1]).toBeGreaterThan(upTo);
  // One ends where its month was final; the other has what was agreed later.
  expect(spans[1]![1]).toBeLessThan(spans[0]![1]!);

  expect(await told(config)).toEqual(before);
  expect(await said('ledger', 'verify', '-c', config)).toContain(
    `those before event ${upTo + 1} are archived in bundles`,
  );
  expect(await refused('report', '-c', config, '--month', '2025-06')).toMatch(
    /the month must be 2025-07 or later, is 2025-06: what came before is in the bundles that entry \d+, or one before it, names/,
  );
  expect(await statusOf(`${daemon.url}/reports/2025-06`)).toBe(404);
  expect(await statusOf(`${daemon.url}/reports/2025-07`)).toBe(200);
  expect(await countersOf(daemon)).toEqual(counters);
  await daemon.end('SIGTERM');
  const again = await daemonOf(config);
  expect(await countersOf(again)).toEqual(counters);

  // What is agreed about archived time is told to reach nothing of it.
  const exclusion = [
    'exclusion',
    'add',
    '-c',
    config,
    '--provider',
    'acme',
    '--kind',
    'agreed-maintenance',
    '--by',
    'Li Wei',
  ];
  const added = await said(...exclusion, '--from', '2025-06-10T22:00', '--to', '2025-06-10T23:00');
  expect(added).toMatch(/\nmonths before 2025-07 are archived: they stay as they were judged\n$/);
  const [, id = ''] = /^(\w{16})/.exec(added) ?? [];
  expect(await said('exclusion', 'retract', '-c', config, id, '--by', 'Li Wei', '--note', 'in error')).toBe(
    `${id} is retracted\nmonths before 2025-07 are archived: they stay as they were judged\n`,
  );

  // A bundle of what is left holds by itself; a copy is whole; and the next month goes the same way.
  const file = join(temporaryFolder(), 'july.bundle');
  await said('ledger', 'export', '-c', config, '--month', '2025-07', '-o', file);
  expect(await said('ledger', 'verify', file)).toMatch(/verdict: recomputed/);
  expect(await said('ledger', 'backup', '-c', config, join(temporaryFolder(), 'copy.db'))).toMatch(/the chain holds/);
  await said('ledger', 'archive', '-c', config, '--before', '2025-08', '--to', to);
  expect(await told(config)).toEqual(before);
  expect(await statusOf(`${again.url}/healthz`)).toBe(200);
  await again.end('SIGTERM');
});

test('a year keeps what was closed by other terms, and what goes has a bundle that says what the ledger says', async () => {
  const { config, folder, daemon } = await closedMonths();
  const [root, to] = [join(folder, '..'), join(temporaryFolder(), 'archive')];
  const terms = readFileSync(join(import.meta.dirname, '../../config/contracts/enterprise-mail-sla.yml'), 'utf8');
  mkdirSync(join(root, 'contracts'));
  const milder = terms.replaceAll(/breaches_from: \d+/g, 'breaches_from: 1000');
  writeFileSync(join(root, 'contracts/enterprise-mail-sla.yml'), milder, { mode: 0o600 });
  const archive = (before: string) => ['ledger', 'archive', '-c', config, '--before', before, '--to', to];
  const year = async () => (await told(config)).year[0]?.months.slice(4, 8);
  const before = await year();
  expect(before?.map(({ otherTerms }) => otherTerms)).toEqual([true, true, true, true]);
  expect(await said(...archive('2025-06'))).toMatch(/^2025-05 of acme: closed by other terms, which the year keeps/m);
  expect(await year()).toEqual(before);

  // Exported before something was agreed: it is not what the ledger says any more.
  const june = join(to, '2025-06.bundle');
  await said('ledger', 'export', '-c', config, '--month', '2025-06', '-o', june);
  const agree = (month: string, next: string) =>
    said(
      ...['exclusion', 'add', '-c', config, '--provider', 'acme', '--kind', 'agreed-maintenance', '--by', 'Li Wei'],
      ...['--from', `${month}-01T00:00`, '--to', `${next}-01T00:00`],
    );
  await agree('2025-06', '2025-07');
  const { code, stderr } = await run(archive('2025-08'), LONG_UP);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringMatching(
      /2025-06\.bundle must be what the ledger says of 2025-06 now, differs in report\[0\]\./,
    ),
  });
  rmSync(june);

  // What is agreed while bundles are written is not lost: nothing goes, and nothing stands in the way of the next try.
  const broken = await runStopped(archive('2025-08'), LONG_UP, /2025-06\.bundle/, () => agree('2025-07', '2025-08'));
  expect(broken).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/came meanwhile: nothing was deleted, run it again/),
  });
  expect(readdirSync(to)).toEqual(['2025-05.bundle']);
  const since = await year();
  expect(since?.map(({ closed }) => closed)).toEqual([true, false, false, true]);
  // Two months beside each other; each bundle begins where the one before ends, or a little before its month.
  const spans = [...(await said(...archive('2025-08'))).matchAll(/2025-0\d, entries (\d+) to (\d+)/g)].map(
    ([, first]) => Number(first),
  );
  expect(spans).toHaveLength(2);
  expect(spans[1]!).toBeGreaterThan(spans[0]!);
  expect(await year()).toEqual(since);
  await daemon.end('SIGTERM');

  // All that went is there, and whoever alters a byte is found out.
  const verify = ['ledger', 'verify', '-c', config, '--bundles', to];
  expect(await said(...verify)).toMatch(/^bundles: 3 of 3 that were archived are there$/m);
  appendFileSync(june, '\n');
  expect(await run(verify, LONG_UP)).toMatchObject({
    code: 2,
    stdout: expect.stringMatching(
      /^bundles: DO NOT HOLD: .*2025-06\.bundle must be the bundle with sha256 [0-9a-f]{64}, has [0-9a-f]{64}$/m,
    ),
  });
});

test('nobody’s months go without a report of theirs in a bundle, and one command archives at a time', async () => {
  const { config, folder } = await monthLedger(null);
  const { fromMs, toMs: juneMs } = monthRange('2025-05', ZONE);
  const ledger = await opened(folder);
  await fill(ledger, {
    ...{ provider: 'acme', paths: ['send', 'receive'], fromMs, toMs: monthRange('2025-06', ZONE).toMs },
    ...{ everySeconds: 7200, checkSeconds: 3600, checkpoints: true, seed: 7, perMille: HEALTHY },
  });
  // In May, and in none of the entries that would go.
  await ledger.append(deliveredProbe({ provider: '163', path: 'send' }, juneMs - 3_600_000, seededRandom(3)));
  await ledger.close();
  await closedBy(config, folder, 2);
  const to = join(temporaryFolder(), 'archive');
  const archive = (before: string) => ['ledger', 'archive', '-c', config, '--before', before, '--to', to];
  expect(await refused(...archive('2025-06'))).toMatch(
    /whoever was measured in what is archived must be in the configuration, so that a bundle has their report, 163 is not/,
  );

  // A name that JSON puts first, whatever the order in the configuration.
  const acmeAlone = readFileSync(config, 'utf8');
  const [acme] = /^ +- \{ name: acme.*\n/m.exec(acmeAlone) ?? [''];
  writeFileSync(config, `${acmeAlone}${acme.replace('acme', '"163"')}`);
  await closedBy(config, folder, 3);
  const release = await acquireArchive(folder);
  expect(await refused(...archive('2025-06'))).toMatch(
    /a ledger must be archived by one command at a time, another one archives/,
  );
  release();
  await said(...archive('2025-06'));
  const [manifest = ''] = readFileSync(join(to, '2025-05.bundle'), 'utf8').split('\n', 1);
  expect(Object.keys((JSON.parse(manifest) as BundleManifest).contracts)).toEqual(['163', 'acme']);

  // What was archived of it has its report, though the last days of May are here: it may leave the configuration.
  writeFileSync(config, acmeAlone);
  expect(await refused(...archive('2025-06'))).toMatch(/is 2025-06: the ledger begins with 2025-06 already/);
  await said(...archive('2025-07'));
  expect(await said('ledger', 'verify', '-c', config, '--bundles', to)).toMatch(/2 of 2 that were archived are there/);
});

/** Runs a daemon until there are so many closings. */
async function closedBy(config: string, folder: string, closings: number): Promise<void> {
  const daemon = await daemonOf(config);
  const reader = await opened(folder, 'reader');
  await vi.waitFor(async () => expect(await reader.marked(['month.closed'])).toHaveLength(closings), 120_000);
  await reader.close();
  await daemon.end('SIGTERM');
}

test('what cannot be archived stays, and is told in one line', async () => {
  const { config, folder } = await closedMonths();
  const to = join(temporaryFolder(), 'archive');
  const archive = (...args: readonly string[]) => refused('ledger', 'archive', '-c', config, ...args);
  expect(await archive('--before', '25-07', '--to', to)).toMatch(
    /--before must be a month such as 2026-11, is "25-07"/,
  );
  expect(await archive('--before', '9998-01', '--to', to)).toMatch(/--before must have begun, is 9998-01/);
  expect(await archive('--before', '2025-05', '--to', to)).toMatch(
    /the first month to be left must have something to archive before it, is 2025-05: no month before it was closed/,
  );
  writeFileSync(`${to}-taken`, '');
  expect(await archive('--before', '2025-07', '--to', `${to}-taken`)).toMatch(/taken/);
  mkdirSync(to);
  writeFileSync(join(to, '2025-05.bundle'), '{"format":"mailflow-probe bundle 1"');
  expect((await run(['ledger', 'archive', '-c', config, '--before', '2025-07', '--to', to], LONG_UP)).code).not.toBe(0);
  const ledger = await opened(folder, 'reader');
  expect(await ledger.archive()).toBeNull();
});

test('one that was broken off goes on only where its bundles are', async () => {
  const { config, folder } = await closedMonths();
  const to = temporaryFolder();
  const file = join(to, '2025-06.bundle');
  const upTo = await lastBefore(folder, '2025-07');
  const sha256 = createHash('sha256').update('what was written').digest('hex');
  const archive = {
    ...{ month: '2025-07', fromMs: monthRange('2025-07', ZONE).fromMs, upTo, months: [] },
    ...{ asOf: { seq: Number.MAX_SAFE_INTEGER, hash: '' }, finalMs: 0 },
    bundles: [{ month: '2025-06', sha256, firstSeq: 1, lastSeq: upTo.seq + 1 }],
  };
  const killed = (): Promise<void> => Promise.reject(new Error('killed'));
  await expect(cutArchive(folder, archive, () => at(0), killed)).rejects.toThrow('killed');
  const command = ['ledger', 'archive', '-c', config, '--before', '2025-07', '--to', to];
  const { code, stderr } = await run(command, LONG_UP);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `mailflow-probe: an archive was broken off, and before it goes on ${file} must be the bundle with sha256 ${sha256}, there is no such file: nothing more was deleted\n`,
  });
  writeFileSync(file, 'what was written');
  expect(await said(...command)).toMatch(new RegExp(`^entries up to ${upTo.seq} are archived and gone`));
  expect(await said('ledger', 'verify', '-c', config)).toContain(`those before event ${upTo.seq + 1} are archived`);
});

/** The entry before the last checkpoint of a day or more before the month. */
async function lastBefore(folder: string, month: string): Promise<ChainHead> {
  const reader = await opened(folder, 'reader');
  const checkpoints = await reader.marked(['ledger.checkpoint']);
  const { fromMs } = monthRange(month, ZONE);
  const seq = checkpoints.findLast(({ event }) => event.at.wallMs < fromMs - 86_400_000)!.seq - 1;
  return rawly(folder, (db) => headAt(db, seq));
}
