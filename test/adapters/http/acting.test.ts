/** What sends mail over HTTP: who may, and what they get. */
import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { SHARED_FOR } from '../../../src/adapters/http/shared-check.ts';
import { describeWith, PROMTOOL } from '../../servers/available.ts';
import { promtoolCheck, seriesOf } from '../prometheus/scrape.ts';
import { errorOf, type Served, serve } from './served.ts';

let served: Served;
afterEach(() => served.close());

const TOKEN = 'correct-horse-battery-staple';
const SUCCESS = 'probe_success{provider="acme",path="send"}';

/** Asks with headers that fetch does not let one set. */
function getWith(path: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(new URL(path, served.server.url), { headers, agent: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    })
      .once('error', reject)
      .end();
  });
}

describe('POST /api/v1/probes', () => {
  it('starts a spot check and says where to look for it', async () => {
    served = await serve();
    const response = await served.post({ provider: 'acme', path: 'send' });
    expect(response.status).toBe(202);
    const { id } = (await response.json()) as { id: string };
    expect(response.headers.get('location')).toBe(`/api/v1/probes/${id}`);
    expect(await (await served.get(response.headers.get('location')!)).json()).toMatchObject({ id, kind: 'spot' });
  });

  it('needs no provider where there is one only', async () => {
    served = await serve();
    expect((await served.post({ path: 'receive' })).status).toBe(202);
  });

  it.each([
    [{ provider: 'acme', path: 'sideways' }, 'path must be one of send, receive, internal, is "sideways"'],
    [{ provider: 'acme' }, 'path must be one of send, receive, internal, is missing'],
    [{ provider: 7, path: 'send' }, 'provider must be one of acme, is 7'],
    [null, 'path must be one of send, receive, internal, is missing'],
    ['send', 'path must be one of send, receive, internal, is missing'],
    [[], 'path must be one of send, receive, internal, is missing'],
  ])('refuses %j, naming the rule', async (body, error) => {
    served = await serve();
    const response = await served.post(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error });
  });

  it('knows no other provider', async () => {
    served = await serve();
    const response = await served.post({ provider: 'other', path: 'send' });
    expect(response.status).toBe(404);
    expect(((await response.json()) as { error: string }).error).toMatch(/^no route other\/send/);
  });

  it.each([
    ['{"provider":', 'application/json', 400, 'the request must be well-formed'],
    ['', 'application/json', 400, 'the request must be well-formed'],
    ['{"path":"send"}', 'text/plain', 415, 'a body must be application/json'],
    [`{"path":"${'s'.repeat(5000)}"}`, 'application/json', 413, 'a body must have at most 4096 bytes'],
    ['{"__proto__":{"path":"send"}}', 'application/json', 400, 'the request must be well-formed'],
  ])('refuses the body %.20s as %s', async (body, type, status, error) => {
    served = await serve();
    const response = await served.get('/api/v1/probes', { method: 'POST', headers: { 'content-type': type }, body });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error });
    expect(served.world.submitter.sent).toEqual([]);
  });

  it('sends nothing and tells nothing of our inside when the ledger refuses', async () => {
    served = await serve();
    served.world.ledger.failure = new Error('disk full at /var/lib/probe');
    const response = await served.post({ provider: 'acme', path: 'send' });
    served.world.ledger.failure = null;
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ error: 'the ledger takes nothing now' });
    expect(served.world.submitter.sent).toEqual([]);
    // The recorder has told of it.
    expect(served.errors).toEqual([]);
  });
});

