/** The files of config/prometheus as the tests read them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const RULE_FOLDER = fileURLToPath(new URL('../../config/prometheus', import.meta.url));
export const RECORDING = 'mailflow-recording.yml';
export const ALERTS = 'mailflow-alerts.yml';

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}
export interface AlertingRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Every rule of a file, whatever its group. */
export function rulesIn(file: string): readonly (RecordingRule | AlertingRule)[] {
  const { groups } = parse(ruleText(file)) as { groups: { rules: (RecordingRule | AlertingRule)[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

export function alertingRules(): readonly AlertingRule[] {
  return rulesIn(ALERTS).filter((rule) => 'alert' in rule);
}

/** The agent's metrics that the rules look at, without those that they record themselves. */
export function metricsInRules(): ReadonlySet<string> {
  const expressions = [RECORDING, ALERTS].flatMap(rulesIn).map(({ expr }) => expr);
  return new Set(expressions.flatMap((expr) => expr.match(/(?<![\w:])mailflow_[a-z_]+/g) ?? []));
}

export function ruleText(file: string): string {
  return readFileSync(join(RULE_FOLDER, file), 'utf8');
}

/** Names of promtool's unit tests. */
export function ruleTests(): readonly string[] {
  return readdirSync(RULE_FOLDER).filter((name) => name.endsWith('.test.yml'));
}
