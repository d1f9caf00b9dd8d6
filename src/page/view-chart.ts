/** The frame of the delay chart: what is chosen, what the pointer is at, and the same as a table. The browser draws into it. */
import type { Path } from '../domain/probe.ts';
import type { DelaySeries, DelaySeriesBucket, ProviderStatus } from '../domain/status-view.ts';
import { type Limits, limitsOf, zoneOf } from './day.ts';
import { dateTime, figureText, limitText, spanText } from './format.ts';
import { type ChartState, type PageState, RANGES } from './state.ts';
import { type Child, element, type TreeElement } from './tree.ts';
import { choice, fromScript, row, table } from './view-parts.ts';
import { probeLink } from './view-probes.ts';
import type { Words } from './words.ts';

/** A table of more rows than this is for the report. */
const ROWS_MAX = 60;

export function chartView(provider: ProviderStatus, state: PageState, words: Words): TreeElement | null {
  const chart = state.charts.get(provider.name);
  if (chart === undefined) return null;
  const { name, paths } = provider;
  const { chart: said } = words;
  const data = (action: string) => ({ 'data-action': action, 'data-provider': name });
  const move = (value: string, sign: string, label: string): TreeElement =>
    element(
      'button',
      { type: 'button', ...data('move'), 'data-value': value, 'aria-label': label, title: label },
      sign,
    );
  return element(
    'section',
    { class: 'card chart' },
    element('h3', {}, said.title),
    element(
      'div',
      { class: 'chart-controls' },
      choice(
        said.path,
        data('path'),
        paths.map((path) => ({ value: path, text: words.path[path], chosen: path === chart.path })),
      ),
      choice(
        said.range,
        data('range'),
        RANGES.map((range) => ({
          value: range,
          text: words.range[range],
          chosen: chart.zoom === null && range === chart.range,
        })),
      ),
      element(
        'div',
        { class: 'choice', role: 'group', 'aria-label': `${said.closer}, ${said.wider}` },
        move('earlier', '‹', said.earlier),
        move('later', '›', said.later),
        move('closer', '+', said.closer),
        move('wider', '−', said.wider),
      ),
    ),
    element('div', {
      class: 'plot',
      'data-foreign': true,
      'data-provider': name,
      tabindex: 0,
      role: 'application',
      'aria-roledescription': said.title,
      'aria-label': plotLabel(provider, chart, words),
    }),
    element('div', { class: 'readout', 'aria-live': 'polite' }, readout(provider, chart, state, words)),
    legend(words, limitsOf(provider, chart.path)),
    element('p', { class: 'note' }, said.help),
    asTable(provider, chart, words),
  );
}

function plotLabel(provider: ProviderStatus, { path, series }: ChartState, words: Words): string {
  const title = `${words.chart.title}: ${provider.name}, ${words.path[path]}`;
  if (series === null) return title;
  const count = series.buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  const longest = series.buckets.reduce((most, { highest }) => Math.max(most, highest?.lo ?? 0), 0);
  return `${title}. ${words.chart.told(count, spanText(longest, words.units))}`;
}

function readout(provider: ProviderStatus, chart: ChartState, { language }: PageState, words: Words): Child {
  const { series, problem, cursor } = chart;
  if (problem !== null) return element('p', { class: 'problem' }, words.chart.failedToLoad(problem));
  if (series === null) return element('p', { class: 'soft' }, fromScript(words.chart.loading, words.chart.noScript));
  if (series.buckets.length === 0) return element('p', { class: 'soft' }, words.chart.empty);
  const bucket = cursor === null ? undefined : series.buckets[cursor];
  if (bucket === undefined) return element('p', { class: 'soft' }, '\u00a0');
  return element(
    'p',
    {},
    element('span', {}, stretchText(bucket, zoneOf(provider))),
    ' · ',
    bucketText(bucket, words),
    ' ',
    element('a', { href: probeLink(bucket.probe, language) }, words.chart.open),
  );
}

function isSingle({ count, unmeasured }: DelaySeriesBucket): boolean {
  return count + unmeasured === 1;
}

function stretchText(bucket: DelaySeriesBucket, timeZone: string): string {
  const { fromMs, toMs } = bucket;
  const from = dateTime(fromMs, timeZone);
  return isSingle(bucket) || toMs - fromMs < 1000 ? from : `${from} – ${dateTime(toMs, timeZone).slice(11)}`;
}

