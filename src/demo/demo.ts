/** The demo: the embedded provider, and the whole agent measuring it over real sockets, in a temporary folder that goes when it closes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, findContract, openAgent, systemClock, systemRandom } from '../app.ts';
import { PATHS, type Path } from '../domain/probe.ts';
import type { HostPort, Settings } from '../domain/settings.ts';
import type { Log } from '../ports.ts';
import type { Delay } from './delays.ts';
import { type DemoProvider, startDemoProvider } from './provider.ts';

export interface DemoOptions {
  readonly delays: Readonly<Record<Path, Delay>>;
  /** Mean seconds between two probes on each path; null measures on demand only. */
  readonly every: number | null;
  readonly listen: HostPort;
  readonly log: Log;
}

export interface Demo {
  readonly agent: Agent;
  readonly provider: DemoProvider;
  /** Closes the agent, the provider and the folder. */
  close(): Promise<void>;
}

const DEMO_PROVIDER = 'demo';
const DEMO_CONTRACT = 'enterprise-mail-sla';
/** Reserved for examples (RFC 2606). */
const SINK_DOMAIN = 'sink.example';
/** Seconds of a cell: a demo is watched, and its provider minds no guest. */
const CHECK_EVERY = 10;
/** More than any schedule of a demo: its provider is in this process. */
const MESSAGES_PER_DAY = 1_000_000;
const LOOPBACK = '127.0.0.1';
const NO_TLS = { security: 'none', tls: { ca: null, servername: null } } as const;

export async function startDemo(options: DemoOptions): Promise<Demo> {
  const stack = new AsyncDisposableStack();
  try {
    const dataFolder = stack.adopt(await mkdtemp(join(tmpdir(), 'mailflow-probe-demo-')), (folder) =>
      rm(folder, { recursive: true, force: true }),
    );
    const clock = stack.adopt(systemClock(), (opened) => opened.close());
    const provider = stack.adopt(
      await startDemoProvider({ sink: null, delays: options.delays, clock, random: systemRandom }),
      (opened) => opened.close(),
    );
    const settings = demoSettings(options, provider, dataFolder);
    const contract = await findContract(DEMO_CONTRACT, null);
    const agent = await openAgent(settings, {
      log: options.log,
      as: options.every === null ? 'spot-check' : 'daemon',
      contracts: new Map(contract.ok ? [[DEMO_PROVIDER, contract.terms]] : []),
    });
    stack.defer(() => agent.close());
    provider.setSink(agent.sinkAddress);
    return { agent, provider, close: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

function demoSettings(
  { every, listen }: DemoOptions,
  { submission, mx, imap, control, login, address }: DemoProvider,
  dataFolder: string,
): Settings {
  const bounces = `bounces@${SINK_DOMAIN}`;
  return {
    agent: 'demo',
    dataFolder,
    key: systemRandom.bytes(32),
    retiredKey: null,
    http: { listen, token: null, spotChecksPerMinute: 60, names: [], metrics: { listen: null, token: null } },
    sink: {
      listen: { host: LOOPBACK, port: 0 },
      hostname: SINK_DOMAIN,
      domain: SINK_DOMAIN,
      recipients: 4,
      tls: null,
      reachability: 'inbound',
    },
    providers: [
      {
        name: DEMO_PROVIDER,
        contract: DEMO_CONTRACT,
        networks: ['127.0.0.0/8'],
        submission: { ...submission, ...NO_TLS, login, from: address, helo: SINK_DOMAIN },
        mx: { ...mx, ...NO_TLS, from: bounces, helo: SINK_DOMAIN, dkim: null, retryAfter: [60] },
        mailbox: { ...imap, ...NO_TLS, login, address, cleanup: 'delete' },
      },
    ],
    routes:
      every === null
        ? []
        : PATHS.map((path) => ({ provider: DEMO_PROVIDER, path, every, minGap: every / 4, maxGap: every * 3 })),
    connectivity: { every: CHECK_EVERY, control: [control] },
    sending: { messagesPerDay: MESSAGES_PER_DAY },
    log: { level: 'warn' },
  };
}
