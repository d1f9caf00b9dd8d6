/** Who gets a place, whatever comes and goes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Admission } from '../../../src/adapters/smtp-sink/admission.ts';
import { CLIENTS_PER_SOURCE_MAX, PROVIDERS_MAX, STRANGERS_MAX } from '../../../src/adapters/smtp-sink/limits.ts';
import { isInNetworks } from '../../../src/domain/network.ts';

const admission = () => new Admission((address) => isInNetworks(address, ['192.0.2.0/24']));
const enterAll = (to: Admission, addresses: readonly string[]) =>
  addresses.map((address, index) => to.enter(`${address} ${index}`, address));
const same = (address: string, count: number) => Array.from({ length: count }, () => address);
const distinct = (count: number) =>
  Array.from({ length: count }, (_, index) => `198.51.${Math.floor(index / 250)}.${index % 250}`);

test('counts all addresses of one /64 as one source, and a mapped address as the one that it stands for', () => {
  const one = admission();
  const inOne = Array.from({ length: CLIENTS_PER_SOURCE_MAX }, (_, index) => `2001:db8:0:1::${index.toString(16)}`);
  expect(enterAll(one, inOne).every(({ kind }) => kind === 'entered')).toBe(true);
  expect(one.enter('more', '2001:db8:0:1:ffff::1')).toEqual({ kind: 'refused', reason: 'address' });
  expect(one.enter('other', '2001:db8:0:2::1')).toMatchObject({ kind: 'entered' });
  enterAll(one, same('198.51.100.7', CLIENTS_PER_SOURCE_MAX));
  expect(one.enter('mapped', '::ffff:198.51.100.7')).toEqual({ kind: 'refused', reason: 'address' });
});

test('lets hosts of a provider in beside any number of strangers, and refuses them only for each other', () => {
  const full = admission();
  enterAll(full, distinct(2 * STRANGERS_MAX));
  const hosts = enterAll(full, same('192.0.2.1', PROVIDERS_MAX));
  expect(hosts.every((verdict) => verdict.kind === 'entered' && verdict.instead === null)).toBe(true);
  expect(full.enter('more', '192.0.2.2')).toEqual({ kind: 'refused', reason: 'full' });
  full.leave('192.0.2.1 0');
  expect(full.enter('again', '192.0.2.2')).toEqual({ kind: 'entered', instead: null });
});

test('keeps its bounds, and lets a stranger have its place until as many others have come or sent a message', () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ what: fc.constant('enter' as const), from: fc.integer({ min: 0, max: 299 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ what: fc.constantFrom('leave', 'served'), from: fc.integer({ min: 0, max: 299 }) }),
    },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 300, maxLength: 800 }), (steps) => {
      const places = admission();
      /** At which entry or message of anybody each had its own last. */
      const held = new Map<string, { readonly address: string; readonly since: number }>();
      let moves = 0;
      for (const [index, { what, from }] of steps.entries()) {
        const chosen = [...held.keys()][from % Math.max(1, held.size)];
        if (what === 'enter') {
          const address = `198.51.${from % 30}.1`;
          const verdict = places.enter(`${index}`, address);
          if (verdict.kind === 'entered') {
            moves += 1;
            if (verdict.instead !== null) {
              const kept = moves - held.get(verdict.instead)!.since;
              if (kept < STRANGERS_MAX) throw new Error(`one had to go after ${kept} moves of others`);
              held.delete(verdict.instead);
            }
            held.set(`${index}`, { address, since: moves });
          }
        } else if (chosen !== undefined && what === 'leave') {
          places.leave(chosen);
          held.delete(chosen);
        } else if (chosen !== undefined) {
          places.served(chosen);
          moves += 1;
          held.set(chosen, { ...held.get(chosen)!, since: moves });
        }
        if (held.size > STRANGERS_MAX) throw new Error('too many hold a place');
      }
      const sources = [...held.values()].map(({ address }) => address);
      for (const source of new Set(sources))
        expect(sources.filter((other) => other === source).length).toBeLessThanOrEqual(CLIENTS_PER_SOURCE_MAX);
    }),
    // To shrink such lists takes minutes.
    { numRuns: 30, endOnFailure: true },
  );
});
