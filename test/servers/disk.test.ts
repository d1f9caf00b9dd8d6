/** The daemon on a disk that is full, or that turns read-only under it: nothing is acknowledged or sent that is not durable. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeWith, MOUNTS } from './available.ts';
import { type Daemon, run } from './command.ts';
import { eventually } from './daemon.ts';
import { eventsOf, logged, metric, order, post, readiness, untilReady, view } from './daemon-client.ts';
import { daemonSuite } from './daemon-suite.ts';
import { type Mount, mountDisk, mountMemory } from './mount.ts';

const LEDGER_FAILURES = 'mailflow_part_failures_total{part="ledger",provider=""}';
/** Room for a ledger of some hundred entries and its log. */
const MEMORY_BYTES = 2 * 1024 * 1024;
const LONGEST_GAP_SECONDS = 10;
const ROUTES = `routes:
${['send', 'receive', 'internal']
  .map((path) => `  - {provider: corp, path: ${path}, every: 10s, min_gap: 1s, max_gap: ${LONGEST_GAP_SECONDS}s}`)
  .join('\n')}
`;

describeWith(MOUNTS, 'a data folder', () => {
  const suite = daemonSuite();
  const { closers } = suite;

  async function mounted<M extends Mount>(mounting: Promise<M>): Promise<M> {
    const mount = await mounting;
    closers.push(() => mount.remove());
    return mount;
  }
  async function configuration({ path }: Mount, routes = ''): Promise<string> {
    return suite.configuration((text) => `${text.replace('./data', path)}${routes}`);
  }
  /** Fills the disk and waits until the daemon has found that out. */
  async function fill(mount: Mount, daemon: Daemon): Promise<void> {
    mount.fill();
    await eventually('a daemon that knows of its full disk', async () =>
      (await readiness(daemon)).status === 503 ? true : undefined,
    );
  }
  const maillog = () => readFile(join(suite.provider.root, 'maillog'), 'utf8');
  /** Messages that Postfix took; a check of the MX is a client, too, and gives none. */
  const submitted = async () => [...(await maillog()).matchAll(/postfix\/cleanup.*: message-id=/g)].length;

  it('that is full takes no plan and no message, tells of it once, and catches up by itself when there is room', async () => {
    const mount = await mounted(mountMemory(MEMORY_BYTES));
    const config = await configuration(mount, ROUTES);
    const daemon = await suite.start(config);
    await suite.provider.holdQueue();
    const id = await order(daemon, 'send');
    await eventually('its acceptance', async () => ((await view(daemon, id)).acceptedAt === null ? undefined : true));
    await eventually('its line in the mail log', async () => ((await submitted()) > 0 ? true : undefined));
    await fill(mount, daemon);
    const refused = await metric(daemon, LEDGER_FAILURES);
    // What was on its way into the provider has arrived there.
    await pause(1000);
    const before = await submitted();

    suite.provider.releaseQueue();
    await suite.provider.postfixDelays({ recipient: (await plannedOf(config, id)).recipient, status: 'deferred' });
    expect(await maillog()).toMatch(/status=deferred \(host .* said: 451 /);
    expect((await post(daemon, 'receive')).status).toBe(503);
    const { status, parts } = await readiness(daemon);
    expect(status).toBe(503);
    expect(parts['ledger']).toContain(mount.path);
    expect(parts['ledger']).toContain('the disk must have room');
    // Each route comes to a slot of its own meanwhile.
    await pause((LONGEST_GAP_SECONDS + 2) * 1000);
    expect(await submitted()).toBe(before);
    // A beat a second, what comes to the sink, and what is seen in the mailbox: no busy loop.
    const failures = (await metric(daemon, LEDGER_FAILURES)) - refused;
    expect(failures).toBeGreaterThan(0);
    expect(failures).toBeLessThan(200);
    expect(
      logged(daemon, 'error', 'warn')
        .filter(({ msg }) => !msg.includes('routes'))
        .map(({ msg }) => msg),
    ).toEqual(['the ledger refuses facts: they are kept in memory, and no probe is sent']);

    mount.makeRoom();
    await untilReady(daemon);
    expect(await view(daemon, id, 20)).toMatchObject({ outcome: 'delivered', duplicates: 0 });
    expect((await view(daemon, await order(daemon, 'internal'), 20)).outcome).toBe('delivered');
    expect(logged(daemon, 'info').map(({ msg }) => msg)).toContain(
      'the ledger takes facts again, and has those that were kept',
    );
    expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });

    const events = await eventsOf(config);
    // The transfer began with the first attempt, which our own full disk turned away.
    const attempt = events.find((event) => event.type === 'transfer.attempted' && event.probe === id);
    expect(attempt).toMatchObject({ code: 451 });
    expect(events.filter(({ type }) => type === 'slot.unmeasured').length).toBeGreaterThan(0);
    expect(events.some(({ type }) => type === 'sink.closed')).toBe(true);
    expect(events.findIndex(({ type }) => type === 'sink.closed')).toBeGreaterThan(
      events.findLastIndex(({ type }) => type === 'transfer.captured'),
    );
    expect(await run(['ledger', 'verify', '-c', config])).toMatchObject({ code: 0 });
  }, 90_000);

  it('that is full when a daemon was killed on it lets no new one begin, which says so, and loses nothing', async () => {
    const mount = await mounted(mountMemory(MEMORY_BYTES));
    const config = await configuration(mount);
    const daemon = await suite.start(config);
    await suite.provider.holdQueue();
    const ids = await Promise.all((['send', 'receive', 'internal'] as const).map((path) => order(daemon, path)));
    for (const id of ids)
      await eventually('its acceptance', async () => ((await view(daemon, id)).acceptedAt === null ? undefined : true));
    await fill(mount, daemon);
    await daemon.end('SIGKILL');
    await expectRefusal(config, mount.path, 'the disk must have room', 75);

    mount.makeRoom();
    const second = await suite.start(config);
    suite.provider.releaseQueue();
    for (const id of ids) expect(await view(second, id, 20)).toMatchObject({ outcome: 'delivered', duplicates: 0 });
    expect(await second.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await run(['ledger', 'verify', '-c', config])).toMatchObject({ code: 0 });
  }, 60_000);

  it('that is full before the first start is named, and the next start finds nothing half done', async () => {
    const mount = await mounted(mountMemory(MEMORY_BYTES));
    mount.fill();
    const config = await configuration(mount);
    await expectRefusal(config, mount.path, 'ENOSPC');
    mount.makeRoom();
    const daemon = await suite.start(config);
    expect((await view(daemon, await order(daemon, 'send'), 20)).outcome).toBe('delivered');
    await daemon.end('SIGTERM');
    expect(await run(['ledger', 'verify', '-c', config])).toMatchObject({ code: 0 });
  }, 60_000);

  it('that a failing disk makes read-only stops the measuring, told once, and is taken up again after a repair', async () => {
    const mount = await mounted(mountDisk());
    const config = await configuration(mount);
    const daemon = await suite.start(config);
    await suite.provider.holdQueue();
    const id = await order(daemon, 'send');
    await eventually('its acceptance', async () => ((await view(daemon, id)).acceptedAt === null ? undefined : true));
    await mount.fail();
    await eventually('a daemon that knows of its disk', async () =>
      (await readiness(daemon)).status === 503 ? true : undefined,
    );
    expect((await readiness(daemon)).parts['ledger']).toContain(mount.path);
    expect((await post(daemon, 'receive')).status).toBe(503);
    suite.provider.releaseQueue();
    await suite.provider.postfixDelays({ recipient: (await plannedOf(config, id)).recipient, status: 'deferred' });
    expect(logged(daemon, 'error').map(({ msg }) => msg)).toEqual([
      'the ledger refuses facts: they are kept in memory, and no probe is sent',
    ]);
    const { code } = await daemon.end('SIGTERM');
    expect(code).toBe(3);
    expect(daemon.log()).toContain(`mailflow-probe: cannot append to the ledger in ${mount.path}`);

    await mount.remount('rw');
    const second = await suite.start(config);
    expect(await view(second, id, 20)).toMatchObject({ outcome: 'delivered', duplicates: 0 });
    await second.end('SIGTERM');
    expect(await run(['ledger', 'verify', '-c', config])).toMatchObject({ code: 0 });
  }, 90_000);

  it('that may only be read is named at the start, and nothing in it changes', async () => {
    const mount = await mounted(mountMemory(MEMORY_BYTES));
    const config = await configuration(mount);
    await mount.remount('ro');
    await expectRefusal(config, mount.path, 'EROFS');
    expect(await readdir(mount.path)).toEqual([]);

    await mount.remount('rw');
    const daemon = await suite.start(config);
    const id = await order(daemon, 'send');
    expect((await view(daemon, id, 20)).outcome).toBe('delivered');
    await daemon.end('SIGTERM');
    await mount.remount('ro');
    const before = await readFile(join(mount.path, 'ledger.db'));
    await expectRefusal(config, mount.path, 'must be mounted for writing');
    expect(await readFile(join(mount.path, 'ledger.db'))).toEqual(before);
    // What only reads still does.
    expect(await run(['ledger', 'verify', '-c', config])).toMatchObject({ code: 0 });
  }, 60_000);

  async function expectRefusal(config: string, folder: string, why: string, exitCode = 3): Promise<void> {
    const { code, stdout, stderr } = await run(['run', '-c', config]);
    expect(stdout).toBe('');
    const said = stderr.trim().split('\n').at(-1);
    expect(said).toContain(folder);
    expect(said).toContain(why);
    expect(said).toMatch(/^mailflow-probe: /);
    expect(code).toBe(exitCode);
  }

  async function plannedOf(config: string, id: string): Promise<{ readonly recipient: string }> {
    for (const event of await eventsOf(config)) if (event.type === 'probe.planned' && event.probe === id) return event;
    throw new Error(`probe ${id} must be planned in the ledger`);
  }
});
