/** An agent that moves to another host as config/OPERATIONS.md says, and a ledger that is restored: nothing pending is lost, and what is left over of the old one is refused or harmless. */
import { copyFile, cp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { describeWithServers } from './available.ts';
import { type Daemon, LONG_UP, run, startDaemon } from './command.ts';
import { eventually } from './daemon.ts';
import { eventsOf, logged, order, untilAccepted, untilReady, view } from './daemon-client.ts';
import { daemonSuite } from './daemon-suite.ts';

const OTHER_BOOT_ID = '00000000-1111-4222-8333-444444444444\n';
/** Seconds for which the message lies in the provider's queue, at least. */
const HELD_MIN = 3;

describeWithServers('an agent that moves to another host', () => {
  const suite = daemonSuite();

  /** The kernel's boot id tells one host from another. */
  async function startElsewhere(config: string): Promise<Daemon> {
    const bootId = join(dirname(config), 'boot-id');
    await writeFile(bootId, OTHER_BOOT_ID);
    const disguise = `mount --bind "${bootId}" /proc/sys/kernel/random/boot_id && exec "$0" "$@"`;
    const daemon = await startDaemon(config, LONG_UP, ['unshare', '--mount', 'sh', '-c', disguise]);
    suite.closers.push(() => daemon.end('SIGKILL'));
    await untilReady(daemon);
    return daemon;
  }

  it('measures what was pending on the old one, from the acceptance there to the transfer here, and has one ledger', async () => {
    const config = await suite.configuration();
    const to = await suite.folder();
    const old = await suite.start(config, LONG_UP);
    await suite.provider.holdQueue();
    const out = await order(old, 'send');
    await untilAccepted(old, out);
    const accepted = Date.now();
    expect(await old.end('SIGTERM')).toEqual({ code: 0, signal: null });

    await cp(dirname(config), to, { recursive: true, preserveTimestamps: true });
    const moved = join(to, 'mailflow-probe.yml');
    const copied = await run(['ledger', 'verify', '-c', moved]);
    expect(copied).toMatchObject({ code: 0 });
    const here = await startElsewhere(moved);
    await eventually('time in the queue', () => (Date.now() - accepted > HELD_MIN * 1000 ? true : undefined));
    const released = Date.now();
    suite.provider.releaseQueue();
    const probe = await view(here, out, 30);

    expect(probe).toMatchObject({ outcome: 'delivered', duplicates: 0 });
    expect(probe.flags).toContain('rebooted');
    // While nobody listened the provider may have tried: the interval is wide, and holds the truth.
    expect(probe.delaySeconds!.lo).toBe(0);
    expect(probe.delaySeconds!.hi).toBeGreaterThanOrEqual((released - accepted) / 1000);
    expect(logged(here, 'error')).toEqual([]);
    await here.end('SIGTERM');
    expect((await eventsOf(moved)).filter(({ type }) => type === 'agent.started')).toHaveLength(2);
    expect(await run(['ledger', 'verify', '-c', moved])).toMatchObject({ code: 0 });
  }, 120_000);

  it('goes on from a backup put in the place of the ledger, once what lay beside that is gone', async () => {
    const config = await suite.configuration();
    const data = join(dirname(config), 'data');
    const daemon = await suite.start(config);
    const copy = join(dirname(config), 'ledger-copy.db');
    expect(await run(['ledger', 'backup', copy, '-c', config])).toMatchObject({ code: 0 });
    // Of the copy itself: the daemon goes on.
    const atBackup = entriesIn(copy);
    await view(daemon, await order(daemon, 'internal'), 30);
    await daemon.end('SIGKILL');
    await copyFile(copy, join(data, 'ledger.db'));
    // Why the guide says so: the log of the old ledger, left by the crash, lies over the copy, and nothing was restored.
    expect((await eventsOf(config)).length).toBeGreaterThan(atBackup);
    for (const end of ['-wal', '-shm']) await rm(join(data, `ledger.db${end}`), { force: true });
    await copyFile(copy, join(data, 'ledger.db'));
    expect(await run(['ledger', 'verify', '-c', config])).toMatchObject({ code: 0 });
    expect(await eventsOf(config)).toHaveLength(atBackup);
    const again = await suite.start(config);
    expect(await view(again, await order(again, 'internal'), 30)).toMatchObject({ outcome: 'delivered' });
    await again.end('SIGTERM');
    expect(await run(['ledger', 'verify', '-c', config])).toMatchObject({ code: 0 });
  }, 120_000);
});

function entriesIn(ledger: string): number {
  using db = new DatabaseSync(ledger, { readOnly: true });
  return Number(db.prepare('SELECT count(*) AS count FROM events').get()?.['count']);
}
