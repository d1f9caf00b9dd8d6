/** The daemon as a process: crashes, restarts, and its manners on the way out. */
import { expect, it } from 'vitest';
import type { ProbeView } from '../../src/domain/probe-view.ts';
import { describeWithServers } from './available.ts';
import { run } from './command.ts';
import { eventsOf, order, untilAccepted, view } from './daemon-client.ts';
import { daemonSuite } from './daemon-suite.ts';

describeWithServers('the daemon', () => {
  const suite = daemonSuite();

  it('loses none of 20 pending probes when it is killed, counts none twice, and records the gap', async () => {
    const config = await suite.configuration();
    const first = await suite.start(config);
    await suite.provider.holdQueue();
    const paths = Array.from({ length: 20 }, (_, index) => (['send', 'receive', 'internal'] as const)[index % 3]!);
    const ids = await Promise.all(paths.map((path) => order(first, path)));
    await Promise.all(ids.map((id) => untilAccepted(first, id)));
    await first.end('SIGKILL');

    const second = await suite.start(config);
    suite.provider.releaseQueue();
    const views = await Promise.all(ids.map((id) => view(second, id, 20)));
    expect(views.map(({ outcome }) => outcome)).toEqual(ids.map(() => 'delivered'));
    expect(views.map(({ duplicates }) => duplicates)).toEqual(ids.map(() => 0));
    await second.end('SIGTERM');

    const events = await eventsOf(config);
    const captures = events.filter(({ type }) => type === 'transfer.captured' || type === 'message.seen');
    expect(captures).toHaveLength(20);
    expect(events.filter((event) => event.type === 'agent.started')[1]!.unwatchedSince).not.toBeNull();
    expect(await run(['ledger', 'verify', '-c', config])).toMatchObject({ code: 0 });
  });

  it('stops within 5 s of SIGTERM with exit code 0, whatever is under way', async () => {
    const daemon = await suite.start(await suite.configuration());
    await suite.provider.holdQueue();
    await order(daemon, 'receive');
    const from = performance.now();
    expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(performance.now() - from).toBeLessThan(5000);
    expect(daemon.log()).toContain('"stopped"');
  });

  it('answers a check from the command line', async () => {
    const config = await suite.configuration();
    const daemon = await suite.start(config);
    const { code, stdout, stderr } = await run(['check', '-c', config, '--path', 'internal', '--format', 'json']);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const [probe] = (JSON.parse(stdout) as { probes: ProbeView[] }).probes;
    expect(await view(daemon, probe!.id)).toMatchObject({ outcome: 'delivered', kind: 'spot' });
  });
});
