/** What the HTTP interface shows: metrics, health, probes, and the first page. */
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveHttp } from '../../../src/adapters/http/server.ts';
import { renderReport } from '../../../src/adapters/report/render.ts';
import type { ProbeView } from '../../../src/domain/probe-view.ts';
import { MailboxError } from '../../../src/ports.ts';
import { silentLog } from '../../fakes/fake-provider.ts';
import { errorOf, NO_INQUIRIES, OPEN, type Served, serve } from './served.ts';

let served: Served;

beforeEach(async () => {
  served = await serve();
});
afterEach(() => served.close());

async function start(path: string): Promise<string> {
  const { id } = (await (await served.post({ provider: 'acme', path })).json()) as { id: string };
  return id;
}

describe('GET /metrics', () => {
  it('is the agent’s scrape in the text format', async () => {
    const response = await served.get('/metrics');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(response.headers.get('vary')).toBe('accept');
    expect(await response.text()).toContain('mailflow_build_info');
  });

  it('is OpenMetrics for whoever prefers that, as Prometheus does', async () => {
    const response = await served.get('/metrics', {
      headers: { accept: 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1' },
    });
    expect(response.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(await response.text()).toMatch(/\n# EOF\n$/);
  });
});

describe('health', () => {
  it('is not ready until the mailbox was looked at, and says so', async () => {
    await served.close();
    const answer = Promise.withResolvers<void>();
    served = await serve({
      prepare({ mailbox }) {
        const look = mailbox.look.bind(mailbox);
        mailbox.look = () => answer.promise.then(look);
      },
    });
    const early = await served.get('/readyz');
    expect(early.status).toBe(503);
    expect(await early.json()).toEqual({
      ready: false,
      parts: { sink: null, ledger: null, sending: null, 'mailbox acme': 'not yet looked at' },
    });
    answer.resolve();
    await served.world.clock.advance(0.1);
    const later = await served.get('/readyz');
    expect(later.status).toBe(200);
    expect(await later.json()).toEqual({
      ready: true,
      parts: { sink: null, ledger: null, sending: null, 'mailbox acme': null },
    });
  });

  it('is not ready while the mailbox cannot be watched, but alive', async () => {
    await served.world.clock.advance(0.1);
    served.world.mailbox.failure = new MailboxError('CLOSED', 'the connection was closed');
    await served.world.clock.advance(120);
    expect((await served.get('/readyz')).status).toBe(503);
    const alive = await served.get('/healthz');
    expect(alive.status).toBe(200);
    expect(await alive.json()).toMatchObject({ status: 'ok', ready: false });
  });
});

describe('GET /api/v1/probes/:id', () => {
  it('tells at once how a probe stands', async () => {
    const id = await start('send');
    const view = (await (await served.get(`/api/v1/probes/${id}`)).json()) as ProbeView;
    expect(view).toMatchObject({ id, provider: 'acme', path: 'send', kind: 'spot', outcome: 'pending' });
  });

  it('waits until the probe is settled', async () => {
    const id = await start('send');
    const answer = served.get(`/api/v1/probes/${id}?wait=30`);
    await served.awaited();
    await served.world.clock.advance(2);
    await served.world.sink.deliver(served.world.submitter.sent[0]!);
    expect(await (await answer).json()).toMatchObject({
      id,
      outcome: 'delivered',
      delaySeconds: { lo: expect.any(Number) },
    });
  });

  it('answers after the wait that the probe is still pending', async () => {
    const id = await start('send');
    const answer = served.get(`/api/v1/probes/${id}?wait=0.5`);
    expect(await (await served.passing(answer)).json()).toMatchObject({ id, outcome: 'pending' });
  });

  it('leaves nothing waiting when the client goes away', async () => {
    const id = await start('send');
    const client = new AbortController();
    const answer = served.get(`/api/v1/probes/${id}?wait=30`, { signal: client.signal });
    await served.awaited();
    client.abort();
    await expect(answer).rejects.toThrow('aborted');
    await served.released();
    expect(served.errors).toEqual([]);
  });

  it.each(['abc', 'a'.repeat(16), 'A'.repeat(16), '..%2f..%2fetc%2fpasswd', '%00'])('knows no probe %s', async (id) => {
    const response = await served.get(`/api/v1/probes/${id}`);
    expect(response.status).toBe(404);
  });

  it('refuses an id that is longer than any', async () => {
    const response = await served.get(`/api/v1/probes/${'a'.repeat(500)}`);
    expect(response.status).toBe(414);
    expect(await response.json()).toEqual({ error: 'the request must be well-formed' });
  });

  it.each(['soon', '-1', '', '1&wait=2', 'Infinity'])('refuses to wait=%s, naming the rule', async (wait) => {
    const response = await served.get(`/api/v1/probes/${'a'.repeat(16)}?wait=${wait}`);
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: string };
    expect(error).toMatch(/^wait must be a number of seconds, is /);
  });
});

describe('GET /', () => {
  it('lists the last probes, and what the network wrote as text', async () => {
    const markup = `<img src=x onerror="alert('1')">&`;
    served.world.submitter.send = async () => ({
      kind: 'refused',
      stage: 'rcpt',
      code: 550,
      enhanced: null,
      text: markup,
      stages: [],
      peer: null,
      certificateExpiresMs: null,
    });
    await start('send');
    const response = await served.get('/');
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    const page = await response.text();
    expect(page).not.toContain('<img');
    expect(page).toContain('&#60;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&#62;&#38;');
    expect(page).toContain('acme');
  });

  it('says what is wrong with the agent, as text', async () => {
    await served.world.clock.advance(0.1);
    served.world.mailbox.failure = new MailboxError('NO', '<b>go away</b>');
    await served.world.clock.advance(120);
    const page = await (await served.get('/')).text();
    expect(page).toContain('mailbox acme: NO: &#60;b&#62;go away&#60;/b&#62;');
  });
});

describe('an answer to what cannot be answered', () => {
  it('is 404 for an unknown resource', async () => {
    const response = await served.get('/admin');
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: 'no such resource' });
  });

  it('is 400 for a malformed address', async () => {
    const response = await served.get('/api/v1/probes/%ff');
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: 'the request must be well-formed' });
  });

  it('shows nothing of our inside when something fails, and logs it', async () => {
    served.world.ledger.probe = async () => {
      throw new Error('SQLITE_IOERR: /var/lib/secret');
    };
    const response = await served.get('/api/v1/probes/aaaaaaaaaaaaaaaa');
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('{"error":"internal error"}');
    expect(served.errors).toEqual(['a request failed: Error: SQLITE_IOERR: /var/lib/secret']);
  });
});

