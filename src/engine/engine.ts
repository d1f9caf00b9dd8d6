/** The running agent: recovers, opens the sink, watches the mailboxes, keeps the schedule, and answers spot checks. */

import { assess } from '../domain/delay/delay.ts';
import type { AgentIdentity, DkimKeySeen, LedgerEvent } from '../domain/event.ts';
import { isOver } from '../domain/expiry.ts';
import type { Path } from '../domain/probe.ts';
import { outcomeOf, type ProbeRecord } from '../domain/record.ts';
import type { SendingCount } from '../domain/sending-limit.ts';
import type { HostPort, RouteSettings } from '../domain/settings.ts';
import { spanBetween } from '../domain/time/instant.ts';
import type {
  AgentControl,
  AgentHealth,
  Clock,
  Ledger,
  LedgerSnapshot,
  Log,
  Mailbox,
  Observer,
  ProbeSight,
  Random,
  Sink,
} from '../ports.ts';
import { LedgerRefused, OVER, TooBusy, UnknownRoute } from '../ports.ts';
import { addressNews } from './address-news.ts';
import { createAnchorKeeper, type Dkim } from './anchor-keeper.ts';
import { timeEarlyProbes } from './boot-clock.ts';
import { keepCheckpoints } from './checkpoints.ts';
import { type ConnectivityOptions, watchEndpoints } from './connectivity.ts';
import { createHealth, type Health } from './health.ts';
import { createHeart } from './heart.ts';
import { createLineWatch } from './line-watch.ts';
import { mailboxPart, watchMailbox } from './mailbox-watcher.ts';
import { probeNews } from './probe-news.ts';
import { createProber, type Line, type Prober } from './prober.ts';
import { createRecorder, ledgerPart, type Recorder } from './recorder.ts';
import { runSchedule } from './scheduler.ts';
import { createSinkCollector, type SinkCollector } from './sink-collector.ts';
import { keepSink, type SinkKeeper } from './sink-keeper.ts';
import type { SinkClient } from './sink-peers.ts';
import { createWake } from './wake.ts';

export interface EngineOptions {
  readonly agent: string;
  readonly version: string;
  /** Whom a stranger who finds a probe may ask. */
  readonly contact: string;
  /** As each start records it. */
  readonly identity: AgentIdentity;
  /** Signs tokens, and verifies them. */
  readonly key: Uint8Array;
  /** Signed them before and still verifies them: probes that are on their way outlast a change of the key. */
  readonly retiredKey: Uint8Array | null;
  readonly lines: readonly Line[];
  readonly routes: readonly RouteSettings[];
  readonly sinkClients: readonly SinkClient[];
  readonly reachability: 'inbound' | 'assumed';
  /** Whether the sink listens on loopback alone, so that nothing else can reach it. */
  readonly sinkOnLoopback: boolean;
  /** Seconds. The contract's maximum of a delay, which decides whose header is kept. */
  readonly maximumSeconds: (provider: string, path: Path) => number;
  readonly mailboxes: readonly {
    readonly provider: string;
    readonly mailbox: Mailbox;
    readonly cleanup: 'delete' | 'keep';
  }[];
  readonly connectivity: ConnectivityOptions;
  /** What may still be sent today; the engine counts on in it. */
  readonly sending: SendingCount;
}
export interface EngineParts {
  readonly ledger: Ledger;
  readonly sink: Sink;
  readonly clock: Clock;
  readonly random: Random;
  readonly dkim: Dkim;
  readonly observer: Observer;
  readonly log: Log;
}

/** Milliseconds between two beats: bounds the gap after a crash. */
const BEAT_EVERY = 1000;
/** Milliseconds between two rounds of expiring and vouching. */
const CHORES_EVERY = 10_000;
/** Milliseconds a stop waits for handovers under way; what has not ended then is taken up again at the next start. */
const HANDOVER_PATIENCE = 1500;

export interface Engine extends AgentControl {
  readonly recorder: Recorder;
  /** The probe as of now. */
  see(record: ProbeRecord): ProbeSight;
  /** Where what works beside the engine tells how it does. */
  readonly partHealth: Health;
  /** The sink's address. */
  readonly sinkAddress: HostPort;
  /** Resolves when everything is closed, within about 5 s, or once a disk that hangs has answered; nothing is left running. */
  stop(): Promise<void>;
}

/**
 * States: recovering (the gap is recorded) → open (sink listens, mailboxes are watched, schedule runs) → stopping → stopped.
 * Rejects if the ledger or the sink cannot be opened; a mailbox that cannot is retried for ever.
 */
