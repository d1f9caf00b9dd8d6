/** The status page over HTTP: one answer with everything in it, assets that are kept for ever, and a strict policy. */
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { preferredLanguage } from '../../../src/adapters/http/language.ts';
import { encodingFor } from '../../../src/adapters/http/page-assets.ts';
import { type Served, serve } from './served.ts';

let served: Served;
afterEach(() => served?.close());

const dataOf = (page: string): unknown =>
  JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/.exec(page)?.[1] ?? 'null');

describe('GET /', () => {
  it('answers with the page as it stands and what it was made from', async () => {
    served = await serve();
    const { id } = (await (await served.post({ path: 'send' })).json()) as { id: string };
    const response = await served.get('/');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self';/,
    );
    expect(response.headers.get('content-security-policy')).not.toMatch(/unsafe|https?:/);
    const page = await response.text();
    expect(page).toContain(`href="/probes/${id}?lang=en"`);
    expect(dataOf(page)).toMatchObject({ language: 'en', status: { acting: 'free', inFlight: [{ id }] } });
  });

  it('offers to act what the asker may', async () => {
    served = await serve({ token: 'correct-horse-battery-staple' });
    expect(dataOf(await (await served.get('/')).text())).toMatchObject({ status: { acting: 'token' } });
  });

  it('speaks the language that is asked for, and refuses one that it does not speak', async () => {
    served = await serve();
    expect(await (await served.get('/?lang=zh')).text()).toContain('<html lang="zh-Hans">');
    expect(await (await served.get('/', { headers: { 'accept-language': 'zh-CN,en;q=0.5' } })).text()).toContain(
      '<html lang="zh-Hans">',
    );
    const refused = await served.get('/?lang=fr');
    expect(refused.status).toBe(400);
    expect(await refused.json()).toEqual({ error: 'lang must be one of en, zh, is "fr"' });
  });
});

describe('GET /probes/:id', () => {
  it('shows the life of a probe, and knows of no other', async () => {
    served = await serve();
    const { id } = (await (await served.post({ path: 'send' })).json()) as { id: string };
    const page = await (await served.get(`/probes/${id}?lang=en`)).text();
    expect(page).toContain('The life of a probe');
    expect(dataOf(page)).toMatchObject({ view: { id }, life: { id, events: [{ kind: 'planned' }] } });
    for (const other of ['aaaaaaaaaaaaaaaa', 'a', '%00'])
      expect((await served.get(`/probes/${other}`)).status).toBe(404);
  });
});

describe('GET /assets/', () => {
  it('serves every module and style that a page names, for ever, as what it is', async () => {
    served = await serve();
    const page = await (await served.get('/')).text();
    const named = [...page.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
    expect(named.length).toBeGreaterThan(20);
    for (const path of named) {
      const response = await served.get(path);
      expect(response.status, path).toBe(200);
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(response.headers.get('content-type')).toBe(
        path.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8',
      );
      const text = await response.text();
      expect(text).not.toMatch(/^import type|from 'uplot'/m);
      // What a module imports is there, and was named for the browser to fetch at once.
      for (const [, imported] of text.matchAll(/^(?:import|export)[^;]*?from '\.\/([^']+)';/gm))
        expect(named, `${path} imports ${imported}`).toContain(path.replace(/[^/]+$/, imported!));
    }
  });

  it.each(['/assets/', '/assets/main.ts', '/assets/../../package.json', '/assets/%2e%2e/state.ts'])(
    'has no %s',
    async (path) => {
      served = await serve();
      expect((await served.get(path)).status).toBe(404);
    },
  );
});

it.each([
  [undefined, 'identity'],
  ['gzip, deflate, br, zstd', 'br'],
  ['gzip;q=1.0', 'gzip'],
  ['br;q=0, gzip', 'gzip'],
  ['br;q=0.0', 'identity'],
])('packs for a browser that takes %s as %s', (accepted, encoding) => {
  expect(encodingFor(accepted)).toBe(encoding);
});

it('packs the page for who takes it', async () => {
  served = await serve();
  const { request } = await import('node:http');
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    request(new URL('/', served.server.url), { headers: { 'accept-encoding': 'gzip' }, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).once('end', () => resolve(Buffer.concat(chunks)));
    })
      .once('error', reject)
      .end();
  });
  expect(gunzipSync(bytes).toString()).toMatch(/^<!doctype html>/);
});

it.each([
  [undefined, 'en'],
  ['fr-FR, zh-TW;q=0.8, en;q=0.7', 'zh'],
  ['en-GB, zh', 'en'],
  ['zh;q=0, en;q=0.1', 'en'],
  ['de', 'en'],
  ['zh-Hans-CN', 'zh'],
  [';;q=,,', 'en'],
])('speaks to %s in %s', (accepted, language) => {
  expect(preferredLanguage(accepted)).toBe(language);
});
