/** The status page, as a function of its state. */
import { zoneOf } from './day.ts';
import { ageText, clockText, dateTime } from './format.ts';
import { headlineOf } from './headline.ts';
import type { PageState } from './state.ts';
import { element, type TreeElement } from './tree.ts';
import { hatching } from './view-gauge.ts';
import { sign } from './view-parts.ts';
import { probesView } from './view-probes.ts';
import { providerView } from './view-provider.ts';
import { type Words, wordsOf } from './words.ts';

export function pageView(state: PageState): TreeElement {
  const words = wordsOf(state.language);
  const { providers, version, problems } = state.status;
  const zones = [...new Set(providers.map(zoneOf))];
  return element(
    'div',
    { class: state.link === 'stale' ? 'page stale' : 'page' },
    hatching(),
    element('a', { class: 'skip', href: '#content' }, words.skip),
    pageHead(words, linkView(state, words), `/?lang=${otherLanguage(state)}`),
    element(
      'main',
      { id: 'content', tabindex: -1 },
      state.link === 'stale' && staleBanner(state, words),
      element('noscript', {}, element('p', { class: 'strip' }, words.noScript)),
      agentTrouble(problems, words),
      providers.map((provider, index) => providerView(provider, state, index, words)),
      probesView(state, words),
    ),
    element(
      'footer',
      {},
      element('p', {}, words.zone(zones.join(', '))),
      element('p', {}, words.version(version), ' · ', element('a', { href: '/metrics' }, words.metrics)),
    ),
  );
}

export function pageHead(words: Words, state: TreeElement | null, languageLink: string): TreeElement {
  const mark = element(
    'svg',
    { class: 'mark', viewBox: '0 0 24 24', width: 26, height: 26, 'aria-hidden': 'true' },
    element('path', { d: 'M2.5 5.5h19v13h-19z' }),
    element('path', { d: 'M2.5 6l9.5 7 9.5-7' }),
  );
  return element(
    'header',
    { class: 'page-head' },
    element(
      'a',
      { class: 'brand', href: `/?lang=${words.lang.slice(0, 2)}` },
      mark,
      element('span', {}, 'mailflow-probe'),
    ),
    element('h1', {}, words.about),
    state,
    element(
      'a',
      {
        class: 'language',
        href: languageLink,
        hreflang: words.lang === 'en' ? 'zh-Hans' : 'en',
        lang: words.lang === 'en' ? 'zh-Hans' : 'en',
      },
      words.otherLanguage,
    ),
  );
}

export function otherLanguage({ language }: Pick<PageState, 'language'>): string {
  return language === 'en' ? 'zh' : 'en';
}

/** What stands in the window's title: the worst of all providers, so that a tab tells; none of what may be wrong by now. */
export function titleOf({ status, language, link }: PageState): string {
  if (link === 'stale') return 'mailflow-probe';
  const words = wordsOf(language);
  const verdicts = status.providers.map((provider) => ({
    name: provider.name,
    ...headlineOf(provider, words, language),
  }));
  const broken = verdicts.filter(({ verdict }) => verdict === 'BREACH').map(({ name }) => name);
  if (broken.length > 0) return `✕ ${words.listed(broken)}: ${words.verdict.BREACH} – mailflow-probe`;
  const kept = verdicts.length > 0 && verdicts.every(({ verdict }) => verdict === 'MET');
  return kept ? `✓ ${words.verdict.MET} – mailflow-probe` : 'mailflow-probe';
}

function linkView({ link, nowMs, heardMs, status }: PageState, words: Words): TreeElement {
  const age = ageText((nowMs - heardMs) / 1000, words.units);
  const zone = zoneOf(status.providers[0] ?? { month: null });
  const text = {
    loaded: words.link.loaded(clockText(heardMs, nowMs, zone)),
    live: words.link.live,
    lost: words.link.reconnecting(age),
    stale: words.link.reconnecting(age),
  }[link];
  return element('p', { class: `link ${link}` }, element('span', { class: 'dot', 'aria-hidden': 'true' }), text);
}

/** Said once by a screen reader, so without the age, which stands in the page's head. */
function staleBanner({ heardMs, status }: PageState, words: Words): TreeElement {
  const zone = zoneOf(status.providers[0] ?? { month: null });
  return element(
    'p',
    { class: 'strip alarm', role: 'alert' },
    sign('INCONCLUSIVE'),
    words.link.stale(dateTime(heardMs, zone)),
  );
}

function agentTrouble(problems: PageState['status']['problems'], words: Words): TreeElement | null {
  const told = Object.entries(problems);
  if (told.length === 0) return null;
  return element(
    'div',
    { class: 'strip alarm' },
    sign('INCONCLUSIVE'),
    element(
      'div',
      {},
      element('p', {}, words.agentTrouble),
      element(
        'ul',
        {},
        told.map(([part, problem]) => element('li', {}, words.partTrouble(part, problem))),
      ),
    ),
  );
}
