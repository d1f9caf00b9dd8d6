/** Reads what availability is judged by: each query by an index, so that a month costs the same in a ledger of years. */
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import {
  type AvailabilityFacts,
  type AvailabilityQuery,
  byBeginning,
  ROUND_TRIP_BEFORE_MS,
  type RoundTrip,
} from '../../domain/availability/facts.ts';
import { roundTripOf } from '../../domain/availability/round-trip.ts';
import type { Run } from '../../domain/availability/run.ts';
import { decode } from '../../domain/codec.ts';
import { ENDPOINTS, type Endpoint } from '../../domain/endpoint.ts';
import { PATHS, type Path } from '../../domain/probe.ts';
import type { ProbeRecord } from '../../domain/record.ts';

export const RUN = 'SELECT provider, endpoint, from_ms, to_ms, kind, checks, cell_ms, reason FROM runs';
/** The last two, since the last may reach into the range, and then the one before it is its neighbour. */
export const RUNS_BEFORE = `${RUN} WHERE provider = ? AND endpoint = ? AND from_ms < ? ORDER BY from_ms DESC LIMIT 2`;
export const RUNS_WITHIN = `${RUN} WHERE provider = ? AND endpoint = ? AND from_ms >= ? AND from_ms < ? ORDER BY from_ms`;
export const RUN_AFTER = `${RUN} WHERE provider = ? AND endpoint = ? AND from_ms >= ? ORDER BY from_ms LIMIT 1`;
/** Those that failed, and those that may yet. */
export const FAILURES = `SELECT record FROM probes WHERE kind = 'scheduled' AND provider = ? AND path = ?
  AND outcome IN ('failed', 'lost', 'pending') AND planned_ms >= ? AND planned_ms < ? ORDER BY planned_ms, planned_seq`;
export const SPOT_CHECKS = `SELECT record FROM probes WHERE kind = 'spot' AND provider = ? AND path = ?
  AND planned_ms >= ? AND planned_ms < ? AND outcome IN ('delivered', 'pending') ORDER BY planned_ms, planned_seq`;
const DELIVERED = `SELECT record FROM probes WHERE kind = 'scheduled' AND provider = ? AND path = ? AND outcome = 'delivered'`;
export const DELIVERED_BEFORE = `${DELIVERED} AND planned_ms < ? ORDER BY planned_ms DESC, planned_seq DESC LIMIT 1`;
export const DELIVERED_AFTER = `${DELIVERED} AND planned_ms >= ? ORDER BY planned_ms, planned_seq LIMIT 1`;
export const MISSED_CHECKS =
  'SELECT count(*) AS count FROM missed_checks WHERE provider = ? AND endpoint = ? AND due_ms >= ? AND due_ms < ?';

export type StoredAvailability = Pick<AvailabilityFacts, 'runs' | 'roundTrips' | 'unmeasured'>;

/** Call within a transaction. */
export function readAvailability(db: DatabaseSync, query: AvailabilityQuery): StoredAvailability {
  const { provider, fromMs, toMs } = query;
  const missed = db.prepare(MISSED_CHECKS);
  const count = (endpoint: Endpoint) => Number(missed.get(provider, endpoint, fromMs, toMs)?.['count']);
  return {
    runs: ENDPOINTS.flatMap((endpoint) => readRuns(db, query, endpoint)).sort(byBeginning),
    roundTrips: PATHS.flatMap((path) => readRoundTrips(db, query, path)).sort(
      (one, other) => one.plannedMs - other.plannedMs,
    ),
    unmeasured: { submission: count('submission'), mx: count('mx'), mailbox: count('mailbox') },
  };
}

function readRuns(db: DatabaseSync, { provider, fromMs, toMs }: AvailabilityQuery, endpoint: Endpoint): readonly Run[] {
  const all = (sql: string, ...bounds: readonly SQLInputValue[]) =>
    db
      .prepare(sql)
      .all(provider, endpoint, ...bounds)
      .map(toRun);
  const [last, previous] = all(RUNS_BEFORE, fromMs);
  const before = last === undefined ? [] : previous !== undefined && last.toMs >= fromMs ? [previous, last] : [last];
  return [...before, ...all(RUNS_WITHIN, fromMs, toMs), ...all(RUN_AFTER, toMs)];
}

export function toRun(row: Readonly<Record<string, SQLOutputValue>>): Run {
  const { from_ms: fromMs, to_ms: toMs, cell_ms: cellMs, ...rest } = row;
  return { ...rest, fromMs, toMs, cellMs } as unknown as Run;
}

function readRoundTrips(
  db: DatabaseSync,
  { provider, fromMs, toMs }: AvailabilityQuery,
  path: Path,
): readonly RoundTrip[] {
  const trip = (row: Readonly<Record<string, SQLOutputValue>>) =>
    roundTripOf(decode<ProbeRecord>(String(row['record'])));
  const before = db.prepare(DELIVERED_BEFORE);
  const after = db.prepare(DELIVERED_AFTER);
  const trips = new Map<string, RoundTrip>();
  // Failures in a row have the same neighbours: they are looked up once.
  let knownUntilMs = Number.NEGATIVE_INFINITY;
  const range = [provider, path, fromMs - ROUND_TRIP_BEFORE_MS, toMs] as const;
  for (const row of db.prepare(FAILURES).iterate(...range)) {
    const failure = trip(row);
    const { plannedMs } = failure;
    const found =
      failure.delivered === null || plannedMs < knownUntilMs
        ? []
        : [before, after].map((sql) => sql.get(provider, path, plannedMs));
    const [left = null, right = null] = found.map((each) => (each === undefined ? null : trip(each)));
    if (found.length > 0) knownUntilMs = right?.plannedMs ?? Number.POSITIVE_INFINITY;
    for (const each of [left, failure, right]) if (each !== null) trips.set(each.probe, each);
  }
  if (trips.size > 0)
    for (const each of db
      .prepare(SPOT_CHECKS)
      .all(...range)
      .map(trip))
      trips.set(each.probe, each);
  return [...trips.values()].sort((one, other) => one.plannedMs - other.plannedMs);
}
