/** The daemon as a process: crashes, restarts, and its manners on the way out. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { ProbeView } from '../../src/domain/probe-view.ts';
import { temporaryFolder, writeConfiguration } from './agent-settings.ts';
import { describeWithServers } from './available.ts';
import { type Daemon, run, startDaemon } from './command.ts';
import { type Provider, startProvider } from './provider.ts';

describeWithServers('the daemon', () => {
  let provider: Provider;
  const closers: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    provider = await startProvider();
  });
  afterAll(async () => provider.stop());
  afterEach(async () => {
    provider.releaseQueue();
    for (const close of closers.splice(0).toReversed()) await close();
  });

  async function configuration(): Promise<string> {
    const folder = await temporaryFolder();
    closers.push(() => folder.remove());
    return writeConfiguration(provider, folder.path);
  }

  async function start(config: string): Promise<Daemon> {
    const daemon = await startDaemon(config);
    closers.push(() => daemon.end('SIGKILL'));
    return daemon;
  }

  async function order({ url }: Daemon, path: string): Promise<string> {
    const response = await fetch(`${url}/api/v1/probes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ provider: 'corp', path }),
    });
    expect(response.status).toBe(202);
    return ((await response.json()) as { id: string }).id;
  }

  async function view({ url }: Daemon, id: string, waitSeconds = 0): Promise<ProbeView> {
    return (await (await fetch(`${url}/api/v1/probes/${id}?wait=${waitSeconds}`)).json()) as ProbeView;
  }

  async function untilAccepted(daemon: Daemon, ids: readonly string[]): Promise<void> {
    for (;;) {
      const views = await Promise.all(ids.map((id) => view(daemon, id)));
      if (views.every(({ acceptedAt }) => acceptedAt !== null)) return;
      await pause(50);
    }
  }

  it('loses none of 20 pending probes when it is killed, counts none twice, and records the gap', async () => {
    const config = await configuration();
    const first = await start(config);
    await provider.holdQueue();
    const paths = Array.from({ length: 20 }, (_, index) => (['send', 'receive', 'internal'] as const)[index % 3]!);
    const ids = await Promise.all(paths.map((path) => order(first, path)));
    await untilAccepted(first, ids);
    await first.end('SIGKILL');

    const second = await start(config);
    provider.releaseQueue();
    const views = await Promise.all(ids.map((id) => view(second, id, 20)));
    expect(views.map(({ outcome }) => outcome)).toEqual(ids.map(() => 'delivered'));
    expect(views.map(({ duplicates }) => duplicates)).toEqual(ids.map(() => 0));
    await second.end('SIGTERM');

    const events = (await run(['ledger', 'export', '-c', config])).stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: { type: string; unwatchedSince?: unknown } }).event);
    const captures = events.filter(({ type }) => type === 'transfer.captured' || type === 'message.seen');
    expect(captures).toHaveLength(20);
    expect(events.filter(({ type }) => type === 'agent.started')[1]!.unwatchedSince).not.toBeNull();
    expect(await run(['ledger', 'verify', '-c', config])).toMatchObject({ code: 0 });
  });

  it('stops within 5 s of SIGTERM with exit code 0, whatever is under way', async () => {
    const daemon = await start(await configuration());
    await provider.holdQueue();
    await order(daemon, 'receive');
    const from = performance.now();
    expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(performance.now() - from).toBeLessThan(5000);
    expect(daemon.log()).toContain('"stopped"');
  });

  it('answers a check from the command line', async () => {
    const config = await configuration();
    const daemon = await start(config);
    const { code, stdout, stderr } = await run(['check', '-c', config, '--path', 'internal', '--format', 'json']);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const [probe] = (JSON.parse(stdout) as { probes: ProbeView[] }).probes;
    expect(await view(daemon, probe!.id)).toMatchObject({ outcome: 'delivered', kind: 'spot' });
  });
});
