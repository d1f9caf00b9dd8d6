/** Enters an exclusion, or shows what it would change. */
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
type Purpose = 'preview' | 'enter';

export interface Exclusions {
  readonly order: (order: ExclusionOrder, purpose: Purpose) => void;
  readonly give: (provider: string, token: string) => void;
}

export function startExclusions(store: Store, keeper: TokenKeeper): Exclusions {
  const waiting = new Map<string, { readonly order: ExclusionOrder; readonly purpose: Purpose }>();
  const put = (provider: string, next: ExclusionState): void =>
    store.change((state) => ({ ...state, exclusions: withEntry(state.exclusions, provider, next) }));
  const words = () => wordsOf(store.state().language);

  const send = async (order: ExclusionOrder, purpose: Purpose): Promise<void> => {
    const { provider } = order;
    waiting.set(provider, { order, purpose });
    if (store.state().status.acting === 'token' && keeper.token === null) {
      put(provider, { phase: 'token', preview: null, message: null });
      return;
    }
    put(provider, { phase: 'working', preview: null, message: null });
    const path = purpose === 'preview' ? '/api/v1/exclusions/preview' : '/api/v1/exclusions';
    const answer = await postJson<NonNullable<ExclusionState['preview']>>(path, order, keeper.token);
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
    order: (order, purpose) => void send(order, purpose),
    give(provider, token) {
      const entry = waiting.get(provider);
      if (entry === undefined) return;
      if (keepToken(keeper, token)) void send(entry.order, entry.purpose);
      else put(provider, { phase: 'token', preview: null, message: words().token.wrong });
    },
  };
}
