/** A spot check from the click to its result. */
import type { Path } from '../domain/probe.ts';
import type { ProbeView } from '../domain/probe-view.ts';
import { getJson, keepToken, postJson, type TokenKeeper } from './api.ts';
import type { SpotState } from './state.ts';
import { type Store, withEntry } from './store.ts';
import { wordsOf } from './words.ts';

/** Seconds each look waits for a result; what happens meanwhile comes as events. */
const WAIT_SECONDS = 2;
/** Milliseconds before it is tried again where the agent did not answer. */
const RETRY_AFTER = 2000;

export interface Spots {
  readonly start: (provider: string, path: Path) => void;
  readonly give: (provider: string, token: string) => void;
  readonly news: (probe: ProbeView) => void;
}

export function startSpots(store: Store, keeper: TokenKeeper): Spots {
  const put = (provider: string, spot: SpotState): void =>
    store.change((state) => ({ ...state, spots: withEntry(state.spots, provider, spot) }));
  const words = () => wordsOf(store.state().language);

  const start = async (provider: string, path: Path): Promise<void> => {
    if (store.state().status.acting === 'token' && keeper.token === null) {
      put(provider, { path, phase: 'token', probe: null, message: null });
      return;
    }
    put(provider, { path, phase: 'starting', probe: null, message: null });
    const answer = await postJson<{ readonly id: string }>('/api/v1/probes', { provider, path }, keeper.token);
    switch (answer.kind) {
      case 'ok':
        return followProbe(provider, path, answer.value.id);
      case 'token': {
        const message = keeper.token === null ? null : words().token.wrong;
        keeper.token = null;
        return put(provider, { path, phase: 'token', probe: null, message });
      }
      case 'refused':
        return put(provider, { path, phase: 'refused', probe: null, message: answer.why });
      case 'unreachable':
        return put(provider, { path, phase: 'refused', probe: null, message: words().spot.unreachable });
    }
  };
  const followProbe = async (provider: string, path: Path, id: string): Promise<void> => {
    let current = id;
    const isStill = (): boolean => {
      const spot = store.state().spots.get(provider);
      return spot?.phase === 'starting' || (spot?.phase === 'running' && spot.probe?.id === current);
    };
    for (let wait = 0; isStill(); wait = WAIT_SECONDS) {
      const answer = await getJson<ProbeView>(`/api/v1/probes/${current}?wait=${wait}`);
      if (!isStill()) return;
      if (answer.kind === 'refused') return put(provider, { path, phase: 'refused', probe: null, message: answer.why });
      if (answer.kind === 'ok') {
        show(provider, path, answer.value);
        current = answer.value.id;
      } else await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER));
    }
  };
  const show = (provider: string, path: Path, probe: ProbeView): void =>
    put(provider, { path, phase: probe.outcome === 'pending' ? 'running' : 'done', probe, message: null });

  return {
    start: (provider, path) => void start(provider, path),
    give(provider, token) {
      const path = store.state().spots.get(provider)?.path;
      if (path === undefined) return;
      if (keepToken(keeper, token)) void start(provider, path);
      else put(provider, { path, phase: 'token', probe: null, message: words().token.wrong });
    },
    news(probe) {
      const spot = store.state().spots.get(probe.provider);
      if (spot?.phase === 'running' && spot.probe?.id === probe.id) show(probe.provider, spot.path, probe);
    },
  };
}
