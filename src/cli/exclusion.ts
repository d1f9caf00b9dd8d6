/** `exclusion`: enters, lists and takes back time that the contract does not hold against a provider, beside a running daemon or without one. */
import { Command, Option } from 'commander';
import { createLog, openLedger, systemRandom } from '../app.ts';
import { EXCLUSION_KINDS, type Exclusion, type ExclusionKind } from '../domain/exclusion.ts';
import { checkRetraction, readExclusion } from '../domain/exclusion-check.ts';
import { PATHS, type Path } from '../domain/probe.ts';
import type { Settings } from '../domain/settings.ts';
import { monthRange } from '../domain/time/calendar.ts';
import { newProbeId } from '../domain/token.ts';
import { DEFAULT_CONTRACT, loadContract } from './contracts.ts';
import { EXIT_USAGE, ExitWith } from './exit.ts';
import { exclusionLine, exclusionView } from './format-exclusion.ts';
import { readMonth } from './month.ts';
import { now } from './now.ts';
import { jsonText, print } from './output.ts';
import { plain } from './plain.ts';
import { configOption, loadSettings } from './settings.ts';

interface AddArguments {
  readonly config: string;
  readonly provider: string;
  readonly path?: Path;
  readonly kind: ExclusionKind;
  readonly from: string;
  readonly to: string;
  readonly by: string;
  readonly evidence: string;
  readonly note: string;
}
interface ListArguments {
  readonly config: string;
  readonly month?: string;
  readonly format: 'pretty' | 'json';
}
interface RetractArguments {
  readonly config: string;
  readonly by: string;
  readonly note: string;
}

type Ledger = Awaited<ReturnType<typeof openLedger>>;

export function exclusionCommand(): Command {
  const time = "ISO 8601; without an offset by the clocks of the contract's time zone";
  const add = new Command('add')
    .description('enter time that is not held against a provider')
    .addOption(configOption())
    .requiredOption('--provider <name>', 'whom it concerns')
    .addOption(new Option('--path <path>', 'only this path').choices(PATHS))
    .addOption(new Option('--kind <kind>', "the contract's reason").choices(EXCLUSION_KINDS).makeOptionMandatory())
    .requiredOption('--from <time>', `its first moment: ${time}`)
    .requiredOption('--to <time>', `the first moment after it: ${time}`)
    .requiredOption('--by <name>', 'who enters it')
    .option('--evidence <reference>', 'what shows it: a ticket, a letter', '')
    .option('--note <text>', 'anything else', '')
    .action(runAdd);
  const list = new Command('list')
    .description('show the exclusions in force')
    .addOption(configOption())
    .option('--month <YYYY-MM>', "only those that touch this month, in the contract's time zone")
    .addOption(new Option('--format <format>', 'how to print them').choices(['pretty', 'json']).default('pretty'))
    .action(runList);
  const retract = new Command('retract')
    .description('take an exclusion back; that it was entered stays in the ledger')
    .addOption(configOption())
    .argument('<id>', 'as list shows it')
    .requiredOption('--by <name>', 'who takes it back')
    .requiredOption('--note <text>', 'why')
    .action(runRetract);
  return new Command('exclusion')
    .description('enter, list or take back time that is not held against a provider')
    .addCommand(add)
    .addCommand(list)
    .addCommand(retract);
}

async function runAdd(options: AddArguments): Promise<void> {
  const { settings } = await loadSettings(options.config, 'write-nothing');
  const zone = await zoneOf(settings, options.provider, options.config);
  if (zone === null) {
    const names = settings.providers.map(({ name }) => name).join(', ');
    throw new ExitWith(EXIT_USAGE, [`--provider must be one of ${names}, is ${JSON.stringify(options.provider)}`]);
  }
  const { exclusion: entered, local } = orExit(readExclusion({ ...options, path: options.path ?? null }, zone));
  const exclusion: Exclusion = { id: newProbeId(systemRandom.bytes(10)), ...entered };
  const beyond = await withLedger(settings, 'visitor', async (ledger) => {
    await ledger.append([{ type: 'exclusion.added', at: now(), exclusion }]);
    return beyondReach(ledger, exclusion, zone);
  });
  const taken = local ? `; times without an offset are those of ${zone}` : '';
  await print(`${exclusionLine(exclusion, zone)}${taken}\n${beyond}`);
}

