/** `report` as a user runs it: on a ledger at rest, beside a running daemon, and where there is nothing to report. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, test, vi } from 'vitest';
import type { LedgerEvent } from '../../src/domain/event.ts';
import type { DelayClauseReport, Report } from '../../src/domain/report/report.ts';
import { monthOf } from '../../src/domain/time/calendar.ts';
import { at, handedOver, opened, planned } from '../adapters/sqlite/support.ts';
import { type Finished, run, startDaemon } from '../servers/command.ts';
import { MONTH, monthLedger } from './month-ledger.ts';

/** Several processes a test. */
vi.setConfig({ testTimeout: 120_000 });

const report = (config: string, ...args: readonly string[]): Promise<Finished> =>
  run(['report', '-c', config, ...args]);

async function json(config: string, ...args: readonly string[]): Promise<Report> {
  const { code, stdout, stderr } = await report(config, '--month', MONTH, '--format', 'json', ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Report;
}
function delayClauses({ providers }: Report): readonly DelayClauseReport[] {
  return providers.flatMap(({ clauses }) => clauses.flatMap((clause) => (clause.kind === 'delay' ? [clause] : [])));
}
function expectOneLine({ code, stdout, stderr }: Finished, text: string): void {
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).toMatch(/^mailflow-probe: /);
  expect(stderr).toContain(text);
}

