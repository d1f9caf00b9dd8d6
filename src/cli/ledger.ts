/** `ledger`: looks into the ledger of a data folder, running or not. */
import { Command, Option } from 'commander';
import { backupLedger, exportLedger, ledgerStats, verifyLedger } from '../app.ts';
import { EXIT_USAGE, ExitWith } from './exit.ts';
import { ledgerMonth, type MonthRange } from './month.ts';
import { jsonText, print, writeNewFile } from './output.ts';
import { configOption, loadDataFolder } from './settings.ts';

/** The chain does not hold. */
const EXIT_BROKEN = 2;

interface LedgerArguments {
  readonly config: string;
  readonly data?: string;
  readonly month?: string;
  readonly output?: string;
}

export function ledgerCommand(): Command {
  const month = new Option('--month <YYYY-MM>', "only this month, in the contract's time zone");
  const sub = (name: string, description: string): Command =>
    new Command(name)
      .description(description)
      .addOption(configOption())
      .option('--data <folder>', 'data folder, or a copy of the ledger; no configuration is read then');
  return new Command('ledger')
    .description('verify, summarise, export or back up the ledger')
    .addCommand(sub('verify', 'check the hash chain; exit 0 if it holds, 2 naming the first bad event').action(verify))
    .addCommand(sub('stats', 'count what the ledger holds').addOption(month).action(stats))
    .addCommand(
      sub('export', 'print the events, one JSON line each')
        .addOption(month)
        .option('-o, --output <file>', 'write to a new file')
        .action(exportEvents),
    )
    .addCommand(
      sub('backup', 'copy the ledger while it is in use, and verify the copy')
        .argument('<file>', 'a new file')
        .action(backup),
    );
}

async function verify(options: LedgerArguments): Promise<void> {
  const result = await verifyLedger(await folderOf(options));
  if (!result.ok) throw new ExitWith(EXIT_BROKEN, [`event ${result.seq}: ${result.reason}`]);
  await print(`${result.entries} events, the chain holds, head ${result.head.hash}\n`);
}

async function stats(options: LedgerArguments): Promise<void> {
  const folder = await folderOf(options);
  await print(jsonText(await ledgerStats(folder, await rangeOf(options))));
}

async function exportEvents(options: LedgerArguments): Promise<void> {
  const folder = await folderOf(options);
  const range = await rangeOf(options);
  if (options.output !== undefined) {
    await writeNewFile(options.output, async (write) => void (await exportLedger(folder, range, write)));
    return;
  }
  await exportLedger(folder, range, async (line) => {
    if ((await print(line)) === 'gone') throw new ExitWith(0);
  });
}

async function backup(file: string, options: LedgerArguments): Promise<void> {
  const result = await backupLedger(await folderOf(options), file);
  if (!result.ok) throw new ExitWith(EXIT_BROKEN, [`the copy does not hold: event ${result.seq}: ${result.reason}`]);
  await print(`${file}: ${result.entries} events, the chain holds\n`);
}

async function rangeOf({ month, data, config }: LedgerArguments): Promise<Partial<MonthRange>> {
  return month === undefined ? {} : ledgerMonth(month, data === undefined ? config : null);
}

async function folderOf({ data, config }: LedgerArguments): Promise<string> {
  if (data === '') throw new ExitWith(EXIT_USAGE, ['--data must name a folder, is empty']);
  return data ?? loadDataFolder(config);
}
