/** The daemon in a network of its own that is cut without a word, and one whose names are not resolved: what it says, and the way back. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeConfiguration } from './agent-settings.ts';
import { describeWith, NETWORKS } from './available.ts';
import { type Daemon, run, startDaemon } from './command.ts';
import { eventually } from './daemon.ts';
import { downIn, eventsOf, logged, order, untilAccepted, untilReady, view } from './daemon-client.ts';
import { daemonSuite } from './daemon-suite.ts';
import { type Answer, type NameServer, startNameServer } from './name-server.ts';
import { makeNetwork, type Network } from './network.ts';
import { startProvider } from './provider.ts';

const TOKEN = 'let-the-test-in';
/** Milliseconds. A connection that is not taken is given up after 30 s. */
const CUT_FOR = 34_000;
/** Milliseconds from the cut until Postfix hands on what it has. */
const HELD_FOR = 5000;
/** Seconds: what Postfix takes on a busy machine to look into its queue and hand a message on. */
const PROMPT = 5;
/** Milliseconds. What TCP lost is sent again after twice the last wait: at the latest as long after the cut as that lasted. */
const PATIENCE_MS = 60_000;

describeWith(NETWORKS, 'a daemon', () => {
  let network: Network;
  let names: NameServer;
  const all: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    network = await makeNetwork();
    all.push(() => network.remove());
    names = await startNameServer(network.providerHost, network.providerHost);
    all.push(() => names.close());
  });
  afterAll(async () => {
    for (const close of all.splice(0).toReversed()) await close();
  });
  const suite = daemonSuite(() => startProvider({ host: network.providerHost, sinkHost: network.sinkHost }));
  const { closers } = suite;

  type Inside = Daemon & { readonly token: string };
  async function start(host: string): Promise<{ readonly daemon: Inside; readonly config: string }> {
    const folder = await suite.folder();
    await writeFile(join(folder, 'token'), TOKEN, { mode: 0o600 });
    const control = `"neutral.test:${suite.provider.imaps.port}"`;
    const config = await writeConfiguration(suite.provider, folder, (text) =>
      text
        .replace('"127.0.0.1:0"', `"${network.httpHost}:0", token: {file: token}`)
        .replace('sink: {listen: "127.0.0.1:', `sink: {listen: "${network.sinkHost}:`)
        .replace('127.0.0.0/8', `${network.providerHost}/32`)
        .replace(/connectivity: .*/, `connectivity: {every: 30s, control: [${control}]}`)
        .replaceAll('host: 127.0.0.1', `host: ${host}`),
    );
    const started = await startDaemon(config, {}, network.inside);
    closers.push(() => started.end('SIGKILL'));
    const daemon = Object.assign(started, { token: TOKEN });
    await untilReady(daemon);
    return { daemon, config };
  }
  const untilSettled = (daemon: Daemon, id: string) =>
    eventually(
      `an outcome of ${id}`,
      async () => {
        const seen = await view(daemon, id);
        return seen.outcome === 'pending' ? undefined : seen;
      },
      PATIENCE_MS,
    );
  async function handoverOf(config: string, id: string) {
    const event = (await eventsOf(config)).find((each) => each.type === 'probe.handed-over' && each.probe === id);
    return event?.type === 'probe.handed-over' ? event.handover : null;
  }

  it('whose line is cut without a word gives up in time, charges nobody, and holds the truth of what was on its way', async () => {
    const { daemon, config } = await start(network.providerHost);
    await suite.provider.holdQueue();
    const ordered = Date.now();
    const [out, incoming] = (await Promise.all(['send', 'receive'].map((path) => order(daemon, path)))) as [
      string,
      string,
    ];
    await untilAccepted(daemon, out);
    await untilAccepted(daemon, incoming);
    const taken = Date.now();
    await network.cut();
    const cut = Date.now();
    closers.push(() => network.mend().catch(() => undefined));
    const hanging = await order(daemon, 'internal');
    await pause(HELD_FOR);
    const released = Date.now();
    suite.provider.releaseQueue();
    await pause(CUT_FOR - (Date.now() - cut));
    expect(await view(daemon, incoming)).toMatchObject({ outcome: 'pending' });
    expect(await untilSettled(daemon, hanging)).toMatchObject({ outcome: 'failed' });
    await network.mend();
    closers.pop();

    const [sent, received] = [await untilSettled(daemon, out), await untilSettled(daemon, incoming)];
    for (const probe of [sent, received]) expect(probe).toMatchObject({ outcome: 'delivered', duplicates: 0 });
    // Both left the queue during the cut, and what that cost is no delay of the provider's.
    const [atLeast, atMost] = [(released - taken) / 1000, (released - ordered) / 1000 + PROMPT];
    for (const { delaySeconds } of [sent, received]) {
      expect(delaySeconds!.lo).toBeLessThanOrEqual(atMost);
      expect(delaySeconds!.hi).toBeGreaterThanOrEqual(atLeast);
    }
    await untilReady(daemon);
    const next = await untilSettled(daemon, await order(daemon, 'internal'));
    expect(next).toMatchObject({ outcome: 'delivered', duplicates: 0 });
    expect(logged(daemon, 'error')).toEqual([]);
    expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });

    expect(await handoverOf(config, hanging)).toMatchObject({ kind: 'unreachable', stage: 'connect', code: 'TIMEOUT' });
    expect((await downIn(config)).filter(({ control }) => control === 'healthy')).toEqual([]);
    expect(await run(['ledger', 'verify', '-c', config])).toMatchObject({ code: 0 });
  }, 150_000);

  it('whose resolver fails says so at stage dns, and charges the provider only beside another name that is found', async () => {
    const { daemon, config } = await start('mx.corp.test');
    closers.push(async () => names.use(() => 'address'));
    for (const [answer, code] of [
      ['nxdomain', 'ENOTFOUND'],
      ['servfail', 'ESERVFAIL'],
      ['silence', 'TIMEOUT'],
    ] as const satisfies readonly (readonly [Answer, string])[]) {
      names.use(() => answer);
      const id = await order(daemon, 'send');
      expect(await untilSettled(daemon, id)).toMatchObject({ outcome: 'failed' });
      expect(await handoverOf(config, id)).toMatchObject({ kind: 'unreachable', stage: 'dns', code });
    }
    await eventually(
      'a failed check of submission',
      async () => (await downIn(config)).find(({ endpoint }) => endpoint === 'submission'),
      PATIENCE_MS,
    );
    const uncharged = await downIn(config);
    expect(new Set(uncharged.map(({ control }) => control))).toEqual(new Set(['failed']));
    expect(uncharged.find(({ endpoint }) => endpoint === 'submission')).toMatchObject({ result: { stage: 'dns' } });

    names.use((name) => (name === 'mx.corp.test' ? 'nxdomain' : 'address'));
    const switched = Date.now();
    const lost = await untilSettled(daemon, await order(daemon, 'receive'));
    expect(lost).toMatchObject({ outcome: 'failed' });
    const charged = await eventually(
      'a failed check from then on',
      async () =>
        (await downIn(config)).find(
          ({ began, endpoint }) => began.wallMs >= switched && (endpoint === 'mx' || endpoint === 'submission'),
        ),
      PATIENCE_MS,
    );
    expect(charged).toMatchObject({ control: 'healthy', result: { stage: 'dns', code: 'ENOTFOUND' } });

    names.use(() => 'address');
    for (const path of ['send', 'receive', 'internal'])
      expect(await untilSettled(daemon, await order(daemon, path))).toMatchObject({ outcome: 'delivered' });
    expect(logged(daemon, 'error')).toEqual([]);
    expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });
  }, 120_000);
});
