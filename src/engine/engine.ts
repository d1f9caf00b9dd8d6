/** The running agent: recovers, opens the sink, watches the mailboxes, keeps the schedule, and answers spot checks. */

import { assess } from '../domain/delay/delay.ts';
import type { AgentIdentity, DkimKeySeen, LedgerEvent } from '../domain/event.ts';
import { isOver } from '../domain/expiry.ts';
import type { Path } from '../domain/probe.ts';
import { outcomeOf, type ProbeRecord } from '../domain/record.ts';
import type { HostPort, RouteSettings } from '../domain/settings.ts';
import { type Instant, isBefore, spanBetween } from '../domain/time/instant.ts';
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
import { LedgerRefused, UnknownRoute } from '../ports.ts';
import { createAnchorKeeper, type Dkim } from './anchor-keeper.ts';
import { keepCheckpoints } from './checkpoints.ts';
import { type ConnectivityOptions, watchEndpoints } from './connectivity.ts';
import { watchMailbox } from './mailbox-watcher.ts';
import { createProber, type Line, type Prober } from './prober.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { runSchedule } from './scheduler.ts';
import { createSinkCollector, type SinkClient, type SinkCollector } from './sink-collector.ts';

export interface EngineOptions {
  readonly agent: string;
  readonly version: string;
  /** Whom a stranger who finds a probe may ask. */
  readonly contact: string;
  /** As each start records it. */
  readonly identity: AgentIdentity;
  readonly key: Uint8Array;
  readonly lines: readonly Line[];
  readonly routes: readonly RouteSettings[];
  readonly sinkClients: readonly SinkClient[];
  readonly reachability: 'inbound' | 'assumed';
  /** Whether the sink listens on loopback alone, so that nothing else can reach it. */
  readonly sinkOnLoopback: boolean;
  readonly mailboxes: readonly {
    readonly provider: string;
    readonly mailbox: Mailbox;
    readonly cleanup: 'delete' | 'keep';
  }[];
  readonly connectivity: ConnectivityOptions;
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
/** Seconds without a beat after which the agent counts as having been away; a busy disk holds one up for a few. */
const AWAY_AFTER = 30;
/** Milliseconds between two rounds of expiring and vouching. */
const CHORES_EVERY = 10_000;
/** Milliseconds a stop waits for handovers under way; what has not ended then is taken up again at the next start. */
const HANDOVER_PATIENCE = 1500;

export interface Engine extends AgentControl {
  readonly recorder: Recorder;
  /** The sink's address. */
  readonly sinkAddress: HostPort;
  /** Resolves when everything is closed, within about 5 s; nothing is left running. */
  stop(): Promise<void>;
}

/**
 * States: recovering (the gap is recorded) → open (sink listens, mailboxes are watched, schedule runs) → stopping → stopped.
 * Rejects if the ledger or the sink cannot be opened; a mailbox that cannot is retried for ever.
 */
export async function startEngine(options: EngineOptions, parts: EngineParts): Promise<Engine> {
  const { ledger, sink, clock, random, observer, log } = parts;
  const snapshot = await ledger.snapshot();
  const recorder = createRecorder(ledger, snapshot, observer, log);
  const recovery = recoveryEvents(options, snapshot, clock);
  await recorder.record(recovery);
  // Else a first run that dies before its first beat leaves nothing from which the next could tell the gap.
  if (snapshot.heartbeat === null) await ledger.beat(recovery[0].at);
  const stopping = new AbortController();
  const anchors = createAnchorKeeper(await keysSeen(ledger), parts.dkim, { recorder, clock, log }, stopping.signal);
  const collector = createSinkCollector(
    {
      key: options.key,
      clients: options.sinkClients,
      reachability: options.reachability,
      loopbackCounts: options.sinkOnLoopback,
    },
    { recorder, clock, observer, log, anchors },
  );
  const sinkAddress = await openSink(sink, collector, recorder, clock);

  const problems = new Map<string, string | null>([
    ['sink', null],
    ['ledger', null],
    ...options.mailboxes.map(({ provider }) => [`mailbox ${provider}`, 'not yet looked at'] as const),
  ]);
  const prober = createProber(options, { recorder, clock, random, observer, log });
  const mailboxes = options.mailboxes.map(({ provider, mailbox, cleanup }) =>
    watchMailbox(
      { provider, key: options.key, cleanup, onState: (problem) => problems.set(`mailbox ${provider}`, problem) },
      { mailbox, recorder, ledger, clock, observer, log },
      stopping.signal,
    ),
  );
  const lineOf = (provider: string, path: Path): Line => {
    const line = options.lines.find((candidate) => candidate.provider === provider && candidate.path === path);
    if (line === undefined) throw new UnknownRoute(provider, path);
    return line;
  };
  let lastBeat: Instant | null = null;
  const keepCheckpoint = keepCheckpoints(ledger, recorder);
  const loops = [
    ...options.routes.map((route) =>
      runSchedule(route, lineOf(route.provider, route.path), { prober, recorder, clock, random, log }, stopping.signal),
    ),
    watchEndpoints(options.connectivity, { recorder, clock, random, observer, log }, stopping.signal),
    every(
      BEAT_EVERY,
      clock,
      stopping.signal,
      async () => {
        const before = lastBeat;
        lastBeat = clock.now();
        if (await beat(recorder, collector, lastBeat, before, problems)) await keepCheckpoint(lastBeat);
      },
      log,
    ),
    every(CHORES_EVERY, clock, stopping.signal, () => doChores(options, recorder, collector, clock), log),
  ];
  const control = createControl(options, recorder, prober, ledger, clock, lineOf, () => healthOf(problems));
  let stopped: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    stopping.abort();
    await prober.stop(HANDOVER_PATIENCE);
    // From here on a provider may try in vain, while transfers under way are let end.
    const at = collector.settledUntil(clock.now());
    await recorder.note({ type: 'sink.closed', at });
    await Promise.all([...loops, ...mailboxes, sink.close()]);
    await recorder.record([{ type: 'agent.stopped', at: clock.now() }]);
    await recorder.beat(at);
  };
  return { ...control, recorder, sinkAddress, stop: () => (stopped ??= stop()) };
}

