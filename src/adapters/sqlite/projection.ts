/** The rows derived from the events: probes, their tallies, runs of checks and the timeline's state, kept in step with the ledger. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Run } from '../../domain/availability/run.ts';
import { afterthought, applyChange, type RunChange } from '../../domain/availability/run-fold.ts';
import { decode, encode, encodeEach } from '../../domain/codec.ts';
import { exceedsMaximum } from '../../domain/delay/delay.ts';
import type { CheckUnmeasured, LedgerEvent, SlotUnmeasured } from '../../domain/event.ts';
import { type Outcome, outcomeOf, type ProbeRecord } from '../../domain/record.ts';
import {
  emptyTimeline,
  foldEvent,
  restoreTimeline,
  type StoredTimeline,
  storeTimeline,
  type Tally,
  type TimelineState,
} from '../../domain/timeline.ts';
import { RUN, toRun } from './availability.ts';
import { LedgerError } from './failure.ts';
import { PROJECTION_VERSION } from './schema.ts';

interface Memory {
  /** The last entry folded in. */
  seq: number;
  readonly state: TimelineState;
  /** Open probes whose row says that they exceeded the maximum. */
  readonly breached: Set<string>;
  /** SQLite's data_version when it was read: another value means that another process has written since. */
  readonly dataVersion: number;
}

/** As `encode(storeTimeline(state))`: at every commit, of which most change one of the checks and none of the exclusions. */
function encodeState(state: TimelineState): string {
  const { exclusions = [], checks = [], ...rest } = storeTimeline(state);
  return `${encode(rest).slice(0, -1)},"exclusions":${encodeEach(exclusions)},"checks":${encodeEach(checks)}}`;
}

/** What a probe's row says, and what the tallies hold of it. */
interface Standing {
  readonly provider: string;
  readonly path: string;
  readonly kind: string;
  readonly outcome: Outcome;
  readonly breached: boolean;
}

interface Touched {
  readonly record: ProbeRecord;
  readonly plannedSeq: number;
  /** As in the row before this transaction, null if there was none. */
  readonly before: Standing | null;
  /** Null while the probe is open: then what counts is the absence proven by the end of the transaction. */
  readonly closedBreached: boolean | null;
}

const TABLES = ['probes', 'tallies', 'slots', 'runs', 'missed_checks', 'timeline'] as const;

/**
 * Use within a transaction: `refresh`, then `fold` each entry, then `flush`. After a rollback call `forget`:
 * the memory ran ahead of the tables. However entries are split into transactions, the rows come out the same.
 */
