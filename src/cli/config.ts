/** `config`: checks the configuration and prints its schema. */
import { Command } from 'commander';
import { readSettings, redact, settingsSchema } from '../app.ts';
import { EXIT_USAGE, ExitWith } from './exit.ts';
import { configOption } from './settings.ts';

export function configCommand(): Command {
  const check = new Command('check')
    .description('say what is wrong with the configuration; exit 0 if nothing is, 3 otherwise')
    .addOption(configOption())
    .option('--print', 'print what it amounts to, secrets left out')
    .action(runCheck);
  const schema = new Command('schema')
    .description('print the JSON Schema of the configuration')
    .action(() => print(settingsSchema()));
  return new Command('config')
    .description('check the configuration, or print its schema')
    .addCommand(check)
    .addCommand(schema);
}

async function runCheck({ config, print: wanted }: { config: string; print?: boolean }): Promise<void> {
  const result = await readSettings(config, process.env);
  if (!result.ok)
    throw new ExitWith(
      EXIT_USAGE,
      result.problems.map(({ message }) => message),
    );
  for (const warning of result.warnings) process.stderr.write(`mailflow-probe: warning: ${warning}\n`);
  if (wanted === true) print(redact(result.settings));
  else process.stdout.write(`${config}: no problem found\n`);
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
