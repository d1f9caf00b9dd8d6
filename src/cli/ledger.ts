/** `ledger`: looks into the ledger of a data folder, running or not. */
import { Command, Option } from 'commander';
import {
  backupLedger,
  checkSignatures,
  exportLedger,
  ledgerStats,
  logOf,
  storedHeads,
  verifyAnchors,
  verifyDerived,
  verifyLedger,
} from '../app.ts';
import type { StoredHead } from '../domain/evidence/anchor.ts';
import { archiveLedger } from './archive.ts';
import { archivedFiles } from './archived-bundles.ts';
import { anchorLines, bundleLines, checkBundle, exportBundle } from './bundle.ts';
import { EXIT_USAGE, ExitWith, endWith } from './exit.ts';
import { ledgerMonth, type MonthRange } from './month.ts';
import { jsonText, print, writeNewFile } from './output.ts';
import { plain } from './plain.ts';
import { configOption, loadDataFolder, loadSettings } from './settings.ts';

/** The chain, or something else of it, does not hold. */
const EXIT_BROKEN = 2;

/** Enough of a row to see which one it is. */
const QUOTED_MAX = 500;

interface LedgerArguments {
  readonly config: string;
  readonly data?: string;
  readonly month?: string;
  readonly provider?: string;
  readonly output?: string;
}
interface VerifyArguments extends LedgerArguments {
  readonly key?: string;
  readonly mailbox?: boolean;
  readonly bundles?: string;
  readonly format: 'plain' | 'json';
}

export function ledgerCommand(): Command {
  const month = new Option('--month <YYYY-MM>', "only this month, in the contract's time zone");
  const sub = (name: string, description: string): Command =>
    new Command(name)
      .description(description)
      .addOption(configOption())
      .option('--data <folder>', 'data folder, or a copy of the ledger; no configuration is read then');
  return new Command('ledger')
    .description('verify, summarise, export, archive or back up the ledger')
    .addCommand(
      sub(
        'verify',
        'check the hash chain, its anchors and all that is derived from it, or a bundle by itself; exit 0 if all holds, 2 naming what does not',
      )
        .argument('[bundle]', 'a file that export --month wrote; neither configuration nor network is used then')
        .option('--key <key>', "the agent's public key, base64 or a PEM file, that must have signed the bundle")
        .option(
          '--mailbox',
          "hold the ledger against our messages in the providers' mailboxes too; needs the configuration",
        )
        .option(
          '--bundles <folder>',
          'hold the bundles in this folder against those that the ledger says were archived',
        )
        .addOption(new Option('--format <format>', 'how to write it').choices(['plain', 'json']).default('plain'))
        .action(verify),
    )
    .addCommand(sub('stats', 'count what the ledger holds').addOption(month).action(stats))
    .addCommand(
      sub('export', 'print the events, one JSON line each; or write a month as a signed bundle')
        .addOption(new Option('--month <YYYY-MM>', "a bundle of this month, in the contract's time zone"))
        .option('--provider <name>', 'a bundle about this provider only')
        .option('-o, --output <file>', 'write to a new file')
        .action(exportEvents),
    )
    .addCommand(
      new Command('archive')
        .description('write old months as signed bundles, and take them out of the ledger; a daemon may go on')
        .addOption(configOption())
        .requiredOption('--before <YYYY-MM>', 'the first month that stays')
        .requiredOption('--to <folder>', 'where the bundles go, one new file a month')
        .action(archiveLedger),
    )
    .addCommand(
      sub('backup', 'copy the ledger while it is in use, and verify the copy')
        .argument('<file>', 'a new file')
        .action(backup),
    );
}

async function verify(bundle: string | undefined, options: VerifyArguments): Promise<void> {
  if (bundle !== undefined) return verifyFile(bundle, options);
  if (options.key !== undefined) throw new ExitWith(EXIT_USAGE, ['--key is for a bundle: name its file']);
  const folder = await folderOf(options);
  const chain = await verifyLedger(folder);
  // A chain that does not hold is no measure for anything.
  const anchors = chain.ok ? await verifyAnchors(folder, checkSignatures, await stored(options)) : null;
  const derived = chain.ok ? await verifyDerived(folder) : null;
  const archived = chain.ok && options.bundles !== undefined ? await archivedFiles(folder, options.bundles) : null;
  const ok = chain.ok && anchors?.ok === true && derived?.ok === true && (archived?.missing ?? []).length === 0;
  if (options.format === 'json')
    await print(jsonText({ ok, chain, anchors, derived, ...(archived === null ? {} : { archived }) }));
  else if (!chain.ok) throw new ExitWith(EXIT_BROKEN, [`event ${chain.seq}: ${chain.reason}`]);
  else {
    const lines = [`${chain.entries} events, the chain holds, head ${chain.head.hash}`];
    if (chain.firstSeq !== undefined) lines.push(`those before event ${chain.firstSeq} are archived in bundles`);
    if (anchors !== null) lines.push(...anchorLines(anchors));
    // Cut: it quotes a row of the file.
    if (derived?.ok === false)
      lines.push(`derived tables: DO NOT HOLD, figures may be wrong: ${derived.difference.slice(0, QUOTED_MAX)}`);
    if (archived !== null)
      lines.push(
        ...archived.missing.map((line) => `bundles: DO NOT HOLD: ${line}`),
        `bundles: ${archived.bundles - archived.missing.length} of ${archived.bundles} that were archived are there`,
      );
    await print(lines.map((line) => `${plain(line)}\n`).join(''));
  }
  endWith(ok ? 0 : EXIT_BROKEN);
}

/** What the providers' mailboxes hold, where that is asked for. */
async function stored({ mailbox, data, config }: VerifyArguments): Promise<readonly StoredHead[]> {
  if (mailbox !== true) return [];
  if (data !== undefined)
    throw new ExitWith(EXIT_USAGE, ['--mailbox takes the configuration: --data cannot go with it']);
  const { settings } = await loadSettings(config, 'write-nothing');
  return storedHeads(settings, logOf(settings, 'error'));
}

async function verifyFile(file: string, { key, format, mailbox, bundles }: VerifyArguments): Promise<void> {
  if (mailbox === true || bundles !== undefined)
    throw new ExitWith(EXIT_USAGE, [
      `--${mailbox === true ? 'mailbox' : 'bundles'} is for the ledger: a bundle is verified by itself`,
    ]);
  const result = await checkBundle(file, key);
  await print(
    format === 'json'
      ? jsonText(result)
      : bundleLines(result)
          .map((line) => `${line}\n`)
          .join(''),
  );
  endWith(result.ok ? 0 : EXIT_BROKEN);
}

async function stats(options: LedgerArguments): Promise<void> {
  const folder = await folderOf(options);
  await print(jsonText(await ledgerStats(folder, await rangeOf(options))));
}

async function exportEvents(options: LedgerArguments): Promise<void> {
  if (options.month !== undefined) return exportBundle({ ...options, month: options.month });
  if (options.provider !== undefined) throw new ExitWith(EXIT_USAGE, ['--provider is for a bundle: name its --month']);
  const folder = await folderOf(options);
  if (options.output !== undefined) {
    await writeNewFile(options.output, async (write) => void (await exportLedger(folder, write)));
    return;
  }
  await exportLedger(folder, async (line) => {
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
