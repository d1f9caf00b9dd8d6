/** `demo` as somebody runs it who has just installed the program: it works at once, and leaves nothing behind. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { createLog, localSpotChecker } from '../../src/app.ts';
import { checkAll } from '../../src/cli/check-all.ts';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import type { ProbeView } from '../../src/domain/probe-view.ts';
import type { Finished } from '../servers/command.ts';
import { launch } from './launch.ts';

const NEVER = new AbortController().signal;

/** Runs to its end, and expects that nothing is left behind. */
async function demo(...args: readonly string[]): Promise<Finished> {
  const { ended, leftBehind } = await launch(['demo', ...args]);
  const result = await ended;
  expect(await leftBehind()).toEqual([]);
  return result;
}

describe('demo --once', () => {
  it('prints JSON alone: three delivered probes', async () => {
    const { code, stdout, stderr } = await demo('--once', '--format', 'json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { probes } = JSON.parse(stdout) as { probes: ProbeView[] };
    expect(probes.map(({ path }) => path).toSorted()).toEqual(['internal', 'receive', 'send']);
    for (const { outcome, delaySeconds, error } of probes) {
      expect({ outcome, error }).toEqual({ outcome: 'delivered', error: null });
      expect(delaySeconds!.lo).toBeLessThanOrEqual(delaySeconds!.hi!);
    }
  });

  it('prints for people, holding mail as long as it is told', async () => {
    const { code, stdout, stderr } = await demo('--once', '--send', '3', '--receive', '0');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^demo\/send {2}within the limit of 60 s\n {2}delay {5}between [23]\.\d{3} s and [3-9]\.\d{3} s$/m,
    );
    expect(stdout.match(/within the limit/g)).toHaveLength(3);
  });

  it('prints one line for Nagios', async () => {
    const { code, stdout, stderr } = await demo('--once', '--format', 'nagios');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^MAILFLOW OK - 3 of 3 probes delivered in time \| ('demo \w+'=[\d.]+s;60;3600;0 ?){3}\n$/);
  });

  it('prints metrics for Prometheus', async () => {
    const { code, stdout, stderr } = await demo('--once', '--format', 'prometheus');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const path of ['send', 'receive', 'internal'])
      expect(stdout).toContain(`probe_success{provider="demo",path="${path}"} 1\n`);
  });

  it('cleans up when it is interrupted, and does not pass for a success', async () => {
    const { process: child, ended, leftBehind } = await launch(['demo', '--once', '--send', '600']);
    while ((await leftBehind()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGINT');
    expect(await ended).toEqual({ code: 130, stdout: '', stderr: 'mailflow-probe: ended by SIGINT\n' });
    expect(await leftBehind()).toEqual([]);
  });
});

describe('demo', () => {
  const live = ['demo', '--port', '0', '--every', '0.3', '--send', '0.1', '--receive', '0.1', '--internal', '0.1'];

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('prints the page and settled probes until %s', async (signal) => {
    const { process: child, ended, until, leftBehind } = await launch(live);
    const text = await until(/delivered .*\n.*delivered .*\n/);
    expect(text).not.toContain('\x1b');
    const [page, head, ...rows] = text.trimEnd().split('\n');
    const url = /^Page and metrics: (http:\/\/127\.0\.0\.1:\d+)\/ and \1\/metrics\. /.exec(page!)?.[1];
    expect(head).toMatch(/^planned +path +outcome +measured, s +injected, s$/);
    for (const row of rows)
      expect(row).toMatch(/^[\d:.]{12} {2}(send|receive|internal) +delivered +[\d.]+ to [\d.]+ +0\.100$/);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    child.kill(signal);
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    expect(await leftBehind()).toEqual([]);
  });

  it('shows each probe once, however late it is settled', async () => {
    const { process: child, ended, until } = await launch([...live, '--send', '2']);
    // Those on `send` are settled after many that were planned later.
    await until(/(.*delivered .*\n){8,}.* send .*delivered .*\n/);
    child.kill('SIGINT');
    const rows = (await ended).stdout.trimEnd().split('\n').slice(2);
    expect(rows.filter((row) => row.includes(' send '))).not.toEqual([]);
    expect(new Set(rows).size).toBe(rows.length);
  });

  it('shows its page on the address it is given, and refuses what is none', async () => {
    const { process: child, ended, until } = await launch([...live, '--host', '127.0.0.2']);
    const url = /http:\/\/127\.0\.0\.2:\d+/.exec(await until(/planned/))![0];
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    const { code, stderr } = await demo('--host', 'everywhere');
    expect(code).toBe(3);
    expect(stderr).toContain("'everywhere' is invalid. It must be an IP address");
  });

  it('ends and cleans up when its reader has had enough', async () => {
    const { process: child, ended, until, leftBehind } = await launch(live);
    await until(/planned/);
    child.stdout!.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    expect(await leftBehind()).toEqual([]);
  });

  it('says in one line that its port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as { port: number };
      const { code, stdout, stderr } = await demo('--port', String(port));
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toMatch(new RegExp(`^mailflow-probe: .*127\\.0\\.0\\.1:${port}.* EADDRINUSE.*\n$`));
    } finally {
      server.close();
    }
  });
});

describe('several checks at once', () => {
  let running: Demo;

  beforeAll(async () => {
    const delays = { send: 0.4, receive: 0.3, internal: 0.2 };
    const listen = { host: '127.0.0.1', port: 0 };
    running = await startDemo({ delays, every: null, listen, log: createLog('error', 'test') });
    await running.agent.ready(10_000);
  });
  afterAll(() => running.close());

  const check = (ms: number, stop = NEVER) =>
    checkAll(localSpotChecker(running.agent.control), running.agent.control.routes(), ms, stop);

  it('measure intervals that hold the delays injected', async () => {
    const views = await check(20_000);
    expect(views.map(({ path }) => path)).toEqual(running.agent.control.routes().map(({ path }) => path));
    for (const { id, path, delaySeconds } of views) {
      const injected = running.provider.injected(id)!;
      expect(injected, path).toBeGreaterThan(0);
      // Timers fire up to a millisecond early, and on a busy machine late.
      expect(delaySeconds!.hi, path).toBeGreaterThanOrEqual(injected - 0.002);
      expect(delaySeconds!.lo, path).toBeLessThanOrEqual(injected + 1);
    }
  });

  it('end with what is known when their time is over', async () => {
    running.provider.setDelay('send', 60);
    const views = await check(600);
    expect(views.map(({ path, outcome }) => [path, outcome])).toContainEqual(['send', 'pending']);
  });

  it('end when they are told to', async () => {
    const stop = new AbortController();
    const checking = check(600_000, stop.signal);
    stop.abort(new Error('told to stop'));
    await expect(checking).rejects.toThrow('told to stop');
  });

  test('reject with the first failure, and ask nothing after it', async () => {
    let asked = 0;
    const checker = localSpotChecker(running.agent.control);
    const failing = {
      ...checker,
      start: (provider: string, path: 'send' | 'receive' | 'internal') =>
        path === 'receive' ? Promise.reject(new Error('no receive today')) : checker.start(provider, path),
      view: (id: string, waitMs: number) => {
        asked += 1;
        return checker.view(id, waitMs);
      },
    };
    await expect(checkAll(failing, running.agent.control.routes(), 600_000, NEVER)).rejects.toThrow('no receive today');
    const then = asked;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(asked).toBe(then);
  });
});
