/** The provider's servers stopped and started under the running daemon: it tells the right thing meanwhile, and goes on by itself. */
import { expect, it } from 'vitest';
import type { Endpoint } from '../../src/domain/endpoint.ts';
import { describeWithServers } from './available.ts';
import { type Daemon, run } from './command.ts';
import { eventually } from './daemon.ts';
import { downIn, eventsOf, logged, metric, order, readiness, view } from './daemon-client.ts';
import { daemonSuite } from './daemon-suite.ts';

/** A mailbox that failed is opened again after a second, doubled up to a minute; a failed check is confirmed after 5 s. */
const PATIENCE_MS = 60_000;

describeWithServers('a daemon whose provider', () => {
  const suite = daemonSuite();
  const { closers } = suite;

  /** Checks come once in 30 s, and soon after a probe that was not taken. `control` is who else is asked; empty for nobody. */
  async function start(control: string): Promise<{ readonly daemon: Daemon; readonly config: string }> {
    const config = await suite.configuration((text) =>
      text.replace(/connectivity: .*/, `connectivity: {every: 30s, control: [${control}]}`),
    );
    return { daemon: await suite.start(config), config };
  }
  const dovecot = () => `"127.0.0.1:${suite.provider.imaps.port}"`;
  const postfix = () => `"127.0.0.1:${suite.provider.mx.port}"`;
  const up = (daemon: Daemon, endpoint: Endpoint) =>
    metric(daemon, `mailflow_endpoint_up{provider="corp",endpoint="${endpoint}"}`);
  const untilUp = (daemon: Daemon, endpoint: Endpoint, value: 0 | 1) =>
    eventually(
      `${endpoint} that is ${value === 1 ? 'up' : 'down'}`,
      async () => ((await up(daemon, endpoint)) === value ? true : undefined),
      PATIENCE_MS,
    );
  const untilDown = (config: string, endpoint: Endpoint) =>
    eventually(
      `a failed check of ${endpoint}`,
      async () => ((await downIn(config)).some((check) => check.endpoint === endpoint) ? true : undefined),
      PATIENCE_MS,
    );

  it('loses Postfix is shown as down at stage connect beside a healthy host, loses nothing that is on its way, and is up again by itself', async () => {
    const { daemon, config } = await start(dovecot());
    await suite.provider.holdQueue();
    const early = await order(daemon, 'internal');
    await eventually('its acceptance', async () =>
      (await view(daemon, early)).acceptedAt === null ? undefined : true,
    );
    await suite.provider.stopPostfix();
    closers.push(() => suite.provider.startPostfix().catch(() => undefined));
    const refused = await Promise.all(['send', 'receive'].map((path) => order(daemon, path)));
    for (const id of refused) expect(await view(daemon, id, 20)).toMatchObject({ outcome: 'failed' });
    for (const endpoint of ['submission', 'mx'] as const) {
      await untilUp(daemon, endpoint, 0);
      await untilDown(config, endpoint);
    }
    expect(await up(daemon, 'mailbox')).not.toBe(0);
    // The mailbox is watched all along, so the daemon is ready.
    expect((await readiness(daemon)).status).toBe(200);

    await suite.provider.startPostfix();
    closers.pop();
    expect(await view(daemon, early, 30)).toMatchObject({ outcome: 'delivered', duplicates: 0 });
    for (const endpoint of ['submission', 'mx'] as const) await untilUp(daemon, endpoint, 1);
    expect(await view(daemon, await order(daemon, 'send'), 20)).toMatchObject({ outcome: 'delivered', duplicates: 0 });
    expect(logged(daemon, 'error')).toEqual([]);
    expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });

    const down = await downIn(config);
    expect(new Set(down.map(({ endpoint }) => endpoint))).toEqual(new Set(['submission', 'mx']));
    expect(new Set(down.map(({ control }) => control))).toEqual(new Set(['healthy']));
    expect(down.map(({ result }) => result)).toContainEqual(
      expect.objectContaining({ stage: 'connect', code: 'ECONNREFUSED' }),
    );
    for (const id of refused)
      expect(
        (await eventsOf(config)).find((event) => event.type === 'probe.handed-over' && event.probe === id),
      ).toMatchObject({ handover: { kind: 'unreachable', stage: 'connect', code: 'ECONNREFUSED' } });
    expect(await run(['ledger', 'verify', '-c', config])).toMatchObject({ code: 0 });
  }, 150_000);

  it('loses Dovecot says so, keeps what is on its way pending, and reads on by itself once it is back', async () => {
    const { daemon, config } = await start(postfix());
    await suite.provider.holdQueue();
    const early = await order(daemon, 'receive');
    await eventually('its acceptance', async () =>
      (await view(daemon, early)).acceptedAt === null ? undefined : true,
    );
    await suite.provider.stopDovecot();
    closers.push(() => suite.provider.startDovecot().catch(() => undefined));
    await eventually('a mailbox that cannot be watched', async () =>
      (await readiness(daemon)).status === 503 ? true : undefined,
    );
    expect((await readiness(daemon)).parts['mailbox corp']).toMatch(/^(?:CLOSED|ECONNREFUSED): IMAP 127\.0\.0\.1:/);
    await untilUp(daemon, 'mailbox', 0);
    await untilDown(config, 'mailbox');
    // Postfix finds nobody to hand it to.
    suite.provider.releaseQueue();
    const late = await order(daemon, 'receive');
    await suite.provider.postfixDelays({ recipient: suite.provider.user('alice').address, status: 'deferred' });
    expect(await view(daemon, early)).toMatchObject({ outcome: 'pending' });

    await suite.provider.startDovecot();
    closers.pop();
    await eventually(
      'a mailbox that is watched again',
      async () => ((await readiness(daemon)).status === 200 ? true : undefined),
      PATIENCE_MS,
    );
    // Postfix tries again what Dovecot could not take.
    await suite.provider.flushQueue();
    for (const id of [early, late])
      expect(await view(daemon, id, 30)).toMatchObject({ outcome: 'delivered', duplicates: 0 });
    await untilUp(daemon, 'mailbox', 1);
    expect(logged(daemon, 'error')).toEqual([]);
    // Told once, however often it was tried.
    expect(logged(daemon, 'warn').filter(({ msg }) => msg === 'the mailbox cannot be watched')).toHaveLength(1);
    expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });

    const events = await eventsOf(config);
    expect(events.filter(({ type }) => type === 'mailbox.failed')).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'mailbox.restored')).toHaveLength(1);
    const down = await downIn(config);
    expect(new Set(down.map(({ control }) => control))).toEqual(new Set(['healthy']));
    // Submission fails too: it asks Dovecot for the password.
    const mailbox = down.filter(({ endpoint }) => endpoint === 'mailbox');
    expect(mailbox[0]).toMatchObject({ result: { stage: 'connect', code: 'ECONNREFUSED' } });
    expect(await run(['ledger', 'verify', '-c', config])).toMatchObject({ code: 0 });
  }, 150_000);

  it.each([
    ['nobody else is asked', () => '', 'none'],
    ['nobody else answers either', () => '"127.0.0.1:1"', 'failed'],
  ])(
    'loses Postfix while %s has failed checks that show nothing',
    async (_name, control, expected) => {
      const { daemon, config } = await start(control());
      await suite.provider.stopPostfix();
      closers.push(() => suite.provider.startPostfix());
      // Its failure makes the check come at once.
      await order(daemon, 'send');
      await untilDown(config, 'submission');
      expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });
      const down = await downIn(config);
      expect(new Set(down.map(({ control: found }) => found))).toEqual(new Set([expected]));
    },
    90_000,
  );
});
