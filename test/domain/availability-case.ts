/** Runs, round trips and a month to judge them in, for the tests of availability. Seconds count from the month's beginning. */
import type { AvailabilityFacts, RoundTrip, Served } from '../../src/domain/availability/facts.ts';
import type { Run } from '../../src/domain/availability/run.ts';
import type { ConnectivityClause, ContractTerms, OperationsClause } from '../../src/domain/contract-terms.ts';
import { DEFAULT_EXCLUSIONS, type Exclusion } from '../../src/domain/exclusion.ts';
import type { ConnectivityClauseReport, Matter, OperationsClauseReport } from '../../src/domain/report/report.ts';
import { reportConnectivity, reportOperations } from '../../src/domain/report/report-availability.ts';
import { monthRange } from '../../src/domain/time/calendar.ts';
import type { Instant } from '../../src/domain/time/instant.ts';

export const MINUTE = 60;
export const HOUR = 3600;
export const DAY = 86_400;
/** November 2026 in China: 30 days of 24 hours. */
const MONTH = '2026-11';
export const MONTH_SECONDS = 30 * DAY;
const TITLE = { en: '', zh: '' };

export const CONNECTIVITY: ConnectivityClause = {
  kind: 'connectivity',
  id: '1',
  title: TITLE,
  remedy: { en: 'doubled', zh: '加倍' },
  downUnderSeconds: 44 * MINUTE,
  availabilityMin: 0.999,
  denominator: 'month',
  exclusions: DEFAULT_EXCLUSIONS.connectivity,
};
export const OPERATIONS: OperationsClause = {
  kind: 'operations',
  id: '3',
  title: TITLE,
  remedy: { en: 'doubled', zh: '加倍' },
  faultsMaxSeconds: 100 * MINUTE,
  adjustmentsMaxSeconds: 100 * MINUTE,
  availabilityMin: 0.9999,
  denominator: 'month',
  faultFreeDaysMin: 360,
  exclusions: DEFAULT_EXCLUSIONS.operations,
};

export interface When {
  readonly month?: string;
  readonly timeZone?: string;
  /** Seconds from the month's beginning; left out, the month is long over. */
  readonly now?: number;
}

export function matterOf({ month = MONTH, timeZone = 'Asia/Shanghai', now = 400 * DAY }: When = {}): Matter {
  const contract: ContractTerms = {
    name: 'example',
    title: TITLE,
    timeZone,
    finalAfterSeconds: 120 * HOUR,
    clauses: [],
  };
  return { provider: 'acme', contract, month, nowMs: monthRange(month, timeZone).fromMs + now * 1000 };
}

/** What a test says of the month: in seconds from its beginning. */
export interface Story {
  readonly runs?: readonly Run[];
  readonly roundTrips?: readonly RoundTrip[];
  readonly served?: readonly Served[];
  readonly exclusions?: readonly Exclusion[];
  /** Left out, those that have runs. */
  readonly endpoints?: AvailabilityFacts['endpoints'];
  readonly unmeasured?: AvailabilityFacts['unmeasured'];
}

export const clauseOne = (story: Story, when: When = {}, change: Partial<ConnectivityClause> = {}) =>
  reportConnectivity({ ...CONNECTIVITY, ...change }, matterOf(when), factsOf(story, when));
export const clauseThree = (story: Story, when: When = {}, change: Partial<OperationsClause> = {}) =>
  reportOperations({ ...OPERATIONS, ...change }, matterOf(when), factsOf(story, when));

export function factsOf(story: Story, { month = MONTH, timeZone = 'Asia/Shanghai' }: When = {}): AvailabilityFacts {
  const {
    runs = [],
    roundTrips = [],
    served = [],
    exclusions = [],
    unmeasured = { submission: 0, mx: 0, mailbox: 0 },
  } = story;
  const { fromMs: origin } = monthRange(month, timeZone);
  const ms = (seconds: number): number => origin + Math.round(seconds * 1000);
  const moved = <T extends { readonly fromMs: number; readonly toMs: number }>(range: T): T => {
    return { ...range, fromMs: ms(range.fromMs), toMs: ms(range.toMs) };
  };
  return {
    runs: runs.map(moved),
    roundTrips: roundTrips
      .map((trip) => ({ ...trip, planned: instantAt(ms(trip.planned.wallMs)) }))
      .toSorted((one, other) => one.planned.wallMs - other.planned.wallMs),
    served: served.map((each) => ({ ...each, ms: ms(each.ms) })),
    unmeasured,
    exclusions: exclusions.map(moved),
    endpoints: story.endpoints ?? [...new Set(runs.map(({ endpoint }) => endpoint))],
    head: { seq: 1, hash: '' },
  };
}

/** A run from its first check to its last, seconds; `factsOf` turns them into milliseconds. */
function run(kind: Run['kind'], from: number, to: number, change: Partial<Run>): Run {
  const checks = from === to ? 1 : 2;
  const reason = kind === 'up' ? null : 'connect ECONNREFUSED';
  return {
    provider: 'acme',
    endpoint: 'submission',
    kind,
    fromMs: from,
    toMs: to,
    checks,
    cellMs: 60_000,
    reason,
    ...change,
  };
}
export const up = (from: number, to: number, change: Partial<Run> = {}): Run => run('up', from, to, change);
export const down = (from: number, to: number, change: Partial<Run> = {}): Run => run('down', from, to, change);
export const doubtful = (from: number, to: number, change: Partial<Run> = {}): Run => run('doubtful', from, to, change);

/** Up but for the stretches, each seen to the second, from before the month until after it. */
export function upBut(stretches: readonly (readonly [number, number])[], change: Partial<Run> = {}): readonly Run[] {
  const edges = [-HOUR, ...stretches.flat(), 40 * DAY];
  return edges.slice(1).map((to, index) => (index % 2 === 0 ? up : down)(edges[index] ?? to, to, change));
}

/** Of a host whose clocks are in step. */
export function instantAt(wallMs: number): Instant {
  return { wallMs, monoUs: wallMs * 1000, suspendedMs: 0, errorUs: 0, boot: 'one' };
}

/** A probe planned at a second. */
export const trip = (
  second: number,
  fate: 'delivered' | 'failed' | 'pending',
  change: Partial<RoundTrip> = {},
): RoundTrip => ({
  probe: `p${second}`,
  path: 'receive',
  planned: instantAt(second),
  delivered: fate === 'pending' ? null : fate === 'delivered',
  byProvider: fate === 'failed',
  isCovered: false,
  reason: fate === 'failed' ? '550 5.1.1 no such user' : null,
  ...change,
});

export const exclusion = (from: number, to: number, change: Partial<Exclusion> = {}): Exclusion => ({
  id: `e${from}`,
  kind: 'agreed-maintenance',
  provider: 'acme',
  path: null,
  fromMs: from,
  toMs: to,
  by: 'Li Wei',
  evidence: '',
  note: '',
  ...change,
});

export const downOf = ({ figures }: ConnectivityClauseReport | OperationsClauseReport) => [
  figures.downSeconds.lo,
  figures.downSeconds.hi,
];
