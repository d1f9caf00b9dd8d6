/** The charts of one provider, each with its legend and with the same as a table for who cannot see it. */

import type { DelayClauseReport, OutageReport, ProviderReport } from '../../domain/report/report.ts';
import type { DelayBucket, DelayChart, ProviderCharts } from '../../domain/report/report-charts.ts';
import type { BreachEvidence } from '../../domain/report/report-evidence.ts';
import { type Day, daysOf } from '../../domain/time/calendar.ts';
import type { MsRange } from '../../domain/time/span-set.ts';
import { limitText, percents, seconds } from './format.ts';
import { clauseName, type Setting, table } from './html-parts.ts';
import { html, type Markup } from './html-text.ts';
import { isMeasuredClause } from './pledges.ts';
import type { Picture } from './svg.ts';
import { calendarHeight, drawCalendar } from './svg-calendar.ts';
import { drawDelays } from './svg-delay.ts';
import { drawDistribution } from './svg-distribution.ts';
import { type LegendEntry, legend } from './svg-legend.ts';

export interface ChartInput {
  readonly month: string;
  /** When the report was made, milliseconds since the epoch. */
  readonly nowMs: number;
  readonly provider: ProviderReport;
  readonly charts: ProviderCharts;
}

/** Pixels: a page's column, and a telephone's. The style sheet shows one of the two. */
const WIDE = 920;
const NARROW = 340;
const DELAY_HEIGHT = { wide: 340, narrow: 300 };
const DISTRIBUTION_HEIGHT = { wide: 240, narrow: 220 };

export function chartsSection(input: ChartInput, setting: Setting): Markup {
  const { provider, charts, month } = input;
  const days = daysOf(month, provider.timeZone);
  const figures = provider.clauses.flatMap((clause) => {
    const chart = charts.delays.find((each) => each.clause === clause.id);
    return clause.kind !== 'delay' || chart === undefined ? [] : [delayFigures(clause, chart, days, input, setting)];
  });
  return html`<section class="charts"><h3>${setting.page.charts}</h3>
${figures}${calendarFigure(days, input, setting)}</section>
`;
}

interface Figured {
  readonly heading: string;
  readonly text: string;
  readonly height: { readonly wide: number; readonly narrow: number };
  readonly draw: (frame: Picture) => Markup;
  readonly legend: readonly LegendEntry[];
  readonly table: Markup | null;
}

function figure(
  { heading, text, height, draw, legend: entries, table: data }: Figured,
  { page, newId }: Setting,
): Markup {
  const frame = (width: number, tall: number): Picture => ({ width, height: tall, title: heading, text, id: newId() });
  return html`<figure><figcaption><h4>${heading}</h4><p>${text}</p></figcaption>
<div class="wide">${draw(frame(WIDE, height.wide))}</div><div class="narrow">${draw(frame(NARROW, height.narrow))}</div>
${legend(entries)}${data === null ? null : html`<details><summary>${page.dataTable}</summary>${data}</details>`}</figure>
`;
}

function delayFigures(
  clause: DelayClauseReport,
  chart: DelayChart,
  days: readonly Day[],
  { nowMs, provider }: ChartInput,
  setting: Setting,
): Markup {
  const { words, page, language } = setting;
  const { chart: text } = page;
  const heading = (about: string): string => `${clauseName(clause, language)}${words.colon}${about}`;
  if (chart.buckets.length === 0) return notice(heading(text.delay), text.noData);
  const time = (limit: number): string => limitText(limit, words.units);
  const { averageSeconds, maximumSeconds } = clause.limits;
  const limits = [
    { seconds: averageSeconds, name: text.averageLimit(time(averageSeconds)) },
    { seconds: maximumSeconds, name: text.maximumLimit(time(maximumSeconds)) },
  ];
  const excluded = spansOf(clause.excluded.entries);
  const until = days.at(-1)?.day ?? '';
  const shares = limits.map((limit) => shareWithin(chart, limit.seconds, setting)).filter((each) => each !== null);
  return html`${figure(
    {
      heading: heading(text.delay),
      text: text.delayText(days[0]?.day ?? '', `${until} (${provider.timeZone})`),
      height: DELAY_HEIGHT,
      draw: (frame) => drawDelays({ ...chart, days, excluded, nowMs, limits, words, notYet: text.notYet }, frame),
      legend: delayLegend(chart, excluded, setting),
      table: dayTable(heading(text.delay), chart.buckets, setting),
    },
    setting,
  )}${figure(
    {
      heading: heading(text.distribution),
      text: [...shares, text.distributionText].join(language === 'zh' ? '；' : '. '),
      height: DISTRIBUTION_HEIGHT,
      draw: (frame) => drawDistribution({ steps: chart.distribution, limits, words }, frame),
      legend: [['band', text.band]],
      table: shareTable(heading(text.distribution), chart, setting),
    },
    setting,
  )}`;
}

/** Each mark that the drawing has, with what it means. */
function delayLegend(
  { buckets, gaps }: DelayChart,
  excluded: readonly MsRange[],
  { page: { chart: text }, words }: Setting,
): readonly LegendEntry[] {
  const some = (holds: (bucket: DelayBucket) => boolean): boolean => buckets.some(holds);
  const entries: readonly (readonly [boolean, LegendEntry])[] = [
    [true, ['range', text.range]],
    [true, ['median', text.median]],
    [some(({ delays }) => delays !== null && delays.highest.hi > delays.highest.lo), ['open-range', text.uncertain]],
    [some(({ exceeded }) => exceeded > 0), ['diamond', text.exceeded]],
    [
      some(({ exceeded, mayHaveExceeded }) => exceeded === 0 && mayHaveExceeded > 0),
      ['open-diamond', text.mayHaveExceeded],
    ],
    [some(({ lost }) => lost > 0), ['cross', words.outcome.lost]],
    [some(({ pending }) => pending > 0), ['square', words.outcome.pending]],
    [some(({ failed }) => failed > 0), ['plus', words.outcome.failed]],
    [gaps.length > 0, ['gap', text.gap]],
    [excluded.length > 0, ['excluded', text.excluded]],
  ];
  return entries.flatMap(([shown, entry]) => (shown ? [entry] : []));
}

