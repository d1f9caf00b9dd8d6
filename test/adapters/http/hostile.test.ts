/** What a stranger may send, by hand, and what comes back. */
import { afterEach, describe, expect, it } from 'vitest';
import { WRONG_TOKENS } from '../../../src/adapters/http/admitted.ts';
import type { HttpSettings } from '../../../src/domain/settings.ts';
import { exchange, type RawAnswer } from './raw.ts';
import { type Served, serve } from './served.ts';

const TOKEN = 'correct-horse-battery-staple';
const AUTHORIZED = `Host: 127.0.0.1\r\nAuthorization: Bearer ${TOKEN}\r\n`;
const BODY = '{"path":"send"}';

let served: Served;
afterEach(() => served?.close());
const ask = (text: string): Promise<RawAnswer> => exchange(served.server.url, text);
const get = (target: string, headers = 'Host: 127.0.0.1\r\n') =>
  ask(`GET ${target} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);
const planned = (): number => served.world.ledger.events('probe.planned').length;

function expectSafe({ headers }: RawAnswer): void {
  expect(Object.fromEntries(headers)).toMatchObject({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'content-security-policy': expect.stringContaining("frame-ancestors 'none'") as unknown,
    'cache-control': expect.any(String) as unknown,
  });
}

describe('every answer forbids what a browser would do with it', () => {
  it.each([
    ['a page', 'GET / HTTP/1.1\r\nHost: localhost\r\n', 200],
    ['nothing there', 'GET /nothing HTTP/1.1\r\nHost: localhost\r\n', 404],
    ['a method that is none here', 'DELETE /metrics HTTP/1.1\r\nHost: localhost\r\n', 404],
    ['a method that is none', 'BREW / HTTP/1.1\r\nHost: localhost\r\n', 400],
    ['a TRACE', 'TRACE / HTTP/1.1\r\nHost: localhost\r\n', 404],
    ['no token', 'POST /api/v1/probes HTTP/1.1\r\nHost: localhost\r\n', 401],
    ['another host', 'GET / HTTP/1.1\r\nHost: rebound.example\r\n', 403],
    ['no host', 'GET / HTTP/1.1\r\n', 400],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n', 400],
    ['no HTTP', 'HELO mail.example\r\n', 400],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['another version', 'PRI * HTTP/2.0\r\n\r\nSM\r\n', 400],
    ['a long head', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n`, 431],
    ['an expectation', 'GET / HTTP/1.1\r\nHost: localhost\r\nExpect: miracles\r\n', 417],
    ['a malformed address', 'GET /%zz HTTP/1.1\r\nHost: localhost\r\n', 400],
    ['a long address', `GET /api/v1/probes/${'x'.repeat(500)} HTTP/1.1\r\nHost: localhost\r\n`, 414],
  ])('to %s', async (_what, head, status) => {
    served = await serve({ token: TOKEN });
    const answer = await ask(`${head}Connection: close\r\n\r\n`);
    expect(answer.status).toBe(status);
    expectSafe(answer);
    expect(served.errors).toEqual([]);
  });

  it('to what went wrong within, of which it tells nothing', async () => {
    served = await serve({ reports: { rendered: () => Promise.reject(new Error('EIO at /var/lib/probe')) } });
    const answer = await get('/reports/2026-11');
    expect([answer.status, answer.body]).toEqual([500, '{"error":"internal error"}']);
    expectSafe(answer);
  });

  it('and what is no request, behind one, is answered nothing that could be taken for its answer', async () => {
    served = await serve();
    const answer = await exchange(
      served.server.url,
      'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nno request\r\n\r\n',
    );
    expect(answer.ending).toBe('closed');
    expect([null, 200]).toContain(answer.status);
  });
});

describe('the name under which the agent is asked', () => {
  const places = [
    '/',
    '/api/v1/status',
    '/api/v1/exclusions',
    '/reports/2026-11',
    '/api/v1/events',
    '/probe?path=send',
  ];

  it.each(places)('%s is for addresses, localhost and names of the configuration alone', async (place) => {
    served = await serve({ names: ['Probe.example.org'.toLowerCase()] });
    for (const host of ['rebound.example', 'localhost.rebound.example', '127.0.0.1.rebound.example', 'x@127.0.0.1', ''])
      expect([host, (await get(place, `Host: ${host}\r\n`)).status]).toEqual([host, 403]);
    if (place === '/probe?path=send') return;
    for (const host of [
      'probe.example.org',
      'PROBE.example.org:9825',
      'probe.example.org.',
      '192.0.2.7',
      '[2001:db8::7]:80',
    ])
      expect([host, (await get(place, `Host: ${host}\r\n`)).status]).not.toEqual([host, 403]);
  });

  it('is of no matter to a scrape, to health, and to who has the token', async () => {
    served = await serve({ token: TOKEN });
    const named = 'Host: mailflow-probe:9825\r\n';
    for (const place of ['/metrics', '/healthz', '/readyz']) expect((await get(place, named)).status).not.toBe(403);
    const posted = `${named}Authorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n`;
    expect((await ask(`POST /api/v1/probes HTTP/1.1\r\n${posted}\r\n${BODY}`)).status).toBe(202);
    expect((await get('/', `${named}Authorization: Bearer ${TOKEN}\r\n`)).status).toBe(403);
  });

  it.each(['Accept-Language: en', 'Accept-Language:', 'Origin: http://rebound.example', 'Sec-Fetch-Site: same-origin'])(
    'counts for a page of a stranger’s wherever it asks, and its guesses at a token for nobody: %s',
    async (sent) => {
      served = await serve({ token: TOKEN, metrics: { token: 'let-the-test-in', listen: null } });
      const asPage = `Host: rebound.example\r\n${sent}\r\n`;
      for (const place of ['/metrics', '/healthz', '/readyz', '/probe?path=send'])
        for (let count = 0; count < WRONG_TOKENS.burst; count += 1)
          expect([place, (await get(place, `${asPage}Authorization: Bearer guess\r\n`)).status]).toEqual([place, 403]);
      const scrape = 'Host: mailflow-probe:9825\r\nAuthorization: Bearer let-the-test-in\r\n';
      expect((await get('/metrics', scrape)).status).toBe(200);
    },
  );

  it('is that of the Host, whatever the request line says', async () => {
    served = await serve();
    for (const target of ['http://localhost/', 'http://rebound.example/', '//rebound.example/', '*', 'localhost:80'])
      expect([400, 403, 404]).toContain((await get(target, 'Host: rebound.example\r\n')).status);
    expect((await get('http://rebound.example/metrics')).status).not.toBe(200);
  });
});

