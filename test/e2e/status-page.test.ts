/** The status page in a real browser: what it says, that it stays true, and that everyone can use it. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { thinOut } from '../../src/domain/delay/delay-series.ts';
import type { DelaySeries, StatusView } from '../../src/domain/status-view.ts';
import { CHROMIUM, describeWith } from '../servers/available.ts';
import { violationsOn } from './accessibility.ts';
import { openBrowser, type Visit, visit } from './browser.ts';
import { type PageServer, type PageServerOptions, servePage, TOKEN } from './page-server.ts';
import { failing, HOSTILE, healthy, hostile, NOW_MS, probe } from './sample-status.ts';

/** Chromium takes seconds to start on a busy machine. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const PATIENT = { timeout: 60_000 };
const PHONE = { width: 360, height: 740 };
const SPOT_ID = 'spotspotspot2222';

describeWith(CHROMIUM, 'the status page', () => {
  let browser: Browser;
  let served: PageServer;
  let seen: Visit;

  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    await seen?.context.close();
    await served?.close();
  });

  async function open(
    status: StatusView,
    {
      path = '/?lang=en',
      server = {},
      browsing = {},
    }: { path?: string; server?: PageServerOptions; browsing?: BrowserContextOptions } = {},
  ): Promise<Page> {
    served = await servePage(status, server);
    seen = await visit(browser, `${served.url}${path}`, browsing);
    return seen.page;
  }
  const looks = (page: Page) => page.locator('.look').allInnerTexts();

  describe('at the first look', () => {
    it('says before any script has run that a provider breaks its word, and how', async () => {
      const page = await open(failing(), {
        browsing: { javaScriptEnabled: false, viewport: { width: 1440, height: 900 } },
      });
      const [month, today] = await looks(page);
      expect(month).toMatch(
        /November 2026[^]*BREACH[^]*Outgoing mail takes 1\smin\s14\ss[^]*on average; the contract allows 1\smin/,
      );
      expect(today).toMatch(/Trouble[^]*Incoming mail \(MX\) is down now/);
      const box = await page.locator('.look').first().boundingBox();
      expect((box?.y ?? 900) + (box?.height ?? 0), 'on the first screen').toBeLessThan(900);
    });

    it('says without any script what will not come, and offers nothing that would not work', async () => {
      const page = await open(healthy(), { browsing: { javaScriptEnabled: false } });
      expect((await looks(page))[1]).toMatch(/How today went is told with JavaScript only/);
      const shown = await page.locator('main').innerText();
      expect(shown).toMatch(/The chart is drawn with JavaScript only/);
      expect(shown).not.toContain('Loading');
      expect(await page.locator('button:visible, summary:visible:has-text("exclusion")').count()).toBe(0);
    });

    it('says that one keeps it', async () => {
      const page = await open(healthy());
      const [month] = await looks(page);
      expect(month).toMatch(/MET[^]*Every measured promise has been kept so far/);
      await expect
        .poll(async () => (await looks(page))[1], PATIENT)
        .toMatch(/No trouble[^]*send[^]*\d+ messages, typically/);
      expect(await page.title()).toBe('✓ MET – mailflow-probe');
    });

    it('calls no day good whose messages it cannot have', async () => {
      const page = await open(healthy(), { server: { noDelays: 'too busy' } });
      await expect
        .poll(async () => (await looks(page))[1], PATIENT)
        .toMatch(/It cannot be told whether there was trouble[^]*send[^]*could not be loaded: too busy/);
    });

    it('comes whole in under 100 kB, asks nobody else and complains of nothing', async () => {
      const page = await open(failing(), { server: { bad: true } });
      await page.locator('.plot canvas').waitFor();
      const bytes = await page.evaluate<number>(
        `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
          .filter(({ name }) => !name.includes('/api/'))
          .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`,
      );
      expect(bytes).toBeGreaterThan(30_000);
      expect(bytes).toBeLessThan(100_000);
      expect(seen.requests.filter((url) => !url.startsWith(served.url) && !url.startsWith('data:'))).toEqual([]);
      expect(seen.complaints).toEqual([]);
    });
  });

  it('lets no script of a stranger run, whoever wrote it into what is shown', async () => {
    const page = await open(hostile(), { server: { bad: true } });
    await page.locator('.link.live').waitFor();
    expect(await page.locator('h2').first().innerText()).toBe(HOSTILE.replace('\u202E', ' '));
    expect(await page.locator('img, iframe, script:not([type]):not([src])').count()).toBe(0);
    expect(await page.title()).not.toBe('owned');
    expect(seen.complaints).toEqual([]);
    await page.evaluate(`
      const script = document.createElement('script');
      script.textContent = 'globalThis.ran = true';
      document.body.append(script);
      fetch('https://host.invalid/').catch(() => {});`);
    expect(await page.evaluate("'ran' in globalThis")).toBe(false);
    await expect.poll(() => seen.complaints.join('\n')).toMatch(/inline script[^]*violates/);
    await expect.poll(() => seen.complaints.join('\n')).toMatch(/connect[^]*violates/i);
  });

  describe('in two languages', () => {
    it('speaks the one that the browser asks for, and the other at a click', async () => {
      const page = await open(healthy(), { path: '/', browsing: { locale: 'zh-CN' } });
      expect(await page.locator('html').getAttribute('lang')).toBe('zh-Hans');
      expect((await looks(page))[0]).toMatch(/2026 年 11 月[^]*达标/);
      await page.locator('.link.live').waitFor();
      expect((await looks(page))[0]).toMatch(/达标/);
      await page.locator('.language').click();
      await page.waitForURL(/lang=en/);
      expect((await looks(page))[0]).toMatch(/MET/);
      expect(await page.locator('html').getAttribute('lang')).toBe('en');
    });
  });

  describe('while it is open', () => {
    it('shows news without being loaded again, and keeps what the reader was at', async () => {
      const page = await open(healthy());
      await page.locator('.link.live').waitFor();
      await page.locator('.entering summary').click();
      await page.locator('.entering [name=by]').fill('Li Wei');
      const news = failing();
      served.tell({ ...news, acting: 'free' });
      await expect.poll(async () => (await looks(page))[0], PATIENT).toMatch(/BREACH/);
      expect(await page.title()).toBe('✕ acme: BREACH – mailflow-probe');
      expect(await page.locator('.entering [name=by]').inputValue()).toBe('Li Wei');
      expect(await page.evaluate('document.activeElement.name')).toBe('by');
    });

    it('counts the age of what is on its way by itself', async () => {
      const page = await open(healthy());
      const age = page.locator('.probes .card').first().locator('tbody td').first();
      await expect.poll(async () => Number.parseInt(await age.innerText(), 10), PATIENT).toBeGreaterThanOrEqual(4);
    });

    it('says when the agent is gone, that what it shows is stale, and comes back by itself', async () => {
      const page = await open(healthy());
      await page.locator('.link.live').waitFor();
      const { port } = served;
      await served.close();
      await page.locator('.link.lost').waitFor();
      await page.locator('.alarm[role=alert]').waitFor(PATIENT);
      expect(await page.locator('.alarm[role=alert]').innerText()).toMatch(
        /Stale: this is how it stood at 2026-11-28 14:30:/,
      );
      await expect.poll(() => page.title(), { message: 'no verdict that may be wrong' }).toBe('mailflow-probe');
      served = await servePage(failing(), { port });
      await page.locator('.link.live').waitFor(PATIENT);
      await expect.poll(async () => (await looks(page))[0]).toMatch(/BREACH/);
      expect(await page.locator('.alarm[role=alert]').count()).toBe(0);
    });
  });

  describe('its chart', () => {
    it('tells of the bucket under the pointer and at the keys, and opens its probe', async () => {
      const page = await open(failing(), { server: { bad: true } });
      await page.locator('.plot canvas').waitFor();
      await page.locator('.plot').hover({ position: { x: 300, y: 100 } });
      await expect
        .poll(() => page.locator('.readout').innerText())
        .toMatch(/2026-11-2[78] \d\d:\d\d:\d\d.*messages, median/);
      await page.mouse.move(0, 0);
      await page.locator('.plot').focus();
      await page.keyboard.press('ArrowLeft');
      await expect.poll(() => page.locator('.readout').innerText()).toMatch(/2026-11-28 14:/);
      const link = await page.locator('.readout a').getAttribute('href');
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/probes\//);
      expect(new URL(page.url()).pathname).toBe(new URL(link ?? '', served.url).pathname);
    });

    it('zooms where it is dragged, moves, and goes back', async () => {
      const page = await open(failing(), { server: { bad: true } });
      await page.locator('.plot canvas').waitFor();
      const asked = (): readonly number[] =>
        seen.requests
          .filter((url) => url.includes('/delays?') && !url.includes('points=100'))
          .map((url) => Number(new URL(url).searchParams.get('to')) - Number(new URL(url).searchParams.get('from')));
      expect(asked().at(-1)).toBe(86_400_000);
      await page.locator('.plot').scrollIntoViewIfNeeded();
      const box = (await page.locator('.plot .u-over').boundingBox())!;
      await page.mouse.move(box.x + 100, box.y + 60);
      await page.mouse.down();
      await page.mouse.move(box.x + 300, box.y + 60, { steps: 5 });
      await page.mouse.up();
      await expect.poll(() => asked().at(-1)).toBeLessThan(40_000_000);
      await page.getByRole('button', { name: 'Zoom out' }).click();
      await expect.poll(() => asked().at(-1)).toBeGreaterThan(20_000_000);
      await page.getByRole('button', { name: '1 hour' }).click();
      await expect.poll(() => asked().at(-1)).toBe(3_600_000);
      // Asked for at once, shown with its answer.
      await expect.poll(() => page.getByRole('button', { name: '1 hour' }).getAttribute('aria-pressed')).toBe('true');
      await page.getByRole('button', { name: 'Month' }).click();
      const month = NOW_MS - Date.parse('2026-10-31T16:00:00Z');
      await expect.poll(() => Math.abs((asked().at(-1) ?? 0) - month)).toBeLessThan(300_000);
      expect(seen.complaints).toEqual([]);
    });
  });

  it('draws a month of 45,000 probes from one answer of no more points than it has room for', async () => {
    const { fromMs: beganMs } = healthy().providers[0]!.month!;
    const points = Array.from({ length: 45_000 }, (_, index) => ({
      id: `p${index}`,
      atMs: beganMs + Math.floor(((NOW_MS - beganMs) / 45_000) * index),
      outcome: 'delivered' as const,
      delay: { lo: 1 + (index % 97) / 10, hi: 1.1 + (index % 97) / 10 },
    }));
    const told: DelaySeries[] = [];
    const delays: PageServerOptions['delays'] = async (query) => {
      const within = points.filter(({ atMs }) => atMs >= query.fromMs && atMs < query.toMs);
      const answer = thinOut(within, { ...query, maximumSeconds: 3600, nowMs: NOW_MS });
      if (query.points > 100) told.push(answer);
      return answer;
    };
    const page = await open(healthy(), { server: { delays }, browsing: { viewport: { width: 1440, height: 900 } } });
    await page.locator('.plot canvas').waitFor();
    const elements = () => page.evaluate<number>("document.querySelectorAll('.chart *').length");
    const before = { asked: told.length, elements: await elements() };
    await page.getByRole('button', { name: 'Month' }).click();
    await expect.poll(() => page.locator('.plot').getAttribute('aria-label')).toContain('45000 messages');
    expect(told.length - before.asked).toBe(1);
    expect(told.at(-1)!.buckets.length).toBeLessThanOrEqual(600);
    // Dots on a canvas: the document itself has no more than for a day.
    expect(await elements()).toBeLessThan(before.elements + 50);
  });

  describe('a spot check', () => {
    const started = probe(0, 'receive', {
      id: SPOT_ID,
      kind: 'spot',
      outcome: 'pending',
      delaySeconds: null,
      stages: [],
      awaiting: 'tls',
    });

    it('goes from the click to its result, the token asked for once', async () => {
      const page = await open(failing(), { server: { started } });
      await page.locator('.link.live').waitFor();
      await page.locator('.spot select').selectOption('receive');
      await page.getByRole('button', { name: 'Check now' }).click();
      await page.getByLabel('Bearer token').fill('wrong');
      await page.getByRole('button', { name: 'Use it' }).click();
      await page.getByText('That token was not accepted.').waitFor();
      await page.getByLabel('Bearer token').fill(TOKEN);
      await page.getByRole('button', { name: 'Use it' }).click();
      await page.locator('.steps .current', { hasText: 'TLS' }).waitFor();
      expect(served.posted.at(-1)).toEqual({
        url: '/api/v1/probes',
        body: { provider: 'acme', path: 'receive' },
        token: `Bearer ${TOKEN}`,
      });
      const further = { ...started, awaiting: 'data' } as const;
      served.probes.set(SPOT_ID, further);
      served.tellProbe(further);
      await page.locator('.steps .current', { hasText: 'message' }).waitFor();
      served.probes.set(SPOT_ID, probe(0, 'receive', { id: SPOT_ID, kind: 'spot' }));
      await page.getByText(/Delivered in 2\.4/).waitFor();
      expect(await page.locator('.steps .done').count()).toBe(9);
      expect(await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]')).toEqual([0, 0, '']);
      await page.getByRole('button', { name: 'Check again' }).click();
      await page.locator('.steps .current').waitFor();
      expect(await page.getByLabel('Bearer token').count(), 'asked for once').toBe(0);
    });

    it('says why it was not started', async () => {
      const page = await open(healthy());
      await page.getByRole('button', { name: 'Check now' }).click();
      await expect
        .poll(() => page.locator('.spot [role=status]').innerText())
        .toBe('Not started: the ledger takes nothing now');
    });

    it('is not offered where it would be refused', async () => {
      const page = await open({ ...healthy(), acting: 'forbidden' });
      expect(await page.getByRole('button', { name: 'Check now' }).count()).toBe(0);
      expect(await page.locator('.spot').innerText()).toMatch(/need a token/);
    });
  });

  it('shows what an exclusion would change before it is entered', async () => {
    const page = await open({ ...failing(), acting: 'free' });
    await page.locator('.entering summary').click();
    await page.getByLabel('From', { exact: true }).fill('2026-11-03T02:00');
    await page.getByLabel('To', { exact: true }).fill('2026-11-03T03:00');
    await page.getByLabel('Entered by').fill('Li Wei');
    await page.getByLabel('Evidence').fill('TICKET-9');
    await page.getByRole('button', { name: 'Show what would change' }).click();
    const change = page.locator('.entering table tbody tr');
    await change.first().waitFor();
    expect(await page.locator('.entering caption').innerText()).toBe('What would change in November 2026');
    expect(await change.count()).toBe(1);
    expect(await change.first().innerText()).toMatch(/2a\sSend delay[^]*BREACH[^]*MET/);
    await page.getByRole('button', { name: 'Enter it' }).click();
    await page.getByText('Entered. It can be retracted').waitFor();
    const order = {
      provider: 'acme',
      path: null,
      kind: 'agreed-maintenance',
      from: '2026-11-03T02:00',
      to: '2026-11-03T03:00',
      by: 'Li Wei',
      evidence: 'TICKET-9',
      note: '',
    };
    expect(served.posted.map(({ url, body }) => [url, body])).toEqual([
      ['/api/v1/exclusions/preview', order],
      ['/api/v1/exclusions', order],
    ]);
  });

  it('takes an exclusion back once it has shown what that would change, the token asked for once', async () => {
    const page = await open(failing());
    const [exclusion] = failing().providers[0]!.month!.exclusions;
    const url = `/api/v1/exclusions/${exclusion!.id}/retract`;
    await page.locator('.retracting > summary').click();
    const form = page.locator('.retracting .exclusion-form');
    expect(await form.locator('option').first().innerText()).toContain(exclusion!.by);
    // What would change may be seen before anybody says why.
    await form.getByRole('button', { name: 'Show what would change' }).click();
    await page.getByLabel('Bearer token').fill(TOKEN);
    await page.getByRole('button', { name: 'Use it' }).click();
    await page.locator('.retracting tbody tr').first().waitFor();
    expect(await page.locator('.retracting thead').innerText()).toMatch(/Now\s+Without it/);
    const retract = form.getByRole('button', { name: 'Retract it' });
    await retract.click();
    expect(served.posted.map((each) => each.url)).toEqual([`${url}/preview`]);
    await form.getByLabel('Retracted by').fill('Li Wei');
    await form.getByLabel('Why').fill('the wrong night');
    await retract.click();
    await page.getByText('Retracted. That it was entered stays').waitFor();
    expect(served.posted.at(-1)).toEqual({
      url,
      body: { by: 'Li Wei', note: 'the wrong night' },
      token: `Bearer ${TOKEN}`,
    });
    const [acme] = failing().providers;
    served.tell({
      ...failing(),
      providers: [{ ...acme!, month: { ...acme!.month!, exclusions: [], exclusionCount: 0 } }],
    });
    await page.getByText('No time of this month is excluded.').waitFor();
    expect(seen.complaints).toEqual([]);
  });

  it('shows the life of one probe, what the other side said, and the hosts on the way', async () => {
    const page = await open(failing(), { path: '/probes/aaaaaaaaaaaaaaad?lang=en' });
    const lines = await page.locator('.timeline tbody tr').allInnerTexts();
    expect(lines[0]).toMatch(/^Planned/);
    expect(lines.join('\n')).toMatch(
      /Deferred by the server[^]*451 4\.7\.1 Greylisted[^]*login[^]*Accepted by the provider[^]*250 2\.0\.0 Ok[^]*Transfer to our sink started\s+15\smin\s2\ss–16\smin\s1\ss/,
    );
    expect(await page.locator('.pair').innerText()).toMatch(/203\.0\.113\.25:587[^]*relay\.acme\.example/);
    expect(await page.locator('.pair a').getAttribute('href')).toBe(
      '/reports/2026-11?format=html&lang=en#probe-aaaaaaaaaaaaaaad',
    );
    expect(seen.complaints).toEqual([]);
  });

  it('folds the raw header away, shows it whole at a click, and lets nothing of it be markup', async () => {
    const page = await open(failing(), { path: '/probes/aaaaaaaaaaaaaaad?lang=en', browsing: { viewport: PHONE } });
    const raw = page.locator('.raw-header pre');
    expect(await raw.isVisible()).toBe(false);
    await page.locator('.raw-header summary').click();
    expect(await raw.innerText()).toMatch(/^Received: from mx1[^]*\n[^]*<img src=x onerror=alert\(1\)>/);
    expect(await page.locator('img, script:not([type]):not([src])').count()).toBe(0);
    expect(await page.title()).not.toBe('owned');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width);
    expect(seen.complaints).toEqual([]);
  });

  it('says on the page of a probe under way when the agent is gone, and goes on when it is back', async () => {
    const status = healthy();
    const pending = status.inFlight[0]!;
    const page = await open({ ...status, recent: [pending] }, { path: `/probes/${pending.id}?lang=en` });
    const { port } = served;
    await served.close();
    const alarm = page.locator('.alarm[role=alert]');
    await alarm.waitFor(PATIENT);
    expect(await alarm.innerText()).toMatch(/The agent has not answered since \d{4}-/);
    served = await servePage({ ...status, recent: [pending] }, { port });
    served.probes.set(pending.id, pending);
    await alarm.waitFor({ state: 'detached', ...PATIENT });
  });

  describe('for everyone', () => {
    const PAGES = ['/', '/probes/aaaaaaaaaaaaaaad', '/nowhere'] as const;

    it.each(PAGES)('%s fits a telephone without scrolling sideways', async (path) => {
      const page = await open(hostileOr(path), {
        path: `${path}?lang=en`,
        server: { bad: true },
        browsing: { viewport: PHONE },
      });
      if (path === '/') await page.locator('.plot canvas').waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width);
    });

    it.each(PAGES.flatMap((path) => [[path, 'light', 'en'] as const, [path, 'dark', 'zh'] as const]))(
      '%s has nothing in its %s scheme (%s) that would keep someone from using it',
      async (path, colorScheme, language) => {
        // The page's policy lets no script in, the checker neither.
        const page = await open(failing(), {
          path: `${path}?lang=${language}`,
          server: { bad: true },
          browsing: { colorScheme, bypassCSP: true },
        });
        if (path === '/') {
          await page.locator('.link.live').waitFor();
          for (const summary of await page.locator('summary').all()) await summary.click();
          await page.locator('.spot button').click();
          await page.locator('.token').waitFor();
        }
        expect(await violationsOn(page)).toEqual([]);
      },
    );
  });
});

function hostileOr(path: string): StatusView {
  return path === '/' ? hostile() : failing();
}
