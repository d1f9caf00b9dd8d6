/** The status page on the real agent, which measures the demo's provider: what the page asks is what the agent answers. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import { silentLog } from '../fakes/fake-provider.ts';
import { CHROMIUM, describeWith } from '../servers/available.ts';
import { openBrowser, type Visit, visit } from './browser.ts';

/** Chromium takes seconds to start on a busy machine. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const PATIENT = { timeout: 60_000 };

describeWith(CHROMIUM, 'the status page on a real agent', () => {
  let browser: Browser;
  let demo: Demo;
  let seen: Visit;

  beforeAll(async () => {
    demo = await startDemo({
      delays: { send: 0.4, receive: 0.2, internal: 0.2 },
      every: 2,
      listen: { host: '127.0.0.1', port: 0 },
      log: silentLog,
    });
    browser = await openBrowser();
    seen = await visit(browser, `${demo.agent.url}/?lang=en`, { viewport: { width: 1280, height: 900 } });
  });
  afterAll(async () => {
    await seen?.context.close();
    await browser?.close();
    await demo?.close();
  });

  it('fills by itself as the agent measures', async () => {
    const { page } = seen;
    await page.locator('.link.live').waitFor(PATIENT);
    await expect.poll(() => page.locator('.recent tbody tr').count(), PATIENT).toBeGreaterThan(3);
    await expect.poll(() => page.locator('.recent').innerText(), PATIENT).toMatch(/delivered/);
    await expect
      .poll(() => page.locator('.card', { hasText: 'Servers' }).first().innerText(), PATIENT)
      .toMatch(/up[^]*up[^]*up/);
    await page.locator('.plot canvas').waitFor(PATIENT);
    await expect.poll(() => page.locator('.clause').count(), PATIENT).toBe(4);
  });

  it('takes a spot check from the click to its result, and shows its life', async () => {
    const { page } = seen;
    await page.locator('.spot select').selectOption('internal');
    await page.getByRole('button', { name: 'Check now' }).click();
    await page.getByText(/^Delivered in /).waitFor(PATIENT);
    expect(await page.locator('.steps .done').count()).toBe(9);
    await page.getByRole('link', { name: 'Its whole life' }).click();
    await page.waitForURL(/\/probes\//);
    const life = await page.locator('.timeline').innerText();
    expect(life).toMatch(/Planned[^]*login[^]*Accepted by the provider[^]*Seen in the mailbox/);
    await page.goBack();
  });

  it('previews and enters an exclusion, and shows it', async () => {
    const { page } = seen;
    await page.locator('.link.live').waitFor(PATIENT);
    await page.locator('.entering summary').click();
    const local = (ms: number): string =>
      new Date(ms).toLocaleString('sv-SE', { timeZone: 'Asia/Shanghai' }).slice(0, 16).replace(' ', 'T');
    await page.getByLabel('From', { exact: true }).fill(local(Date.now() - 7_200_000));
    await page.getByLabel('To', { exact: true }).fill(local(Date.now() - 3_600_000));
    await page.getByLabel('Entered by').fill('Li Wei');
    await page.getByLabel('Evidence').fill('TICKET-7');
    await page.getByRole('button', { name: 'Show what would change' }).click();
    await expect
      .poll(() => page.locator('.entering [role=status]').innerText(), PATIENT)
      .toMatch(/would change|With it/);
    await page.getByRole('button', { name: 'Enter it' }).click();
    await page.getByText('Entered. It can be retracted').waitFor(PATIENT);
    await expect
      .poll(() => page.locator('.card:has(.entering) tbody').first().innerText(), PATIENT)
      .toMatch(/TICKET-7/);
    // The form stays open under the table that was not there before.
    await page.getByText('Entered. It can be retracted').waitFor(PATIENT);
  });

  it('complains of nothing meanwhile, and asks nobody else', () => {
    expect(seen.complaints).toEqual([]);
    expect(seen.requests.filter((url) => !url.startsWith(demo.agent.url ?? '?') && !url.startsWith('data:'))).toEqual(
      [],
    );
  });
});
