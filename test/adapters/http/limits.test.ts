/** How much one asker, and all of them, may have. */
import fc from 'fast-check';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { WRONG_TOKENS } from '../../../src/adapters/http/admitted.ts';
import { askerOf } from '../../../src/adapters/http/asker.ts';
import { ASKER_CONNECTIONS_MAX, PIPELINED, REFUSALS, REQUESTS } from '../../../src/adapters/http/door.ts';
import { CONNECTIONS_MAX, COSTLY_REQUESTS } from '../../../src/adapters/http/listener.ts';
import { ASKERS_MAX, createRateLimit } from '../../../src/adapters/http/rate-limit.ts';
import { dial, exchange } from './raw.ts';
import { OPEN, type Served, serve, until } from './served.ts';

const SPOT_CHECKS = { burst: OPEN.spotChecksPerMinute, every: 60 / OPEN.spotChecksPerMinute };

const TOKEN = 'correct-horse-battery-staple';

function clockAt(seconds = 0): { now: () => never; pass: (more: number) => void } {
  let monoUs = seconds * 1e6;
  return { now: () => ({ monoUs }) as never, pass: (more) => (monoUs += more * 1e6) };
}

describe('a rate', () => {
  it('lets a burst through, then one each time, and says when', () => {
    const clock = clockAt();
    const limit = createRateLimit({ burst: 3, every: 10 }, clock);
    expect([1, 2, 3, 4].map(() => limit.take('a'))).toEqual([0, 0, 0, 10]);
    expect(limit.wait('a')).toBe(10);
    clock.pass(4);
    expect(limit.take('a')).toBeCloseTo(6);
    clock.pass(6);
    expect([limit.take('a'), limit.take('a')]).toEqual([0, 10]);
    expect(limit.take('b')).toBe(0);
  });

  it('lets no asker have more than the burst and what time gave, whenever it asks', () => {
    const asking = fc.array(fc.record({ gap: fc.integer({ min: 0, max: 30 }), key: fc.constantFrom('a', 'b') }));
    fc.assert(
      fc.property(asking, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 20 }), (asks, burst, every) => {
        const clock = clockAt();
        const limit = createRateLimit({ burst, every }, clock);
        const taken = { a: 0, b: 0 };
        let seconds = 0;
        for (const { gap, key } of asks) {
          clock.pass(gap);
          seconds += gap;
          const wait = limit.wait(key);
          expect(limit.take(key)).toBe(wait);
          if (wait === 0) taken[key] += 1;
          expect(taken[key]).toBeLessThanOrEqual(burst + seconds / every + 1e-6);
        }
      }),
    );
  });

  it('remembers no more askers than fit, those that asked last', () => {
    const limit = createRateLimit({ burst: 1, every: 1e6 }, clockAt());
    limit.take('first');
    for (let count = 0; count < ASKERS_MAX - 1; count += 1) limit.take(`${count}`);
    expect(limit.wait('first')).toBeGreaterThan(0);
    limit.take('one more');
    expect([limit.wait('first'), limit.wait('0') > 0, limit.wait('one more') > 0]).toEqual([0, true, true]);
  });
});

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  [undefined, ''],
])('%s asks as %s', (address, asker) => expect(askerOf(address)).toBe(asker));

let served: Served;
afterEach(() => served?.close());
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe('wrong tokens', () => {
  const probe = async (token: string): Promise<Response> => served.post({ path: 'send' }, bearer(token).headers);

  it('are answered for so long, then nobody at that address is until it has waited', async () => {
    served = await serve({ token: TOKEN });
    for (let count = 0; count < WRONG_TOKENS.burst; count += 1)
      expect((await probe(`guess-${count}`)).status).toBe(401);
    for (const guess of ['one-more', TOKEN]) {
      const refused = await probe(guess);
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
      expect(await refused.json()).toEqual({ error: 'too many wrong tokens came from this address' });
    }
    expect((await served.get('/healthz')).status).toBe(200);
    await served.world.clock.advance(WRONG_TOKENS.every);
    expect((await probe(TOKEN)).status).toBe(202);
    expect(served.world.ledger.events('probe.planned')).toHaveLength(1);
  });

  it('are not what comes without one, nor what holds the right one', async () => {
    served = await serve({ token: TOKEN });
    for (let count = 0; count < 2 * WRONG_TOKENS.burst; count += 1)
      expect((await served.get('/probe?path=send')).status).toBe(401);
    expect((await probe(TOKEN)).status).toBe(202);
  });

  it('count for metrics as for all else', async () => {
    served = await serve({ token: TOKEN, metrics: { listen: null, token: 'let-the-test-in' } });
    for (let count = 0; count < WRONG_TOKENS.burst; count += 1)
      expect((await served.get('/metrics', bearer('guess'))).status).toBe(401);
    expect((await served.get('/metrics', bearer('let-the-test-in'))).status).toBe(429);
    expect((await probe(TOKEN)).status).toBe(429);
  });
});

