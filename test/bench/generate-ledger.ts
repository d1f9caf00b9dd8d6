/**
 * Fills a ledger with months of probes whose delays are known, some late, lost, bounced or refused, as the agent would have recorded them.
 * As a program: `node test/bench/generate-ledger.ts FOLDER [FIRST-DAY [DAYS [EVERY-SECONDS]]]`, by default a year at one probe
 * a minute on three paths, with a check of three endpoints a minute.
 */

import { openLedger } from '../../src/adapters/sqlite/ledger.ts';
import { DEEP_EVERY } from '../../src/domain/check-plan.ts';
import { ENDPOINTS } from '../../src/domain/endpoint.ts';
import type { EndpointChecked, LedgerEvent, ProbeHandedOver, ProbePlanned } from '../../src/domain/event.ts';
import { type Handover, type Hop, PATHS, type Path } from '../../src/domain/probe.ts';
import { channelOf } from '../../src/domain/record.ts';
import { utcDay } from '../../src/domain/time/calendar.ts';
import type { Instant } from '../../src/domain/time/instant.ts';
import { nextGapSeconds } from '../../src/domain/time/schedule.ts';
import type { Ledger, Random } from '../../src/ports.ts';
import { seededRandom } from '../fakes/agent.ts';

export interface Plan {
  readonly provider: string;
  readonly paths: readonly Path[];
  /** Probes are planned in `[fromMs, toMs)`; what becomes of them may come later. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Nothing is known after this: what would have happened later has not happened yet. Default: everything has. */
  readonly knownUntilMs?: number;
  readonly everySeconds: number;
  readonly seed: number;
  /** Whether the ledger gets a checkpoint a day, as the agent writes them. Default: no. */
  readonly checkpoints?: boolean;
  /** Length of a cell of the three endpoints' checks; without it there are none. */
  readonly checkSeconds?: number;
  /** Of a thousand probes, how many fare badly. */
  readonly perMille: Readonly<Record<Mishap, number>>;
}
/** `late`: one to three hours. `lost`: never seen. `bounced`: a notification after a minute. `refused`: at RCPT. `unmeasured`: not sent at all. */
export type Mishap = 'late' | 'lost' | 'bounced' | 'refused' | 'unmeasured';

/** What was done to one route, to hold a report against. */
export interface Truth {
  readonly path: Path;
  delivered: number;
  /** Seconds from the 250 to the arrival, summed over what was delivered. */
  delaySum: number;
  readonly mishaps: Record<Mishap, number>;
}

export const HEALTHY: Plan['perMille'] = { late: 0, lost: 0, bounced: 0, refused: 0, unmeasured: 0 };

/** Seconds. */
const LOST_AFTER = 120 * 3600;
const LOOK_EVERY = 3600;
/** What is told ahead of its time is kept until then; events are given out an hour at a time. */
const WINDOW_MS = 3600_000;
/** Events in one transaction. */
const BATCH = 3000;

export async function fill(ledger: Ledger, plan: Plan): Promise<readonly Truth[]> {
  const truths = plan.paths.map((path): Truth => {
    return { path, delivered: 0, delaySum: 0, mishaps: { ...HEALTHY } };
  });
  let batch: LedgerEvent[] = [];
  const flush = async (): Promise<void> => {
    await ledger.append(batch);
    batch = [];
  };
  let day = utcDay(plan.fromMs);
  for (const event of eventsOf(plan, truths)) {
    if (event.at.wallMs >= (plan.knownUntilMs ?? Number.POSITIVE_INFINITY)) break;
    if (plan.checkpoints === true && utcDay(event.at.wallMs) !== day) {
      await flush();
      await ledger.checkpoint(event.at);
      day = utcDay(event.at.wallMs);
    }
    batch.push(event);
    if (batch.length >= BATCH) await flush();
  }
  await flush();
  return truths;
}

/** Every event of the plan in the order of its time. */
function* eventsOf(plan: Plan, truths: readonly Truth[]): Generator<LedgerEvent> {
  const routes = truths.map((truth, index) => routeEvents(plan, truth, seededRandom(plan.seed + index)));
  const next = routes.map((route) => route.next());
  const endMs = plan.toMs + (LOST_AFTER + 2 * LOOK_EVERY) * 1000;
  const checkRandom = seededRandom(plan.seed + 1000);
  let ahead: LedgerEvent[] = [];
  for (let untilMs = plan.fromMs + WINDOW_MS; untilMs <= endMs + WINDOW_MS; untilMs += WINDOW_MS) {
    for (const [index, route] of routes.entries()) {
      for (let step = next[index]; step?.done === false && step.value.plannedMs < untilMs; step = next[index]) {
        ahead.push(...step.value.events);
        next[index] = route.next();
      }
      ahead.push({
        type: 'absence.proven',
        at: instant(untilMs - 1),
        channel: channelOf(truths[index]?.path ?? 'send', plan.provider),
        until: instant(untilMs - 1),
      });
    }
    ahead.push(...checkEvents(plan, untilMs - WINDOW_MS, Math.min(untilMs, plan.toMs), checkRandom));
    ahead.sort((one, other) => one.at.wallMs - other.at.wallMs);
    const due = ahead.findIndex(({ at }) => at.wallMs >= untilMs);
    yield* due < 0 ? ahead : ahead.slice(0, due);
    ahead = due < 0 ? [] : ahead.slice(due);
  }
}

