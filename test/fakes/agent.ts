/** The real engine over fakes and a virtual clock. */
import { DELAY_MAXIMUM_LIMIT } from '../../src/domain/contract.ts';
import { createSendingCount, type SendingCount } from '../../src/domain/sending-limit.ts';
import type { RouteSettings } from '../../src/domain/settings.ts';
import type { Dkim } from '../../src/engine/anchor-keeper.ts';
import type { ConnectivityOptions } from '../../src/engine/connectivity.ts';
import { type Engine, type EngineOptions, startEngine } from '../../src/engine/engine.ts';
import type { Log, Mailbox, Observer, Random, Sender } from '../../src/ports.ts';
import { FakeMailbox } from './fake-mailbox.ts';
import { CountingObserver, FakeSender, silentLog } from './fake-provider.ts';
import { FakeSink } from './fake-sink.ts';
import { MemoryLedger } from './memory-ledger.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Signs unless a test brings its own. */
export const KEY = new Uint8Array(32).fill(7);
const ACCOUNT = 'probe@acme.example';

/** No message is signed, and DNS has no keys. */
export const NO_DKIM: Dkim = { check: () => [], lookup: { find: async () => null } };

/** A repeatable generator (mulberry32): the same seed draws the same numbers. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { uniform, bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(uniform() * 256)) };
}

/** Lets any number of messages through. */
export const UNLIMITED = (): SendingCount => createSendingCount({ perDay: Number.POSITIVE_INFINITY, scheduled: 0 }, []);

export interface FakeWorld {
  readonly clock: VirtualClock;
  readonly ledger: MemoryLedger;
  readonly sink: FakeSink;
  readonly mailbox: FakeMailbox;
  readonly submitter: FakeSender;
  readonly injector: FakeSender;
  readonly observer: CountingObserver;
  start(options?: {
    readonly routes?: readonly RouteSettings[];
    readonly reachability?: 'inbound' | 'assumed';
    readonly seed?: number;
    readonly connectivity?: ConnectivityOptions;
    readonly observer?: Observer;
    readonly log?: Log;
    readonly key?: Uint8Array;
    readonly retiredKey?: Uint8Array | null;
    readonly sending?: SendingCount;
  }): Promise<Engine>;
}

/** What an agent that measures `acme` on all three paths is made of. */
export function engineOptions(parts: {
  readonly submitter: Sender;
  readonly injector: Sender;
  readonly mailbox: Mailbox;
  readonly routes: readonly RouteSettings[];
  readonly reachability: 'inbound' | 'assumed';
  readonly connectivity?: ConnectivityOptions;
  readonly key?: Uint8Array;
  readonly retiredKey?: Uint8Array | null;
  readonly sending?: SendingCount;
}): EngineOptions {
  const { submitter, injector, mailbox, routes, reachability } = parts;
  const from = ACCOUNT;
  const line = { provider: 'acme', retryAfter: [] };
  const recipients = ['probe-0@sink.example', 'probe-1@sink.example'];
  return {
    agent: 'test',
    version: '0',
    contact: 'postmaster@sink.example',
    identity: { agent: 'test', contact: 'postmaster@sink.example', configuration: '0'.repeat(64), publicKey: '' },
    key: parts.key ?? KEY,
    retiredKey: parts.retiredKey ?? null,
    routes,
    reachability,
    sinkOnLoopback: true,
    maximumSeconds: () => DELAY_MAXIMUM_LIMIT,
    lines: [
      { ...line, path: 'send', sender: submitter, from, recipients },
      { ...line, path: 'internal', sender: submitter, from, recipients: [ACCOUNT] },
      {
        ...line,
        path: 'receive',
        sender: injector,
        from: 'bounces@sink.example',
        recipients: [ACCOUNT],
        retryAfter: [60, 300],
      },
    ],
    sinkClients: [{ provider: 'acme', sender: ACCOUNT, networks: ['192.0.2.0/24'] }],
    mailboxes: [{ provider: 'acme', mailbox, cleanup: 'delete' }],
    sending: parts.sending ?? UNLIMITED(),
    connectivity: parts.connectivity ?? { everySeconds: 60, checks: [], control: null },
  };
}

export function fakeWorld(): FakeWorld {
  const clock = new VirtualClock();
  const world = {
    clock,
    ledger: new MemoryLedger(),
    sink: new FakeSink(clock),
    mailbox: new FakeMailbox(clock),
    submitter: new FakeSender(clock),
    injector: new FakeSender(clock),
    observer: new CountingObserver(),
  };
  const { ledger, sink, mailbox, submitter, injector, observer } = world;
  return {
    ...world,
    start: ({
      routes = [],
      reachability = 'inbound',
      seed = 1,
      connectivity,
      observer: told = observer,
      log = silentLog,
      sending,
      ...keys
    } = {}) =>
      startEngine(
        engineOptions({
          submitter,
          injector,
          mailbox,
          routes,
          reachability,
          ...keys,
          ...(connectivity === undefined ? {} : { connectivity }),
          ...(sending === undefined ? {} : { sending }),
        }),
        {
          ledger,
          sink,
          clock,
          random: seededRandom(seed),
          dkim: NO_DKIM,
          observer: told,
          log,
        },
      ),
  };
}
