/** What is wrong, told to a browser as a page and to everybody else as JSON. */
import { afterEach, expect, it } from 'vitest';
import { prefersHtml } from '../../../src/adapters/http/accept.ts';
import { TooBusy } from '../../../src/ports.ts';
import { CONTRACT } from '../../fakes/contract.ts';
import { NO_INQUIRIES, type Served, serve } from './served.ts';

let served: Served | null = null;
afterEach(async () => {
  await served?.close();
  served = null;
});

/** Of Chromium and Firefox, going to an address. */
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';

it.each([
  [BROWSER, true],
  ['text/html', true],
  ['application/json, text/html;q=0.9', false],
  ['*/*', false],
  ['text/*', false],
  ['application/json', false],
  ['text/html;q=0, */*', false],
  ['text/html;q=x', false],
  [undefined, false],
])('whoever accepts %s is sent a page: %s', (accept, isPage) => {
  expect(prefersHtml(accept)).toBe(isPage);
});

async function both(path: string) {
  const plain = await served!.get(path);
  const page = await served!.get(path, { headers: { accept: BROWSER, 'accept-language': 'en' } });
  return { plain, page, text: await page.text(), error: ((await plain.json()) as { error: string }).error };
}

it.each([
  ['/nowhere', 404, 'There is nothing at this address', 'no such resource'],
  ['/probes/aaaaaaaaaaaaaaaa', 404, 'There is nothing at this address', 'no such probe'],
  ['/assets/0/main.js', 404, 'There is nothing at this address', 'no such resource'],
  ['/reports/november', 400, 'asks for something that there is not', 'month must be a month'],
  ['/?lang=fr', 400, 'asks for something that there is not', 'lang must be one of'],
  ['/%ff', 400, 'asks for something that there is not', 'the request must be well-formed'],
  ['/reports/2026-11', 429, 'Not now: try again in a minute', 'at most 8 reports'],
  ['/api/v1/verdicts', 429, 'Not now: try again in a minute', 'at most 8 reports'],
])('%s is %i, as a page with its words for a browser', async (path, status, title, why) => {
  served = await serve({ reports: { rendered: () => Promise.reject(new TooBusy()) } });
  const { plain, page, text, error } = await both(path);
  expect([plain.status, page.status]).toEqual([status, status]);
  expect(plain.headers.get('content-type')).toMatch(/^application\/json/);
  expect(error).toContain(why);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  for (const answer of [plain, page]) {
    expect(answer.headers.get('vary')).toBe('accept, accept-language');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  }
  expect(text).toContain(title);
  expect(text).toContain(why);
  expect(text).toMatch(/<link rel="stylesheet" href="\/assets\/[0-9a-f]+\/page\.css">/);
  expect(text).not.toContain('<script');
});

it('speaks the language of the browser, or that of the address', async () => {
  served = await serve();
  const shown = async (path: string, language: string) =>
    (await served!.get(path, { headers: { accept: BROWSER, 'accept-language': language } })).text();
  expect(await shown('/nowhere', 'zh-CN,zh;q=0.9')).toMatch(/<html lang="zh[^]*此地址没有内容/);
  expect(await shown('/nowhere?lang=zh', 'en')).toContain('此地址没有内容');
});

it('tells of a fault of its own no more than that there was one', async () => {
  served = await serve({ reports: { rendered: () => Promise.reject(new Error('/secret/path')) } });
  const { page, text } = await both('/reports/2026-11');
  expect(page.status).toBe(500);
  expect(text).toContain('internal error');
  expect(text).not.toContain('secret');
});

it('shows what was asked for as text', async () => {
  served = await serve({ contract: CONTRACT, inquiries: NO_INQUIRIES });
  const evil = encodeURIComponent('"><script>alert(1)</script>');
  const { text } = await both(`/reports/2026-11?format=${evil}`);
  expect(text).toContain('alert(1)');
  expect(text).not.toContain('<script');
});

it('leaves what is no error alone', async () => {
  served = await serve();
  const headers = { accept: BROWSER };
  expect((await served.get('/readyz', { headers })).headers.get('content-type')).toMatch(/^application\/json/);
  expect((await served.get('/', { headers })).status).toBe(200);
});
