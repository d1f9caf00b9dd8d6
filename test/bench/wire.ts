/** The agent's own error: its readings beside the packets that they are readings of, at rest, under load, and with mail that is held up. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { assess } from '../../src/domain/delay/delay.ts';
import { PATHS, type Path } from '../../src/domain/probe.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import type { Instant } from '../../src/domain/time/instant.ts';
import { CAPTURE, demand, MAIL_SERVERS } from '../servers/available.ts';
import { type Provider, startProvider } from '../servers/provider.ts';
import { type RunningAgent, startAgent } from './agent-process.ts';
import { atLeast, atMost, type Bench, type Mark, quantile, type Row, row } from './bench-row.ts';
import { type Captured, startCapture } from './capture.ts';
import { storedInstants } from './dovecot-log.ts';
import { orderPaced, type Pace, recordsOf, untilSettled, writePlainConfiguration } from './plain-agent.ts';
import { looksOf, truthsOf, type WireLook, type WireTruth } from './wire-truth.ts';

const USERS = ['corp-1', 'corp-2', 'corp-3', 'corp-4'];
const IDLE: Pace = { perSecond: 1, seconds: 30 };
const LOAD: Pace = { perSecond: 100, seconds: 15 };
/** Milliseconds for which the provider keeps mail, and how many messages each time. */
const HOLDS_MS = [150, 400, 1000, 3000];
const HELD_EACH = 5;
/** Seconds: a shorter delay is mostly the time it takes to look at all. */
const LONG_DELAY = 0.1;
/** Seconds: each of two packets' instants is cut to the microsecond. */
const STAMP_ERROR = 2e-6;

export const WIRE: Bench = {
  name: 'wire',
  about: "the agent's readings less the packets' instants, both legs, at 1 probe a second and at 100",
  async run(tell) {
    demand(MAIL_SERVERS);
    demand(CAPTURE);
    await using stack = new AsyncDisposableStack();
    const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'mailflow-bench-')), (path) =>
      rmSync(path, { recursive: true, force: true }),
    );
    const provider = stack.adopt(await startProvider({ users: USERS }), (started) => started.stop());
    const config = writePlainConfiguration(folder, provider, USERS);
    const { mx, submission, imap, sinkPort } = provider;
    const ports = [mx.port, submission.port, imap.port, sinkPort];
    const capture = stack.adopt(await startCapture(join(folder, 'wire.pcap'), ports), (started) => started.close());
    const agent = stack.adopt(await startAgent('source', config), (started) => started.end());
    const phases = await exercise(agent, provider, join(folder, 'data'), tell);
    await agent.end();
    const captured = await capture.end();
    const records = await recordsOf(join(folder, 'data'));
    return rowsOf(phases, { captured, records, provider }, tell);
  },
};

/** The ids of the probes of each phase. */
interface Phases {
  readonly idle: readonly string[];
  readonly load: readonly string[];
  readonly held: readonly string[];
}

async function exercise(
  { url }: RunningAgent,
  provider: Provider,
  dataFolder: string,
  tell: (line: string) => void,
): Promise<Phases> {
  const lines = USERS.flatMap((user) => PATHS.map((path) => ({ provider: user, path })));
  // Whatever is done for the first time takes longer.
  await orderPaced(url, lines, { perSecond: 10, seconds: 3 });
  await untilSettled(dataFolder);
  const { ids: idle } = await orderPaced(url, lines, IDLE);
  await untilSettled(dataFolder);
  const held: string[] = [];
  for (const ms of HOLDS_MS) {
    await provider.holdQueue();
    const { ids } = await orderPaced(url, [{ provider: USERS[0]!, path: 'receive' }], {
      perSecond: 50,
      seconds: HELD_EACH / 50,
    });
    held.push(...ids);
    await pause(ms);
    provider.releaseQueue();
    await untilSettled(dataFolder);
  }
  const { ids: load, turnedAway } = await orderPaced(url, lines, LOAD);
  if (turnedAway > 0) tell(`load: ${turnedAway} probes were turned away, the agent had its hands full`);
  const pending = await untilSettled(dataFolder);
  if (pending > 0) tell(`${pending} probes are pending a minute after the rest`);
  return { idle, load, held };
}

interface Evidence {
  readonly captured: Captured;
  readonly records: readonly ProbeRecord[];
  readonly provider: Provider;
}

/** A reading less the truth, and how much later than the truth it says it may be; milliseconds. */
interface Off {
  readonly leg: Leg;
  readonly ms: number;
  readonly admittedMs: number;
}
/** Readings less the truth, milliseconds, by leg. */
type Legs = Readonly<Record<Leg, readonly number[]>>;
const LEGS = ['final dot', '250', 'MAIL FROM', 'FETCH', 'look sent'] as const;
type Leg = (typeof LEGS)[number];
/** What the agent reads when it has come in, and may read late. */
const ARRIVALS: ReadonlySet<Leg> = new Set(['250', 'FETCH']);

