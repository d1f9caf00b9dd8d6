/** Reads what availability is judged by: each query by an index, so that a month costs the same in a ledger of years. */
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import {
  type AvailabilityFacts,
  type AvailabilityQuery,
  byBeginning,
  plannedFor,
  ROUND_TRIP_BEFORE_MS,
  type RoundTrip,
  type Served,
} from '../../domain/availability/facts.ts';
import { isAnswered, recordAsOf, roundTripOf, servedBy } from '../../domain/availability/round-trip.ts';
import { isProven, type Run } from '../../domain/availability/run.ts';
import { decode } from '../../domain/codec.ts';
import { ENDPOINTS, ENTRY, type Endpoint } from '../../domain/endpoint.ts';
import { PATHS, type Path } from '../../domain/probe.ts';
import { type Outcome, outcomeOf, type ProbeRecord } from '../../domain/record.ts';
import { normalise } from '../../domain/time/span-set.ts';
import { prepared } from './database.ts';

export const RUN = 'SELECT provider, endpoint, from_ms, to_ms, kind, checks, cell_ms, reason FROM runs';
/** The last two, since the last may reach into the range, and then the one before it is its neighbour. */
export const RUNS_BEFORE = `${RUN} WHERE provider = ? AND endpoint = ? AND from_ms < ? ORDER BY from_ms DESC LIMIT 2`;
export const RUNS_WITHIN = `${RUN} WHERE provider = ? AND endpoint = ? AND from_ms >= ? AND from_ms < ? ORDER BY from_ms`;
export const RUN_AFTER = `${RUN} WHERE provider = ? AND endpoint = ? AND from_ms >= ? ORDER BY from_ms LIMIT 1`;
const PROBE = `SELECT planned_seq, record FROM probes WHERE provider = ? AND path = ?`;
const IN_TIME = 'planned_ms >= ? AND planned_ms < ?';
const LATEST = 'ORDER BY planned_ms DESC, planned_seq DESC';
const EARLIEST = 'ORDER BY planned_ms, planned_seq';
/** Of one outcome. */
export const ENDED = `${PROBE} AND kind = 'scheduled' AND outcome = ? AND ${IN_TIME}`;
export const LAST_ENDED = `${ENDED} ${LATEST}`;
/** Those that were put off and taken later; \`WHERE\` as in the index. */
export const PUT_OFF = `${PROBE} AND kind = 'scheduled' AND json_array_length(record, '$.deferrals') > 0 AND ${IN_TIME}`;
export const LAST_PUT_OFF = `${PUT_OFF} ${LATEST}`;
export const SPOT_CHECKS = `${PROBE} AND kind = 'spot' AND ${IN_TIME}`;
const DELIVERED = `${PROBE} AND kind = 'scheduled' AND outcome = 'delivered'`;
export const DELIVERED_BEFORE = `${DELIVERED} AND planned_ms < ? ${LATEST}`;
export const DELIVERED_AFTER = `${DELIVERED} AND planned_ms >= ? ${EARLIEST}`;
/** Whatever the wall clock showed: by the order in which they were planned, which no index has. */
export const DELIVERED_BETWEEN = `SELECT planned_seq, record FROM probes NOT INDEXED
  WHERE planned_seq > ? AND planned_seq < ? AND outcome = 'delivered' AND kind = 'scheduled' AND provider = ? AND path = ?
  ORDER BY planned_seq`;
export const MISSED_CHECKS =
  'SELECT count(*) AS count FROM missed_checks WHERE provider = ? AND endpoint = ? AND due_ms >= ? AND due_ms < ?';

export type StoredAvailability = Pick<AvailabilityFacts, 'runs' | 'roundTrips' | 'served' | 'unmeasured'>;

