/** The report as Markdown (CommonMark with GFM tables), in English or Chinese: verdicts first, then each clause, then the evidence. */
import type { ClauseReport, DelayClauseReport, ProviderReport, Report } from '../../domain/report.ts';
import type { BreachEvidence, Figure } from '../../domain/report-evidence.ts';
import { markdownText } from './escape.ts';
import { count, type Language, localTime, percent, seconds } from './format.ts';
import { closedBlocks } from './markdown-closed.ts';
import { type Label, type Words, wordsOf } from './words.ts';

/** More than this nobody reads; the JSON report has all. */
const BREACHES_SHOWN_MAX = 200;

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
  const owed = ({ remedy }: ClauseReport): string => (remedy === null ? words.none : markdownText(remedy[language]));
  return [
    `## ${markdownText(provider.provider)}${words.colon}${words.status[status]}`,
    [
      item(words, 'contract', `${markdownText(contractTitle[language])} (${markdownText(contract)})`),
      item(words, 'month', `${localTime(from, timeZone)} – ${localTime(to, timeZone)} (${markdownText(timeZone)})`),
      item(words, 'finalAt', localTime(finalAt, timeZone)),
    ].join('\n'),
    ...closedBlocks(provider.closed, setting),
    table(
      heads(words, 'clause', 'verdict', 'remedy', 'reason'),
      clauses.map((clause) => [
        name(clause, language),
        `**${words.verdict[clause.verdict]}**`,
        owed(clause),
        clause.kind === 'attested' ? markdownText(clause.reason[language]) : '',
      ]),
    ),
    ...clauses.flatMap((clause) => (clause.kind === 'delay' ? delayBlocks(clause, setting) : [])),
  ];
}

function delayBlocks(clause: DelayClauseReport, setting: Setting): readonly string[] {
  const { words, language } = setting;
  return [
    `### ${name(clause, language)}${words.colon}${words.verdict[clause.verdict]}`,
    figuresTable(clause, words),
    summaryItems(clause, setting),
    ...exclusionBlocks(clause, setting),
    ...breachBlocks(clause, setting),
  ];
}

function figuresTable({ figures, limits, verdicts }: DelayClauseReport, words: Words): string {
  const { raw } = figures;
  const limit = (value: number): string => words.atMost(`${value} s`);
  const breaches = (per: 'message' | 'episode'): readonly string[] =>
    limits.countedPer === per
      ? [words.breachLimit(limits.breachesFrom, per), words.verdict[verdicts.maximum]]
      : ['', ''];
  const timed = (label: Label, figure: Figure | null, before: Figure | null, rest: readonly string[] = ['', '']) => [
    words.label[label],
    seconds(figure),
    seconds(before),
    ...rest,
  ];
  return table(heads(words, 'figure', 'measured', 'raw', 'limit', 'verdict'), [
    timed('average', figures.average, raw.average, [limit(limits.averageSeconds), words.verdict[verdicts.average]]),
    timed('maximum', figures.maximum, raw.maximum, [limit(limits.maximumSeconds), '']),
    [words.label.messages, count(figures.breaches.messages), count(raw.breaches.messages), ...breaches('message')],
    [words.label.episodes, count(figures.breaches.episodes), count(raw.breaches.episodes), ...breaches('episode')],
    timed('conditionalAverage', figures.conditionalAverage, raw.conditionalAverage),
    timed('p50', figures.quantiles?.p50 ?? null, raw.quantiles?.p50 ?? null),
    timed('p95', figures.quantiles?.p95 ?? null, raw.quantiles?.p95 ?? null),
    timed('p99', figures.quantiles?.p99 ?? null, raw.quantiles?.p99 ?? null),
    [words.label.bootstrapAverage, seconds(figures.bootstrapAverage), '', '', ''],
  ]);
}

function summaryItems(clause: DelayClauseReport, { words, language }: Setting): string {
  const { figures, coverage, excluded, remedy } = clause;
  const outcomes = (counts: DelayClauseReport['figures']['outcomes']): string =>
    Object.entries(counts)
      .map(([outcome, number]) => `${words.outcome[outcome as keyof typeof counts]} ${number}`)
      .join(', ');
  const gap = `${coverage.longestGapSeconds.toFixed(0)} s`;
  return [
    item(words, 'remedy', remedy === null ? words.none : markdownText(remedy[language])),
    item(words, 'path', words.path[clause.path]),
    item(words, 'probes', outcomes(figures.outcomes)),
    item(words, 'spotChecks', outcomes(figures.spotChecks)),
    item(words, 'coverage', words.coverage(percent(coverage.ratio), gap)),
    item(words, 'excluded', `${excluded.seconds} s`),
    ...(clause.verdicts.maximum === 'BREACH'
      ? []
      : [item(words, 'breachesLeft', words.breachesLeft(count(clause.breachesLeft)))]),
  ].join('\n');
}

function exclusionBlocks({ id, excluded }: DelayClauseReport, { words, timeZone }: Setting): readonly string[] {
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
  const left = breaches.length - BREACHES_SHOWN_MAX;
  return [
    `#### ${markdownText(id)} ${words.label.breaches}`,
    breaches
      .slice(0, BREACHES_SHOWN_MAX)
      .map((breach, index) => breachItem(breach, index + 1, setting))
      .join('\n'),
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