describe('of a month with late, lost, bounced and refused mail', () => {
  const perMille = { late: 3, lost: 2, bounced: 4, refused: 5, unmeasured: 6 };

  it('counts what was done, and its intervals hold the truth', async () => {
    const { config, truths } = await monthLedger({ perMille });
    const clauses = delayClauses(await json(config));
    expect(clauses.map(({ path }) => path)).toEqual(['send', 'receive']);
    for (const { path, figures, coverage, breaches, verdicts, remedy } of clauses) {
      const { delivered, delaySum, mishaps } = truths.find((truth) => truth.path === path)!;
      const { late, lost, bounced, refused, unmeasured } = mishaps;
      expect(Math.min(late, lost, bounced, refused, unmeasured)).toBeGreaterThan(0);
      expect(figures.outcomes).toEqual({ delivered, pending: 0, failed: bounced + refused, lost, unmeasured });
      expect(figures.breaches.messages).toEqual({ lo: late + lost, hi: late + lost });
      expect(breaches.map(({ certainty }) => certainty)).toEqual(Array(late + lost).fill('proven'));
      expect(breaches.filter(({ outcome }) => outcome === 'lost')).toHaveLength(lost);
      const mean = delaySum / delivered;
      expect(figures.average?.lo).toBeLessThanOrEqual(mean);
      expect(figures.average?.hi).toBeGreaterThanOrEqual(mean);
      expect(figures.maximum).toMatchObject({ hi: null });
      expect(verdicts.maximum).toBe('BREACH');
      expect(remedy?.zh).toContain('当月服务时间加倍');
      expect(coverage.unmeasured).toBe(unmeasured);
      expect(coverage.ratio).toBeGreaterThan(0.95);
    }
    const [evidence] = clauses[0]!.breaches;
    expect(evidence).toMatchObject({
      server: '192.0.2.7:587',
      reply: expect.stringMatching(/^2\.0\.0 Ok: queued as /),
    });
  });

  it('is written as Markdown and HTML for people, in either language, and as CSV', async () => {
    const { config } = await monthLedger({ perMille });
    const { code, stdout, stderr } = await report(config, '--month', MONTH);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^# Service report 2025-06: final\n/);
    expect(stdout).toMatch(/^\| 2a Send delay \| \*\*BREACH\*\* \| [\d.]+% \| The month's service time doubled/m);
    expect(stdout).toMatch(/^1\. `[a-z2-7]{16}` proven$/m);
    expect((await report(config, '--month', MONTH, '--lang', 'zh')).stdout).toContain('| 2a 发送延迟 | **违约** |');
    const html = await report(config, '--month', MONTH, '--format', 'html');
    expect(html.stdout).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(html.stdout.match(/<svg viewBox[^>]*role="img"/g)?.length).toBeGreaterThan(10);
    expect((await report(config, '--month', MONTH, '--format', 'html', '--lang', 'zh')).stdout).toContain('发送延迟');
    const csv = await report(config, '--month', MONTH, '--format', 'csv');
    // A head, the eleven clauses, and the end of the last line.
    expect(csv.stdout.split('\r\n')).toHaveLength(13);
    expect(csv.stdout).toContain('\r\n2025-06,Asia/Shanghai,final,');
  });
});

test('a month of prompt mail is met, with nothing owed, and clauses that a person attests are not judged', async () => {
  const { config } = await monthLedger();
  const { status, timeZone, providers } = await json(config);
  expect({ status, timeZone, names: providers.map(({ provider }) => provider) }).toEqual({
    status: 'final',
    timeZone: 'Asia/Shanghai',
    names: ['acme'],
  });
  const verdicts = providers[0]?.clauses.map(({ id, verdict, remedy }) => [id, verdict, remedy]);
  expect(verdicts).toEqual([
    ['1', 'INCONCLUSIVE', null],
    ['2a', 'MET', null],
    ['2b', 'MET', null],
    ...['3', '3-attested', '4', '5', '6', '7', '8', '9'].map((id) => [id, 'INCONCLUSIVE', null]),
  ]);
});

test('it goes to a new file of its owner alone, and writes nothing else', async () => {
  const { config, folder } = await monthLedger();
  const file = join(dirname(config), 'report.md');
  expect(await report(config, '--month', MONTH, '-o', file)).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(readFileSync(file, 'utf8')).toContain('# Service report 2025-06');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expectOneLine(await report(config, '--month', MONTH, '-o', file), '--output must name a new file');
  // SQLite's own two may stay beside a ledger that was read.
  expect(readdirSync(folder).filter((name) => !/-(wal|shm)$/.test(name))).toEqual(['ledger.db']);
});

test('beside a running daemon it says the same as after it', async () => {
  const { config } = await monthLedger({ perMille: { late: 3, lost: 0, bounced: 0, refused: 0, unmeasured: 0 } });
  const daemon = await startDaemon(config);
  onTestFinished(async () => void (await daemon.end('SIGKILL')));
  const beside = delayClauses(await json(config));
  expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(delayClauses(await json(config))).toEqual(beside);
});

test('the month that runs is provisional, and mail under way leaves it open', async () => {
  const { config, folder } = await monthLedger(null);
  const now = Date.now();
  const toNow = (event: LedgerEvent): LedgerEvent =>
    JSON.parse(JSON.stringify(event), (key, value: unknown) => (key === 'wallMs' ? now : value)) as LedgerEvent;
  const ledger = await opened(folder);
  await ledger.append([planned('under-way', 0), handedOver('under-way', 1)].map(toNow));
  await ledger.close();
  const month = monthOf(now, 'Asia/Shanghai');
  const { code, stdout } = await report(config, '--month', month, '--format', 'json');
  expect(code).toBe(0);
  const result = JSON.parse(stdout) as Report;
  expect(result).toMatchObject({ month, status: 'provisional' });
  expect(delayClauses(result)[0]).toMatchObject({
    verdict: 'INCONCLUSIVE',
    figures: { outcomes: { pending: 1 }, average: { lo: 0, hi: null } },
    breachesLeft: { lo: 0, hi: 1 },
    breaches: [],
  });
});

describe('by the contract of the provider', () => {
  const strict = `title: { en: Strict, zh: 严格 }
time_zone: Europe/Berlin
final_after: 120h
clauses:
  - id: S1
    kind: delay
    title: { en: Send delay, zh: 发送延迟 }
    remedy: { en: A tenth, zh: 十分之一 }
    path: send
    average_max: 1s
    maximum: 10s
    breaches_from: 1
    counted_per: episode
    losses_in_average: true
`;
  const two = `  - { name: acme, contract: mine, submission: { host: 127.0.0.1, from: probe@acme.example } }
  - { name: other, submission: { host: 127.0.0.1, from: probe@other.example } }`;

  it('other limits and another time zone are another file beside the configuration', async () => {
    const { config } = await monthLedger({}, { 'contracts/mine.yml': strict }, two);
    const { timeZone, providers } = await json(config, '--provider', 'acme');
    expect(timeZone).toBe('Europe/Berlin');
    expect(providers).toMatchObject([
      {
        provider: 'acme',
        contract: 'mine',
        from: '2025-05-31T22:00:00.000Z',
        clauses: [{ id: 'S1', verdict: 'BREACH', remedy: { en: 'A tenth' }, limits: { maximumSeconds: 10 } }],
      },
    ]);
    const both = await json(config);
    expect(both).toMatchObject({ timeZone: null, providers: [{ provider: 'acme' }, { provider: 'other' }] });
    expect(delayClauses(both).map(({ id, verdict }) => [id, verdict])).toEqual([
      ['S1', 'BREACH'],
      ['2a', 'INCONCLUSIVE'],
      ['2b', 'INCONCLUSIVE'],
    ]);
  });

  it('a contract that is wrong or missing is told', async () => {
    const wrong = await monthLedger(
      null,
      { 'contracts/mine.yml': strict.replace('average_max: 1s', 'average_max: 1') },
      two,
    );
    const file = join(dirname(wrong.config), 'contracts', 'mine.yml');
    const told = await report(wrong.config, '--month', MONTH);
    expectOneLine(told, 'clauses[0].average_max must be a duration');
    expect(told.stderr).toContain(`(${file}:`);
    const missing = await monthLedger(null, {}, two);
    expectOneLine(await report(missing.config, '--month', MONTH), 'contract must be one of enterprise-mail-sla, ');
  });
});

describe('says in one line', () => {
  it('what is no month, not yet one, or none of the ledger', async () => {
    const { config } = await monthLedger();
    expectOneLine(await report(config, '--month', '2025-6'), '--month must be a month such as 2026-11, is "2025-6"');
    expectOneLine(
      await report(config, '--month', '9999-01'),
      '--month must have begun, is 9999-01, which begins at 9999-01-01 00:00:00.000+08:00 (Asia/Shanghai)',
    );
    expectOneLine(
      await report(config, '--month', '2025-04'),
      '--month must be one with a probe of acme in the ledger, is 2025-04',
    );
    expectOneLine(await report(config), '--month or --year must be given');
  });

  it('which providers there are', async () => {
    const { config } = await monthLedger(null);
    expectOneLine(await report(config, '--month', MONTH, '--provider', 'x'), '--provider must be one of acme, is "x"');
  });

  it('that there is no ledger, and makes none', async () => {
    const { config, folder } = await monthLedger(null);
    expectOneLine(await report(config, '--month', MONTH), 'there must be a ledger at');
    expect(existsSync(folder)).toBe(false);
  });
});

test('the months of `ledger` are those of the contract too', async () => {
  const { config, folder } = await monthLedger(null);
  const ledger = await opened(folder);
  // One second before and after midnight in China.
  const edge = Date.parse('2025-05-31T16:00:00Z');
  const slot = (wallMs: number): LedgerEvent => {
    return { type: 'slot.unmeasured', at: { ...at(0), wallMs }, provider: 'acme', path: 'send', reason: 'x' };
  };
  await ledger.append([slot(edge - 1000), slot(edge + 1000)]);
  await ledger.close();
  const entries = async (...args: readonly string[]): Promise<unknown> =>
    (JSON.parse((await run(['ledger', 'stats', '--month', MONTH, ...args])).stdout) as { entries: number }).entries;
  expect(await entries('-c', config)).toBe(1);
  expect(await entries('--data', folder)).toBe(1);
  const berlin = await monthLedger(
    null,
    {},
    '  - { name: acme, contract: example-strict, submission: { host: a.example, from: p@a.example } }',
  );
  const other = await opened(berlin.folder);
  await other.append([slot(edge + 1000), slot(Date.parse('2025-05-31T22:00:01Z'))]);
  await other.close();
  expect(await entries('-c', berlin.config)).toBe(1);
});
