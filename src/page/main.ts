/** The status page in the browser: takes over what the server wrote and keeps it true. */
import type { Path } from '../domain/probe.ts';
import type { StatusView } from '../domain/status-view.ts';
import type { TokenKeeper } from './api.ts';
import { startCharts } from './charts.ts';
import { DATA_ID, ROOT_ID } from './data.ts';
import { update } from './dom.ts';
import { type Purpose, startExclusions, startRetractions } from './exclusions.ts';
import type { Language } from './format.ts';
import { follow } from './live.ts';
import { startSpots } from './spot.ts';
import { firstState, newChart, type PageState } from './state.ts';
import { type Store, withEntry } from './store.ts';
import { element } from './tree.ts';
import { pageView, titleOf } from './view-page.ts';

/** Milliseconds between the seconds of an age. */
const TICK = 1000;

function start(root: HTMLElement, first: { readonly language: Language; readonly status: StatusView }): void {
  let state = firstState(first.status, first.language);
  /** The agent's clock less this page's own, which no one sets. */
  let ahead = state.nowMs - performance.now();
  let waiting = false;

  const show = (): void => {
    waiting = false;
    document.title = titleOf(state);
    update(root, element('div', { id: ROOT_ID }, pageView(state)));
    charts.draw();
  };
  const store: Store = {
    state: () => state,
    change(next) {
      state = next(state);
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(show);
    },
  };
  const now = (): number => performance.now() + ahead;
  const keeper: TokenKeeper = { token: null };
  const charts = startCharts(store);
  const spots = startSpots(store, keeper);
  const exclusions = startExclusions(store, keeper);
  const retractions = startRetractions(store, keeper);

  const look = follow({
    status(status) {
      ahead = Date.parse(status.at) - performance.now();
      store.change((last) => withCharts({ ...last, status, nowMs: now() }));
    },
    probe: spots.news,
    link: (link, heard) =>
      store.change((last) => ({ ...last, link, nowMs: now(), heardMs: heard ? now() : last.heardMs })),
  });
  setInterval(() => store.change((last) => ({ ...last, nowMs: now() })), TICK);
  document.addEventListener('visibilitychange', look);

  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>('button[data-action]') : null;
    if (button === null) return;
    const { action = '', provider = '', value = '' } = button.dataset;
    charts.act(action, provider, value);
  });
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.dataset['action'] === undefined) return;
    event.preventDefault();
    const provider = form.dataset['provider'] ?? '';
    const told = new FormData(form);
    const field = (name: string): string => {
      const value = told.get(name);
      return typeof value === 'string' ? value : '';
    };
    const isEnter = event.submitter instanceof HTMLButtonElement && event.submitter.value === 'enter';
    const purpose: Purpose = isEnter ? 'enter' : 'preview';
    switch (form.dataset['action']) {
      case 'spot':
        return spots.start(provider, field('path') as Path);
      case 'spot-token':
        return spots.give(provider, field('token'));
      case 'exclusion-token':
        return exclusions.give(provider, field('token'));
      case 'exclusion': {
        const [kind, from, to] = [field('kind'), field('from'), field('to')];
        const [by, evidence, note] = [field('by'), field('evidence'), field('note')];
        const path = field('path') === '' ? null : field('path');
        return exclusions.order({ provider, path, kind, from, to, by, evidence, note }, purpose);
      }
      case 'retraction-token':
        return retractions.give(provider, field('token'));
      case 'retraction':
        return retractions.order({ provider, id: field('id'), by: field('by'), note: field('note') }, purpose);
    }
  });
}

/** A provider that the agent did not have before, after a restart with other settings. */
function withCharts(state: PageState): PageState {
  let { charts } = state;
  for (const { name, paths } of state.status.providers)
    if (!charts.has(name) && paths[0] !== undefined) charts = withEntry(charts, name, newChart(paths[0]));
  return { ...state, charts };
}

const root = document.getElementById(ROOT_ID);
const data = document.getElementById(DATA_ID)?.textContent;
if (root !== null && data !== undefined)
  start(root, JSON.parse(data) as { readonly language: Language; readonly status: StatusView });