function rowsOf(phases: Phases, evidence: Evidence, tell: (line: string) => void): readonly Row[] {
  const { conversations, offset } = evidence.captured;
  const { mx, submission, imap, sinkPort } = evidence.provider;
  const ports = { providers: [mx.port, submission.port], sink: sinkPort, imap: imap.port };
  const truths = truthsOf(conversations, ports);
  const looks = new Map(
    USERS.map((user) => [user, looksOf(conversations, imap.port, evidence.provider.user(user))] as const),
  );
  const halfOffsetMs = (offset.hi - offset.lo) / 2000;
  const stored = storedById(evidence.provider);
  const compare = (ids: readonly string[]): readonly Compared[] => {
    const wanted = new Set(ids);
    return evidence.records.flatMap((record) => {
      const truth = truths.get(record.id);
      if (!wanted.has(record.id) || truth === undefined) return [];
      const facts = { truth, looks: looks.get(record.provider) ?? [], storedUs: stored.get(record.id) };
      return [compared(record, facts, (offset.lo + offset.hi) / 2)];
    });
  };
  const phaseRows = (name: 'idle' | 'load', ids: readonly string[], withinMs: number): readonly Row[] => {
    const all = compare(ids);
    if (all.length < ids.length)
      tell(`${name}: ${ids.length - all.length} of ${ids.length} probes are not on the wire`);
    return [
      ...errorRows(name, legsOf(all), withinMs),
      admissionRow(name, all, halfOffsetMs),
      ...containmentRows(name, all, tell),
    ];
  };
  const loaded = evidence.records.filter(({ id }) => phases.load.includes(id)).flatMap(acknowledgedSeconds);
  return [
    row('the two clocks are tied to within', 'ms', [halfOffsetMs]),
    ...phaseRows('idle', phases.idle, 1),
    row('load: probes handed over', '1/s', [loaded.length / (Math.max(...loaded) - Math.min(...loaded))]),
    ...phaseRows('load', phases.load, 5),
    ...containmentRows('held', compare(phases.held), tell),
    ...widthRows('held', compare(phases.held), atMost(20)),
    ...widthRows('load', compare(phases.load), null),
  ];
}

function acknowledgedSeconds({ handover }: ProbeRecord): readonly number[] {
  return handover?.kind === 'accepted' ? [handover.acknowledged.monoUs / 1e6] : [];
}

/** By the probe's id, which the Message-ID begins with. */
function storedById(provider: Provider): ReadonlyMap<string, number> {
  return new Map([...storedInstants(provider)].map(([messageId, [firstUs]]) => [messageId.slice(0, 16), firstUs!]));
}

interface Compared {
  readonly id: string;
  readonly path: Path;
  readonly errors: readonly Off[];
  /** Seconds, as the agent has it; null where it has none. */
  readonly delay: { readonly lo: number; readonly hi: number } | null;
  /** Whether the last look before it was seen was sent once it was there, and the server's answer had it not. */
  readonly isDenied: boolean;
  /** Seconds from the 250 and from the final dot until the message came out; null where the wire does not show it. */
  readonly truth: { readonly from250: number; readonly fromDot: number } | null;
}

interface Facts {
  readonly truth: WireTruth;
  readonly looks: readonly WireLook[];
  /** Missing unless it ended in a mailbox. */
  readonly storedUs: number | undefined;
}

function compared(record: ProbeRecord, { truth, looks, storedUs }: Facts, offsetUs: number): Compared {
  const { id, path, handover, capture } = record;
  const errors: Off[] = [];
  let look: WireLook | undefined;
  const compare = (leg: Leg, reading: Instant, trueUs: number | undefined): void => {
    if (trueUs === undefined) return;
    errors.push({ leg, ms: (reading.monoUs + offsetUs - trueUs) / 1000, admittedMs: reading.errorUs / 1000 });
  };
  if (handover?.kind === 'accepted') {
    compare('final dot', handover.handedOver, truth.dotUs);
    compare('250', handover.acknowledged, truth.acceptedUs);
  }
  if (capture !== null && path === 'send') compare('MAIL FROM', capture.latest, truth.mailFromUs);
  if (capture !== null && path !== 'send') {
    compare('FETCH', capture.latest, truth.fetchedUs);
    const { earliest } = capture;
    look = earliest === null ? undefined : nearest(looks, earliest.monoUs + offsetUs);
    if (earliest !== null) compare('look sent', earliest, look?.atUs);
  }
  // Whoever reads the message before Dovecot has logged that it is there knows better.
  const cameUs = path === 'send' ? truth.mailFromUs : Math.min(storedUs ?? Number.NaN, truth.fetchedUs ?? Number.NaN);
  const known = cameUs !== undefined && !Number.isNaN(cameUs);
  return {
    ...{ id, path, errors, delay: assess(record, new Map()).delay },
    // The server answered after the message was there, and left it out.
    isDenied:
      look !== undefined && cameUs !== undefined && look.atUs > cameUs && look.uidNext <= (capture?.found?.uid ?? 0),
    truth: known ? { from250: (cameUs - truth.acceptedUs) / 1e6, fromDot: (cameUs - truth.dotUs) / 1e6 } : null,
  };
}

