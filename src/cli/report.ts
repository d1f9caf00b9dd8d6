/** `report`: a month's verdicts with figures and evidence, read from the ledger beside a running daemon or without one. */
import { Command, Option } from 'commander';
import { createLog, judgeMonth, openLedger, renderReport, VERSION } from '../app.ts';
import { isMeasured, type Judgement, type MonthReport, monthReport } from '../domain/report/judge.ts';
import type { Matter } from '../domain/report/report.ts';
import type { ProviderSettings, Settings } from '../domain/settings.ts';
import type { Month } from '../domain/time/calendar.ts';
import { loadContract } from './contracts.ts';
import { EXIT_USAGE, ExitWith } from './exit.ts';
import { type MonthOption, readMonth, refuseFuture } from './month.ts';
import { now } from './now.ts';
import { jsonText, print, writeNewFile } from './output.ts';
import { yearText } from './report-year.ts';
import { configOption, loadSettings } from './settings.ts';

const FORMATS = ['json', 'csv', 'markdown', 'html'] as const;
const LANGUAGES = ['en', 'zh'] as const;

interface ReportArguments {
  readonly config: string;
  readonly month?: string;
  readonly year?: string;
  readonly provider?: string;
  readonly format: (typeof FORMATS)[number];
  readonly lang: (typeof LANGUAGES)[number];
  readonly output?: string;
}

export function reportCommand(): Command {
  return new Command('report')
    .description('judge a month by the contract: verdicts, figures as intervals, evidence for every breach')
    .addOption(configOption())
    .option('--month <YYYY-MM>', "calendar month in the contract's time zone")
    .option('--year <YYYY>', "the twelve months' verdicts and the days without a fault, instead of a month")
    .option('--provider <name>', 'only this provider')
    .addOption(new Option('--format <format>', 'how to write it').choices(FORMATS).default('markdown'))
    .addOption(
      new Option('--lang <language>', 'of csv, markdown and html; json has both').choices(LANGUAGES).default('en'),
    )
    .option('-o, --output <file>', 'write to a new file')
    .action(report);
}

async function report(options: ReportArguments): Promise<void> {
  const text = await reportText(options);
  if (options.output === undefined) await print(text);
  else await writeNewFile(options.output, (write) => write(text));
}

async function reportText(options: ReportArguments): Promise<string> {
  const { month: wanted, year, config } = options;
  if (wanted === undefined && year === undefined) throw new ExitWith(EXIT_USAGE, ['--month or --year must be given']);
  if (wanted !== undefined && year !== undefined)
    throw new ExitWith(EXIT_USAGE, [`--month and --year exclude each other, are ${wanted} and ${year}`]);
  const month = wanted === undefined ? null : readMonth(wanted);
  const { settings } = await loadSettings(config, 'write-nothing');
  const providers = chosen(settings, options.provider);
  const nowMs = now().wallMs;
  if (month === null) return yearText({ ...options, year: year ?? '' }, settings, providers, nowMs);
  const matters = await mattersOf(settings, month, nowMs, options);
  return render(monthReport(month, nowMs, await judgeAll(settings, matters)), options);
}

/** What there is to judge of a month that has begun. Exits 3 on a provider that is not known. */
export async function mattersOf(
  settings: Settings,
  month: Month,
  nowMs: number,
  { provider, config }: Pick<ReportArguments, 'provider' | 'config'>,
  option: MonthOption = '--month',
): Promise<readonly Matter[]> {
  const matters = await Promise.all(
    chosen(settings, provider).map(async ({ name, contract }): Promise<Matter> => {
      return { provider: name, contract: await loadContract(contract, config), month, nowMs };
    }),
  );
  for (const matter of matters) refuseFuture(option, month, matter);
  return matters;
}

function chosen({ providers }: Settings, name: string | undefined): readonly ProviderSettings[] {
  const found = providers.filter((provider) => (name ?? provider.name) === provider.name);
  if (found.length > 0) return found;
  const known = providers.map((provider) => provider.name).join(', ');
  throw new ExitWith(EXIT_USAGE, [`--provider must be one of ${known}, is ${JSON.stringify(name)}`]);
}

/** Exits 3 if the ledger knows nothing of the month. */
async function judgeAll({ dataFolder, agent }: Settings, matters: readonly Matter[]): Promise<readonly Judgement[]> {
  const ledger = await openLedger(dataFolder, { role: 'reader', log: createLog('error', agent) });
  try {
    const judgements: Judgement[] = [];
    for (const matter of matters) judgements.push(await judgeMonth(ledger, matter, VERSION));
    if (judgements.some(({ report: provider }) => isMeasured(provider))) return judgements;
    const names = matters.map(({ provider }) => provider).join(', ');
    throw new ExitWith(EXIT_USAGE, [
      `--month must be one with a probe of ${names} in the ledger, is ${matters[0]?.month}`,
    ]);
  } finally {
    await ledger.close();
  }
}

function render(judged: MonthReport, { format, lang }: ReportArguments): string {
  // What drives a terminal is escaped in JSON too.
  return format === 'json' ? jsonText(judged.report) : renderReport(judged, format, lang).body;
}
