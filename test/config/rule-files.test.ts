/** Prometheus's own tool on the rules that ship, and what an operator finds in every alert. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeWith, PROMTOOL } from '../servers/available.ts';
import { ALERTS, alertingRules, RECORDING, RULE_FOLDER, rulesIn, ruleTests, ruleText } from './rule-files.ts';

/** What operators and the runbook know them by. */
const NAMES = [
  'MailflowAgentDown',
  'MailflowAgentAbsent',
  'MailflowAgentRestarting',
  'MailflowFiguresMissing',
  'MailflowPartFailing',
  'MailflowDelayAverageBurningFast',
  'MailflowDelayAverageBurningSlow',
  'MailflowMaximumBreached',
  'MailflowMaximumBreachedTwice',
  'MailflowEndpointDown',
  'MailflowConnectivityBurningFast',
  'MailflowConnectivityBurningSlow',
  'MailflowCoverageLow',
  'MailflowSinkUnreachable',
  'MailflowProbesAgeing',
  'MailflowClockUnsound',
  'MailflowCertificateExpiring',
  'MailflowLedgerFailing',
  'MailflowVerdictBreach',
];
const SEVERITIES = ['critical', 'warning', 'info'];
/** A month of evaluations is five seconds' work, on a machine with nothing else to do. */
const RULE_TEST_PATIENCE_MS = 300_000;

interface Told {
  readonly status: number;
  readonly output: string;
}

/** Its own words name files from `folder`. */
function promtool(folder: string, ...args: readonly string[]): Promise<Told> {
  return new Promise((resolve, reject) => {
    execFile('promtool', args, { cwd: folder }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number')
        reject(new Error('promtool cannot be run', { cause: error }));
      else resolve({ status: Number(error?.code ?? 0), output: stdout + stderr });
    });
  });
}

describe('the alerts that ship', () => {
  it('are those that the operations guide tells of', () => {
    expect(
      alertingRules()
        .map(({ alert }) => alert)
        .toSorted(),
    ).toEqual(NAMES.toSorted());
  });

  it.each(alertingRules())(
    '$alert says how urgent it is, what happened, with which figures, and where to read on',
    (rule) => {
      const { alert, labels, annotations } = rule;
      expect(SEVERITIES).toContain(labels?.['severity']);
      expect(annotations?.['summary']).toMatch(/^.{10,120}$/);
      // An alert of what is gone has no value, and one of what is down or not says so in words: their figure is how long.
      expect(annotations?.['description']).toMatch(/\$value|\d+ minutes?/);
      expect(annotations?.['runbook']).toBe(`config/OPERATIONS.md#${alert.toLowerCase()}`);
      // One bad scrape wakes nobody.
      expect(rule.for).toMatch(/^\d+[mh]$/);
    },
  );

  it.each(NAMES)('%s is shown to fire by a test of promtool', (name) => {
    const firing = new RegExp(`alertname: ${name}\n +eval_time: \\w+\n +exp_alerts:\n +- exp_labels`);
    const silent = new RegExp(`alertname: ${name}\n +eval_time: \\w+\n +exp_alerts: \\[\\]`);
    const tests = ruleTests().map(ruleText).join('\n');
    expect(tests).toMatch(firing);
    expect(tests).toMatch(silent);
  });
});

describe('the rules that ship', () => {
  it('match a bucket by both ways in which its bound is written', () => {
    const expressions = [RECORDING, ALERTS].flatMap(rulesIn).map(({ expr }) => expr);
    const bounds = expressions.flatMap((expr) => expr.match(/\ble *(=~|=|!~|!=) *"[^"]*"/g) ?? []);
    expect(bounds).not.toEqual([]);
    for (const bound of bounds) expect(bound).toMatch(/^le=~"\d+\(\\\\\.0\)\?"$/);
  });
});

describeWith(PROMTOOL, 'promtool on what ships for Prometheus', () => {
  it('accepts the configuration and the rules', async () => {
    expect(await promtool(RULE_FOLDER, 'check', 'config', 'prometheus.yml')).toMatchObject({ status: 0 });
    const told = await promtool(RULE_FOLDER, 'check', 'rules', RECORDING, ALERTS);
    expect(told.status, told.output).toBe(0);
    expect(told.output).toContain(`SUCCESS: ${alertingRules().length} rules found`);
    expect(told.output).not.toMatch(/duplicate|FAILED|lint/);
  });

  it.each(ruleTests())('passes %s', { timeout: RULE_TEST_PATIENCE_MS }, async (name) => {
    const { status, output } = await promtool(RULE_FOLDER, 'test', 'rules', name);
    expect(status, output).toBe(0);
    expect(output).toContain('SUCCESS');
  });

  it('refuses a healthy month with an alert in it, so that the test of it is one', {
    timeout: RULE_TEST_PATIENCE_MS,
  }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mfp-rules-'));
    try {
      await cp(RULE_FOLDER, folder, { recursive: true });
      const alerts = join(folder, ALERTS);
      await writeFile(alerts, (await readFile(alerts, 'utf8')).replace('< 14 * 86400', '< 60 * 86400'));
      const { status, output } = await promtool(folder, 'test', 'rules', 'healthy-month.test.yml');
      expect(status).not.toBe(0);
      expect(output).toContain('MailflowCertificateExpiring');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
