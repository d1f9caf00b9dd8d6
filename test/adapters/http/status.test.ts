/** What the status page lives on over HTTP: the status, its changes as they come, and the life of a probe. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ASKER_STREAMS_MAX, STREAMS_MAX } from '../../../src/adapters/http/event-feed.ts';
import type { ProbeLife } from '../../../src/domain/probe-life.ts';
import type { ProbeView } from '../../../src/domain/probe-view.ts';
import type { StatusView } from '../../../src/domain/status-view.ts';
import { type Inquiries, MailboxError, TooBusy } from '../../../src/ports.ts';
import { probe } from '../../domain/month-case.ts';
import { NO_INQUIRIES, type Served, serve, until } from './served.ts';

let served: Served;
afterEach(() => served.close());

const status = async (init?: RequestInit): Promise<StatusView> =>
  (await (await served.get('/api/v1/status', init)).json()) as StatusView;
const start = async (path: string): Promise<string> =>
  ((await (await served.post({ provider: 'acme', path })).json()) as { id: string }).id;

interface Message {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: unknown;
}
interface Stream {
  readonly response: IncomingMessage;
  readonly asked: ClientRequest;
  /** All that came so far, as text, and read. */
  readonly text: () => string;
  readonly messages: (event?: string) => readonly Message[];
  readonly ended: () => boolean;
}

/** `from` is any address of loopback. */
async function listen(headers: Readonly<Record<string, string>> = {}, from = '127.0.0.1'): Promise<Stream> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asked = request(
    new URL('/api/v1/events', served.server.url),
    { headers, agent: false, localAddress: from },
    resolve,
  )
    .once('error', reject)
    .end();
  onTestFinished(() => void asked.destroy());
  const response = await promise;
  let [text, ended] = ['', false];
  response.setEncoding('utf8').on('data', (part: string) => (text += part));
  response.once('close', () => (ended = true)).on('error', () => {});
  const messages = (event?: string): readonly Message[] =>
    text
      .split('\n\n')
      .slice(0, -1)
      .map(readMessage)
      .filter((message) => message.event !== '' && (event === undefined || message.event === event));
  return { response, asked, text: () => text, messages, ended: () => ended };
}

function readMessage(block: string): Message {
  const field = (name: string): string | undefined =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  const data = field('data');
  return { id: field('id'), event: field('event') ?? '', data: data === undefined ? null : JSON.parse(data) };
}

describe('GET /api/v1/status', () => {
  it('shows the agent, its providers and what is under way', async () => {
    served = await serve();
    const pending = await start('send');
    const view = await status();
    expect(view).toMatchObject({
      version: '0',
      at: '2026-11-10T00:00:00.000Z',
      providers: [{ name: 'acme', paths: ['send', 'receive', 'internal'], month: null }],
      inFlight: [{ id: pending, outcome: 'pending' }],
      inFlightCount: 1,
      recent: [{ id: pending }],
    });
    expect(view).toMatchObject({ ready: true, problems: {} });
    served.world.mailbox.failure = new MailboxError('NO', 'go away');
    await served.world.clock.advance(120);
    expect(await status()).toMatchObject({ ready: false, problems: { 'mailbox acme': 'NO: go away' } });
  });

  it('answers from memory, also when the ledger cannot be read', async () => {
    served = await serve();
    await start('send');
    served.world.ledger.recent = () => new Promise(() => {});
    expect((await status()).recent).toHaveLength(1);
  });

  it('says who may act: as they are, with the token, or not at all', async () => {
    served = await serve();
    expect((await status()).acting).toBe('free');
    // A stranger's page in the operator's browser.
    expect((await status({ headers: { 'sec-fetch-site': 'cross-site' } })).acting).toBe('forbidden');
    await served.close();
    served = await serve({ token: 'secret' });
    expect((await status()).acting).toBe('token');
  });
});

