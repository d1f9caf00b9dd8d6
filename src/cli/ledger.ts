/** `ledger`: looks into the ledger of a data folder, running or not. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { Command, Option } from 'commander';
import { backupLedger, exportLedger, ledgerStats, verifyLedger } from '../app.ts';
import { EXIT_USAGE, ExitWith } from './exit.ts';
import { readMonth } from './month.ts';
import { configOption, loadSettings } from './settings.ts';

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
      .option('--data <folder>', 'data folder, instead of the configured one');
  return new Command('ledger')
    .description('verify, summarise, export or back up the ledger')
    .addCommand(sub('verify', 'check the hash chain; exit 0 if it holds, 2 naming the first bad event').action(verify))
    .addCommand(sub('stats', 'count what the ledger holds').addOption(month).action(stats))
    .addCommand(
      sub('export', 'print the events, one JSON line each')
        .addOption(month)
        .option('-o, --output <file>', 'write to a file')
        .action(exportEvents),
    )
    .addCommand(
      sub('backup', 'copy the ledger while it is in use, and verify the copy').argument('<file>').action(backup),
    );
}

async function verify(options: LedgerArguments): Promise<void> {
  const result = await verifyLedger(await folderOf(options));
  if (!result.ok) throw new ExitWith(EXIT_BROKEN, [`event ${result.seq}: ${result.reason}`]);
  process.stdout.write(`${result.entries} events, the chain holds, head ${result.head.hash}\n`);
}

async function stats(options: LedgerArguments): Promise<void> {
  const range = options.month === undefined ? {} : readMonth(options.month);
  process.stdout.write(`${JSON.stringify(await ledgerStats(await folderOf(options), range), null, 2)}\n`);
}

async function exportEvents(options: LedgerArguments): Promise<void> {
  const range = options.month === undefined ? {} : readMonth(options.month);
  const folder = await folderOf(options);
  const out =
    options.output === undefined ? process.stdout : createWriteStream(options.output, { flags: 'wx', mode: 0o600 });
  if (out !== process.stdout) await once(out, 'open');
  await exportLedger(folder, range, async (line) => {
    if (!out.write(line)) await once(out, 'drain');
  });
  if (out === process.stdout) return;
  out.end();
  await once(out, 'finish');
}

async function backup(file: string, options: LedgerArguments): Promise<void> {
  const result = await backupLedger(await folderOf(options), file);
  if (!result.ok) throw new ExitWith(EXIT_BROKEN, [`the copy does not hold: event ${result.seq}: ${result.reason}`]);
  process.stdout.write(`${file}: ${result.entries} events, the chain holds\n`);
}

async function folderOf({ data, config }: LedgerArguments): Promise<string> {
  if (data === '') throw new ExitWith(EXIT_USAGE, ['--data must name a folder, is empty']);
  return data ?? (await loadSettings(config)).dataFolder;
}
