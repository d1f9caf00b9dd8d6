/** Whose connection it may have been, where two providers share a host and where a sender is rewritten on its way. */
import { expect, it } from 'vitest';
import { emptyTimeline } from '../../src/domain/timeline.ts';
import type { Recorder } from '../../src/engine/recorder.ts';
import { createSinkPeers, type SinkClient } from '../../src/engine/sink-peers.ts';
import { probe } from '../domain/month-case.ts';

const HOST = '203.0.113.7:25001';
const client = (provider: string, sender = `probe@${provider}.example`): SinkClient => ({
  ...{ provider, sender, networks: [] },
});

function peersOf(...clients: readonly SinkClient[]) {
  const state = emptyTimeline();
  for (const { provider } of clients) state.open.set(provider, probe(provider, 0, { provider, path: 'send' }));
  return createSinkPeers(clients, false, { state } as Recorder);
}

it('a host that brought mail of one provider may bring that of another whose networks are not known', () => {
  const peers = peersOf(client('acme'), client('beta'));
  peers.brought(HOST, 'acme');
  expect(peers.suspects(HOST, null)).toEqual(['acme', 'beta']);
});

it.each([
  ['prvs=12345=probe@acme.example', ['acme']],
  ['probe@ACME.example', ['acme']],
  ['probe@other.example', []],
  ['', []],
])('a sender %j that breaks off before its recipient is of %j', (sender, providers) => {
  expect(peersOf(client('acme')).suspects(HOST, { sender, recipients: [] })).toEqual(providers);
});