/** One check of each endpoint in each cell of `[fromMs, toMs)`, at a random moment of it. */
function checkEvents(plan: Plan, fromMs: number, toMs: number, random: Random): readonly EndpointChecked[] {
  const { provider, checkSeconds: everySeconds } = plan;
  if (everySeconds === undefined) return [];
  const cellMs = everySeconds * 1000;
  return Array.from({ length: Math.max(0, Math.floor((toMs - fromMs) / cellMs)) }, (_, cell) =>
    ENDPOINTS.map((endpoint, index): EndpointChecked => {
      const beganMs = fromMs + cell * cellMs + Math.floor(random.uniform() * cellMs);
      const failed = isDown(plan.fromMs, beganMs, index);
      const isDeep = (fromMs + cell * cellMs) % (DEEP_EVERY * 1000) < cellMs;
      return {
        type: 'endpoint.checked',
        at: instant(beganMs + 40),
        provider,
        endpoint,
        depth: endpoint === 'mx' ? 'greeting' : isDeep ? 'login' : 'session',
        kind: 'scheduled',
        began: instant(beganMs),
        seconds: 0.0384,
        result: failed ? REFUSED : { kind: 'up' },
        control: failed ? 'healthy' : null,
        everySeconds,
      };
    }),
  ).flat();
}
const REFUSED = { kind: 'down', stage: 'connect', code: 'ECONNREFUSED', text: 'connection refused' } as const;

/** Each endpoint is away for five minutes every ten days, one after another. */
function isDown(startMs: number, ms: number, index: number): boolean {
  const sinceMs = (ms - startMs - index * 86_400_000) % (10 * 86_400_000);
  return sinceMs >= 0 && sinceMs < 300_000;
}

function* routeEvents(
  plan: Plan,
  truth: Truth,
  random: Random,
): Generator<{ readonly plannedMs: number; readonly events: readonly LedgerEvent[] }> {
  const { provider, everySeconds: every } = plan;
  const route = { provider, path: truth.path, every, minGap: Math.min(10, every / 2), maxGap: 5 * every };
  let plannedMs = plan.fromMs;
  while (true) {
    plannedMs += Math.round(nextGapSeconds(random.uniform(), route) * 1000);
    if (plannedMs >= plan.toMs) return;
    yield { plannedMs, events: probeEvents(plan, truth, plannedMs, random) };
  }
}

function probeEvents(plan: Plan, truth: Truth, plannedMs: number, random: Random): readonly LedgerEvent[] {
  const { provider } = plan;
  const { path } = truth;
  const mishap = draw(plan.perMille, random.uniform() * 1000);
  if (mishap !== null) truth.mishaps[mishap] += 1;
  if (mishap === 'unmeasured') {
    return [
      { type: 'slot.unmeasured', at: instant(plannedMs), provider, path, reason: 'too many handovers under way' },
    ];
  }
  const planned = plannedAt({ provider, path }, plannedMs, random);
  const { probe } = planned;
  const acceptedMs = plannedMs + 200 + Math.round(300 * random.uniform());
  const handedOver = (handover: Handover): LedgerEvent => {
    return { type: 'probe.handed-over', at: instant(acceptedMs), probe, handover };
  };
  if (mishap === 'refused') return [planned, handedOver(refused())];
  const events = [planned, handedOver(accepted(acceptedMs, probe))];
  if (mishap === 'lost')
    return [...events, { type: 'probe.expired', at: instant(acceptedMs + LOST_AFTER * 1000), probe }];
  if (mishap === 'bounced') return [...events, bounced(acceptedMs + 60_000, probe)];
  // Exponential about 4 s, or one to three hours.
  const delayMs = Math.round(
    mishap === 'late' ? (3700 + 7000 * random.uniform()) * 1000 : -4000 * Math.log(1 - random.uniform()),
  );
  truth.delivered += 1;
  truth.delaySum += delayMs / 1000;
  return [...events, path === 'send' ? captured(acceptedMs + delayMs, probe) : seen(acceptedMs + delayMs, probe)];
}

interface Line {
  readonly provider: string;
  readonly path: Path;
}

/** Accepted 300 ms after it was planned, and captured or seen a second later. */
export function deliveredProbe(line: Line, plannedMs: number, random: Random): readonly LedgerEvent[] {
  const pending = pendingProbe(line, plannedMs, random);
  const [{ probe }] = pending;
  const arrived = line.path === 'send' ? captured : seen;
  return [...pending, arrived(plannedMs + 1300, probe)];
}

