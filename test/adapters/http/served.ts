/** The real HTTP interface over the real engine, which runs over fakes and a virtual clock. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { type HttpServer, serveHttp } from '../../../src/adapters/http/server.ts';
import { createMetrics } from '../../../src/adapters/prometheus/metrics.ts';
import { renderProbeMetrics } from '../../../src/adapters/prometheus/probe-metrics.ts';
import type { ContractTerms } from '../../../src/domain/contract-terms.ts';
import { ENDPOINTS } from '../../../src/domain/endpoint.ts';
import { PATHS } from '../../../src/domain/probe.ts';
import type { HttpSettings } from '../../../src/domain/settings.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { createExclusionDesk } from '../../../src/engine/exclusion-desk.ts';
import { createStatusBoard, type KeptStatus, RECENT_MAX } from '../../../src/engine/status-board.ts';
import type { ExclusionDesk, Inquiries, Log, Reports } from '../../../src/ports.ts';
import { type FakeWorld, fakeWorld, seededRandom } from '../../fakes/agent.ts';
import { silentLog } from '../../fakes/fake-provider.ts';

/** Milliseconds between two glances at something that real sockets bring about. */
const GLANCE = 2;
const GLANCES_MAX = 5000;
/** Virtual seconds that pass between two of them. */
const PASSING = 0.05;

/** On loopback, without a token. */
export const OPEN: HttpSettings = {
  listen: { host: '127.0.0.1', port: 0 },
  token: null,
  spotChecksPerMinute: 20,
  names: [],
  metrics: { listen: null, token: null },
};

export const NO_INQUIRIES: Inquiries = { delays: async () => null, preview: async () => null };

export interface Served {
  readonly exclusions: ExclusionDesk;
  readonly world: FakeWorld;
  readonly engine: Engine;
  readonly board: KeptStatus;
  readonly server: HttpServer;
  /** What was logged as an error. */
  readonly errors: readonly string[];
  /** Asks for a path of the interface. */
  readonly get: (path: string, init?: RequestInit) => Promise<Response>;
  /** Asks for a spot check. */
  readonly post: (body: unknown, headers?: Readonly<Record<string, string>>) => Promise<Response>;
  /** Lets virtual time pass until the answer is there. */
  readonly passing: <T>(answer: Promise<T>) => Promise<T>;
  /** Resolves once someone waits for a probe, beyond what waited at the start. */
  readonly awaited: () => Promise<void>;
  /** Resolves once nobody waits any more. */
  readonly released: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function serve({
  token = null as string | null,
  names = [] as readonly string[],
  host = OPEN.listen.host,
  metrics = OPEN.metrics,
  prepare = (_world: FakeWorld): void => {},
  reports = null as Reports | null,
  inquiries = NO_INQUIRIES,
  contract = null as ContractTerms | null,
} = {}): Promise<Served> {
  const world = fakeWorld();
  prepare(world);
  const { clock, ledger } = world;
  const providers = [{ name: 'acme', paths: PATHS, endpoints: ENDPOINTS, contract }];
  const board = createStatusBoard({ version: '0', dataFolder: '/data', checkEverySeconds: 60, clock, providers });
  const engine = await world.start({ observer: board });
  const exclusions = createExclusionDesk({
    ...{ ledger, clock, random: seededRandom(2), recorder: engine.recorder },
    changed: board.exclusionsChanged,
  });
  board.attach({ engine, exclusions, recent: await ledger.recent(RECENT_MAX) });
  const instruments = createMetrics({ version: '0', lines: engine.routes(), clock: world.clock, lagSeconds: () => 0 });
  instruments.attach(engine.recorder.state, []);
  const errors: string[] = [];
  const log: Log = {
    ...silentLog,
    error: (message, fields) => void errors.push(`${message}: ${String(fields?.['error'])}`),
  };
  // What `settled` waits for can only be seen by counting who waits.
  let waiting = 0;
  const settled: Engine['settled'] = async (...args) => {
    waiting += 1;
    return engine.settled(...args).finally(() => (waiting -= 1));
  };
  const server = await serveHttp(
    { ...OPEN, listen: { host, port: 0 }, token, names, metrics },
    {
      control: { ...engine, settled },
      reports,
      inquiries,
      exclusions,
      zones: new Map(contract === null ? [] : [['acme', contract.timeZone]]),
      board,
      metrics: (format) => instruments.render(format),
      clock: world.clock,
      probeMetrics: renderProbeMetrics,
      log,
    },
  );
  const get = async (path: string, init?: RequestInit): Promise<Response> => fetch(new URL(path, server.url), init);
  const close = async (): Promise<void> => {
    await server.close();
    const stopped = engine.stop();
    await world.clock.advance(5);
    await stopped;
    expect(world.clock.sleeping, 'sleeps left running').toBe(0);
  };
  return {
    world,
    engine,
    exclusions,
    board,
    server,
    errors,
    get,
    post: (body, headers = {}) =>
      get('/api/v1/probes', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    async passing(answer) {
      let pending = true;
      const ended = answer.finally(() => (pending = false));
      while (pending) {
        await world.clock.advance(PASSING);
        await delay(GLANCE);
      }
      return ended;
    },
    awaited: () => until(() => waiting > 0),
    released: () => until(() => waiting === 0),
    close,
  };
}

/** The error that something ends with, null if it ends well. */
export async function errorOf(asked: Promise<unknown>): Promise<unknown> {
  return asked.then(
    () => null,
    (reason: unknown) => reason,
  );
}

/** Looks again and again; fails the test if it never comes true. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let glance = 0; glance < GLANCES_MAX; glance += 1) {
    if (await isTrue()) return;
    await delay(GLANCE);
  }
  expect.fail(`still not: ${String(isTrue)}`);
}