describe('GET /probe', () => {
  it('waits for the message and shows its metrics', async () => {
    served = await serve();
    const answer = served.get('/probe?provider=acme&path=send');
    await served.awaited();
    await served.world.clock.advance(2);
    await served.world.sink.deliver(served.world.submitter.sent[0]!);
    const response = await answer;
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(seriesOf(await response.text()).get(SUCCESS)).toBe(1);
  });

  it('shows one probe to all who ask for a route at once', async () => {
    served = await serve();
    const first = served.get('/probe?provider=acme&path=send');
    await served.awaited();
    const second = served.get('/probe?path=send');
    const elsewhere = served.get('/probe?path=internal');
    const answers = await served.passing(Promise.all([first, second, elsewhere]));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(served.world.ledger.events('probe.planned').map(({ path }) => path)).toEqual(['send', 'internal']);
  });

  it('sends no more than one message a minute on a route, however often it is scraped, and shows the last one', async () => {
    served = await serve();
    const { world } = served;
    const scrape = async () => seriesOf(await (await served.passing(served.get('/probe?path=internal'))).text());
    const from = world.clock.now().monoUs;
    const first = scrape();
    await served.awaited();
    await world.clock.advance(2);
    world.mailbox.deliver(world.submitter.sent[0]!);
    const shown = await first;
    expect(shown.get('probe_success{provider="acme",path="internal"}')).toBe(1);
    const age = (): number => (world.clock.now().monoUs - from) / 1e6;
    for (let count = 0; count < 20; count += 1) {
      await world.clock.advance(2);
      expect(await scrape(), 'the same, as long as it took').toEqual(shown);
    }
    expect(world.ledger.events('probe.planned')).toHaveLength(1);
    await world.clock.advance(SHARED_FOR + 0.5 - age());
    expect((await scrape()).get('probe_success{provider="acme",path="internal"}'), 'another, not there yet').toBe(0);
    expect(world.ledger.events('probe.planned')).toHaveLength(2);
  });

  it('gives each scrape of one that asks once a minute a message of its own', async () => {
    served = await serve();
    for (let minute = 0; minute < 5; minute += 1) {
      const from = served.world.clock.now().monoUs;
      await served.passing(served.get('/probe?path=send'));
      await served.world.clock.advance(59.9 - (served.world.clock.now().monoUs - from) / 1e6);
    }
    expect(served.world.ledger.events('probe.planned')).toHaveLength(5);
  });

  it('shows what a message that was late for one scrape came to at the next', async () => {
    served = await serve();
    const { world } = served;
    const scrape = async () => seriesOf(await (await served.passing(served.get('/probe?path=send'))).text());
    expect((await scrape()).get(SUCCESS)).toBe(0);
    await world.clock.advance(20);
    await world.sink.deliver(world.submitter.sent[0]!);
    expect((await scrape()).get(SUCCESS)).toBe(1);
    expect(world.ledger.events('probe.planned')).toHaveLength(1);
  });

  it('shows a check that was ordered just before, and lets an order be a message in any case', async () => {
    served = await serve();
    await served.post({ path: 'send' });
    await served.passing(served.get('/probe?path=send'));
    expect(served.world.ledger.events('probe.planned')).toHaveLength(1);
    expect((await served.post({ path: 'send' })).status).toBe(202);
    expect(served.world.ledger.events('probe.planned')).toHaveLength(2);
  });

  it('tries again at the next scrape what could not be started', async () => {
    served = await serve();
    served.world.ledger.failure = new Error('disk full');
    expect((await served.get('/probe?path=send')).status).toBe(503);
    served.world.ledger.failure = null;
    expect((await served.passing(served.get('/probe?path=send'))).status).toBe(200);
    expect(served.world.ledger.events('probe.planned')).toHaveLength(1);
  });

  it('answers each in its own time, half a second before Prometheus gives up', async () => {
    served = await serve();
    const from = served.world.clock.now().monoUs;
    const seconds = (): number => (served.world.clock.now().monoUs - from) / 1e6;
    const timeout = (value: string) => ({ headers: { 'x-prometheus-scrape-timeout-seconds': value } });
    const patient = served.get('/probe?path=send', timeout('9'));
    await served.awaited();
    const hasty = served.get('/probe?path=send', timeout('2'));
    const series = seriesOf(await (await served.passing(hasty)).text());
    expect(series.get(SUCCESS)).toBe(0);
    expect(seconds()).toBeGreaterThanOrEqual(1.5);
    expect(seconds()).toBeLessThan(8.5);
    await served.passing(patient);
    expect(seconds()).toBeGreaterThanOrEqual(8.5);
    expect(served.world.ledger.events('probe.planned')).toHaveLength(1);
  });

  it('leaves nothing waiting when the scraper goes away, and keeps the probe for the others', async () => {
    served = await serve();
    const scraper = new AbortController();
    const first = served.get('/probe?path=send', { signal: scraper.signal });
    await served.awaited();
    const second = served.get('/probe?path=send', { signal: scraper.signal });
    const other = served.get('/probe?path=send');
    const gone = [errorOf(first), errorOf(second)];
    await served.world.clock.advance(1);
    scraper.abort();
    for (const error of await Promise.all(gone)) expect(error).toMatchObject({ name: 'AbortError' });
    await served.passing(other);
    await served.released();
    expect(served.errors).toEqual([]);
  });

  it.each([
    ['/probe?provider=acme&path=up', 400, 'path must be one of send, receive, internal, is "up"'],
    ['/probe', 400, 'path must be one of send, receive, internal, is missing'],
    ['/probe?provider=acme&provider=acme&path=send', 400, 'provider must be one of acme, is ["acme","acme"]'],
  ])('refuses %s, naming the rule', async (path, status, error) => {
    served = await serve();
    const response = await served.get(path);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error });
  });

  it('knows no other provider', async () => {
    served = await serve();
    expect((await served.get('/probe?provider=other&path=send')).status).toBe(404);
  });

  it('sends nothing for a HEAD', async () => {
    served = await serve();
    expect((await served.get('/probe?path=send', { method: 'HEAD' })).status).toBe(404);
    expect(served.world.ledger.events('probe.planned')).toEqual([]);
  });
});

