import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { within } from '../../../src/adapters/smtp-client/deadline.ts';
import { hostsEntries, resolveHost } from '../../../src/adapters/smtp-client/resolve.ts';
import { never } from './fixtures.ts';
import { manualClock } from './manual-clock.ts';

const A = 1;
const AAAA = 28;
/** Response codes of RFC 1035 §4.1.1. */
const NOERROR = 0;
const SERVFAIL = 2;
const NXDOMAIN = 3;

interface Answer {
  readonly rcode: number;
  readonly addresses: readonly (readonly number[])[];
}
const closers: (() => void)[] = [];
afterEach(() => {
  for (const shut of closers.splice(0)) shut();
});

/** A DNS server whose answers live an hour. `answer` gives null to stay silent. */
async function dnsServer(answer: (type: number) => Answer | null) {
  const socket = createSocket('udp4');
  let queries = 0;
  socket.on('message', (query, from) => {
    queries += 1;
    const end = query.indexOf(0, 12) + 5;
    const given = answer(query.readUInt16BE(end - 4));
    if (given === null) return;
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(0x8180 | given.rcode, 2);
    header.writeUInt16BE(given.addresses.length, 6);
    header.fill(0, 8);
    const records = given.addresses.map((address) => {
      const type = address.length === 4 ? A : AAAA;
      return Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0x0e, 0x10, 0, address.length, ...address]);
    });
    socket.send(Buffer.concat([header, query.subarray(12, end), ...records]), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  closers.push(() => socket.close());
  const resolver = () => {
    const asked = new Resolver();
    asked.setServers([`127.0.0.1:${socket.address().port}`]);
    return asked;
  };
  return { resolver, queries: () => queries };
}
const found = (...addresses: number[][]): Answer => ({ rcode: NOERROR, addresses });
const V6 = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];

describe('resolveHost', () => {
  test('gives IPv4 addresses before IPv6', async () => {
    const server = await dnsServer((type) => (type === A ? found([127, 0, 0, 7], [127, 0, 0, 8]) : found(V6)));
    const addresses = await resolveHost('mx.provider.test', server.resolver(), never());
    expect(addresses.slice(0, 2).toSorted()).toEqual(['127.0.0.7', '127.0.0.8']);
    expect(addresses[2]).toBe('fd00::9');
  });

  test('asks the server each time, whatever the answer lives', async () => {
    const server = await dnsServer((type) => (type === A ? found([127, 0, 0, 7]) : found()));
    const resolver = server.resolver();
    for (const _ of [1, 2, 3]) await resolveHost('mx.provider.test', resolver, never());
    expect(server.queries()).toBe(6);
  });

  test('makes do with one family where the other fails', async () => {
    const server = await dnsServer((type) => (type === A ? { rcode: SERVFAIL, addresses: [] } : found(V6)));
    expect(await resolveHost('mx.provider.test', server.resolver(), never())).toEqual(['fd00::9']);
  });

  test.each([
    ['a name that does not exist', 'ENOTFOUND', () => ({ rcode: NXDOMAIN, addresses: [] })],
    ['a name without addresses', 'ENODATA', () => found()],
    ['a server that fails', 'ESERVFAIL', () => ({ rcode: SERVFAIL, addresses: [] })],
    [
      'IPv4 that is not and IPv6 that fails',
      'ESERVFAIL',
      (type: number) => (type === A ? found() : { rcode: SERVFAIL, addresses: [] }),
    ],
  ])('tells %s by %s', async (_, code, answer) => {
    const server = await dnsServer(answer);
    await expect(resolveHost('mx.provider.test', server.resolver(), never())).rejects.toMatchObject({ code });
  });

  test('waits for a silent server no longer than it may', async () => {
    const server = await dnsServer(() => null);
    const clock = manualClock();
    const asked = within(clock, 30_000, never(), (signal) =>
      resolveHost('mx.provider.test', server.resolver(), signal),
    );
    await clock.sleeping(30_000);
    setTimeout(() => clock.expire(30_000), 50);
    await expect(asked).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  test('takes the address it has when the other family stays silent to the limit', async () => {
    const server = await dnsServer((type) => (type === A ? found([127, 0, 0, 7]) : null));
    const clock = manualClock();
    const asked = within(clock, 30_000, never(), (signal) =>
      resolveHost('mx.provider.test', server.resolver(), signal),
    );
    await clock.sleeping(30_000);
    setTimeout(() => clock.expire(30_000), 50);
    expect(await asked).toEqual(['127.0.0.7']);
  });

  test('finds a name without a dot without asking the DNS servers', async () => {
    const server = await dnsServer(() => null);
    expect(await resolveHost('localhost', server.resolver(), never())).toContain('127.0.0.1');
    expect(server.queries()).toBe(0);
  });
});

test('hostsEntries reads names, aliases and comments, IPv4 first', () => {
  const hosts = [
    '# 10.0.0.1 mx.provider.test',
    '::1\tlocalhost mx.provider.test',
    '10.0.0.2  Other.test MX.provider.test # the second',
    '10.0.0.2 mx.provider.test',
    'nonsense mx.provider.test',
    '',
  ].join('\n');
  expect(hostsEntries(hosts, 'mx.provider.test')).toEqual(['10.0.0.2', '::1']);
  expect(hostsEntries(hosts, 'provider.test')).toEqual([]);
});