/** `4.13–4.17 s`, or `12 messages, median 4 s, longest 9–9.2 s, failed 1`. */
export function bucketText(bucket: DelaySeriesBucket, { chart, units, pledge }: Words): string {
  const { count, median, highest } = bucket;
  const troubles = troubleText(bucket, chart);
  const longest = highest === null ? pledge.noFigure : figureText(highest, units);
  if (isSingle(bucket))
    return [highest === null ? null : longest, troubles].filter((text) => text !== null && text !== '').join(', ');
  const parts = [
    chart.many(count),
    median === null ? null : `${chart.median} ${spanText(median, units)}`,
    highest === null ? null : chart.longestOf(longest),
    troubles,
  ];
  return parts.filter((text) => text !== null && text !== '').join(', ');
}

function troubleText(bucket: DelaySeriesBucket, chart: Words['chart']): string {
  const { exceeded, failed, lost, pending, unmeasured } = bucket;
  const told: readonly (readonly [string, number])[] = [
    [chart.exceeded, exceeded],
    [chart.failed, failed],
    [chart.lost, lost],
    [chart.pending, pending],
    [chart.gap, unmeasured],
  ];
  return told
    .filter(([, number]) => number > 0)
    .map(([text, number]) => (isSingle(bucket) ? text : `${text} ${number}`))
    .join(', ');
}

/** Of each series the table that was made last. */
const TABLES = new WeakMap<DelaySeries, { readonly words: Words; readonly tree: TreeElement }>();

function asTable(provider: ProviderStatus, { series, path }: ChartState, words: Words): TreeElement | null {
  if (series === null || series.buckets.length === 0) return null;
  const made = TABLES.get(series);
  if (made?.words === words) return made.tree;
  const tree = makeTable(provider, series, path, words);
  TABLES.set(series, { words, tree });
  return tree;
}

function makeTable(provider: ProviderStatus, series: DelaySeries, path: Path, words: Words): TreeElement {
  const { chart } = words;
  const timeZone = zoneOf(provider);
  const shown = series.buckets.slice(-ROWS_MAX).toReversed();
  const rows = shown.map((bucket) =>
    row({ 'data-key': String(bucket.fromMs) }, [
      stretchText(bucket, timeZone),
      bucket.count,
      bucket.median === null ? words.pledge.noFigure : spanText(bucket.median, words.units),
      bucket.highest === null ? words.pledge.noFigure : figureText(bucket.highest, words.units),
      troubleText(bucket, chart),
    ]),
  );
  const heads = [chart.time, chart.messages, chart.median, chart.longest, chart.trouble];
  return element(
    'details',
    {},
    element('summary', {}, chart.table),
    table(`${chart.title}: ${words.path[path]}`, heads, rows),
  );
}

/** The shapes that the chart draws, and what they mean. */
function legend({ chart, units }: Words, limits: Limits | null): TreeElement {
  const item = (kind: string, picture: readonly TreeElement[], text: string): TreeElement =>
    element(
      'li',
      {},
      element('svg', { class: `key ${kind}`, width: 18, height: 14, 'aria-hidden': 'true' }, picture),
      text,
    );
  return element(
    'ul',
    { class: 'legend' },
    item(
      'key-median',
      [element('path', { d: 'M9 1v12' }), element('circle', { cx: 9, cy: 7, r: 2.6 })],
      `${chart.median}, ${chart.span}`,
    ),
    item('key-unsure', [element('path', { d: 'M9 1v12' })], chart.uncertain),
    limits !== null && item('key-exceeded', [element('path', { d: 'M9 2l5 5l-5 5l-5 -5z' })], chart.exceeded),
    item('key-failed', [element('path', { d: 'M5 3l8 8m0 -8l-8 8' })], `${chart.failed}, ${chart.lost}`),
    item('key-pending', [element('circle', { cx: 9, cy: 7, r: 4 })], chart.pending),
    limits !== null &&
      item('key-limit', [element('path', { d: 'M0 7h18' })], chart.limitAverage(limitText(limits.average, units))),
    limits !== null &&
      item('key-limit', [element('path', { d: 'M0 7h18' })], chart.limitMaximum(limitText(limits.maximum, units))),
    item('key-excluded', [element('rect', { width: 18, height: 14 })], chart.excluded),
    item('key-gap', [element('rect', { width: 18, height: 14 })], chart.gap),
  );
}