async function keysSeen(ledger: Ledger): Promise<readonly DkimKeySeen[]> {
  const entries = await ledger.marked(['dkim.key-seen']);
  return entries.flatMap(({ event }) => (event.type === 'dkim.key-seen' ? [event] : []));
}

async function openSink(sink: Sink, collector: SinkCollector, recorder: Recorder, clock: Clock): Promise<HostPort> {
  const taken = await sink.open(collector);
  try {
    await recorder.record([{ type: 'sink.opened', at: clock.now(), address: `${taken.host}:${taken.port}` }]);
  } catch (error) {
    await sink.close();
    throw error;
  }
  return taken;
}

/** What a start records: since when nobody watched, and which handovers the last run left half done. */
function recoveryEvents(
  { version, identity }: EngineOptions,
  { state, heartbeat }: LedgerSnapshot,
  clock: Clock,
): readonly [LedgerEvent, ...LedgerEvent[]] {
  const at = clock.now();
  // Wall clocks of two boots may disagree on which came first.
  const unwatchedSince = heartbeat !== null && isBefore(at, heartbeat) ? at : heartbeat;
  const interrupted = [...state.open.values()].filter((record) => record.handover === null && !record.interrupted);
  return [
    { type: 'agent.started', at, version, unwatchedSince, identity },
    ...interrupted.map((record): LedgerEvent => ({ type: 'probe.interrupted', at, probe: record.id })),
  ];
}

/** Whether the agent slept from one beat to the next, with its host or by itself: then nobody was at the sink. */
function wasAway(last: Instant, now: Instant): boolean {
  const span = spanBetween(last, now);
  return span.flags.includes('host-suspended') || span.lo > AWAY_AFTER;
}

/** Says until when everything is known and recorded; resolves to false while the ledger refuses facts, and then says nothing. */
async function beat(
  recorder: Recorder,
  collector: SinkCollector,
  now: Instant,
  last: Instant | null,
  problems: Map<string, string | null>,
): Promise<boolean> {
  const until = collector.settledUntil(now);
  try {
    if (last !== null && wasAway(last, now)) {
      await recorder.note({ type: 'sink.closed', at: last });
      await recorder.note({ type: 'sink.opened', at: now, address: 'awake again' });
    }
    await recorder.beat(until);
    problems.set('ledger', null);
    return true;
  } catch (error) {
    problems.set('ledger', error instanceof Error ? error.message : String(error));
    if (error instanceof LedgerRefused) return false;
    throw error;
  }
}

async function doChores(
  options: EngineOptions,
  recorder: Recorder,
  collector: SinkCollector,
  clock: Clock,
): Promise<void> {
  const at = clock.now();
  if (options.reachability === 'assumed') await collector.vouch();
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
): AgentControl {
  const sight = (record: ProbeRecord): ProbeSight => ({
    record,
    assessment: assess(record, recorder.state.absence),
    doing: prober.doing(record.id),
    ageSeconds: Math.max(0, spanBetween(record.planned, clock.now()).lo),
    obstacle: record.path === 'send' ? null : (health().parts[`mailbox ${record.provider}`] ?? null),
  });
  const probe = async (id: string): Promise<ProbeSight | null> => {
    const record = await recorder.find(id);
    return record === null ? null : sight(record);
  };
  return {
    check: async (provider, path) => prober.probe(lineOf(provider, path), 'spot'),
    routes: () => options.lines.map(({ provider, path }) => ({ provider, path })),
    probe,
    async settled(id, ms, signal) {
      const wait = new AbortController();
      const stopListening = recorder.subscribe((_entries, changed) => {
        if (changed.some((record) => record.id === id && outcomeOf(record) !== 'pending')) wait.abort();
      });
      const now = await probe(id);
      if (now !== null && now.assessment.outcome === 'pending') {
        await clock.sleep(ms, signal === undefined ? wait.signal : AbortSignal.any([wait.signal, signal]));
      }
      stopListening();
      return probe(id);
    },
    recent: async (limit) =>
      (await ledger.recent(limit)).map((record) => sight(recorder.state.open.get(record.id) ?? record)),
    health,
  };
}

function healthOf(problems: ReadonlyMap<string, string | null>): AgentHealth {
  return { ready: [...problems.values()].every((problem) => problem === null), parts: Object.fromEntries(problems) };
}
