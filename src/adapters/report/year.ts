/** The year of a provider as Markdown and CSV: months down, clauses across, and the days without a fault. */
import type { ProviderYear, YearMonth, YearReport } from '../../domain/report/year-report.ts';
import { csvText } from './csv.ts';
import { markdownText } from './escape.ts';
import { count, type Language, localTime, percent } from './format.ts';
import { wordsOf } from './words.ts';

const WORDS = {
  en: {
    title: 'Service-level year',
    month: 'Month',
    status: 'Status',
    future: 'to come',
    unmeasured: 'not measured',
    closed: 'closed',
    otherTerms: 'closed by the terms of then, which were others',
    generated: 'Generated',
    contract: 'Contract',
    days: (clause: string, days: string, minimum: number, faulty: string, coverage: string) =>
      `Clause ${clause}: ${days} days without a fault (at least ${minimum} in the year), ${faulty} with one; known of ${coverage} of the days over`,
  },
  zh: {
    title: '服务品质年度报告',
    month: '月份',
    status: '状态',
    future: '未到',
    unmeasured: '未测',
    closed: '已结',
    otherTerms: '已结（当时的条款与现行条款不同）',
    generated: '生成时间',
    contract: '协议',
    days: (clause: string, days: string, minimum: number, faulty: string, coverage: string) =>
      `第 ${clause} 条：无故障 ${days} 天（全年不少于 ${minimum} 天），有故障 ${faulty} 天；已过日子中 ${coverage} 情况已知`,
  },
} as const;

export function renderYearMarkdown(report: YearReport, language: Language): string {
  const words = WORDS[language];
  const zone = report.providers[0]?.timeZone ?? 'UTC';
  const blocks = [
    `# ${words.title} ${report.year}`,
    `- ${words.generated}${wordsOf(language).colon}${localTime(report.generatedAt, zone)}`,
    ...report.providers.flatMap((provider) => providerBlocks(provider, language)),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function providerBlocks(provider: ProviderYear, language: Language): readonly string[] {
  const [words, { colon, verdict }] = [WORDS[language], wordsOf(language)];
  const clauses = clausesOf(provider);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const head = [
    words.month,
    words.status,
    ...clauses.map(({ id, title }) => `${markdownText(id)} ${markdownText(title[language])}`),
  ];
  const rows = provider.months.map((month) => [
    month.month,
    statusText(month, language),
    ...clauses.map(({ id }) => {
      const found = month.clauses.find((each) => each.id === id);
      return found === undefined ? '' : verdict[found.verdict];
    }),
  ]);
  const days = provider.faultFreeDays.map((each) => {
    const told = words.days(
      markdownText(each.clause),
      count(each.days),
      each.minimum,
      count(each.faultyDays),
      percent(each.coverage),
    );
    return `- ${told}${colon}**${verdict[each.verdict]}**`;
  });
  return [
    `## ${markdownText(provider.provider)}`,
    `- ${words.contract}${colon}${markdownText(provider.contractTitle[language])} (${markdownText(provider.contract)})`,
    ...(days.length === 0 ? [] : [days.join('\n')]),
    [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n'),
  ];
}

function statusText({ status, closed, otherTerms }: YearMonth, language: Language): string {
  const words = WORDS[language];
  if (status === 'future' || status === 'unmeasured') return words[status];
  const told = wordsOf(language).status[status];
  return closed ? `${told}, ${otherTerms === true ? words.otherTerms : words.closed}` : told;
}

function clausesOf({ months }: ProviderYear): YearMonth['clauses'] {
  return months.find(({ clauses }) => clauses.length > 0)?.clauses ?? [];
}

/** One line for each provider, month and clause, and one for each clause's days of the year, its month empty. Column names are English always. */
export function renderYearCsv({ year, generatedAt, providers }: YearReport, language: Language): string {
  const head = [
    ...['year', 'generated_at', 'provider', 'contract', 'month', 'status', 'closed', 'clause', 'title', 'verdict'],
    ...[
      'fault_free_days_lo',
      'fault_free_days_hi',
      'faulty_days_lo',
      'faulty_days_hi',
      'fault_free_days_min',
      'coverage_ratio',
    ],
  ];
  const rows = providers.flatMap((provider) => {
    const first = [year, generatedAt, provider.provider, provider.contract];
    const months = provider.months.flatMap(({ month, status, closed, clauses }) =>
      clauses.length === 0
        ? [[...first, month, status]]
        : clauses.map(({ id, title, verdict }) => [
            ...first,
            month,
            status,
            closed ? 'yes' : 'no',
            id,
            title[language],
            verdict,
          ]),
    );
    const days = provider.faultFreeDays.map(({ clause, days: free, faultyDays, minimum, coverage, verdict }) => [
      ...[...first, '', '', '', clause, '', verdict],
      ...[free.lo, free.hi, faultyDays.lo, faultyDays.hi, minimum, coverage],
    ]);
    return [...months, ...days];
  });
  const padded = rows.map((row) => head.map((_, index) => row[index] ?? null));
  return csvText([head, ...padded], language);
}