describeWith(PROMTOOL, 'promtool', () => {
  it('has no complaint about what /metrics and /probe answer', async () => {
    served = await serve();
    for (const path of ['/metrics', '/probe?path=send', '/metrics']) {
      const response = await served.passing(served.get(path));
      expect(promtoolCheck(await response.text())).toEqual({ output: '', status: 0 });
    }
  });
});

describe('a bearer token that is configured', () => {
  it.each([
    ['none', {}],
    ['another', { authorization: 'Bearer wrong' }],
    ['part of it', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['it in another scheme', { authorization: `Basic ${TOKEN}` }],
    ['an empty one', { authorization: 'Bearer ' }],
  ])('is needed to send mail; with %s nothing is sent', async (_what, headers) => {
    served = await serve({ token: TOKEN });
    const answers = [await served.post({ path: 'send' }, headers), await served.get('/probe?path=send', { headers })];
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(await answer.json()).toEqual({ error: 'the bearer token is needed' });
    }
    expect(served.world.ledger.events('probe.planned')).toEqual([]);
  });

  it('lets its holder send, and anybody look', async () => {
    served = await serve({ token: TOKEN });
    const response = await served.post({ path: 'send' }, { authorization: `bearer ${TOKEN}` });
    expect(response.status).toBe(202);
    for (const path of ['/metrics', '/healthz', '/', response.headers.get('location')!])
      expect((await served.get(path)).status).toBe(200);
  });

  it('is asked for before the body is read', async () => {
    served = await serve({ token: TOKEN });
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' };
    expect((await served.get('/api/v1/probes', init)).status).toBe(401);
  });
});

describe('without a token', () => {
  it.each([
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }],
    ['a page whose name resolves to loopback', { host: 'rebound.example' }],
  ])('%s in the operator’s browser cannot send mail', async (_what, headers) => {
    served = await serve();
    expect(await getWith('/probe?path=send', headers)).toBe(403);
    expect(served.world.ledger.events('probe.planned')).toEqual([]);
  });

  it.each(['localhost', '127.0.0.1:9825', '[::1]:9825'])('loopback under the name %s can', async (host) => {
    served = await serve();
    expect(await served.passing(getWith('/probe?path=send', { host }))).toBe(200);
  });
});