function dayTable(caption: string, buckets: readonly DelayBucket[], { words, page: { chart: text } }: Setting): Markup {
  const { outcome } = words;
  const rows = [...Map.groupBy(buckets, ({ day }) => day)].map(([day, parts]) => {
    const sum = (of: (bucket: DelayBucket) => number): number => parts.reduce((total, part) => total + of(part), 0);
    const known = parts.flatMap(({ delays }) => (delays === null ? [] : [delays]));
    const most = (of: (delays: (typeof known)[number]) => number): number => Math.max(...known.map(of));
    const [lo, hi] = [most(({ highest }) => highest.lo), most(({ highest }) => highest.hi)];
    const lowest = Math.min(...known.map((delays) => delays.lowest));
    const told = known.length > 0;
    return [
      day,
      sum(({ count }) => count),
      told ? seconds({ lo: lowest, hi: lowest }) : null,
      told ? seconds({ lo, hi: Number.isFinite(hi) ? hi : null }) : null,
      sum(({ exceeded }) => exceeded),
      sum(({ mayHaveExceeded }) => mayHaveExceeded),
      sum(({ lost }) => lost),
      sum(({ pending }) => pending),
      sum(({ failed }) => failed),
    ];
  });
  const heads = [
    ...[text.day, text.accepted, text.lowest, text.highest, text.exceeded, text.mayHaveExceeded],
    ...[outcome.lost, outcome.pending, outcome.failed],
  ];
  return table(caption, heads, rows);
}

/** As many as one reads. */
const SHARES_SHOWN = 12;

function shareTable(caption: string, { distribution }: DelayChart, { page: { chart: text } }: Setting): Markup {
  const every = Math.max(1, Math.ceil(distribution.length / SHARES_SHOWN));
  const shown = distribution.filter((_, index) => index % every === 0 || index === distribution.length - 1);
  return table(
    caption,
    [text.time, text.share],
    shown.map(({ seconds: most, share }) => [seconds({ lo: most, hi: most }), percents(share)]),
  );
}

function shareWithin({ distribution }: DelayChart, limit: number, { words, page }: Setting): string | null {
  const step = distribution.find((each) => each.seconds === limit);
  return step === undefined ? null : page.chart.within(percents(step.share), limitText(limit, words.units));
}

function calendarFigure(days: readonly Day[], { provider, charts, nowMs }: ChartInput, setting: Setting): Markup {
  const { page } = setting;
  const { chart: text } = page;
  const measured = provider.clauses.filter(isMeasuredClause);
  const outages = measured.flatMap((clause) => (clause.kind === 'delay' ? [] : clause.outages));
  const breaches = measured.flatMap((clause) => (clause.kind === 'delay' ? clause.breaches.map(breachMark) : []));
  const excluded = spansOf(measured.flatMap((clause) => clause.excluded.entries));
  const gaps = charts.delays.flatMap((chart) => chart.gaps);
  const proven = outages.flatMap((outage) => (outage.certainty === 'proven' ? [surely(outage)] : []));
  const possible = outages.map((outage) => possibly(outage, nowMs));
  const shown: readonly (readonly [boolean, LegendEntry])[] = [
    [proven.length > 0, ['outage-proven', text.outageProven]],
    [possible.length > 0, ['outage-possible', text.outagePossible]],
    [breaches.some((breach) => breach.proven), ['diamond', text.exceeded]],
    [breaches.some((breach) => !breach.proven), ['open-diamond', text.mayHaveExceeded]],
    [excluded.length > 0, ['excluded', text.excluded]],
    [gaps.length > 0, ['gap', text.gap]],
  ];
  if (shown.every(([is]) => !is)) return notice(text.calendar, text.calendarEmpty);
  const height = calendarHeight(days.length);
  return figure(
    {
      heading: text.calendar,
      text: `${text.calendarText} ${page.zone(provider.timeZone)}`,
      height: { wide: height, narrow: height },
      draw: (frame) =>
        drawCalendar({ days, possible, proven, excluded, gaps, breaches, nowMs, weekdays: page.weekdays }, frame),
      legend: shown.flatMap(([is, entry]) => (is ? [entry] : [])),
      table: null,
    },
    setting,
  );
}

/** In place of a chart that would be empty. */
function notice(heading: string, text: string): Markup {
  return html`<figure><figcaption><h4>${heading}</h4><p>${text}</p></figcaption></figure>`;
}

function breachMark({ acceptedAt, certainty }: BreachEvidence) {
  return { atMs: Date.parse(acceptedAt), proven: certainty === 'proven' };
}

function surely({ beganBy, endedAfter }: OutageReport): MsRange {
  return { fromMs: Date.parse(beganBy), toMs: Date.parse(endedAfter) };
}

function possibly({ beganAfter, beganBy, endedBy }: OutageReport, nowMs: number): MsRange {
  return { fromMs: Date.parse(beganAfter ?? beganBy), toMs: endedBy === null ? nowMs : Date.parse(endedBy) };
}

function spansOf(entries: readonly { readonly from: string; readonly to: string }[]): readonly MsRange[] {
  return entries.map(({ from, to }) => ({ fromMs: Date.parse(from), toMs: Date.parse(to) }));
}