export class Projection {
  readonly #db: DatabaseSync;
  readonly #sql: Readonly<
    Record<
      | 'dataVersion'
      | 'find'
      | 'record'
      | 'put'
      | 'tally'
      | 'untally'
      | 'slot'
      | 'unrun'
      | 'run'
      | 'held'
      | 'unheld'
      | 'missed'
      | 'state',
      StatementSync
    >
  >;
  #memory: Memory | null = null;
  readonly #touched = new Map<string, Touched>();
  readonly #tallied = new Map<
    string,
    { provider: string; path: string; outcome: Outcome; count: number; breaches: number }
  >();
  /** Slots and checks that passed by our own doing. */
  #slots: { readonly seq: number; readonly event: SlotUnmeasured }[] = [];
  #missed: { readonly seq: number; readonly event: CheckUnmeasured }[] = [];
  /** By endpoint, all changes to its runs in one. */
  readonly #runs = new Map<string, RunChange>();
  #absenceMoved = false;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#sql = {
      dataVersion: db.prepare('PRAGMA data_version'),
      find: db.prepare('SELECT planned_seq, provider, path, kind, outcome, breached FROM probes WHERE id = ?'),
      record: db.prepare('SELECT record FROM probes WHERE id = ?'),
      put: db.prepare(`INSERT INTO probes (planned_seq, id, open, outcome, breached, record) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET open = excluded.open, outcome = excluded.outcome, breached = excluded.breached, record = excluded.record`),
      tally: db.prepare(`INSERT INTO tallies (provider, path, outcome, count, breaches) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET count = count + excluded.count, breaches = breaches + excluded.breaches`),
      untally: db.prepare('DELETE FROM tallies WHERE count = 0'),
      slot: db.prepare('INSERT INTO slots (seq, provider, path, due_ms) VALUES (?, ?, ?, ?)'),
      unrun: db.prepare('DELETE FROM runs WHERE provider = ? AND endpoint = ? AND from_ms >= ?'),
      run: db.prepare(`INSERT INTO runs (provider, endpoint, from_ms, to_ms, kind, checks, cell_ms, reason)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)`),
      held: db.prepare(`${RUN} WHERE provider = ? AND endpoint = ? AND from_ms <= ? AND to_ms >= ?
        ORDER BY from_ms DESC LIMIT 1`),
      unheld: db.prepare('DELETE FROM runs WHERE provider = ? AND endpoint = ? AND from_ms = ?'),
      missed: db.prepare('INSERT INTO missed_checks (seq, provider, endpoint, due_ms) VALUES (?, ?, ?, ?)'),
      state: db.prepare('INSERT OR REPLACE INTO timeline (id, version, seq, state) VALUES (1, ?, ?, ?)'),
    };
  }

  /** The state as the tables have it, read again if another process has written. The caller must not change it. */
  refresh(): { readonly seq: number; readonly state: TimelineState } {
    const dataVersion = Number(this.#sql.dataVersion.get()?.['data_version']);
    if (this.#memory?.dataVersion !== dataVersion) this.#memory = this.#load(dataVersion);
    return this.#memory;
  }

  forget(): void {
    this.#memory = null;
    this.#settle();
  }

  /** Whether the rows were made by this version's fold. */
  isCurrent(): boolean {
    const row = this.#db.prepare('SELECT version FROM timeline').get();
    return row === undefined || outdated(row['version']) === null;
  }

  /** Totals of what is not folded any more; for an empty projection. */
  carry(tallies: readonly Tally[]): void {
    for (const tally of tallies) this.#tallied.set(keyOf(tally), { ...tally });
  }

  /** Empties the tables; what follows must fold every entry from the first. */
  clear(): void {
    for (const table of TABLES) this.#db.exec(`DELETE FROM ${table}`);
    this.forget();
  }

  fold(seq: number, event: LedgerEvent): void {
    const memory = this.#current();
    const { changed, runs } = foldEvent(memory.state, event, (id) => this.find(id));
    memory.seq = seq;
    // Only a checkpoint tells of several new probes: they were planned before it, in this order.
    for (const [index, record] of changed.entries()) this.#touch(memory, record, seq - changed.length + 1 + index);
    for (const change of runs) this.#keepRuns(change);
    if (event.type === 'check.unmeasured') this.#missed.push({ seq, event });
    if (event.type === 'slot.unmeasured') {
      const { provider, path } = event;
      this.#count({ provider, path, kind: 'scheduled', outcome: 'unmeasured', breached: false }, 1);
      this.#slots.push({ seq, event });
    }
    if (event.type === 'absence.proven') this.#absenceMoved = true;
  }

  /** Writes what the folded entries changed. */
  flush(): void {
    const memory = this.#current();
    if (this.#absenceMoved) this.#touchReassessed(memory);
    for (const touched of this.#touched.values()) this.#write(memory, touched);
    for (const { provider, path, outcome, count, breaches } of this.#tallied.values()) {
      this.#sql.tally.run(provider, path, outcome, count, breaches);
    }
    for (const { seq, event } of this.#slots) this.#sql.slot.run(seq, event.provider, event.path, event.at.wallMs);
    for (const { seq, event } of this.#missed)
      this.#sql.missed.run(seq, event.provider, event.endpoint, event.at.wallMs);
    for (const change of this.#runs.values()) this.#writeRuns(change);
    if (this.#tallied.size > 0) this.#sql.untally.run();
    this.#sql.state.run(PROJECTION_VERSION, memory.seq, encodeState(memory.state));
    this.#settle();
  }

  /** Nothing is left to be written. */
  #settle(): void {
    this.#touched.clear();
    this.#tallied.clear();
    this.#slots = [];
    this.#missed = [];
    this.#runs.clear();
    this.#absenceMoved = false;
  }

  /** A probe by its id, open or closed, entries folded but not yet flushed included. */
  find(id: string): ProbeRecord | null {
    const touched = this.#touched.get(id);
    if (touched !== undefined) return touched.record;
    const row = this.#sql.record.get(id);
    return row === undefined ? null : decode<ProbeRecord>(String(row['record']));
  }

  tallies(): readonly Tally[] {
    const rows = this.#db.prepare('SELECT provider, path, outcome, count, breaches FROM tallies').all();
    return rows.map((row) => ({ ...row }) as unknown as Tally);
  }

  #current(): Memory {
    if (this.#memory === null) throw new Error('the projection must be refreshed before it is used');
    return this.#memory;
  }

  #load(dataVersion: number): Memory {
    const row = this.#db.prepare('SELECT version, seq, state FROM timeline').get();
    if (row === undefined) return { seq: 0, state: emptyTimeline(), breached: new Set(), dataVersion };
    const problem = outdated(row['version']);
    if (problem !== null) throw new LedgerError('TOO_OLD', problem);
    const rows = this.#db.prepare('SELECT id, breached, record FROM probes WHERE open = 1 ORDER BY planned_seq').all();
    const records = rows.map((open) => decode<ProbeRecord>(String(open['record'])));
    return {
      seq: Number(row['seq']),
      state: restoreTimeline(decode<StoredTimeline>(String(row['state'])), records),
      breached: new Set(rows.filter((open) => open['breached'] === 1).map((open) => String(open['id']))),
      dataVersion,
    };
  }

  #keepRuns(change: RunChange): void {
    const key = JSON.stringify([change.provider, change.endpoint]);
    const before = this.#runs.get(key);
    this.#runs.set(
      key,
      before === undefined
        ? change
        : {
            ...change,
            sinceMs: Math.min(before.sinceMs, change.sinceMs),
            runs: applyChange(before.runs, change),
            late: [...before.late, ...change.late],
          },
    );
  }

  #writeRuns({ provider, endpoint, sinceMs, runs, late }: RunChange): void {
    for (const check of late) {
      const { wallMs } = check.began;
      const row = this.#sql.held.get(provider, endpoint, wallMs, wallMs);
      if (row === undefined) continue;
      const { kept, run } = afterthought(toRun(row), check);
      this.#sql.unheld.run(provider, endpoint, Number(row['from_ms']));
      for (const each of [...kept, run]) this.#writeRun(each);
    }
    this.#sql.unrun.run(provider, endpoint, sinceMs);
    for (const run of runs) this.#writeRun(run);
  }

  #writeRun({ provider, endpoint, fromMs, toMs, kind, checks, cellMs, reason }: Run): void {
    this.#sql.run.run(provider, endpoint, fromMs, toMs, kind, checks, cellMs, reason);
  }

  #touch(memory: Memory, record: ProbeRecord, seq: number): void {
    const known = this.#touched.get(record.id) ?? this.#stored(record.id);
    const closedBreached = memory.state.open.has(record.id) ? null : exceedsMaximum(record, memory.state.absence);
    this.#touched.set(record.id, {
      record,
      plannedSeq: known?.plannedSeq ?? seq,
      before: known?.before ?? null,
      closedBreached,
    });
  }

  #stored(id: string): { plannedSeq: number; before: Standing } | null {
    const row = this.#sql.find.get(id);
    if (row === undefined) return null;
    const { planned_seq: plannedSeq, breached, ...rest } = row;
    return { plannedSeq: Number(plannedSeq), before: { ...(rest as unknown as Standing), breached: breached === 1 } };
  }

  /** Proof of absence changes no record, yet may carry any open probe past the maximum (or, over a reboot, back into doubt). */
  #touchReassessed(memory: Memory): void {
    for (const record of memory.state.open.values()) {
      if (this.#touched.has(record.id)) continue;
      if (exceedsMaximum(record, memory.state.absence) !== memory.breached.has(record.id))
        this.#touch(memory, record, memory.seq);
    }
  }

  #write(memory: Memory, { record, plannedSeq, before, closedBreached }: Touched): void {
    const open = closedBreached === null;
    const { provider, path, kind } = record;
    const breached = closedBreached ?? exceedsMaximum(record, memory.state.absence);
    const now = { provider, path, kind, outcome: outcomeOf(record), breached };
    this.#sql.put.run(plannedSeq, record.id, Number(open), now.outcome, Number(now.breached), encode(record));
    if (open && now.breached) memory.breached.add(record.id);
    else memory.breached.delete(record.id);
    if (before !== null) this.#count(before, -1);
    this.#count(now, 1);
  }

  #count({ provider, path, kind, outcome, breached }: Standing, by: 1 | -1): void {
    if (kind !== 'scheduled') return;
    const key = keyOf({ provider, path, outcome });
    const tally = this.#tallied.get(key) ?? { provider, path, outcome, count: 0, breaches: 0 };
    tally.count += by;
    tally.breaches += breached ? by : 0;
    this.#tallied.set(key, tally);
  }
}

/** Null if the rows were made by this version's fold. */
export function outdated(version: unknown): string | null {
  return version === PROJECTION_VERSION
    ? null
    : `the ledger's probe table must be of version ${PROJECTION_VERSION}, is ${String(version)}: start the daemon once, it rebuilds it`;
}

function keyOf({ provider, path, outcome }: Pick<Standing, 'provider' | 'path' | 'outcome'>): string {
  return JSON.stringify([provider, path, outcome]);
}
