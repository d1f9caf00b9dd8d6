/** The verdicts and reports over HTTP: which month, which format, and what is no month. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { renderReport } from '../../../src/adapters/report/render.ts';
import { type RenderedReport, type ReportRequest, TooBusy } from '../../../src/ports.ts';
import { sample } from '../report/sample.ts';
import { type Served, serve } from './served.ts';

let served: Served;
let asked: (string | null)[];

beforeEach(async () => {
  asked = [];
  const reports = {
    rendered: async ({ month, format, language }: ReportRequest): Promise<RenderedReport | null> => {
      asked.push(month);
      if (month === '1998-01') throw new TooBusy();
      if (month === '1999-01') return null;
      const judged = { report: sample(), charts: [{ provider: 'acme', delays: [] }] };
      const { contentType, body, policy = null } = renderReport(judged, format, language);
      return { contentType, body: new TextEncoder().encode(body), policy };
    },
  };
  served = await serve({ reports });
});
afterEach(() => served.close());

const errorIn = async (answer: Response): Promise<unknown> => ((await answer.json()) as { error: unknown }).error;

test('verdicts are the report as JSON, of the running month unless another is asked for', async () => {
  const answer = await served.get('/api/v1/verdicts');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  expect(await answer.json()).toEqual(JSON.parse(JSON.stringify(sample())));
  await served.get('/api/v1/verdicts?month=2026-10');
  expect(asked).toEqual([null, '2026-10']);
});

test('a report is HTML, Markdown, JSON or CSV, in either language', async () => {
  const text = async (query: string): Promise<[string | null, string]> => {
    const answer = await served.get(`/reports/2026-11${query}`);
    return [answer.headers.get('content-type'), await answer.text()];
  };
  const page = await served.get('/reports/2026-11');
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  // The page's style stands in it: the header must let that one through, and nothing else.
  expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
  expect(await page.text()).toMatch(/^<!doctype html>/);
  const [type, markdown] = await text('?format=markdown');
  expect(type).toBe('text/markdown; charset=utf-8');
  expect(markdown).toMatch(/^# /);
  expect((await text('?format=markdown&lang=zh'))[1]).toContain('发送延迟');
  expect(JSON.parse((await text('?format=json'))[1])).toMatchObject({ month: '2026-11' });
  const [csvType, csv] = await text('?format=csv');
  expect(csvType).toMatch(/^text\/csv/);
  expect(csv).toMatch(/^month,time_zone,/);
});

test.each([
  ['/api/v1/verdicts?month=2026-13', 'month must be a month such as 2026-11, is "2026-13"'],
  ['/api/v1/verdicts?month=a&month=b', 'month must be a month such as 2026-11, is ["a","b"]'],
  ['/reports/november', 'month must be a month such as 2026-11, is "november"'],
  ['/reports/2026-11?format=pdf', 'format must be one of html, markdown, json, csv, is "pdf"'],
  ['/reports/2026-11?lang=de', 'lang must be one of en, zh, is "de"'],
])('%s breaks a rule, which is told, and nothing is judged', async (path, rule) => {
  const answer = await served.get(path);
  expect(answer.status).toBe(400);
  expect(await errorIn(answer)).toBe(rule);
  expect(asked).toEqual([]);
});

test('while too many are judged it is unavailable for now', async () => {
  const answer = await served.get('/reports/1998-01');
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '60']);
  expect(await errorIn(answer)).toMatch(/^at most 8 reports can be made at once/);
});

test('a month of which nothing is known is not found', async () => {
  for (const path of ['/api/v1/verdicts?month=1999-01', '/reports/1999-01']) {
    const answer = await served.get(path);
    expect(answer.status).toBe(404);
    expect(await errorIn(answer)).toBe('nothing is known of the month, or it is archived');
  }
});