/** Undefined of none. */
function nearest(sorted: readonly WireLook[], valueUs: number): WireLook | undefined {
  const after = sorted.findIndex(({ atUs }) => atUs >= valueUs);
  const beside = after < 0 ? sorted.slice(-1) : sorted.slice(Math.max(0, after - 1), after + 1);
  return beside.toSorted((one, other) => Math.abs(one.atUs - valueUs) - Math.abs(other.atUs - valueUs))[0];
}

function legsOf(all: readonly Compared[]): Legs {
  const ofLeg = (leg: Leg) =>
    all.flatMap(({ errors }) => errors.flatMap((each) => (each.leg === leg ? [each.ms] : [])));
  return Object.fromEntries(LEGS.map((leg) => [leg, ofLeg(leg)])) as unknown as Legs;
}

function errorRows(phase: string, legs: Legs, withinMs: number): readonly Row[] {
  const distances = (values: readonly number[]) => values.map(Math.abs).toSorted((one, other) => one - other);
  const all = distances(LEGS.flatMap((leg) => legs[leg]));
  const rows = LEGS.flatMap((leg) => {
    const sorted = distances(legs[leg]);
    if (sorted.length === 0) return [];
    return [
      row(`${phase}: ${leg}, off by`, 'ms', sorted),
      row(`${phase}: ${leg}, off by, 99th percentile`, 'ms', [quantile(sorted, 0.99)]),
    ];
  });
  const within = (100 * all.filter((ms) => ms <= withinMs).length) / all.length;
  return [...rows, row(`${phase}: readings within ${withinMs} ms of the wire`, '%', [within], atLeast(99))];
}

/** Of the replies that the agent awaits: whether each came no earlier than the reading allows, and no later than it. */
function admissionRow(phase: string, all: readonly Compared[], toleranceMs: number): Row {
  const arrivals = all.flatMap(({ errors }) => errors.filter(({ leg }) => ARRIVALS.has(leg)));
  const owned = arrivals.filter(({ ms, admittedMs }) => ms >= -toleranceMs && ms <= admittedMs + toleranceMs);
  const share = (100 * owned.length) / arrivals.length;
  return row(`${phase}: 250 and FETCH read no later than admitted`, '%', [share]);
}

function containmentRows(phase: string, all: readonly Compared[], tell: (line: string) => void): readonly Row[] {
  const known = all.flatMap((each) =>
    each.delay === null || each.truth === null ? [] : [{ ...each, delay: each.delay, truth: each.truth }],
  );
  // What comes out before the 250 has a delay of 0.
  const holds = known.map(({ id, path, delay, truth, isDenied }) => {
    const isIn =
      delay.lo <= Math.max(0, truth.from250) + STAMP_ERROR && Math.max(0, truth.fromDot) <= delay.hi + STAMP_ERROR;
    if (!isIn)
      tell(
        `${phase}: ${path} ${id} took ${truth.from250} to ${truth.fromDot} s, and the agent says ${delay.lo} to ${delay.hi} s${isDenied ? ', for the server denied that it was there' : ''}`,
      );
    return isIn;
  });
  const share = (100 * holds.filter(Boolean).length) / holds.length;
  const denied = known.filter(({ isDenied }) => isDenied).length;
  return [
    row(`${phase}: intervals with the truth in them`, '%', [share], atLeast(100)),
    row(`${phase}: looks answered without what was there`, '', [denied]),
  ];
}

/** Of the delays to a mailbox that are long enough. */
function widthRows(phase: string, all: readonly Compared[], mark: Mark | null): readonly Row[] {
  const shares = all.flatMap(({ path, delay, truth }) =>
    path === 'send' || delay === null || truth === null || truth.from250 <= LONG_DELAY
      ? []
      : [(100 * (delay.hi - delay.lo)) / truth.from250],
  );
  return shares.length === 0 ? [] : [row(`${phase}: width of a receive delay over 100 ms`, '%', shares, mark)];
}
