/** One provider: first whether it keeps its word, this month and today, then why not. */
import type { ProviderStatus } from '../domain/status-view.ts';
import { type Day, type DayPath, dayOf, zoneOf } from './day.ts';
import { clockText } from './format.ts';
import { headlineOf } from './headline.ts';
import type { PageState } from './state.ts';
import { type Child, element, type TreeElement } from './tree.ts';
import { chartView } from './view-chart.ts';
import { clausesView } from './view-clauses.ts';
import { endpointsView } from './view-endpoints.ts';
import { exclusionsView } from './view-exclusions.ts';
import { badge, classOf, fromScript, monthName, sign } from './view-parts.ts';
import { spotView } from './view-spot.ts';
import type { Verdict, Words } from './words.ts';

export function providerView(provider: ProviderStatus, state: PageState, index: number, words: Words): TreeElement {
  const { name, month } = provider;
  const id = `provider-${index}`;
  return element(
    'section',
    { class: 'provider', 'aria-labelledby': id, 'data-key': name },
    element(
      'div',
      { class: 'provider-head' },
      element('h2', { id }, name),
      month === null ? null : element('p', { class: 'soft' }, month.contract[state.language]),
    ),
    element('div', { class: 'looks' }, monthTile(provider, state, words), dayTile(provider, state, words)),
    month?.clauses.some((clause) => clause.verdict !== null) === true && clausesView(month, words, state.language),
    chartView(provider, state, words),
    element(
      'div',
      { class: 'pair' },
      provider.endpoints.length > 0 && endpointsView(provider, state, words),
      spotView(provider, state, words),
    ),
    month === null ? null : exclusionsView(provider, month, state, words),
  );
}

function monthTile(provider: ProviderStatus, { language, status, nowMs }: PageState, words: Words): TreeElement {
  const { verdict, sentences } = headlineOf(provider, words, language, status.problems);
  const { month } = provider;
  return element(
    'div',
    { class: `look ${verdict === null ? 'plain' : classOf(verdict)}` },
    element(
      'h3',
      {},
      month === null ? words.thisMonth : monthName(month.month, words),
      ' ',
      verdict === null ? null : badge(verdict, words.verdict[verdict]),
    ),
    said(sentences),
    month === null
      ? null
      : element(
          'p',
          { class: 'look-more' },
          element(
            'a',
            { href: `/reports/${month.month}?format=html&lang=${language}` },
            words.reportOf(monthName(month.month, words)),
          ),
          month.judgedAt !== null &&
            element('small', {}, ' ', words.judgedAt(clockText(Date.parse(month.judgedAt), nowMs, month.timeZone))),
        ),
  );
}

function dayTile(provider: ProviderStatus, state: PageState, words: Words): TreeElement {
  const day = dayOf(provider, state.status, state.days, words);
  const verdict = dayVerdict(day.state);
  return element(
    'div',
    { class: `look ${verdict === null ? 'plain' : classOf(verdict)}`, 'data-zone': zoneOf(provider) },
    element(
      'h3',
      {},
      words.today,
      ' ',
      verdict === null
        ? null
        : element('span', { class: `badge ${classOf(verdict)}` }, sign(verdict), words.day[day.state]),
    ),
    said(verdict === null ? [stateText(day.state, words)] : day.now),
    element(
      'ul',
      { class: 'day-paths' },
      day.paths.map((each) => dayPath(each, words)),
    ),
  );
}

function stateText(state: Day['state'], { day }: Words): Child {
  return state === 'loading' ? fromScript(day.loading, day.noScript) : day[state];
}

function dayVerdict(state: Day['state']): Verdict | null {
  return state === 'good' ? 'MET' : state === 'trouble' ? 'BREACH' : null;
}

function dayPath({ path, state, summary, troubles, reason }: DayPath, words: Words): TreeElement {
  const verdict = dayVerdict(state);
  return element(
    'li',
    {},
    verdict === null
      ? element('span', { class: 'day-sign' }, words.pledge.noFigure)
      : element('span', { class: `day-sign ${classOf(verdict)}-text` }, sign(verdict)),
    element('b', {}, words.path[path]),
    element(
      'div',
      {},
      troubles.length > 0 && element('b', { class: 'day-trouble' }, words.listed(troubles)),
      element('span', { class: 'day-summary' }, summary),
      reason !== null && element('small', {}, reason),
    ),
  );
}

function said(sentences: readonly Child[]): TreeElement | null {
  if (sentences.length === 0) return null;
  return element(
    'ul',
    { class: 'said' },
    sentences.map((sentence) => element('li', {}, sentence)),
  );
}