describe('GET /api/v1/events', () => {
  it('is a stream that no cache and no proxy holds back, and no other page can read', async () => {
    served = await serve();
    const { response, text } = await listen();
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    });
    expect(response.headers).not.toHaveProperty('access-control-allow-origin');
    await until(() => text().includes('event: status'));
    expect(text()).toMatch(/^retry: 2000\n\nid: 1\nevent: status\ndata: \{.*\}\n\n$/);
  });

  it('begins with the status, as whoever asks may act on it', async () => {
    served = await serve({ token: 'secret' });
    const { messages } = await listen();
    await until(() => messages().length > 0);
    const { acting, ...view } = await status();
    expect(messages()[0]).toEqual({ id: '1', event: 'status', data: { acting: 'token', ...view } });
    expect(acting).toBe('token');
  });

  it('tells of a probe that changed, and then of the status', async () => {
    served = await serve();
    const { messages } = await listen();
    await until(() => messages().length === 1);
    const id = await start('send');
    await until(() => messages().length === 3);
    expect(messages().slice(1)).toMatchObject([
      { id: '2', event: 'probe', data: { id, outcome: 'pending' } },
      { id: '3', event: 'status', data: { inFlight: [{ id }] } },
    ]);
    await served.world.clock.advance(2);
    await served.world.sink.deliver(served.world.submitter.sent[0]!);
    await served.world.clock.advance(1);
    await until(() => messages('probe').some(({ data }) => (data as ProbeView).outcome === 'delivered'));
    await until(() => (messages('status').at(-1)!.data as StatusView).inFlightCount === 0);
  });

  it('tells at most once a second, each probe as it stands then', async () => {
    served = await serve();
    const { messages } = await listen();
    await served.world.clock.advance(5);
    await until(() => messages().length > 0);
    const before = messages('status').length;
    await start('send');
    await until(() => messages('status').length === before + 1);
    const more = [await start('send'), await start('send')];
    await served.get('/healthz');
    expect(messages('status')).toHaveLength(before + 1);
    await served.world.clock.advance(0.9);
    await served.get('/healthz');
    expect(messages('status')).toHaveLength(before + 1);
    await served.world.clock.advance(0.2);
    await until(() => messages('status').length === before + 2);
    const told = messages('probe').map(({ data }) => (data as ProbeView).id);
    for (const id of more) expect(told.filter((each) => each === id)).toHaveLength(1);
    await served.world.clock.advance(1.1);
    const { length } = messages('probe');
    const statuses = messages('status').length;
    served.board.partFailed('line', null);
    await until(() => messages('status').length > statuses);
    expect(messages('probe'), 'none of those that were told').toHaveLength(length);
  });

  it('tells of the last fifty probes, should more change at once', async () => {
    served = await serve();
    const { messages } = await listen();
    await served.world.clock.advance(2);
    await until(() => messages().length > 0);
    const before = messages('status').length;
    served.board.recorded(
      [],
      Array.from({ length: 60 }, (_, index) => probe(`p${index}`, 0)),
    );
    await until(() => messages('status').length > before);
    const told = messages('probe').map(({ data }) => (data as ProbeView).id);
    expect(told).toEqual(Array.from({ length: 50 }, (_, index) => `p${index + 10}`));
  });

  it('outlives clients that break off', async () => {
    served = await serve();
    const reading = await listen();
    for (const { response } of [await listen(), await listen()]) response.socket.resetAndDestroy();
    for (let round = 0; round < 3; round += 1) {
      await start('send');
      await served.world.clock.advance(1.1);
    }
    await until(() => reading.messages('probe').length >= 3);
    expect(reading.ended()).toBe(false);
  });

  it('tells also a status longer than what may be left unread, to one that is behind the newest', async () => {
    served = await serve();
    // More than any socket's buffers hold.
    const text = 'x'.repeat(32_000_000);
    const health = (line: string) => () => ({ ready: false, parts: { line } });
    Object.assign(served.engine, { health: health(`first ${text}`) });
    const { response, messages, ended } = await listen();
    response.pause();
    for (const line of ['second', 'third', 'fourth']) {
      Object.assign(served.engine, { health: health(line) });
      served.board.partFailed('line', null);
      await served.world.clock.advance(1.1);
      await served.get('/healthz');
    }
    response.resume();
    await until(() => messages('status').length > 1);
    const lines = messages('status').map(({ data }) => (data as StatusView).problems['line']?.split(' ')[0]);
    expect(lines).toEqual(['first', 'fourth']);
    expect(ended()).toBe(false);
  });

  it('tells of an endpoint that was checked, and of a part that fails', async () => {
    served = await serve();
    const { messages } = await listen();
    await served.world.clock.advance(2);
    await until(() => messages().length > 0);
    const last = () => messages('status').at(-1)?.data as StatusView;
    served.board.endpointChecked({
      ...{ provider: 'acme', endpoint: 'mx', up: true, seconds: 0.25 },
      certificateExpiresMs: Date.UTC(2027, 0, 1),
    });
    await until(() => last().providers[0]?.endpoints[1]?.up === true);
    await served.world.clock.advance(2);
    served.world.ledger.failure = new Error('disk full');
    await served.post({ path: 'send' });
    served.world.ledger.failure = null;
    await until(() => Object.hasOwn(last().problems, 'ledger'));
    expect(last()).toMatchObject({ ready: false, problems: { ledger: 'disk full' } });
  });

  it('says nothing while nothing changes, but that it is there', async () => {
    served = await serve();
    await served.world.clock.advance(1);
    const { text, messages } = await listen();
    await until(() => messages().length === 1);
    const { length } = text();
    served.world.mailbox.look = () => new Promise(() => {});
    await served.world.clock.advance(14.9);
    await served.get('/healthz');
    expect(text().slice(length)).toBe('');
    await served.world.clock.advance(0.2);
    await until(() => text().slice(length) === ': still here\n\n');
  });

  it('leaves nothing running when the last client is gone', async () => {
    served = await serve();
    await served.world.clock.advance(1);
    const before = served.world.clock.sleeping;
    const streams = [await listen(), await listen()];
    expect(served.world.clock.sleeping).toBe(before + 1);
    for (const { asked } of streams) asked.destroy();
    await until(() => served.world.clock.sleeping === before);
    const again = await listen();
    await start('send');
    await until(() => again.messages('probe').length === 1);
  });

  it('has room for so many streams, and for another once one is closed', async () => {
    served = await serve();
    const addressOf = (index: number): string => `127.0.0.${2 + Math.floor(index / ASKER_STREAMS_MAX)}`;
    const streams: Stream[] = [];
    while (streams.length < STREAMS_MAX) streams.push(await listen({}, addressOf(streams.length)));
    expect(streams.every(({ response }) => response.statusCode === 200)).toBe(true);
    const refused = await served.get('/api/v1/events');
    expect(refused.status).toBe(429);
    expect(await refused.json()).toEqual({ error: 'at most 32 streams of events can be open at once: close one' });
    streams[0]?.asked.destroy();
    await until(async () => {
      const { response, asked } = await listen();
      if (response.statusCode !== 200) asked.destroy();
      return response.statusCode === 200;
    });
  });

  it('has room for so many streams of one address, and for those of others beside them', async () => {
    served = await serve();
    const streams: Stream[] = [];
    while (streams.length < ASKER_STREAMS_MAX) streams.push(await listen());
    const refused = await served.get('/api/v1/events');
    expect(refused.status).toBe(429);
    expect(await refused.json()).toEqual({
      error: 'at most 8 streams of events can be open at once from one address: close one',
    });
    expect((await listen({}, '127.0.0.2')).response.statusCode).toBe(200);
    streams[0]?.asked.destroy();
    await until(async () => {
      const { response, asked } = await listen();
      if (response.statusCode !== 200) asked.destroy();
      return response.statusCode === 200;
    });
  });

  it('drops a client that does not read, and keeps the others', async () => {
    served = await serve();
    const reading = await listen();
    const stuck = await listen();
    stuck.response.pause();
    await until(() => reading.messages().length > 0);
    const { parts } = served.engine.health();
    const statuses = () => reading.text().split('event: status').length;
    for (let round = 0; round < 36; round += 1) {
      // Three of 8 MB are more than any socket's buffers hold.
      const line = round < 3 ? 'x'.repeat(8_000_000) : 'down';
      Object.assign(served.engine, { health: () => ({ ready: false, parts: { ...parts, line } }) });
      const before = statuses();
      served.board.partFailed('line', null);
      await served.world.clock.advance(1.1);
      await until(() => statuses() > before);
    }
    expect(reading.ended()).toBe(false);
    stuck.response.resume();
    await until(stuck.ended);
  });

  it('ends, with a line in the log, when the status cannot be told, and begins again when it can', async () => {
    served = await serve();
    await served.world.clock.advance(2);
    const before = served.world.clock.sleeping;
    const stream = await listen();
    await until(() => stream.messages().length === 1);
    const health = served.engine.health();
    const fail = (): never => {
      throw new Error('a bug');
    };
    Object.assign(served.engine, { health: fail });
    served.board.partFailed('line', null);
    await until(stream.ended);
    await expect(listen()).rejects.toThrow('socket hang up');
    Object.assign(served.engine, { health: () => health });
    expect(served.errors).toEqual(Array(2).fill('events could not be sent: Error: a bug'));
    await until(() => served.world.clock.sleeping === before);
    const again = await listen();
    await until(() => again.messages().length === 1);
    await start('send');
    await until(() => again.messages('probe').length === 1);
  });

  it('opens none for a HEAD', async () => {
    served = await serve();
    const before = served.world.clock.sleeping;
    expect((await served.get('/api/v1/events', { method: 'HEAD' })).status).toBe(404);
    expect(served.world.clock.sleeping).toBe(before);
  });

  it('ends all of them when the server closes', async () => {
    served = await serve();
    const stream = await listen();
    await until(() => stream.messages().length === 1);
    await served.server.close();
    await until(stream.ended);
    // Ended, not cut off.
    expect(stream.response.complete).toBe(true);
    expect(served.errors).toEqual([]);
  });
});

