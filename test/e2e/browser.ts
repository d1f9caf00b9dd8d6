/** The distribution's Chromium with a profile of its own, and what a page did in it. */
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { CHROMIUM_PATH } from '../servers/available.ts';

/** Nothing but what the page asks for: no first run, no updates, no sync, no QUIC. */
const ARGUMENTS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The profile is empty and goes when it is closed. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM_PATH, args: ARGUMENTS });
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Addresses that were asked for, the page's own first. */
  readonly requests: readonly string[];
  /** What the browser complained of: console, exceptions, breaches of the page's policy. */
  readonly complaints: readonly string[];
}

/** Close the context when done. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url, { waitUntil: 'load' });
  return { page, context, requests, complaints };
}