/** Accepted 300 ms after it was planned, and not seen since. */
export function pendingProbe(line: Line, plannedMs: number, random: Random): readonly [ProbePlanned, ProbeHandedOver] {
  const planned = plannedAt(line, plannedMs, random);
  const { probe } = planned;
  const handover = accepted(plannedMs + 300, probe);
  return [planned, { type: 'probe.handed-over', at: instant(plannedMs + 300), probe, handover }];
}

function plannedAt({ provider, path }: Line, plannedMs: number, random: Random): ProbePlanned {
  return {
    type: 'probe.planned',
    at: instant(plannedMs),
    probe: identifier(random),
    provider,
    path,
    kind: 'scheduled',
    sender: 'probe@agent.example',
    recipient: path === 'send' ? `probe-${Math.floor(random.uniform() * 4)}@sink.example` : 'probe@mail.example',
  };
}

function draw(perMille: Plan['perMille'], at: number): Mishap | null {
  let sum = 0;
  for (const [mishap, share] of Object.entries(perMille) as [Mishap, number][]) {
    sum += share;
    if (at < sum) return mishap;
  }
  return null;
}

/** One boot, its clocks in step. */
function instant(wallMs: number): Instant {
  return {
    wallMs,
    monoUs: (wallMs - BOOT_MS) * 1000,
    suspendedMs: 0,
    errorUs: 250,
    boot: '4b1d5c1e-7c3f-4d0a-9b57-2f6f0f1a8c3d',
  };
}
const BOOT_MS = Date.UTC(2025, 0, 1);

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
function identifier(random: Random): string {
  return Array.from(random.bytes(16), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

const CONNECTION = {
  stages: [
    { name: 'dns', seconds: 0.0031 },
    { name: 'connect', seconds: 0.012 },
    { name: 'tls', seconds: 0.031 },
    { name: 'auth', seconds: 0.052 },
    { name: 'data', seconds: 0.104 },
  ],
  peer: '192.0.2.7:587',
  certificateExpiresMs: 1_830_000_000_000,
} as const;

function accepted(ms: number, probe: string): Handover {
  const queueId = probe.slice(0, 10).toUpperCase();
  return {
    kind: 'accepted',
    handedOver: instant(ms - 40),
    acknowledged: instant(ms),
    reply: `2.0.0 Ok: queued as ${queueId}`,
    ...CONNECTION,
  };
}

function refused(): Handover {
  return { kind: 'refused', stage: 'rcpt', code: 550, enhanced: '5.1.1', text: 'no such user', ...CONNECTION };
}

function hops(ms: number): readonly Hop[] {
  const at = new Date(Math.floor(ms / 1000) * 1000).toISOString();
  return [
    { by: 'smtp.acme.example', from: 'probe.example.org', at, seconds: null },
    { by: 'out-3.acme.example', from: 'smtp.acme.example', at, seconds: 1 },
  ];
}

/** The transfer began 20 ms before `ms`, or up to 30 ms earlier. */
function captured(ms: number, probe: string): LedgerEvent {
  return {
    type: 'transfer.captured',
    at: instant(ms + 30),
    probe,
    earliest: instant(ms - 30),
    latest: instant(ms),
    steps: { accepted: instant(ms - 30), ehlo: 0.01, mail: 0.03, rcpt: 0.04, data: 0.05 },
    endOfData: instant(ms + 30),
    peer: '192.0.2.9',
    helo: 'out-3.acme.example',
    tls: true,
    reusedConnection: false,
    hops: hops(ms),
    signatures: [],
    bodySha256: 'ab'.repeat(32),
  };
}

function seen(ms: number, probe: string): LedgerEvent {
  return {
    type: 'message.seen',
    at: instant(ms + 5),
    probe,
    absent: instant(ms - 500),
    seen: instant(ms),
    folder: 'INBOX',
    role: 'inbox',
    uidValidity: '1700000000',
    uid: 1 + (Math.floor(ms / 1000) % 1_000_000),
    hops: hops(ms),
  };
}

function bounced(ms: number, probe: string): LedgerEvent {
  const status = {
    action: 'failed',
    status: '5.7.1',
    recipient: null,
    diagnostic: 'smtp; 550 5.7.1 rejected',
  } as const;
  return { type: 'probe.notified', at: instant(ms), probe, where: 'sink', status };
}

if (import.meta.main) {
  const [folder = '', first = '2026-01-01', days = '365', every = '60'] = process.argv.slice(2);
  if (folder === '') throw new Error('a folder must be given');
  const fromMs = Date.parse(`${first}T00:00:00+08:00`);
  const ledger = await openLedger(folder, { role: 'daemon', log: { debug() {}, info() {}, warn() {}, error() {} } });
  const truths = await fill(ledger, {
    provider: 'acme',
    paths: PATHS,
    fromMs,
    toMs: fromMs + Number(days) * 86_400_000,
    everySeconds: Number(every),
    seed: 1,
    checkSeconds: 60,
    perMille: { late: 0.02, lost: 0.01, bounced: 0.1, refused: 0.2, unmeasured: 0.5 },
  });
  await ledger.close();
  process.stdout.write(`${JSON.stringify(truths, null, 2)}\n`);
}
