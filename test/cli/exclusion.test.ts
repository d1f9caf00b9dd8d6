/** `exclusion` as an operator runs it: beside a running daemon, and seen in the month's report. */
import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it, onTestFinished, test, vi } from 'vitest';
import type { DelayClauseReport, Report } from '../../src/domain/report/report.ts';
import { type Finished, run, startDaemon } from '../servers/command.ts';
import { MONTH, monthLedger } from './month-ledger.ts';

/** Several processes a test. */
vi.setConfig({ testTimeout: 120_000 });

const exclusion = (config: string, command: string, ...args: readonly string[]): Promise<Finished> =>
  run(['exclusion', command, '-c', config, ...args]);

const WHOLE_MONTH = ['--from', '2025-06-01T00:00', '--to', '2025-07-06T00:00'];
const add = (config: string, ...args: readonly string[]): Promise<Finished> =>
  exclusion(config, 'add', '--provider', 'acme', '--kind', 'carrier', '--by', 'Li Wei', ...args);

async function sendClause(config: string): Promise<DelayClauseReport> {
  const { stdout } = await run(['report', '-c', config, '--month', MONTH, '--format', 'json']);
  const clauses = (JSON.parse(stdout) as Report).providers[0]?.clauses ?? [];
  return clauses.find(({ id }) => id === '2a') as DelayClauseReport;
}
async function listed(config: string, ...args: readonly string[]): Promise<readonly { id: string; note: string }[]> {
  const { code, stdout } = await exclusion(config, 'list', '--format', 'json', ...args);
  expect(code).toBe(0);
  return (JSON.parse(stdout) as { exclusions: { id: string; note: string }[] }).exclusions;
}
function expectLines({ code, stdout, stderr }: Finished, ...texts: readonly string[]): void {
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  const lines = stderr.trimEnd().split('\n');
  expect(lines).toHaveLength(texts.length);
  for (const [index, text] of texts.entries()) expect(lines[index]).toBe(`mailflow-probe: ${text}`);
}

test('what is added excuses, is listed, and excuses no more once retracted, all beside a running daemon', async () => {
  const perMille = { late: 5, lost: 0, bounced: 0, refused: 0, unmeasured: 0 };
  const { config, truths } = await monthLedger({ perMille });
  const late = truths[0]!.mishaps.late;
  expect(late).toBeGreaterThan(1);
  const daemon = await startDaemon(config);
  onTestFinished(async () => void (await daemon.end('SIGKILL')));
  expect(await sendClause(config)).toMatchObject({ verdicts: { maximum: 'BREACH' } });

  const added = await add(config, '--path', 'send', ...WHOLE_MONTH, '--evidence', 'ticket 7', '--note', 'cable cut');
  expect(added).toMatchObject({ code: 0, stderr: '' });
  expect(added.stdout).toMatch(
    /^[a-z2-7]{16} {2}acme\/send {2}carrier {2}2025-06-01 00:00:00\.000\+08:00 to 2025-07-06 00:00:00\.000\+08:00 {2}by Li Wei; evidence ticket 7; cable cut; times without an offset are those of Asia\/Shanghai\n$/,
  );
  const id = added.stdout.slice(0, 16);
  expect(await sendClause(config)).toMatchObject({
    verdict: 'MET',
    figures: { breaches: { messages: { hi: 0 } }, raw: { breaches: { messages: { lo: late, hi: late } } } },
    excluded: { seconds: 30 * 86_400, entries: [{ id, by: 'Li Wei', evidence: 'ticket 7' }] },
  });
  expect(await listed(config)).toMatchObject([
    { id, provider: 'acme', path: 'send', kind: 'carrier', from: '2025-05-31T16:00:00.000Z', note: 'cable cut' },
  ]);

  const retracted = await exclusion(config, 'retract', id, '--by', 'Wang', '--note', 'wrong provider');
  expect(retracted).toEqual({ code: 0, stdout: `${id} is retracted\n`, stderr: '' });
  expect(await listed(config)).toEqual([]);
  expect(await sendClause(config)).toMatchObject({
    verdicts: { maximum: 'BREACH' },
    excluded: { seconds: 0, entries: [] },
  });
  expectLines(
    await exclusion(config, 'retract', id, '--by', 'Wang', '--note', 'again'),
    `the id must be that of an exclusion in force, as \`exclusion list\` shows them, is "${id}"`,
  );

  expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });
  const { stdout } = await run(['ledger', 'export', '-c', config]);
  expect(stdout).toContain('"type":"exclusion.added"');
  expect(stdout).toMatch(/"type":"exclusion\.retracted".*"by":"Wang","note":"wrong provider"/);
  expect((await run(['ledger', 'verify', '-c', config])).code).toBe(0);
});

