/** The page of one probe in the browser: follows it while something may still happen to it. */
import type { ProbeLife } from '../domain/probe-life.ts';
import type { ProbeView } from '../domain/probe-view.ts';
import { getJson } from './api.ts';
import { DATA_ID, ROOT_ID } from './data.ts';
import { update } from './dom.ts';
import { element } from './tree.ts';
import { type LifeState, lifeTitle, lifeView } from './view-life.ts';

/** Seconds that each look waits for its end. */
const WAIT_SECONDS = 10;
/** Milliseconds. */
const PATIENCE = 18_000;
/** Milliseconds before the next look: `wait` answers at once where a probe has ended. */
const LOOK_EVERY = 2000;

async function keepTrue(root: HTMLElement, first: LifeState): Promise<void> {
  let state = first;
  let heardMs = Date.now();
  const show = (next: LifeState): void => {
    state = next;
    document.title = lifeTitle(state);
    update(root, element('div', { id: ROOT_ID }, lifeView(state)));
  };
  while (state.view.outcome === 'pending') {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    const { id } = state.view;
    const view = await getJson<ProbeView>(`/api/v1/probes/${id}?wait=${WAIT_SECONDS}`, PATIENCE);
    const life = await getJson<ProbeLife>(`/api/v1/probes/${id}/life`, PATIENCE);
    if (view.kind === 'ok' && life.kind === 'ok') {
      heardMs = Date.now();
      show({ ...first, view: view.value, life: life.value });
    } else show({ ...state, unansweredSinceMs: heardMs });
  }
}

const root = document.getElementById(ROOT_ID);
const data = document.getElementById(DATA_ID)?.textContent;
if (root !== null && data !== undefined) void keepTrue(root, JSON.parse(data) as LifeState);
