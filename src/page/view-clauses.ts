/** Clause by clause: what was promised, what was measured, what is left. */
import type { ClauseStatus, RunningMonth } from '../domain/status-view.ts';
import { exactPercent, type Language } from './format.ts';
import { clauseName, measuredClauses } from './headline.ts';
import { figureOf, type Pledge, pledgesOf } from './pledges.ts';
import { element, type TreeElement } from './tree.ts';
import { gauge } from './view-gauge.ts';
import { badge, classOf } from './view-parts.ts';
import type { Words } from './words.ts';

export function clausesView({ clauses }: RunningMonth, words: Words, language: Language): TreeElement {
  const attested = clauses.filter(({ terms }) => terms.kind === 'attested');
  return element(
    'div',
    {},
    element(
      'ul',
      { class: 'clauses' },
      measuredClauses(clauses).map((clause) => clauseCard(clause, words, language)),
    ),
    element(
      'ul',
      { class: 'legend' },
      legendItem('sure', words.legend.sure),
      legendItem('unsure', words.legend.unsure),
      legendItem('limit-line', words.legend.limit),
    ),
    attested.length > 0 &&
      element(
        'p',
        { class: 'attested' },
        element('strong', {}, words.pledge.attested),
        ' ',
        attested.map((clause) => clauseName(clause, language)).join(' · '),
      ),
  );
}

function clauseCard(clause: ClauseStatus, words: Words, language: Language): TreeElement {
  const { terms, verdict } = clause;
  const coverage = figureOf(clause, 'coverage');
  return element(
    'li',
    { class: verdict === null ? 'clause card' : `clause card ${classOf(verdict)}-edge` },
    element(
      'h4',
      {},
      element('span', { class: 'clause-id' }, terms.id),
      ' ',
      element('span', { class: 'clause-title' }, terms.title[language]),
      ' ',
      verdict === null ? null : badge(verdict, words.verdict[verdict]),
    ),
    element(
      'ul',
      { class: 'pledges' },
      pledgesOf(clause, words).map((pledge) => pledgeItem(pledge, words)),
    ),
    element(
      'p',
      { class: 'note' },
      coverage !== null && words.pledge.coverage(exactPercent(Math.floor(coverage.lo * 1000) / 1000)),
    ),
    verdict === 'BREACH' && terms.remedy !== null
      ? element('p', { class: 'owed' }, words.pledge.owed(terms.remedy[language].replace(/[.。]\s*$/, '')))
      : null,
  );
}

function pledgeItem(pledge: Pledge, words: Words): TreeElement {
  const { name, found, promised, left, verdict } = pledge;
  return element(
    'li',
    { class: `pledge ${verdict === null ? 'plain' : classOf(verdict)}-text` },
    element(
      'p',
      { class: 'pledge-line' },
      element('span', { class: 'pledge-name' }, name),
      ' ',
      element('b', { class: 'found' }, found),
    ),
    gauge(pledge, words),
    element(
      'p',
      { class: 'pledge-line term' },
      element('span', {}, promised),
      left === null ? null : [' ', element('span', {}, left)],
    ),
  );
}

function legendItem(kind: string, text: string): TreeElement {
  const mark =
    kind === 'limit-line'
      ? element('line', { class: 'limit-line', x1: 9, x2: 9, y1: 0, y2: 14 })
      : element('rect', { class: kind, x: 0, y: 2, width: 18, height: 10, rx: 2 });
  const picture = element('svg', { class: 'gauge plain', width: 18, height: 14, 'aria-hidden': 'true' }, mark);
  return element('li', {}, picture, text);
}
