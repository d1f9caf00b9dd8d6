/** `config`: checks the configuration and prints its schema. */
import { Command } from 'commander';
import { redact, settingsSchema } from '../app.ts';
import { loadContracts } from './contracts.ts';
import { jsonText, print } from './output.ts';
import { configOption, loadSettings } from './settings.ts';

export function configCommand(): Command {
  const check = new Command('check')
    .description('say what is wrong with the configuration; exit 0 if nothing is, 3 otherwise')
    .addOption(configOption())
    .option('--print', 'print what it amounts to, secrets left out')
    .action(runCheck);
  const schema = new Command('schema')
    .description('print the JSON Schema of the configuration')
    .action(async () => void (await print(jsonText(settingsSchema()))));
  return new Command('config')
    .description('check the configuration, or print its schema')
    .addCommand(check)
    .addCommand(schema);
}

async function runCheck({ config, print: wanted }: { config: string; print?: boolean }): Promise<void> {
  const { settings, warnings } = await loadSettings(config, 'write-nothing');
  await loadContracts(settings, config);
  for (const warning of warnings) process.stderr.write(`mailflow-probe: warning: ${warning}\n`);
  if (wanted === true) await print(jsonText(redact(settings)));
  else await print(`${config}: no problem found\n`);
}
