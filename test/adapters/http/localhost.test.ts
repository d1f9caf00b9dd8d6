/** A name that has an address of each family. */
import type * as promises from 'node:dns/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { PIPELINED } from '../../../src/adapters/http/door.ts';
import { exchange } from './raw.ts';
import { type Served, serve } from './served.ts';

const addresses = vi.hoisted(() => ({ all: [] as { address: string; family: number }[] }));
vi.mock('node:dns/promises', async (original) => ({
  ...(await original<typeof promises>()),
  lookup: async () => addresses.all,
}));

let served: Served;
afterEach(() => served.close());

const REQUEST = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';

it('is answered at each of them that the host has, within the same bounds', async () => {
  addresses.all = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
    { address: '2001:db8::7', family: 6 },
  ];
  served = await serve({ host: 'localhost' });
  const { port } = new URL(served.server.url);
  const at = (host: string, text = REQUEST) => exchange(`http://${host}:${port}`, text);
  expect([(await at('127.0.0.1')).status, (await at('[::1]')).status]).toEqual([200, 200]);
  for (let count = 0; count < PIPELINED.burst; count += 1) await at('[::1]', REQUEST.repeat(2));
  expect([(await at('127.0.0.1')).status, (await at('[::1]')).status]).toEqual([200, null]);
});