/** Call within a transaction. */
export function readAvailability(db: DatabaseSync, query: AvailabilityQuery): StoredAvailability {
  const { provider, fromMs, toMs } = query;
  const missed = prepared(db, MISSED_CHECKS);
  const count = (endpoint: Endpoint) => Number(missed.get(provider, endpoint, fromMs, toMs)?.['count']);
  const runs = ENDPOINTS.flatMap((endpoint) => readRuns(db, query, endpoint)).sort(byBeginning);
  return {
    runs,
    roundTrips: PATHS.flatMap((path) => readRoundTrips(db, query, path))
      .sort((one, other) => one.seq - other.seq)
      .map(({ trip }) => trip),
    served: PATHS.flatMap((path) => readServed(db, query, path, runs)).sort((one, other) => one.ms - other.ms),
    unmeasured: { submission: count('submission'), mx: count('mx'), mailbox: count('mailbox') },
  };
}

function readRuns(db: DatabaseSync, { provider, fromMs, toMs }: AvailabilityQuery, endpoint: Endpoint): readonly Run[] {
  const all = (sql: string, ...bounds: readonly SQLInputValue[]) =>
    prepared(db, sql)
      .all(provider, endpoint, ...bounds)
      .map(toRun);
  const [last, previous] = all(RUNS_BEFORE, fromMs);
  const before = last === undefined ? [] : previous !== undefined && last.toMs >= fromMs ? [previous, last] : [last];
  return [...before, ...all(RUNS_WITHIN, fromMs, toMs), ...all(RUN_AFTER, toMs)];
}

/** By probes of one path, planned in the runs that prove a fault of its entry, or shortly before. */
function readServed(db: DatabaseSync, query: AvailabilityQuery, path: Path, runs: readonly Run[]): readonly Served[] {
  const against = runs.filter((run) => isProven(run) && run.endpoint === ENTRY[path]);
  const served: Served[] = [];
  const take = (rows: Iterable<Readonly<Record<string, SQLOutputValue>>>): void => {
    for (const { record } of rows) served.push(...servedBy(recordAsOf(decode<ProbeRecord>(String(record)), query)));
  };
  for (const { fromMs, toMs } of normalise(against.map(plannedFor))) {
    // What ended since may have been awaited when the range was final.
    for (const outcome of EVERY_OUTCOME) take(prepared(db, ENDED).iterate(query.provider, path, outcome, fromMs, toMs));
    take(prepared(db, SPOT_CHECKS).iterate(query.provider, path, fromMs, toMs));
  }
  return served;
}

export function toRun(row: Readonly<Record<string, SQLOutputValue>>): Run {
  const { from_ms: fromMs, to_ms: toMs, cell_ms: cellMs, ...rest } = row;
  return { ...rest, fromMs, toMs, cellMs } as unknown as Run;
}

/** Those that failed, and those that may yet. Of all others only some speak against the provider. */
const UNDELIVERED: readonly Outcome[] = ['failed', 'lost', 'pending'];
const EVERY_OUTCOME: readonly Outcome[] = [...UNDELIVERED, 'delivered', 'unmeasured'];

/** As it was known when the range was final, while the rows are read by what is known now. */
interface Planned {
  readonly seq: number;
  readonly trip: RoundTrip;
  readonly outcome: Outcome;
  readonly isAnswered: boolean;
}

