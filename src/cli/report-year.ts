/** `report --year`: the twelve months' verdicts and the days without a fault. */
import { judgeYear, logOf, openLedger, renderYearCsv, renderYearMarkdown, VERSION } from '../app.ts';
import { buildYear, type ProviderYear, type YearReport } from '../domain/report/year-report.ts';
import type { ProviderSettings, Settings } from '../domain/settings.ts';
import { loadContract } from './contracts.ts';
import { EXIT_USAGE, ExitWith } from './exit.ts';
import { refuseFuture } from './month.ts';
import { jsonText } from './output.ts';

const FORMATS = ['markdown', 'json', 'csv'] as const;

export interface YearArguments {
  readonly config: string;
  readonly year: string;
  readonly format: string;
  readonly lang: 'en' | 'zh';
}

/** The year's report as text. Exits 3 for what is no year, has not begun, or is not in the ledger. */
export async function yearText(
  { config, year, format, lang }: YearArguments,
  settings: Settings,
  providers: readonly ProviderSettings[],
  nowMs: number,
): Promise<string> {
  if (!/^[1-9]\d{3}$/.test(year)) {
    const shown = JSON.stringify(year.slice(0, SHOWN_LENGTH_MAX));
    throw new ExitWith(EXIT_USAGE, [`--year must be a year such as 2026, is ${shown}`]);
  }
  const known = FORMATS.find((each) => each === format);
  if (known === undefined)
    throw new ExitWith(EXIT_USAGE, [`--format must be one of ${FORMATS.join(', ')} with --year, is ${format}`]);
  const held = await Promise.all(
    providers.map(async ({ name, contract }) => ({ provider: name, contract: await loadContract(contract, config) })),
  );
  for (const { contract } of held) refuseFuture('--year', year, { month: `${year}-01`, contract, nowMs });
  const ledger = await openLedger(settings.dataFolder, { role: 'reader', log: logOf(settings, 'error') });
  try {
    const years: ProviderYear[] = [];
    for (const each of held) {
      const judged = await judgeYear(ledger, each, { year, nowMs, version: VERSION });
      if (judged !== null) years.push(judged);
    }
    if (years.length > 0) return render(buildYear(year, nowMs, years), known, lang);
  } finally {
    await ledger.close();
  }
  const names = held.map(({ provider }) => provider).join(', ');
  throw new ExitWith(EXIT_USAGE, [`--year must be one with a probe of ${names} in the ledger, is ${year}`]);
}

/** Of a wrong year, which may be anything. */
const SHOWN_LENGTH_MAX = 40;

function render(report: YearReport, format: (typeof FORMATS)[number], language: 'en' | 'zh'): string {
  switch (format) {
    case 'json':
      return jsonText(report);
    case 'csv':
      return renderYearCsv(report, language);
    case 'markdown':
      return renderYearMarkdown(report, language);
  }
}
