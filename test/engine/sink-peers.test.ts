/** What is remembered of the hosts that came to the sink. */
import { expect, it } from 'vitest';
import { createSinkPeers } from '../../src/engine/sink-peers.ts';
import { MemoryLedger } from '../fakes/memory-ledger.ts';
import { startRecorder } from '../fakes/recorder.ts';

const ACME = { provider: 'acme', sender: 'probe@acme.example', networks: ['192.0.2.0/24'] };
const peers = async (clients = [ACME]) =>
  createSinkPeers(clients, false, (await startRecorder(new MemoryLedger())).recorder);

it('tells once that a probe came from elsewhere than the networks say', async () => {
  const told = await peers();
  expect(told.brought('192.0.2.1:1', 'acme')).toBe(false);
  expect(told.brought('203.0.113.7:1', 'acme')).toBe(true);
  expect(told.brought('203.0.113.8:1', 'acme')).toBe(false);
});

it('does not where no networks are known, or where it is another provider’s', async () => {
  const told = await peers([{ ...ACME, networks: [] }]);
  expect(told.brought('203.0.113.7:1', 'acme')).toBe(false);
  expect(told.brought('203.0.113.7:1', 'nobody')).toBe(false);
});

it('remembers the hosts that it met last, a thousand of them', async () => {
  const told = await peers();
  const host = (number: number) => `203.0.${Math.floor(number / 256)}.${number % 256}:1`;
  for (let number = 0; number < 1000; number += 1) told.brought(host(number), 'acme');
  told.brought(host(0), 'acme');
  told.brought(host(1000), 'acme');
  expect([0, 1, 2, 1000].map((number) => told.mayBeFrom(host(number), 'acme'))).toEqual([true, false, true, true]);
});