test('the list is in the order of time, whole or of a month', async () => {
  const { config } = await monthLedger({ paths: [] });
  await add(config, '--from', '2025-07-01T00:00+08:00', '--to', '2025-07-02T00:00+08:00', '--note', 'second');
  await add(config, '--from', '2025-06-30T23:00+08:00', '--to', '2025-07-01T00:00+08:00', '--note', 'first');
  expect((await listed(config)).map(({ note }) => note)).toEqual(['first', 'second']);
  expect((await listed(config, '--month', '2025-06')).map(({ note }) => note)).toEqual(['first']);
  expect((await listed(config, '--month', '2025-07')).map(({ note }) => note)).toEqual(['second']);
  const { stdout } = await exclusion(config, 'list');
  expect(stdout.trimEnd().split('\n')).toMatchObject([
    expect.stringContaining('acme/all paths  carrier  2025-06-30 23:00:00.000+08:00 to 2025-07-01 00:00:00.000+08:00'),
    expect.stringContaining('second'),
  ]);
});

describe('refuses, naming the rule and the value', () => {
  it('times that are none or stand the wrong way round, and who is nobody', async () => {
    const { config, folder } = await monthLedger({ paths: [] });
    const rule = 'must be a time such as 2026-11-03T08:00 or 2026-11-03T08:00:00+08:00';
    expectLines(
      await add(config, '--from', 'monday', '--to', '2025-06-31T00:00'),
      `--from ${rule}, is "monday"`,
      `--to ${rule}, is "2025-06-31T00:00"`,
    );
    expectLines(
      await add(config, '--from', '2025-06-02T00:00Z', '--to', '2025-06-01T00:00Z', '--by', ' '),
      '--to must be after from, is 2025-06-01T00:00:00.000Z and from is 2025-06-02T00:00:00.000Z',
      '--by must not be empty',
    );
    expectLines(
      await exclusion(config, 'add', '--provider', 'x', '--kind', 'carrier', '--by', 'Li', ...WHOLE_MONTH),
      '--provider must be one of acme, is "x"',
    );
    const kind = await exclusion(
      config,
      'add',
      '--provider',
      'acme',
      '--kind',
      'weather',
      '--by',
      'Li',
      ...WHOLE_MONTH,
    );
    expect(kind.code).toBe(3);
    expect(kind.stderr).toContain("argument 'weather' is invalid. Allowed choices are agreed-maintenance, ");
    expect(await listed(config)).toEqual([]);
    expect(readdirSync(folder)).not.toContain('token.key');
  });

  it('to take back without saying why', async () => {
    const { config } = await monthLedger({ paths: [] });
    const id = (await add(config, ...WHOLE_MONTH)).stdout.slice(0, 16);
    expectLines(await exclusion(config, 'retract', id, '--by', 'Li', '--note', ' '), '--note must say why, is empty');
    expectLines(await exclusion(config, 'retract', id, '--by', '', '--note', 'x'), '--by must not be empty');
    expect(await listed(config)).toHaveLength(1);
  });

  it('to make a ledger where there is none', async () => {
    const { config, folder } = await monthLedger(null);
    for (const command of [
      add(config, ...WHOLE_MONTH),
      exclusion(config, 'list'),
      exclusion(config, 'retract', 'abc', '--by', 'Li', '--note', 'x'),
    ]) {
      const { code, stderr } = await command;
      expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('there must be a ledger at') });
    }
    expect(existsSync(folder)).toBe(false);
  });
});

it.each([[['exclusion']], [['exclusion', 'add']], [['report']]])('has help: %j', async (command) => {
  const { code, stdout, stderr } = await run([...command, '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(`Usage: mailflow-probe ${command.join(' ')}`);
});
