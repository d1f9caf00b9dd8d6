/** What the commands share: the option for the configuration, and reading it. */
import { Option } from 'commander';
import { readDataFolder, readSettings } from '../app.ts';
import type { Settings } from '../domain/settings.ts';
import { EXIT_USAGE, ExitWith } from './exit.ts';

export const configOption = (): Option =>
  new Option('-c, --config <file>', 'configuration').default('config/mailflow-probe.yml').env('MAILFLOW_CONFIG');

export interface Loaded {
  readonly settings: Settings;
  /** What is seldom meant, a line each. */
  readonly warnings: readonly string[];
}

/**
 * The settings, with the token key made in the data folder if `key` asks for it and there is none.
 * Every problem at once as one line each, exit code 3.
 */
export async function loadSettings(file: string, key: 'make-key' | 'write-nothing'): Promise<Loaded> {
  const result = await readSettings(file, process.env, { createKey: key === 'make-key' });
  return result.ok ? result : refuse(result.problems);
}

/** The data folder alone: no secret is needed and nothing is written, for it may be evidence. */
export async function loadDataFolder(file: string): Promise<string> {
  const result = await readDataFolder(file);
  return result.ok ? result.dataFolder : refuse(result.problems);
}

function refuse(problems: readonly { readonly message: string }[]): never {
  throw new ExitWith(
    EXIT_USAGE,
    problems.map(({ message }) => message),
  );
}
