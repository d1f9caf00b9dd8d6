/** The report's page in a real browser: it loads alone, fits a telephone and a sheet of paper, and everyone can read it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Result } from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { renderHtml } from '../../src/adapters/report/html.ts';
import { healthyMonth, richMonth } from '../adapters/report/sample-page.ts';
import { CHROMIUM, describeWith } from '../servers/available.ts';
import { violationsOn } from './accessibility.ts';
import { openBrowser, visit } from './browser.ts';

/** Chromium takes seconds to start on a busy machine. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** One of each kind and of each language: a page takes seconds. */
const PAGES = ['rich-en', 'healthy-zh'] as const;
const PHONE = { width: 360, height: 740 };

describeWith(CHROMIUM, 'the page of a month', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mailflow-page-'));
  const urlOf = (name: string): string => pathToFileURL(join(folder, `${name}.html`)).href;
  let browser: Browser;

  beforeAll(async () => {
    const months = { rich: await richMonth(), healthy: await healthyMonth() };
    writeFileSync(join(folder, 'rich-en.html'), renderHtml(months.rich.report, months.rich.charts, 'en'));
    writeFileSync(join(folder, 'healthy-zh.html'), renderHtml(months.healthy.report, months.healthy.charts, 'zh'));
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(PAGES)('%s loads without a complaint and asks for nothing else', async (name) => {
    const { context, page, requests, complaints } = await visit(browser, urlOf(name));
    expect(await page.title()).toMatch(/^acme – /);
    // The style sheet is in force: were its hash wrong, the policy would have kept it out.
    expect(await page.locator('.narrow').first().isVisible()).toBe(false);
    expect({ requests, complaints }).toEqual({ requests: [urlOf(name)], complaints: [] });
    await context.close();
  });

  it('lets no script run and no picture load, even if one were to get into it', async () => {
    const { context, page, complaints } = await visit(browser, urlOf('rich-en'));
    await page.evaluate(`
      const script = document.createElement('script');
      script.textContent = 'globalThis.ran = true';
      const image = document.createElement('img');
      image.src = 'https://host.invalid/x.png';
      document.body.append(script, image);`);
    expect(await page.evaluate("'ran' in globalThis")).toBe(false);
    await expect.poll(() => complaints.join('\n')).toMatch(/script[^]*violates[^]*default-src 'none'/);
    await expect.poll(() => complaints.join('\n')).toMatch(/image[^]*violates[^]*default-src 'none'/);
    await context.close();
  });

  it.each(PAGES)('%s fits a telephone without scrolling sideways, with its own drawing of each chart', async (name) => {
    const { context, page } = await visit(browser, urlOf(name), { viewport: PHONE });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width);
    const charts = page.locator('figure svg[role=img]');
    for (const chart of await charts.all()) {
      if (!(await chart.isVisible())) continue;
      const box = await chart.boundingBox();
      // Drawn at about its own size, so that its words are as large as others.
      expect(box?.width).toBeGreaterThan(0.9 * Number(await chart.getAttribute('width')));
    }
    await context.close();
  });

  it('says on the first screen of a telephone what is owed', async () => {
    const { context, page } = await visit(browser, urlOf('rich-en'), { viewport: PHONE });
    const owed = await page.locator('.headline strong').first().boundingBox();
    expect((owed?.y ?? PHONE.height) + (owed?.height ?? 0)).toBeLessThanOrEqual(PHONE.height);
    await context.close();
  });

  it.each(PAGES)('%s prints, dark scheme or not, on sheets of A4', async (name) => {
    const { context, page } = await visit(browser, urlOf(name), { colorScheme: 'dark' });
    const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await page.evaluate('getComputedStyle(document.body).color')).toBe('rgb(0, 0, 0)');
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    // A sheet of A4 has 210 mm less its margins: 184 mm, in CSS pixels.
    await page.setViewportSize({ width: Math.round((184 / 25.4) * 96), height: 1000 });
    const overflowing = await page.evaluate(`
      [...document.querySelectorAll('main *')]
        .filter((element) => element.getClientRects().length > 0 && element.closest('svg, caption') === null)
        .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
        .map((element) => element.tagName + ' ' + element.textContent)`);
    expect(overflowing).toEqual([]);
    await context.close();
  });

  it.each([
    ['rich-en', 'light'],
    ['rich-en', 'dark'],
    ['healthy-zh', 'light'],
  ] as const)('%s has nothing in its %s scheme that would keep someone from reading it', async (name, colorScheme) => {
    // The page's policy lets no script in, the checker neither.
    const { context, page } = await visit(browser, urlOf(name), { colorScheme, bypassCSP: true });
    const isSerious = ({ impact }: Result): boolean => impact === 'serious' || impact === 'critical';
    expect(await violationsOn(page, isSerious)).toEqual([]);
    await context.close();
  });
});