/** A line for what an exclusion, entered or taken back, no longer reaches; empty if there is nothing. */
async function beyondReach(ledger: Ledger, { fromMs }: Exclusion, zone: string): Promise<string> {
  const before = (await ledger.archive())?.before;
  return before === undefined || fromMs >= monthRange(before, zone).fromMs
    ? ''
    : `months before ${before} are archived: they stay as they were judged\n`;
}

async function runList({ config, month, format }: ListArguments): Promise<void> {
  const named = month === undefined ? null : readMonth(month);
  const { settings } = await loadSettings(config, 'write-nothing');
  const { state } = await withLedger(settings, 'reader', (ledger) => ledger.snapshot());
  const shown: { readonly exclusion: Exclusion; readonly zone: string }[] = [];
  for (const exclusion of state.exclusions.values()) {
    const zone = await zoneOrDefault(settings, exclusion.provider, config);
    const range = named === null ? null : monthRange(named, zone);
    if (range === null || (exclusion.fromMs < range.toMs && exclusion.toMs > range.fromMs))
      shown.push({ exclusion, zone });
  }
  shown.sort((one, other) => one.exclusion.fromMs - other.exclusion.fromMs);
  await print(
    format === 'json'
      ? jsonText({ exclusions: shown.map(({ exclusion }) => exclusionView(exclusion)) })
      : shown.map(({ exclusion, zone }) => `${exclusionLine(exclusion, zone)}\n`).join(''),
  );
}

async function runRetract(id: string, { config, by, note }: RetractArguments): Promise<void> {
  const { settings } = await loadSettings(config, 'write-nothing');
  const beyond = await withLedger(settings, 'visitor', async (ledger) => {
    const exclusion = (await ledger.snapshot()).state.exclusions.get(id);
    if (exclusion === undefined) {
      const rule = 'the id must be that of an exclusion in force, as `exclusion list` shows them';
      throw new ExitWith(EXIT_USAGE, [`${rule}, is ${JSON.stringify(plain(id, 60))}`]);
    }
    const { said } = orExit(checkRetraction({ by, note }));
    await ledger.append([{ type: 'exclusion.retracted', at: now(), id, ...said }]);
    return beyondReach(ledger, exclusion, await zoneOrDefault(settings, exclusion.provider, config));
  });
  await print(`${id} is retracted\n${beyond}`);
}

/** What was checked, if it is sound. */
function orExit<T extends { readonly ok: true } | { readonly ok: false; readonly problems: readonly string[] }>(
  result: T,
): Extract<T, { readonly ok: true }> {
  if (!result.ok) {
    throw new ExitWith(
      EXIT_USAGE,
      result.problems.map((problem) => `--${problem}`),
    );
  }
  return result as Extract<T, { readonly ok: true }>;
}

/** Of the provider's contract; null for a provider that the configuration does not name. */
async function zoneOf({ providers }: Settings, provider: string, config: string): Promise<string | null> {
  const found = providers.find(({ name }) => name === provider);
  return found === undefined ? null : (await loadContract(found.contract, config)).timeZone;
}

/** That of the contract that would hold, for a provider that the configuration no longer names. */
async function zoneOrDefault(settings: Settings, provider: string, config: string): Promise<string> {
  return (await zoneOf(settings, provider, config)) ?? (await loadContract(DEFAULT_CONTRACT, config)).timeZone;
}

/** Creates nothing: where there is no ledger, it says so. */
async function withLedger<T>(
  { dataFolder, agent }: Settings,
  role: 'visitor' | 'reader',
  work: (ledger: Ledger) => Promise<T>,
): Promise<T> {
  const ledger = await openLedger(dataFolder, { role, log: createLog('error', agent) });
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}
