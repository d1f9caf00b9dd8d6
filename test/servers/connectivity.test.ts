/** The daemon's checks of a real provider: what the ledger and the metrics show when a server stops and comes back. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Agent, createLog, exportLedger, openAgent } from '../../src/app.ts';
import type { EndpointChecked, LedgerEvent } from '../../src/domain/event.ts';
import { settingsFor, temporaryFolder } from './agent-settings.ts';
import { describeWithServers } from './available.ts';
import { type Provider, startProvider } from './provider.ts';

describeWithServers('the checks of a provider', () => {
  let provider: Provider;
  const closers: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    provider = await startProvider();
  });
  afterAll(async () => provider.stop());
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  });

  /** A daemon whose cells last a second; Dovecot is the neutral host beside Postfix. */
  async function daemon(): Promise<{ readonly agent: Agent; readonly folder: string }> {
    const folder = await temporaryFolder();
    closers.push(() => folder.remove());
    const settings = { ...settingsFor(provider, folder.path), connectivity: { every: 1, control: [provider.imap] } };
    const agent = await openAgent(settings, { log: createLog('error', 'test'), as: 'daemon' });
    closers.push(() => agent.close());
    return { agent, folder: folder.path };
  }

  const scrape = async ({ url }: Agent): Promise<string> => (await fetch(`${url}/metrics`)).text();
  const upIs = (endpoint: string, value: number) =>
    `mailflow_endpoint_up{provider="corp",endpoint="${endpoint}"} ${value}`;
  async function until(agent: Agent, ...lines: readonly string[]): Promise<void> {
    for (;;) {
      const text = await scrape(agent);
      if (lines.every((line) => text.includes(`${line}\n`))) return;
      await pause(50);
    }
  }
  async function checksIn(folder: string): Promise<readonly EndpointChecked[]> {
    const checks: EndpointChecked[] = [];
    await exportLedger(folder, (line) => {
      const { event } = JSON.parse(line) as { event: LedgerEvent };
      if (event.type === 'endpoint.checked') checks.push(event);
    });
    return checks;
  }

  it('follows a server that stops and comes back, each check in the ledger with the neutral host beside a failure', async () => {
    const { agent, folder } = await daemon();
    await until(agent, upIs('submission', 1), upIs('mx', 1), upIs('mailbox', 1));
    expect(await scrape(agent)).toMatch(/mailflow_endpoint_check_duration_seconds\{provider="corp",endpoint="mx"\} \d/);
    expect(await scrape(agent)).toMatch(
      /mailflow_tls_certificate_expiry_timestamp_seconds\{provider="corp",endpoint="mailbox"\} \d{10}/,
    );
    await provider.stopPostfix();
    await until(agent, upIs('submission', 0), upIs('mx', 0));
    expect(await scrape(agent)).toContain(upIs('mailbox', 1));
    // What was under way was cut off; now the port is closed.
    await pause(2500);
    await provider.startPostfix();
    await until(agent, upIs('submission', 1), upIs('mx', 1));
    // Sessions are kept again, and the MX is left at its greeting.
    const lastDepth = async (endpoint: string) =>
      (await checksIn(folder)).findLast((check) => check.endpoint === endpoint)?.depth;
    while ((await lastDepth('submission')) !== 'session' || (await lastDepth('mx')) !== 'greeting') await pause(100);
    await agent.close();
    closers.pop();

    const checks = await checksIn(folder);
    for (const endpoint of ['submission', 'mx'] as const) {
      const mine = checks.filter((check) => check.endpoint === endpoint);
      const kinds = mine.map(({ result }) => result.kind);
      expect(kinds.join(' ')).toMatch(/^(up )+(down )+(up ?)+$/);
      const failed = mine.filter(({ result }) => result.kind === 'down');
      expect(new Set(failed.map(({ control }) => control))).toEqual(new Set(['healthy']));
      expect(failed.map(({ result }) => result)).toContainEqual(
        expect.objectContaining({ stage: 'connect', code: 'ECONNREFUSED' }),
      );
      expect(mine[0]!.depth).toBe(endpoint === 'mx' ? 'recipient' : 'login');
    }
    const mailbox = checks.filter((check) => check.endpoint === 'mailbox');
    expect(new Set(mailbox.map(({ result }) => result.kind))).toEqual(new Set(['up']));
    expect(mailbox.map(({ depth }) => depth).slice(0, 3)).toEqual(['login', 'session', 'session']);
    expect(JSON.stringify(checks)).not.toContain(provider.user('alice').password);
  });

  it('stops within its time while a check is under way', async () => {
    await provider.stopDovecot();
    closers.push(() => provider.startDovecot());
    const { agent } = await daemon();
    await until(agent, upIs('mailbox', 0));
    const from = performance.now();
    await agent.close();
    closers.pop();
    expect(performance.now() - from).toBeLessThan(5000);
  });
});
