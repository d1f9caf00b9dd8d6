/** What is done from the page: with which token, and what it says where that cannot be one. */
import { afterEach, expect, it, vi } from 'vitest';
import type { TokenKeeper } from '../../src/page/api.ts';
import { startExclusions, startRetractions } from '../../src/page/exclusions.ts';
import { startSpots } from '../../src/page/spot.ts';
import { firstState } from '../../src/page/state.ts';
import type { Store } from '../../src/page/store.ts';
import { EN } from '../../src/page/words-en.ts';
import { healthy } from '../e2e/sample-status.ts';

afterEach(() => vi.unstubAllGlobals());

function page() {
  let state = firstState({ ...healthy(), acting: 'token' }, 'en');
  const store: Store = {
    state: () => state,
    change(next) {
      state = next(state);
    },
  };
  // A browser's own, which refuses what cannot stand in a header.
  const ask = vi.fn<typeof fetch>(async (_path, init) => {
    void new Headers(init?.headers);
    return Response.json({ error: 'no such token' }, { status: 401 });
  });
  vi.stubGlobal('fetch', ask);
  const keeper: TokenKeeper = { token: null };
  return { store, ask, keeper };
}

const order = {
  ...{ provider: 'acme', path: null, kind: 'carrier', by: 'a', evidence: 'b', note: '' },
  ...{ from: '2026-11-03T02:00', to: '2026-11-03T03:00' },
};

it.each(['“secret”', 'a b', 'é', ''])('does not keep %s as a token, and asks for another', async (token) => {
  const { store, ask, keeper } = page();
  const spots = startSpots(store, keeper);
  const exclusions = startExclusions(store, keeper);
  const retractions = startRetractions(store, keeper);
  spots.start('acme', 'send');
  exclusions.order(order, 'enter');
  retractions.order({ provider: 'acme', id: 'a'.repeat(16), by: 'a', note: 'b' }, 'preview');
  spots.give('acme', token);
  exclusions.give('acme', token);
  retractions.give('acme', token);
  const wrong = { phase: 'token', message: EN.token.wrong };
  expect(store.state().spots.get('acme')).toMatchObject(wrong);
  expect(store.state().exclusions.get('acme')).toMatchObject(wrong);
  expect(store.state().retractions.get('acme')).toMatchObject(wrong);
  expect(keeper.token).toBeNull();
  expect(ask).not.toHaveBeenCalled();
  spots.give('acme', 'secret');
  expect(new Headers(ask.mock.calls[0]?.[1]?.headers).get('authorization')).toBe('Bearer secret');
  await vi.waitFor(() => expect(store.state().spots.get('acme')).toMatchObject(wrong));
});