it('a proxy on this host asks for others, and is no loopback', async () => {
  served = await serve();
  for (const header of [
    'X-Forwarded-For: 198.51.100.7',
    'Forwarded: for=198.51.100.7',
    'Via: 1.1 proxy',
    'X-Real-IP: ::1',
  ])
    expect([header, (await get('/probe?path=send', `Host: 127.0.0.1\r\n${header}\r\n`)).status]).toEqual([header, 403]);
  expect(planned()).toBe(0);
});

it.each([
  '/assets/../../package.json',
  '/assets/%2e%2e/%2e%2e/package.json',
  '/assets/%252e%252e%252fpackage.json',
  '/assets/..%2f..%2fpackage.json',
  '/assets/..\\..\\package.json',
  '/assets/..%5c..%5cpackage.json',
  '/assets/page.css%00.js',
  '/assets//etc/passwd',
  '/assets/%c0%ae%c0%ae/package.json',
  '/..%2f..%2fetc%2fpasswd',
  '/reports/..%2f..%2fetc%2fpasswd',
  '/probes/..%2f..%2ftoken.key',
  '/api/v1/probes/%00',
  '/api/v1/probes/..%2fstatus',
])('%s leads nowhere', async (target) => {
  served = await serve();
  const answer = await get(target);
  expect([400, 404]).toContain(answer.status);
  expect(answer.body).not.toMatch(/root:|"dependencies"|node_modules|\/home|\/tmp/);
});

describe('a second request within the first', () => {
  const smuggled = `POST /api/v1/probes HTTP/1.1\r\n${AUTHORIZED}Content-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
  it.each([
    ['both lengths', `Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['both lengths, the other first', `Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n${smuggled}`],
    ['two lengths', `Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`],
    ['a length with a sign', `Content-Length: +${smuggled.length}\r\n\r\n${smuggled}`],
    ['a list of lengths', `Content-Length: 0, ${smuggled.length}\r\n\r\n${smuggled}`],
    ['chunks by another name', `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['chunks that are not last', `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`],
    ['a space before the colon', `Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['a folded header', `X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['a bare line feed', `X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['a bare carriage return', `X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['a null byte', `X: \0\r\n\r\n${smuggled}`],
    ['a chunk of a wrong size', `Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n${smuggled}`],
    ['a chunk that ends in a line feed', `Transfer-Encoding: chunked\r\n\r\n1\nZ\n0\r\n\r\n${smuggled}`],
  ])('by %s is not heard', async (_what, rest) => {
    served = await serve({ token: TOKEN });
    const answer = await ask(`POST /api/v1/exclusions HTTP/1.1\r\nHost: 127.0.0.1\r\n${rest}`);
    // Null: what had begun as a request is only cut off.
    expect([400, 401, null]).toContain(answer.status);
    if (answer.status !== null) expectSafe(answer);
    // A message may follow only what was read to its end as it was meant.
    expect([answer.ending, planned()]).toEqual(['closed', 0]);
  });
});

describe('metrics', () => {
  const scrape = (url: string, token: string | null) =>
    fetch(new URL('/metrics', url), token === null ? {} : { headers: { authorization: `Bearer ${token}` } });
  const own = { listen: null, token: 'let-the-test-in' } satisfies HttpSettings['metrics'];

  it('are for their own token, where there is one, and no other', async () => {
    served = await serve({ token: TOKEN, metrics: own });
    const answers = [null, TOKEN, 'let-the-test-in'].map(
      async (token) => (await scrape(served.server.url, token)).status,
    );
    expect(await Promise.all(answers)).toEqual([401, 401, 200]);
    const posted = await served.post({ path: 'send' }, { authorization: 'Bearer let-the-test-in' });
    expect(posted.status).toBe(401);
  });

  it('are at an address of their own and nowhere else, and nothing else is there', async () => {
    served = await serve({ metrics: { listen: { host: '127.0.0.1', port: 0 }, token: null } });
    const { url, metricsUrl } = served.server;
    expect(metricsUrl).not.toBeNull();
    expect((await scrape(url, null)).status).toBe(404);
    expect((await scrape(metricsUrl ?? '', null)).status).toBe(200);
    for (const place of ['/', '/api/v1/status', '/healthz', '/probe?path=send'])
      expect((await fetch(new URL(place, metricsUrl ?? ''))).status).toBe(404);
  });
});