describe('GET /api/v1/probes/:id/life', () => {
  it('tells what happened to a probe', async () => {
    served = await serve();
    const id = await start('send');
    await served.world.clock.advance(2);
    await served.world.sink.deliver(served.world.submitter.sent[0]!);
    const life = (await (await served.get(`/api/v1/probes/${id}/life`)).json()) as ProbeLife;
    expect(life).toMatchObject({ id, sender: 'probe@acme.example', peer: '192.0.2.1:25' });
    expect(life.events.map(({ kind }) => kind)).toEqual(['planned', 'accepted', 'transferred']);
    expect(life.header!.text).toMatch(/^X-Mailflow-Probe: [a-z2-7]{32}\r$/m);
    for (const elsewhere of ['/api/v1/status', `/api/v1/probes/${id}`, '/metrics'])
      expect(await (await served.get(elsewhere)).text()).not.toContain('X-Mailflow-Probe');
  });

  it.each(['abc', 'a'.repeat(16)])('knows no probe %s', async (id) => {
    served = await serve();
    const answer = await served.get(`/api/v1/probes/${id}/life`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ error: 'no such probe' });
  });
});

describe('GET /api/v1/delays', () => {
  const asked: unknown[] = [];
  const inquiries: Inquiries = {
    ...NO_INQUIRIES,
    delays: async (query) => {
      asked.push(query);
      const body = new TextEncoder().encode('{"buckets":[]}');
      return { contentType: 'application/json; charset=utf-8', policy: null, body };
    },
  };
  beforeEach(() => void asked.splice(0));
  const DAY = 86_400_000;

  it('is what was made of it, of six hundred points unless others are asked for', async () => {
    served = await serve({ inquiries });
    const answer = await served.get('/api/v1/delays?provider=acme&path=send&from=0&to=1000');
    expect([answer.status, await answer.json()]).toEqual([200, { buckets: [] }]);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    for (const points of [10, 2000])
      await served.get(`/api/v1/delays?path=receive&from=1&to=${400 * DAY + 1}&points=${points}`);
    expect(asked).toEqual([
      { provider: 'acme', path: 'send', fromMs: 0, toMs: 1000, points: 600 },
      { provider: 'acme', path: 'receive', fromMs: 1, toMs: 400 * DAY + 1, points: 10 },
      { provider: 'acme', path: 'receive', fromMs: 1, toMs: 400 * DAY + 1, points: 2000 },
    ]);
  });

  it.each([
    ['path=sideways', 400, /^path must be one of send, receive, internal, is "sideways"$/],
    ['path=send&provider=other', 404, /^no route other\/send/],
    ['path=send', 400, /^from must be a whole number from 0 to 253402300799999, is missing$/],
    ['path=send&from=1.5&to=2', 400, /^from must be a whole number .* is "1.5"$/],
    ['path=send&from=-1&to=2', 400, /^from must be .* is "-1"$/],
    ['path=send&from=0x1&to=2', 400, /^from must be .* is "0x1"$/],
    ['path=send&from=0&to=253402300800000', 400, /^to must be .* is "253402300800000"$/],
    ['path=send&from=0&to=1&to=2', 400, /^to must be .* is \["1","2"\]$/],
    ['path=send&from=2&to=2', 400, /^to must be after from, is 2 and from is 2$/],
    [`path=send&from=0&to=${400 * DAY + 1}`, 400, /^to must be at most 400 days after from/],
    ['path=send&from=0&to=1&points=9', 400, /^points must be a whole number from 10 to 2000, is "9"$/],
    ['path=send&from=0&to=1&points=2001', 400, /^points must be a whole number from 10 to 2000, is "2001"$/],
  ])('refuses %s, naming the rule, and asks for nothing', async (query, code, error) => {
    served = await serve({ inquiries });
    const answer = await served.get(`/api/v1/delays?${query}`);
    expect(answer.status).toBe(code);
    expect(((await answer.json()) as { error: string }).error).toMatch(error);
    expect(asked).toEqual([]);
  });

  it('is unavailable while too much is asked, and while the agent stops', async () => {
    served = await serve({ inquiries: { ...NO_INQUIRIES, delays: () => Promise.reject(new TooBusy()) } });
    expect((await served.get('/api/v1/delays?path=send&from=0&to=1')).status).toBe(429);
    await served.close();
    served = await serve();
    const answer = await served.get('/api/v1/delays?path=send&from=0&to=1');
    expect([answer.status, await answer.json()]).toEqual([503, { error: 'the agent is stopping' }]);
  });
});
