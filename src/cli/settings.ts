/** What the commands share: the option for the configuration, and reading it. */
import { Option } from 'commander';
import { readSettings } from '../app.ts';
import type { Settings } from '../domain/settings.ts';
import { EXIT_USAGE, ExitWith } from './exit.ts';

export const configOption = (): Option =>
  new Option('-c, --config <file>', 'configuration').default('config/mailflow-probe.yml').env('MAILFLOW_CONFIG');

/** The settings, with the token key made if there is none; every problem at once as one line each, exit code 3. */
export async function loadSettings(file: string): Promise<Settings> {
  const result = await readSettings(file, process.env, { createKey: true });
  if (!result.ok)
    throw new ExitWith(
      EXIT_USAGE,
      result.problems.map(({ message }) => message),
    );
  return result.settings;
}
