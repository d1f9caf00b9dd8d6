/** The report as Markdown (CommonMark with GFM tables), in English or Chinese: verdicts first, then each clause, then the evidence. */
import type { ClauseReport, DelayClauseReport, ProviderReport, Report } from '../../domain/report/report.ts';
import type { BreachEvidence } from '../../domain/report/report-evidence.ts';
import { markdownText } from './escape.ts';
import { type FigureRow, figureRows, knownOf, partRows } from './figure-rows.ts';
import { type Language, localTime, percent, SHOWN_MAX, seconds } from './format.ts';
import { decidedBy, headlineOf } from './headline.ts';
import { closedBlocks } from './markdown-closed.ts';
import { type AvailabilityReport, isMeasuredClause, type MeasuredReport } from './pledges.ts';
import { type Label, type Words, wordsOf } from './words.ts';

interface Setting {
  readonly language: Language;
  readonly words: Words;
  readonly timeZone: string;
}

export function renderMarkdown(report: Report, language: Language): string {
  const words = wordsOf(language);
  const { month, status, generatedAt, timeZone, providers } = report;
  const blocks = [
    `# ${words.title} ${month}${words.colon}${words.status[status]}`,
    item(words, 'generated', localTime(generatedAt, timeZone ?? 'UTC')),
    ...providers.flatMap((provider) => providerBlocks(provider, language, words)),
    `## ${words.label.method}`,
    words.method.map((sentence) => `- ${sentence}`).join('\n'),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function providerBlocks(provider: ProviderReport, language: Language, words: Words): readonly string[] {
  const { contract, contractTitle, timeZone, from, to, status, finalAt, clauses } = provider;
  const setting = { language, words, timeZone };
  const { sentence, owed, also } = headlineOf(provider, language, markdownText);
  return [
    `## ${markdownText(provider.provider)}${words.colon}${words.status[status]}`,
    [
      item(words, 'contract', `${markdownText(contractTitle[language])} (${markdownText(contract)})`),
      item(words, 'month', `${localTime(from, timeZone)} – ${localTime(to, timeZone)} (${markdownText(timeZone)})`),
      item(words, 'finalAt', localTime(finalAt, timeZone)),
    ].join('\n'),
    ...closedBlocks(provider.closed, setting),
    [`**${sentence}**`, ...owed, ...(also === null ? [] : [also])].join(' '),
    table(
      heads(words, 'clause', 'verdict', 'coverage', 'remedy', 'reason'),
      clauses.map((clause) => summaryRow(clause, setting)),
    ),
    ...clauses.filter(isMeasuredClause).flatMap((clause) => clauseBlocks(clause, setting)),
  ];
}

function summaryRow(clause: ClauseReport, { words, language }: Setting): readonly string[] {
  const { remedy, verdict } = clause;
  return [
    name(clause, language),
    `**${words.verdict[verdict]}**`,
    clause.kind === 'attested' ? '' : percent(clause.coverage.ratio),
    remedy === null ? words.none : markdownText(remedy[language]),
    clause.kind === 'attested' ? markdownText(clause.reason[language]) : decidedBy(clause, language, words),
  ];
}

function clauseBlocks(clause: MeasuredReport, setting: Setting): readonly string[] {
  const { words, language } = setting;
  return [
    `### ${name(clause, language)}${words.colon}${words.verdict[clause.verdict]}`,
    table(
      heads(words, 'figure', 'measured', 'raw', 'limit', 'verdict'),
      figureRows(clause, words).map((row) => [words.label[row.label], measured(row), row.raw, row.limit, row.verdict]),
    ),
    ...(clause.kind === 'delay' ? [] : [table(heads(words, 'part', 'downtime', 'coverage'), partRows(clause, words))]),
    [
      item(words, 'remedy', clause.remedy === null ? words.none : markdownText(clause.remedy[language])),
      ...knownOf(clause, words).map(([label, text]) => item(words, label, text)),
    ].join('\n'),
    ...exclusionBlocks(clause, setting),
    ...(clause.kind === 'delay' ? breachBlocks(clause, setting) : outageBlocks(clause, setting)),
  ];
}

function measured({ measured: exact, readable }: FigureRow): string {
  return readable === '' ? exact : `${exact} (${readable})`;
}

function exclusionBlocks({ id, excluded }: MeasuredReport, { words, timeZone }: Setting): readonly string[] {
  if (excluded.entries.length === 0) return [];
  return [
    `#### ${markdownText(id)} ${words.label.exclusions}`,
    table(
      heads(words, 'kind', 'path', 'from', 'to', 'by', 'evidence', 'note'),
      excluded.entries.map(({ kind, path, from, to, by, evidence, note }) => [
        words.kind[kind],
        path === null ? words.allPaths : words.path[path],
        localTime(from, timeZone),
        localTime(to, timeZone),
        ...[by, evidence, note].map(markdownText),
      ]),
    ),
  ];
}

function breachBlocks({ id, breaches }: DelayClauseReport, setting: Setting): readonly string[] {
  if (breaches.length === 0) return [];
  const { words } = setting;
  const left = breaches.length - SHOWN_MAX;
  return [
    `#### ${markdownText(id)} ${words.label.breaches}`,
    breaches
      .slice(0, SHOWN_MAX)
      .map((breach, index) => breachItem(breach, index + 1, setting))
      .join('\n'),
    ...(left > 0 ? [words.omitted(left)] : []),
  ];
}

function outageBlocks({ id, outages }: AvailabilityReport, { words, timeZone }: Setting): readonly string[] {
  if (outages.length === 0) return [];
  const time = (iso: string | null): string | null => (iso === null ? null : localTime(iso, timeZone));
  const left = outages.length - SHOWN_MAX;
  return [
    `#### ${markdownText(id)} ${words.label.outages}`,
    table(
      heads(words, 'part', 'certainty', 'began', 'ended', 'lasted', 'raw', 'checks', 'reason'),
      outages
        .slice(0, SHOWN_MAX)
        .map((outage) => [
          outage.path === null ? words.part[outage.part] : `${words.part[outage.part]} (${words.path[outage.path]})`,
          words.certainty[outage.certainty],
          words.between(time(outage.beganAfter), time(outage.beganBy)),
          words.between(time(outage.endedAfter), time(outage.endedBy)),
          seconds(outage.seconds),
          seconds(outage.rawSeconds),
          String(outage.checks),
          markdownText(outage.reason ?? ''),
        ]),
    ),
    ...(left > 0 ? [words.omitted(left)] : []),
  ];
}

/** One entry of an ordered list with what is known as a list under it. */
function breachItem(breach: BreachEvidence, number: number, { words, timeZone }: Setting): string {
  const { label, colon } = words;
  const time = (iso: string | null): string | null => (iso === null ? null : localTime(iso, timeZone));
  const text = (value: string | null): string | null => (value === null ? null : markdownText(value));
  const delay = `${seconds(breach.delaySeconds)} (${label.rawDelay} ${seconds(breach.rawDelaySeconds)})`;
  const known: readonly (readonly [Label, string | null])[] = [
    ['delay', delay],
    ['outcome', words.outcome[breach.outcome]],
    ['accepted', time(breach.acceptedAt)],
    ['arrived', time(breach.arrivedAt)],
    ['envelope', `${markdownText(breach.sender)} → ${markdownText(breach.recipient)}`],
    ['server', text(breach.server)],
    ['reply', text(breach.reply)],
    ['notice', text(breach.notice)],
    ['folder', text(breach.folder)],
    ['flags', breach.flags.length === 0 ? null : breach.flags.join(', ')],
    ['hops', hopsText(breach)],
  ];
  // An entry's list is indented by as much as its marker and number take.
  const indent = ' '.repeat(`${number}. `.length);
  return [
    `${number}. \`${breach.probe.replaceAll(/[^a-z0-9-]/gi, '')}\` ${words.certainty[breach.certainty]}`,
    ...known.flatMap(([name, value]) => (value === null ? [] : [`${indent}- ${label[name]}${colon}${value}`])),
  ].join('\n');
}

function hopsText({ hops }: BreachEvidence): string | null {
  if (hops.length === 0) return null;
  return hops
    .map(({ by, at, seconds: since }) =>
      [by ?? '?', at ?? '', since === null ? '' : `+${since} s`].filter(Boolean).join(' '),
    )
    .map(markdownText)
    .join(' → ');
}

function name({ id, title }: ClauseReport, language: Language): string {
  return `${markdownText(id)} ${markdownText(title[language])}`;
}

function item({ label, colon }: Words, name: Label, value: string): string {
  return `- ${label[name]}${colon}${value}`;
}

function heads({ label }: Words, ...names: readonly Label[]): readonly string[] {
  return names.map((each) => label[each]);
}

/** Cells are Markdown already, without line ends. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