export async function startEngine(options: EngineOptions, parts: EngineParts): Promise<Engine> {
  const { ledger, sink, clock, random, observer, log } = parts;
  const snapshot = await ledger.snapshot();
  const health = createHealth(clock, observer, log);
  const ledgerHealth = ledgerPart(health);
  const recorder = createRecorder(ledger, snapshot, { observer, part: ledgerHealth, log });
  const recovery = recoveryEvents(options, snapshot, clock);
  recorder.subscribe(probeNews(recorder.state, log));
  recorder.subscribe(addressNews(log));
  await recorder.record(recovery);
  // Else a first run that dies before its first beat leaves nothing from which the next could tell the gap.
  if (snapshot.heartbeat === null) await ledger.beat(recovery[0].at);
  const stopping = new AbortController();
  const anchors = createAnchorKeeper(await keysSeen(ledger), parts.dkim, { recorder, clock, log }, stopping.signal);
  const line = createLineWatch(options.connectivity.control, snapshot.heartbeat, {
    recorder,
    clock,
    health,
  });
  let isSinkOpen = (): boolean => false;
  const wake = createWake(() => isSinkOpen(), recorder, clock);
  const keys = options.retiredKey === null ? [options.key] : [options.key, options.retiredKey];
  const collector = createSinkCollector(
    {
      keys,
      clients: options.sinkClients,
      reachability: options.reachability,
      loopbackCounts: options.sinkOnLoopback,
      maximumSeconds: options.maximumSeconds,
    },
    { recorder, clock, observer, log, anchors, line, wake },
  );
  const sinkPart = health.part('sink', null, {
    fails: 'the sink cannot be reached any more, and is opened again',
    works: 'the sink is open again',
  });
  const keeper = await keepSink({ sink, collector, recorder, part: sinkPart, clock, random });
  isSinkOpen = () => keeper.isOpen;

  const sending = health.part('sending', null, {
    fails: 'the messages of the day are sent: the schedule rests until 00:00 UTC',
    works: 'messages are sent again',
  });
  const prober = createProber(options, { recorder, clock, random, observer, part: sending, log });
  const mailboxes = options.mailboxes.map(({ provider, mailbox, cleanup }) =>
    watchMailbox(
      { provider, keys, maximumSeconds: options.maximumSeconds, cleanup },
      { mailbox, recorder, ledger, part: mailboxPart(health, provider), clock, random, observer, log },
      stopping.signal,
    ),
  );
  const lineOf = (provider: string, path: Path): Line => {
    const line = options.lines.find((candidate) => candidate.provider === provider && candidate.path === path);
    if (line === undefined) throw new UnknownRoute(provider, path);
    return line;
  };
  const heart = createHeart({ recorder, collector, wake, part: ledgerHealth, clock });
  const keepCheckpoint = keepCheckpoints(ledger, recorder);
  const loops = [
    ...options.routes.map((route) =>
      runSchedule(route, lineOf(route.provider, route.path), { prober, recorder, clock, random, log }, stopping.signal),
    ),
    line.run(stopping.signal),
    watchEndpoints(options.connectivity, { recorder, clock, random, observer, log }, stopping.signal),
    every(
      BEAT_EVERY,
      clock,
      stopping.signal,
      async () => {
        const at = await heart.beat();
        if (at !== null) await keepCheckpoint(at);
      },
      log,
    ),
    every(CHORES_EVERY, clock, stopping.signal, () => doChores(recorder, collector, keeper, clock), log),
    every(CHORES_EVERY, clock, stopping.signal, () => heart.check(), log),
    timeEarlyProbes({ recorder, ledger, clock, log }, stopping.signal),
  ];
  const control = createControl(options, recorder, prober, ledger, clock, lineOf, () => health.view());
  let stopped: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    stopping.abort();
    await prober.stop(HANDOVER_PATIENCE);
    // From here on a provider may try in vain, while transfers under way are let end.
    const at = collector.settledUntil(clock.now());
    await keeper.retire();
    await Promise.all([...loops, ...mailboxes, keeper.close()]);
    await recorder.record([{ type: 'agent.stopped', at: clock.now() }]);
    await recorder.beat(at);
  };
  return { ...control, recorder, partHealth: health, sinkAddress: keeper.address, stop: () => (stopped ??= stop()) };
}

