/** The report as CSV (RFC 4180): one line for each provider and clause, for spreadsheets and statistics. */
import { ENDPOINTS } from '../../domain/endpoint.ts';
import type { ClauseReport, OutageReport, ProviderReport, Report, ServicePart } from '../../domain/report/report.ts';
import type { Figure } from '../../domain/report/report-evidence.ts';
import { csvCell } from './escape.ts';
import type { Language } from './format.ts';
import type { AvailabilityReport } from './pledges.ts';

type Cell = string | number | null;

/** A spreadsheet takes text without it for that of its own code page, which seldom has Chinese. */
const BYTE_ORDER_MARK = '\ufeff';

/**
 * Column names are the same in every language, only titles, remedies and reasons are translated. Times are RFC 3339 in UTC, durations
 * seconds. An empty cell is a figure that there is not; `inf` an upper end that nothing bounds. Chinese text begins with a byte order mark.
 */
export function renderCsv(report: Report, language: Language): string {
  const lines = report.providers.flatMap((provider) =>
    provider.clauses.map((clause) => cellsOf(report, provider, clause, language)),
  );
  const header = lines[0]?.map(([column]) => column) ?? [];
  const rows = [header, ...lines.map((cells) => cells.map(([, value]) => value))];
  return csvText(rows, language);
}

/** Rows as a file of the language. */
export function csvText(rows: readonly (readonly Cell[])[], language: Language): string {
  const text = rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
  return language === 'zh' ? BYTE_ORDER_MARK + text : text;
}

/** The same columns for every clause, in the same order. */
function cellsOf(
  { month, generatedAt }: Report,
  { provider, contract, timeZone, status }: ProviderReport,
  clause: ClauseReport,
  language: Language,
): readonly (readonly [string, Cell])[] {
  const delay = clause.kind === 'delay' ? clause : null;
  const { figures, limits } = delay ?? {};
  const measured = clause.kind === 'attested' ? null : clause;
  const coverage = measured?.coverage;
  const availability = measured === null || measured.kind === 'delay' ? null : measured;
  return [
    ['month', month],
    ['time_zone', timeZone],
    ['status', status],
    ['generated_at', generatedAt],
    ['provider', provider],
    ['contract', contract],
    ['clause', clause.id],
    ['title', clause.title[language]],
    ['path', delay?.path ?? null],
    ['verdict', clause.verdict],
    ['remedy', clause.remedy?.[language] ?? null],
    ['reason', clause.kind === 'attested' ? clause.reason[language] : null],
    ['average_verdict', delay?.verdicts.average ?? null],
    ...ends('average_seconds', figures?.average),
    ['average_limit_seconds', limits?.averageSeconds ?? null],
    ['maximum_verdict', delay?.verdicts.maximum ?? null],
    ...ends('maximum_seconds', figures?.maximum),
    ['maximum_limit_seconds', limits?.maximumSeconds ?? null],
    ...ends('breaches_messages', figures?.breaches.messages),
    ...ends('breaches_episodes', figures?.breaches.episodes),
    ['breaches_from', limits?.breachesFrom ?? null],
    ['breaches_counted_per', limits?.countedPer ?? null],
    ...ends('breaches_left', delay?.breachesLeft),
    ...ends('conditional_average_seconds', figures?.conditionalAverage),
    ...ends('p50_seconds', figures?.quantiles?.p50),
    ...ends('p95_seconds', figures?.quantiles?.p95),
    ...ends('p99_seconds', figures?.quantiles?.p99),
    ...ends('raw_average_seconds', figures?.raw.average),
    ...ends('raw_maximum_seconds', figures?.raw.maximum),
    ...ends('raw_breaches_messages', figures?.raw.breaches.messages),
    ['delivered', figures?.outcomes.delivered ?? null],
    ['pending', figures?.outcomes.pending ?? null],
    ['failed', figures?.outcomes.failed ?? null],
    ['lost', figures?.outcomes.lost ?? null],
    ['unmeasured', figures?.outcomes.unmeasured ?? availability?.coverage.unmeasured ?? null],
    ['coverage_ratio', coverage?.ratio ?? null],
    ['longest_gap_seconds', coverage?.longestGapSeconds ?? null],
    ['excluded_seconds', measured?.excluded.seconds ?? null],
    ...availabilityCells(availability),
  ];
}

/** Empty for a clause that is not on availability, and where one has no such figure. */
function availabilityCells(clause: AvailabilityReport | null): readonly (readonly [string, Cell])[] {
  const connectivity = clause?.kind === 'connectivity' ? clause : null;
  const operations = clause?.kind === 'operations' ? clause : null;
  const { figures, limits, verdicts } = clause ?? {};
  const outages = (certainty: OutageReport['certainty']): number | null =>
    clause === null ? null : clause.outages.filter((outage) => outage.certainty === certainty).length;
  return [
    ['down_verdict', connectivity?.verdicts.downtime ?? operations?.verdicts.faults ?? null],
    ...ends('down_seconds', figures?.downSeconds),
    ['down_under_seconds', connectivity?.limits.downUnderSeconds ?? null],
    ['faults_limit_seconds', operations?.limits.faultsMaxSeconds ?? null],
    ...ends('down_left_seconds', connectivity?.downtimeLeftSeconds ?? operations?.faultsLeftSeconds),
    ['availability_verdict', verdicts?.availability ?? null],
    ...ends('availability_ratio', figures?.availability),
    ['availability_limit_ratio', limits?.availabilityMin ?? null],
    ['availability_denominator', limits?.denominator ?? null],
    ['adjustments_verdict', operations?.verdicts.adjustments ?? null],
    ...ends('adjustment_seconds', operations?.figures.adjustmentSeconds),
    ['adjustments_limit_seconds', operations?.limits.adjustmentsMaxSeconds ?? null],
    ...ends('adjustments_left_seconds', operations?.adjustmentsLeftSeconds),
    ...ends('faulty_days', operations?.figures.faultyDays),
    ...ends('raw_down_seconds', figures?.raw.downSeconds),
    ...ends('raw_availability_ratio', figures?.raw.availability),
    ['resolution_seconds', clause?.coverage.resolutionSeconds ?? null],
    ['outages_proven', outages('proven')],
    ['outages_possible', outages('possible')],
    ...PARTS.flatMap((part) => {
      const known = figures?.parts.find((each) => each.part === part);
      const name = part.replace('-', '_');
      return [
        ...ends(`${name}_down_seconds`, known?.downSeconds),
        [`${name}_coverage_ratio`, known?.coverage ?? null] as const,
      ];
    }),
  ];
}
const PARTS: readonly ServicePart[] = [...ENDPOINTS, 'round-trip'];

function ends(name: string, figure: Figure | null | undefined): readonly (readonly [string, Cell])[] {
  const hi = figure?.hi === null ? 'inf' : figure?.hi;
  return [
    [`${name}_lo`, figure?.lo ?? null],
    [`${name}_hi`, hi ?? null],
  ];
}
