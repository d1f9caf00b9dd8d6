/** The daemon stopped (SIGSTOP) in the middle of everything and let go on: what it measured holds the truth, and the stop is its own. */
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { verifyDerived } from '../../src/adapters/sqlite/verify.ts';
import type { LedgerEvent } from '../../src/domain/event.ts';
import type { Interval } from '../../src/domain/interval.ts';
import { ABORTED } from '../../src/domain/probe.ts';
import type { ProbeView } from '../../src/domain/probe-view.ts';
import { describeWithServers } from './available.ts';
import { type Daemon, run } from './command.ts';
import { eventually } from './daemon.ts';
import { eventsOf, logged, order, untilAccepted, untilReady, view } from './daemon-client.ts';
import { daemonSuite } from './daemon-suite.ts';

/** Milliseconds. Past 30 s without a beat an agent has been away. */
const STOPPED_FOR = 40_000;
/** Seconds from a final dot to its 250, in which one probe is caught. */
const SLOW_REPLY = 4;
/** Seconds: what Postfix takes on a busy machine to look into its queue, connect and hand a message on. */
const PROMPT = 5;
/** No gap is so long that a stop of 40 s lets its slot through. */
const ROUTES = `routes:
  - {provider: corp, path: send, every: 10s, min_gap: 1s, max_gap: 20s}
  - {provider: corp, path: internal, every: 10s, min_gap: 1s, max_gap: 20s}
`;

describeWithServers('a daemon that was stopped for 40 s', () => {
  const suite = daemonSuite();

  async function untilOnItsWay(daemon: Daemon, id: string): Promise<void> {
    await eventually('a message that waits for its 250', async () =>
      (await view(daemon, id)).awaiting === 'data' ? true : undefined,
    );
  }

  it('holds the true delay of what was under way, charges nobody, counts nothing twice, and goes on by itself', async () => {
    const config = await suite.configuration((text) =>
      text.replace('connectivity: {', 'connectivity: {every: 30s, ').concat(ROUTES),
    );
    await suite.provider.delayEndOfData(SLOW_REPLY);
    const daemon = await suite.start(config);
    await suite.provider.holdQueue();
    const [out, within] = await Promise.all([order(daemon, 'send'), order(daemon, 'internal')]);
    const ordered = Date.now();
    await Promise.all([out, within].map((id) => untilAccepted(daemon, id)));
    const taken = Date.now();
    const caught = await order(daemon, 'receive');
    await untilOnItsWay(daemon, caught);
    const dotted = Date.now();
    daemon.process.kill('SIGSTOP');
    const stopped = Date.now();
    // The 250 of the last one, then all that was held: the daemon sees neither.
    await pause(STOPPED_FOR / 2);
    const released = Date.now();
    suite.provider.releaseQueue();
    await pause(STOPPED_FOR - (released - stopped));
    daemon.process.kill('SIGCONT');
    const views = await Promise.all([out, within, caught].map((id) => view(daemon, id, 30)));

    expect(views.map(({ outcome, duplicates }) => ({ outcome, duplicates }))).toEqual(
      views.map(() => ({ outcome: 'delivered', duplicates: 0 })),
    );
    // From an acceptance between `ordered` and `taken` to a transfer that began promptly after the release.
    const held = { lo: (released - taken) / 1000, hi: (released - ordered) / 1000 + PROMPT };
    for (const probe of views.slice(0, 2)) expectToMeet(probe, held);
    // Its 250 came while the daemon stood still, and so did its message: read at the same moment, they are many seconds apart.
    const apart = (released - dotted) / 1000 - SLOW_REPLY;
    expectToMeet(views[2]!, { lo: apart - PROMPT, hi: apart + PROMPT });
    expect(views.every(({ flags }) => !flags.includes('breach'))).toBe(true);
    await untilReady(daemon);
    const next = await order(daemon, 'internal');
    expect(await view(daemon, next, 20)).toMatchObject({ outcome: 'delivered', duplicates: 0 });
    expect(logged(daemon, 'error')).toEqual([]);
    expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });

    const events = await eventsOf(config);
    const closed = events.find(({ type }) => type === 'sink.closed');
    expect(closed!.at.wallMs).toBeLessThanOrEqual(stopped);
    const opened = events.find((event) => event.type === 'sink.opened' && event.address === 'awake again');
    expect(opened!.at.wallMs).toBeGreaterThanOrEqual(stopped + STOPPED_FOR);
    const failures = events.filter(isFailure);
    expect(failures).toEqual([]);
    expect(events.filter(({ type }) => type === 'slot.unmeasured').length).toBeGreaterThan(0);
    const captured = events.flatMap((event) =>
      event.type === 'transfer.captured' || event.type === 'message.seen' ? event.probe : [],
    );
    expect(captured).toHaveLength(new Set(captured).size);
    expect(await run(['ledger', 'verify', '-c', config])).toMatchObject({ code: 0 });
    expect(await verifyDerived(join(dirname(config), 'data'))).toMatchObject({ ok: true });
  }, 120_000);
});

/** The interval has a point in common with where the truth lies. */
function expectToMeet({ id, path, delaySeconds }: ProbeView, truth: Interval): void {
  expect(delaySeconds, `${path} ${id}`).not.toBeNull();
  expect(delaySeconds!.lo, `${path}, lower bound`).toBeLessThanOrEqual(truth.hi);
  expect(delaySeconds!.hi, `${path}, upper bound`).toBeGreaterThanOrEqual(truth.lo);
}

/** Something that a judge would hold against the provider. */
function isFailure(event: LedgerEvent): boolean {
  if (event.type === 'endpoint.checked') return event.result.kind === 'down' && event.control === 'healthy';
  if (event.type === 'probe.handed-over') {
    const { handover } = event;
    // What our own stop cut off is nobody's.
    return handover.kind !== 'accepted' && !(handover.kind === 'unreachable' && handover.code === ABORTED);
  }
  return event.type === 'probe.notified';
}
