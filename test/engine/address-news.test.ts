/** What the log is told of servers that answer elsewhere. */
import { expect, it } from 'vitest';
import { createAddressesSeen } from '../../src/domain/addresses-seen.ts';
import type { LedgerEvent } from '../../src/domain/event.ts';
import { emptyTimeline, foldEvent } from '../../src/domain/timeline.ts';
import { addressNews } from '../../src/engine/address-news.ts';
import { handedOver, planned } from '../domain/events.ts';
import { silentLog } from '../fakes/fake-provider.ts';

it('is told of an address once, with those before, and of no port', () => {
  const state = emptyTimeline();
  const told: unknown[] = [];
  const listener = addressNews({ ...silentLog, info: (...line) => void told.push(line) });
  const peers = ['192.0.2.7:587', '192.0.2.7:588', '192.0.2.8:587', '[2001:db8::7]:587', '192.0.2.7:587'];
  for (const [index, peer] of peers.entries()) {
    const id = `probe-${index}`;
    const over = handedOver(id, index * 60 + 2);
    if (over.type !== 'probe.handed-over') throw new Error('it is the handover');
    const events: LedgerEvent[] = [planned(id, index * 60), { ...over, handover: { ...over.handover, peer } }];
    for (const event of events) listener([{ seq: 1, hash: '', event }], foldEvent(state, event).changed);
  }
  const fields = { provider: 'acme', endpoint: 'submission' };
  expect(told).toEqual([
    ['a server answers at another address', { ...fields, before: ['192.0.2.7'], now: '192.0.2.8' }],
    ['a server answers at another address', { ...fields, before: ['192.0.2.7', '192.0.2.8'], now: '[2001:db8::7]' }],
  ]);
});

it('shows the last eight, and forgets the oldest of too many', () => {
  const see = createAddressesSeen();
  const addresses = Array.from({ length: 65 }, (_, index) => `192.0.2.${index}`);
  const before = addresses.map(see);
  expect(before.slice(0, 2)).toEqual([null, ['192.0.2.0']]);
  expect(before.at(-1)).toEqual(addresses.slice(56, 64));
  expect([see('192.0.2.1'), see('192.0.2.0')]).toEqual([null, addresses.slice(57, 65)]);
});
