/**
 * How long a real Chromium is kept from anything else by a page over a month of many probes on one route: its tasks of more than 50 ms
 * (PerformanceObserver, `longtask`), step by step, and beside it what its thread had of a processor: on a busy machine tasks take longer than
 * that. The delays come from a real ledger.
 * As a program: `node test/bench/page.ts [PROBES]`, by default 45,000.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CDPSession, Page } from 'playwright-core';
import { openLedger } from '../../src/adapters/sqlite/ledger.ts';
import { openBrowser, visit } from '../e2e/browser.ts';
import { servePage } from '../e2e/page-server.ts';
import { healthy, NOW_MS } from '../e2e/sample-status.ts';
import { fill } from './generate-ledger.ts';

const [probes = '45000'] = process.argv.slice(2);
const log = { debug() {}, info() {}, warn() {}, error() {} };
const OBSERVE = `
  globalThis.tasks = [];
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'longtask', buffered: true });`;
/** Milliseconds in which whatever a step has begun is over. */
const SETTLED = 3000;

const folder = mkdtempSync(join(tmpdir(), 'mailflow-bench-'));
const [acme] = healthy().providers;
const status = { ...healthy(), providers: [{ ...acme!, paths: ['send'] as const }] };
try {
  const ledger = await openLedger(folder, { role: 'daemon', log });
  const fromMs = acme!.month!.fromMs;
  await fill(ledger, {
    ...{ provider: 'acme', paths: ['send'], fromMs, toMs: NOW_MS, knownUntilMs: NOW_MS, seed: 1 },
    everySeconds: (NOW_MS - fromMs) / 1000 / Number(probes),
    perMille: { late: 1, lost: 0.5, bounced: 1, refused: 2, unmeasured: 5 },
  });
  const told: { readonly ms: number; readonly buckets: number; readonly count: number }[] = [];
  const served = await servePage(status, {
    async delays(query) {
      const began = performance.now();
      const series = await ledger.delays({ ...query, provider: 'acme', maximumSeconds: 3600, nowMs: NOW_MS });
      const count = series.buckets.reduce((sum, bucket) => sum + bucket.count + bucket.unmeasured, 0);
      told.push({ ms: performance.now() - began, buckets: series.buckets.length, count });
      return series;
    },
  });
  const browser = await openBrowser();
  const { page, context } = await visit(browser, 'about:blank', { viewport: { width: 1440, height: 900 } });
  await context.addInitScript(OBSERVE);
  const devtools = await context.newCDPSession(page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  await step(page, devtools, 'the page and the last day', async () => {
    await page.goto(`${served.url}/?lang=en`);
    await page.locator('.plot canvas').waitFor();
  });
  await step(page, devtools, 'the month', () => page.getByRole('button', { name: 'Month' }).click());
  await step(page, devtools, 'the pointer across it', async () => {
    await page.locator('.plot').scrollIntoViewIfNeeded();
    const box = await page.locator('.plot .u-over').boundingBox();
    if (box === null) throw new Error('there must be a chart');
    await page.mouse.move(box.x, box.y + 50);
    await page.mouse.move(box.x + box.width - 1, box.y + 50, { steps: 100 });
  });
  await step(page, devtools, 'closer', () => page.getByRole('button', { name: 'Zoom in' }).click());
  for (const { ms, buckets, count } of told.filter(({ buckets: drawn }) => drawn > 100))
    process.stdout.write(`an answer: ${count} probes as ${buckets} points, made in ${ms.toFixed(0)} ms\n`);
  await browser.close();
  await served.close();
  await ledger.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Milliseconds of a processor since the browser began. */
async function busyMs(devtools: CDPSession): Promise<number> {
  const { metrics } = await devtools.send('Performance.getMetrics');
  return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
}

async function step(page: Page, devtools: CDPSession, what: string, act: () => Promise<unknown>): Promise<void> {
  const busy = await busyMs(devtools);
  const before = await page.evaluate<number>('globalThis.tasks?.length ?? 0');
  await act();
  await page.waitForTimeout(SETTLED);
  const all = await page.evaluate<readonly number[]>('tasks');
  const tasks = all.length < before ? all : all.slice(before);
  const longest = Math.max(0, ...tasks);
  const blocked = tasks.reduce((sum, ms) => sum + Math.max(0, ms - 50), 0);
  process.stdout.write(
    `${what}: ${tasks.length} tasks over 50 ms, longest ${longest.toFixed(0)} ms, blocked for ${blocked.toFixed(0)} ms in all; ${((await busyMs(devtools)) - busy).toFixed(0)} ms of a processor\n`,
  );
}
