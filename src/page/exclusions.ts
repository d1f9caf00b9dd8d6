/** Enters an exclusion or takes one back, or shows what that would change. */
import { keepToken, postJson, type TokenKeeper } from './api.ts';
import type { ExclusionState } from './state.ts';
import { type Store, withEntry } from './store.ts';
import { wordsOf } from './words.ts';

/** What the form says, as the interface takes it. `path` is null for all. */
export interface ExclusionOrder {
  readonly provider: string;
  readonly path: string | null;
  readonly kind: string;
  /** `2026-11-03T02:00`, by the clocks of the contract. */
  readonly from: string;
  readonly to: string;
  readonly by: string;
  readonly evidence: string;
  readonly note: string;
}
export interface RetractionOrder {
  readonly provider: string;
  /** The exclusion's. */
  readonly id: string;
  readonly by: string;
  readonly note: string;
}
export type Purpose = 'preview' | 'enter';

export interface Exclusions<Order> {
  readonly order: (order: Order, purpose: Purpose) => void;
  readonly give: (provider: string, token: string) => void;
}

const ALL = '/api/v1/exclusions';

export function startExclusions(store: Store, keeper: TokenKeeper): Exclusions<ExclusionOrder> {
  const { ask, give } = startForm('exclusions', store, keeper);
  return {
    order: (body, purpose) =>
      ask({ provider: body.provider, path: purpose === 'preview' ? `${ALL}/preview` : ALL, body, purpose }),
    give,
  };
}

export function startRetractions(store: Store, keeper: TokenKeeper): Exclusions<RetractionOrder> {
  const { ask, give } = startForm('retractions', store, keeper);
  return {
    order({ provider, id, by, note }, purpose) {
      const path = `${ALL}/${encodeURIComponent(id)}/retract`;
      if (purpose === 'preview') ask({ provider, path: `${path}/preview`, body: {}, purpose });
      else ask({ provider, path, body: { by, note }, purpose });
    },
    give,
  };
}

interface Wish {
  readonly provider: string;
  readonly path: string;
  readonly body: unknown;
  readonly purpose: Purpose;
}

/** Asks the agent, for the token first where it is needed, and keeps in the state how that goes. */
function startForm(form: 'exclusions' | 'retractions', store: Store, keeper: TokenKeeper) {
  /** By provider, what was asked for last. */
  const wishes = new Map<string, Wish>();
  const put = (provider: string, next: ExclusionState): void =>
    store.change((state) => ({ ...state, [form]: withEntry(state[form], provider, next) }));
  const words = () => wordsOf(store.state().language);

  const send = async (wish: Wish): Promise<void> => {
    const { provider, path, body, purpose } = wish;
    wishes.set(provider, wish);
    if (store.state().status.acting === 'token' && keeper.token === null) {
      put(provider, { phase: 'token', preview: null, message: null });
      return;
    }
    put(provider, { phase: 'working', preview: null, message: null });
    const answer = await postJson<NonNullable<ExclusionState['preview']>>(path, body, keeper.token);
    switch (answer.kind) {
      case 'ok':
        return purpose === 'preview'
          ? put(provider, { phase: 'preview', preview: answer.value, message: null })
          : put(provider, { phase: 'saved', preview: null, message: null });
      case 'token': {
        const message = keeper.token === null ? null : words().token.wrong;
        keeper.token = null;
        return put(provider, { phase: 'token', preview: null, message });
      }
      case 'refused':
        return put(provider, { phase: 'refused', preview: null, message: answer.why });
      case 'unreachable':
        return put(provider, { phase: 'refused', preview: null, message: words().spot.unreachable });
    }
  };

  return {
    ask: (wish: Wish): void => void send(wish),
    give: (provider: string, token: string): void => {
      const wish = wishes.get(provider);
      if (wish === undefined) return;
      if (keepToken(keeper, token)) void send(wish);
      else put(provider, { phase: 'token', preview: null, message: words().token.wrong });
    },
  };
}
