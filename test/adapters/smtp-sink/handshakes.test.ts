/** Strangers may have so many TLS handshakes and no more; what is refused can go on in plain text, and providers are never refused. */
import { once } from 'node:events';
import { connect } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { Handshakes } from '../../../src/adapters/smtp-sink/handshakes.ts';
import { HANDSHAKES, HANDSHAKES_PER_SOURCE } from '../../../src/adapters/smtp-sink/limits.ts';
import { isInNetworks } from '../../../src/domain/network.ts';
import { CERTIFICATES } from '../smtp-client/fixtures.ts';
import { KNOWN, openSink, ownClock } from './fixtures.ts';

const PROVIDER = '192.0.2.1';
const START_US = 1e12;
const made = () => new Handshakes((address) => isInNetworks(address, ['192.0.2.0/24']));
const distinct = (index: number) =>
  `198.${51 + Math.floor(index / 62_500)}.${Math.floor(index / 250) % 250}.${index % 250}`;

/** How many of `count` are given, each from its own address unless one is given. */
const given = (to: Handshakes, count: number, atUs: number, from?: string): number =>
  Array.from({ length: count }, (_, index) => to.take(from ?? distinct(index), atUs)).filter(Boolean).length;

describe('handshakes', () => {
  test('of one source are so many at once, then one a second, and of others none the fewer', () => {
    const handshakes = made();
    const { burst, everyUs } = HANDSHAKES_PER_SOURCE;
    expect(given(handshakes, 1000, START_US, '198.51.100.7')).toBe(burst);
    expect(given(handshakes, 1000, START_US, '198.51.100.8')).toBe(burst);
    expect(given(handshakes, 10, START_US + 3 * everyUs, '198.51.100.7')).toBe(3);
    expect(given(handshakes, 1000, START_US + 1000 * everyUs, '198.51.100.7')).toBe(burst);
  });

  test('of one /64 are those of one source', () => {
    const handshakes = made();
    const asked = Array.from({ length: 100 }, (_, index) =>
      handshakes.take(`2001:db8:0:1::${index.toString(16)}`, START_US),
    );
    expect(asked.filter(Boolean)).toHaveLength(HANDSHAKES_PER_SOURCE.burst);
  });

  test('of all strangers together are so many at once, then some a second', () => {
    const handshakes = made();
    const { burst, everyUs } = HANDSHAKES;
    expect(given(handshakes, 5000, START_US)).toBe(burst);
    expect(given(handshakes, 5000, START_US + 25 * everyUs)).toBe(25);
  });

  test('of hosts of the providers have no bound, and take none of the strangers’', () => {
    const handshakes = made();
    given(handshakes, 5000, START_US);
    expect(given(handshakes, 5000, START_US, PROVIDER)).toBe(5000);
    expect(given(handshakes, 1, START_US + HANDSHAKES.everyUs, '198.51.100.9')).toBe(1);
  });

  test('are forgotten once they are made up for, so that a flood from everywhere takes no memory', () => {
    const handshakes = made();
    for (let index = 0; index < 20_000; index += 1)
      expect(handshakes.take(distinct(index), START_US + index * HANDSHAKES.everyUs)).toBe(true);
    expect(handshakes.remembered).toBeLessThan(1000);
  });
});

const MESSAGE = ['MAIL FROM:<a@provider.test>', 'RCPT TO:<probe-0@sink.test>', 'DATA', 'A: b\r\n\r\nbody\r\n.'];

test('a stranger that asks for one too many hears 454, was turned away by us, and may send in plain text', async () => {
  const real = ownClock();
  const at = real.now();
  const clock = { now: () => at, sleep: (ms: number, signal?: AbortSignal) => real.sleep(ms, signal) };
  const { client, listener } = await openSink({ tls: CERTIFICATES.localhost }, clock);
  const ask = async (from?: string) => {
    const peer = client(from);
    await peer.greet();
    return { peer, code: (await peer.ask('STARTTLS')).code };
  };
  for (let count = 1; count <= HANDSHAKES_PER_SOURCE.burst; count += 1) {
    const { peer, code } = await ask();
    expect(code).toBe(220);
    peer.destroy();
    await listener.told('disconnected', count);
  }
  const { peer, code } = await ask();
  expect(code).toBe(454);
  expect(listener.all('turnedAway')).toMatchObject([{ peer: peer.name }]);
  expect(listener.all('refused')).toEqual([{ what: 'refused', reason: 'limit' }]);
  for (const step of MESSAGE) expect((await peer.ask(step)).code).toBeLessThan(400);
  expect(listener.all('received')).toHaveLength(1);
  expect((await ask('127.0.0.2')).code).toBe(220);
});

test('a host of a provider has one on every connection', async () => {
  const known = { ...KNOWN, networks: ['127.0.0.0/24'] };
  const { client, listener } = await openSink({ tls: CERTIFICATES.localhost }, ownClock(), known);
  for (let count = 1; count <= 2 * HANDSHAKES_PER_SOURCE.burst; count += 1) {
    const peer = client('127.0.0.9');
    await peer.greet();
    await peer.startTls();
    expect(await peer.ask('EHLO provider.test')).toMatchObject({ code: 250 });
    peer.destroy();
    await listener.told('disconnected', count);
  }
  expect(listener.all('turnedAway')).toEqual([]);
});

test('one that is asked for in a wrong way is none, and takes none of those that there are', async () => {
  const { client } = await openSink({ tls: CERTIFICATES.localhost }, ownClock());
  const peer = client();
  await peer.greet();
  for (let count = 0; count <= HANDSHAKES_PER_SOURCE.burst; count += 1)
    expect((await peer.ask('STARTTLS x')).code).toBe(501);
  expect((await peer.ask('STARTTLS')).code).toBe(220);
});

test('a second one within a session of TLS 1.2 is not made', async () => {
  const { client } = await openSink({ tls: CERTIFICATES.localhost }, ownClock());
  const peer = client();
  await peer.greet();
  await peer.ask('STARTTLS');
  peer.socket.removeAllListeners('data');
  const secured = connect({ socket: peer.socket, rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
  await once(secured, 'secureConnect');
  const made = await new Promise<boolean>((resolve) => {
    for (const event of ['close', 'error']) secured.once(event, () => resolve(false));
    secured.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error === null));
  });
  expect(made).toBe(false);
});