describe('requests', () => {
  it('that order messages are so many a minute, whoever asks', async () => {
    served = await serve();
    for (let count = 0; count < SPOT_CHECKS.burst; count += 1)
      expect((await served.post({ path: count % 2 === 0 ? 'send' : 'internal' })).status).toBe(202);
    const refused = await served.post({ path: 'send' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, String(SPOT_CHECKS.every)]);
    expect(await refused.json()).toEqual({ error: 'too many spot checks were asked for' });
    await served.world.clock.advance(SPOT_CHECKS.every);
    expect((await served.post({ path: 'send' })).status).toBe(202);
    expect(served.world.ledger.events('probe.planned')).toHaveLength(SPOT_CHECKS.burst + 1);
  });

  it('that are malformed order nothing, and count for nothing', async () => {
    served = await serve();
    for (let count = 0; count < SPOT_CHECKS.burst + 1; count += 1)
      expect((await served.post({ path: 'sideways' })).status).toBe(400);
    expect((await served.post({ path: 'send' })).status).toBe(202);
  });

  it.each([
    ['/reports/2026-11', 404],
    ['/api/v1/verdicts', 404],
    ['/api/v1/delays?path=send&from=0&to=1', 503],
    ['/', 200],
    ['/probes/none', 404],
  ])('for %s are fewer than others, which go on', async (path, usual) => {
    served = await serve();
    const ask = async (): Promise<number> => (await served.get(path)).status;
    // No more at once than connections are allowed.
    for (let count = 0; count < COSTLY_REQUESTS.burst; count += 20)
      expect(new Set(await Promise.all(Array.from({ length: 20 }, ask)))).toEqual(new Set([usual]));
    const refused = await served.get(path);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect((await served.get('/api/v1/status')).status).toBe(200);
  });

  it('of one address are bounded in all', async () => {
    served = await serve();
    let count = 0;
    const ask = async (): Promise<void> => {
      while (count < REQUESTS.burst) {
        count += 1;
        const answer = await served.get('/healthz');
        await answer.arrayBuffer();
        expect(answer.status).toBe(200);
      }
    };
    await Promise.all(Array.from({ length: 8 }, ask));
    expect((await served.get('/healthz')).status).toBe(429);
    await served.world.clock.advance(1);
    expect((await served.get('/healthz')).status).toBe(200);
  });

  it('that go on though they were refused find the door closed, for a while', async () => {
    served = await serve();
    const request = `GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const statusOf = async () => (await exchange(served.server.url, request)).status;
    for (let count = 0; count < REQUESTS.burst; count += 1) await (await served.get('/healthz')).arrayBuffer();
    const answer = await exchange(served.server.url, request);
    expect([answer.status, answer.ending, answer.headers.get('retry-after')]).toEqual([429, 'closed', '1']);
    expect([...answer.headers.keys()]).toContain('content-security-policy');
    for (let count = 1; count < REFUSALS.burst; count += 1) expect(await statusOf()).toBe(429);
    expect(await statusOf()).toBeNull();
    await served.world.clock.advance(1);
    expect(await statusOf()).toBe(200);
  });

  it('that come before the answer to the one before are not answered, and end the connection', async () => {
    served = await serve();
    const request = `GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const { ending, text } = await exchange(served.server.url, request.repeat(50));
    expect(ending).toBe('closed');
    expect(text.split('HTTP/1.1 ').length - 1).toBeLessThanOrEqual(1);
    expect((await served.get('/healthz')).status).toBe(200);
    const other = (await dial(served.server.url)).resume();
    onTestFinished(() => void other.destroy());
    for (let count = 0; count < PIPELINED.burst; count += 1) await exchange(served.server.url, request.repeat(2));
    await until(() => other.closed);
    expect((await exchange(served.server.url, request)).status).toBeNull();
    await served.world.clock.advance(2 * PIPELINED.every);
    expect((await served.get('/healthz')).status).toBe(200);
  });

  it('that are none count as well', async () => {
    served = await serve();
    for (let count = 0; count < REQUESTS.burst; count += 1) await exchange(served.server.url, 'no request\r\n\r\n');
    expect((await served.get('/healthz')).status).toBe(429);
  });
});

/** One more is turned away, all of them stay, and another comes once one is closed. */
async function expectFull(sockets: readonly Awaited<ReturnType<typeof dial>>[]): Promise<void> {
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  const refused = await dial(served.server.url);
  await until(() => refused.closed || refused.readableEnded);
  refused.destroy();
  expect(sockets.filter((socket) => socket.closed || socket.readableEnded)).toEqual([]);
  sockets[0]?.destroy();
  await until(async () => (await served.get('/healthz').catch(() => null))?.status === 200);
}

it('connections of one address are so many, and another comes once one is closed', async () => {
  served = await serve();
  const sockets = await Promise.all(Array.from({ length: ASKER_CONNECTIONS_MAX }, () => dial(served.server.url)));
  await expectFull(sockets);
});

it('connections of all addresses together are so many, and another comes once one is closed', async () => {
  served = await serve();
  const addressOf = (index: number): string => `127.0.0.${2 + Math.floor(index / ASKER_CONNECTIONS_MAX)}`;
  const sockets = await Promise.all(
    Array.from({ length: CONNECTIONS_MAX }, (_, index) => dial(served.server.url, addressOf(index))),
  );
  await expectFull(sockets);
});