describe('the server', () => {
  it('says in one line that its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const parts = {
      control: served.engine,
      board: served.board,
      exclusions: served.exclusions,
      inquiries: NO_INQUIRIES,
      zones: new Map(),
      metrics: async () => ({ contentType: 'text/plain', body: '' }),
      reports: null,
      renderReport,
      probeMetrics: async () => ({ contentType: 'text/plain', body: '' }),
      clock: served.world.clock,
      log: silentLog,
    };
    await expect(serveHttp({ ...OPEN, listen: { host: '127.0.0.1', port } }, parts)).rejects.toThrow(
      new Error(`http cannot listen on 127.0.0.1:${port}: EADDRINUSE: address already in use`),
    );
    await new Promise((resolve) => other.close(resolve));
  });

  it('closes while a client waits, and leaves nothing waiting', async () => {
    const id = await start('send');
    const answer = served.get(`/api/v1/probes/${id}?wait=60`);
    const cut = errorOf(answer);
    await served.awaited();
    await served.server.close();
    expect(await cut).toMatchObject({ message: 'fetch failed' });
    await served.released();
    expect(served.errors).toEqual([]);
  });

  it('closes while a request is half sent', async () => {
    const half = request(new URL('/api/v1/probes', served.server.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': '100' },
    });
    const cut = new Promise((resolve) => half.once('error', resolve));
    half.write('{"provider":');
    await served.get('/healthz');
    await served.server.close();
    expect(await cut).toMatchObject({ code: 'ECONNRESET' });
  });
});