async function keysSeen(ledger: Ledger): Promise<readonly DkimKeySeen[]> {
  const entries = await ledger.marked(['dkim.key-seen']);
  return entries.flatMap(({ event }) => (event.type === 'dkim.key-seen' ? [event] : []));
}

/** What a start records: since when nobody watched, and which handovers the last run left half done. */
function recoveryEvents(
  { version, identity }: EngineOptions,
  { state, heartbeat: unwatchedSince }: LedgerSnapshot,
  clock: Clock,
): readonly [LedgerEvent, ...LedgerEvent[]] {
  const at = clock.now();
  const interrupted = [...state.open.values()].filter((record) => record.handover === null && !record.interrupted);
  return [
    { type: 'agent.started', at, version, unwatchedSince, identity },
    ...interrupted.map((record): LedgerEvent => ({ type: 'probe.interrupted', at, probe: record.id })),
  ];
}

async function doChores(recorder: Recorder, collector: SinkCollector, keeper: SinkKeeper, clock: Clock): Promise<void> {
  const at = clock.now();
  if (keeper.isOpen) await collector.listen();
  const expired = [...recorder.state.open.values()].filter((record) => isOver(record, recorder.state.absence, at));
  if (expired.length > 0)
    await recorder.record(expired.map(({ id }): LedgerEvent => ({ type: 'probe.expired', at, probe: id })));
}

/** Does something again and again until `signal` is aborted; one failure does not end it. Several in a row are told once. */
export async function every(
  ms: number,
  clock: Clock,
  signal: AbortSignal,
  action: () => Promise<void>,
  log: Log,
): Promise<void> {
  let told = false;
  while (!signal.aborted) {
    try {
      await action();
      told = false;
    } catch (error) {
      // The recorder tells of a ledger that refuses.
      if (!told && !(error instanceof LedgerRefused)) {
        log.error('a regular task failed', { error });
        told = true;
      }
    }
    await clock.sleep(ms, signal);
  }
}

function createControl(
  options: EngineOptions,
  recorder: Recorder,
  prober: Prober,
  ledger: Ledger,
  clock: Clock,
  lineOf: (provider: string, path: Path) => Line,
  health: () => AgentHealth,
): AgentControl & Pick<Engine, 'see'> {
  const obstacleOf = ({ path, provider }: ProbeRecord): string | null => {
    const { parts } = health();
    // Ours first: what is said after it may be cut.
    const ours = path === 'send' ? ['ledger', 'sink', 'line'] : ['ledger'];
    const troubles = ours.map((part) => (parts[part] ? `our ${part}: ${parts[part]}` : null));
    if (path !== 'send') troubles.push(parts[`mailbox ${provider}`] ?? null);
    return troubles.filter((trouble) => trouble !== null).join('; ') || null;
  };
  const see = (record: ProbeRecord): ProbeSight => ({
    record,
    assessment: assess(record, recorder.state.absence),
    doing: prober.doing(record.id),
    ageSeconds: Math.max(0, spanBetween(record.planned, clock.now()).lo),
    obstacle: obstacleOf(record),
  });
  const probe = async (id: string): Promise<ProbeSight | null> => {
    const record = await recorder.find(id);
    return record === null ? null : see(record);
  };
  return {
    async check(provider, path) {
      const line = lineOf(provider, path);
      if (!prober.hasRoom(line)) throw new TooBusy('too many messages are being handed over on this route');
      return prober.probe(line, 'spot');
    },
    see,
    routes: () => options.lines.map(({ provider, path }) => ({ provider, path })),
    probe,
    async header(id) {
      const record = await recorder.find(id);
      // Until the outcome is known a report that bears the token would be news.
      const isOver = record !== null && record.capture !== null && outcomeOf(record) !== 'pending';
      return isOver ? ledger.header(id) : null;
    },
    async settled(id, ms, signal) {
      const wait = new AbortController();
      const stopListening = recorder.subscribe((_entries, changed) => {
        if (changed.some((record) => record.id === id && outcomeOf(record) !== 'pending')) wait.abort(OVER);
      });
      try {
        const now = await probe(id);
        if (now !== null && now.assessment.outcome === 'pending') {
          await clock.sleep(ms, signal === undefined ? wait.signal : AbortSignal.any([wait.signal, signal]));
        }
      } finally {
        stopListening();
      }
      return probe(id);
    },
    recent: async (limit) =>
      (await ledger.recent(limit)).map((record) => see(recorder.state.open.get(record.id) ?? record)),
    health,
  };
}