function readRoundTrips(db: DatabaseSync, query: AvailabilityQuery, path: Path): readonly Planned[] {
  const { provider, fromMs, toMs, finalMs } = query;
  const select = function* (sql: string, ...bounds: readonly SQLInputValue[]): Generator<Planned> {
    for (const row of prepared(db, sql).iterate(...bounds)) {
      const record = recordAsOf(decode<ProbeRecord>(String(row['record'])), query);
      const trip = roundTripOf(record);
      yield { seq: Number(row['planned_seq']), trip, outcome: outcomeOf(record), isAnswered: isAnswered(record) };
    }
  };
  const read = (sql: string, ...bounds: readonly SQLInputValue[]) => select(sql, provider, path, ...bounds);
  const found = new Map<number, Planned>();
  const keep = (each: Planned): void => void found.set(each.seq, each);
  /** The next one that came through, with those passed over. */
  const delivered = (rows: Generator<Planned>): RoundTrip | null => {
    for (const each of rows) {
      keep(each);
      if (isDelivered(each)) return each.trip;
    }
    return null;
  };
  const sinceMs = fromMs - ROUND_TRIP_BEFORE_MS;
  const untilMs = firstOf(read(DELIVERED_AFTER, toMs), isDelivered)?.trip.planned.wallMs ?? finalMs;
  const failures = [
    ...lastFailure(read, sinceMs),
    ...UNDELIVERED.flatMap((outcome) => [...read(ENDED, outcome, sinceMs, untilMs)]),
    ...[...read(ENDED, 'unmeasured', sinceMs, untilMs)].filter(
      (each) => isFailure(each) || each.outcome === 'pending' || each.isAnswered,
    ),
    ...[...read(PUT_OFF, sinceMs, untilMs)].filter(isFailure),
  ];
  // Failures in a row have the same neighbours: they are looked up once.
  let knownUntilMs = Number.NEGATIVE_INFINITY;
  for (const failure of failures.toSorted((one, other) => wallMs(one) - wallMs(other))) {
    keep(failure);
    if (failure.trip.delivered === null || wallMs(failure) < knownUntilMs) continue;
    delivered(read(DELIVERED_BEFORE, wallMs(failure)));
    knownUntilMs = delivered(read(DELIVERED_AFTER, wallMs(failure)))?.planned.wallMs ?? Number.POSITIVE_INFINITY;
  }
  // Where the wall clock was put back, those next to a failure by what it showed are from both times that it showed that.
  for (const [one, other] of failuresInRow([...found.values()]))
    delivered(select(DELIVERED_BETWEEN, one.seq, other.seq, provider, path));
  if (found.size > 0) for (const each of [...read(SPOT_CHECKS, sinceMs, untilMs)].filter(mayHaveArrived)) keep(each);
  return [...found.values()];
}

function mayHaveArrived({ outcome }: Planned): boolean {
  return outcome === 'delivered' || outcome === 'pending';
}

/** The last one planned before then, unless one was delivered since: what failed then may still fail. */
function lastFailure(
  read: (sql: string, ...bounds: readonly SQLInputValue[]) => Generator<Planned>,
  beforeMs: number,
): readonly Planned[] {
  const goodMs = firstOf(read(DELIVERED_BEFORE, beforeMs), isDelivered)?.trip.planned.wallMs;
  const bounds = [goodMs ?? Number.MIN_SAFE_INTEGER, beforeMs] as const;
  const each = [
    ...[...UNDELIVERED, 'unmeasured'].map((outcome) => read(LAST_ENDED, outcome, ...bounds)),
    read(LAST_PUT_OFF, ...bounds),
  ].map((rows) => firstOf(rows, isFailure));
  const last = each
    .filter((one) => one !== null)
    .toSorted((one, other) => wallMs(other) - wallMs(one) || other.seq - one.seq);
  return last.slice(0, 1);
}

/** Two of one path, one after the other, by which the provider would be proven to be down. */
function failuresInRow(found: readonly Planned[]): readonly (readonly [Planned, Planned])[] {
  const inOrder = found.toSorted((one, other) => one.seq - other.seq);
  return inOrder.flatMap((other, index) => {
    const one = inOrder[index - 1];
    return one?.trip.byProvider === true && other.trip.byProvider ? [[one, other] as const] : [];
  });
}

function firstOf(rows: Generator<Planned>, holds: (each: Planned) => boolean): Planned | null {
  for (const each of rows) if (holds(each)) return each;
  return null;
}

function isDelivered({ trip }: Planned): boolean {
  return trip.delivered === true;
}

function isFailure({ trip }: Planned): boolean {
  return trip.delivered === false;
}

function wallMs({ trip }: Planned): number {
  return trip.planned.wallMs;
}
