/** The ledger as the worker holds it: batches of writes in one transaction each, and the reads beside them. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type AvailabilityFacts, type AvailabilityQuery, endpointsOf } from '../../domain/availability/facts.ts';
import { decode, decodeEvent, encode, encodeEvent } from '../../domain/codec.ts';
import { pointOf, type SeriesPoint, type SeriesQuery, thinOut } from '../../domain/delay/delay-series.ts';
import { exclusionsFor, exclusionsOf, type MonthFacts, type MonthQuery } from '../../domain/delay/month-facts.ts';
import type { LedgerEntry, LedgerEvent } from '../../domain/event.ts';
import { type ChainHead, chainHash } from '../../domain/evidence/chain.ts';
import { checkpointOf } from '../../domain/evidence/checkpoint.ts';
import type { KeptHeader } from '../../domain/kept-header.ts';
import { OUTCOMES, type ProbeRecord } from '../../domain/record.ts';
import { previewExclusion } from '../../domain/report/exclusion-preview.ts';
import { type FactSource, judgeProvider } from '../../domain/report/judge.ts';
import type { Matter } from '../../domain/report/report.ts';
import { DAY_MS, dayOf, type PlannedCount } from '../../domain/sending-limit.ts';
import type { DelaySeries } from '../../domain/status-view.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { TimelineState } from '../../domain/timeline.ts';
import type { Bookmark, LedgerSnapshot } from '../../ports.ts';
import { readAvailability } from './availability.ts';
import { archiveOf, readBeginning, refuseArchived } from './beginning.ts';
import { eventChunks, inTransaction, openDatabase, prepared, type Role, readHead, toEventRow } from './database.ts';
import { LedgerError, ledgerError, messageOf, sqliteCode, WAY_OUT } from './failure.ts';
import { Months } from './months.ts';
import { Projection } from './projection.ts';
import { type Failure, type MarkedQuery, type Outcome, type ReadRequest, type WriteRequest } from './protocol.ts';
import { RARE_TYPES_SQL } from './schema.ts';

export class Store implements FactSource {
  readonly #db: DatabaseSync;
  readonly #place: string;
  readonly #projection: Projection;
  readonly #insert: StatementSync;
  readonly #months: Months;

  constructor(db: DatabaseSync, place: string) {
    this.#db = db;
    this.#place = place;
    this.#projection = new Projection(db);
    this.#insert = db.prepare('INSERT INTO events (seq, text, hash) VALUES (?, ?, ?)');
    this.#months = new Months(db, this);
  }

  /**
   * All requests in one transaction, an outcome for each, in order. When the disk refuses none of them is done;
   * when one of them trips over a bug, the others are done without it. `demand` is asked first, within the transaction: what it throws, they fail of.
   */
  write(requests: readonly WriteRequest[], demand: () => void = () => {}): readonly Outcome[] {
    try {
      const outputs = inTransaction(this.#db, 'IMMEDIATE', () => {
        demand();
        return this.#writeAll(requests);
      });
      return outputs.map((output) => ({ kind: 'done', output }));
    } catch (error) {
      this.#projection.forget();
      if (requests.length > 1 && sqliteCode(error) === null)
        return requests.flatMap((request) => this.write([request], demand));
      return requests.map(({ op }) => ({ kind: 'failed', failure: toFailure(DOING[op], this.#place, error) }));
    }
  }

  read(request: ReadRequest): Outcome {
    try {
      return { kind: 'done', output: inTransaction(this.#db, 'DEFERRED', () => this.#answer(request)) };
    } catch (error) {
      this.#projection.forget();
      return { kind: 'failed', failure: toFailure(DOING[request.op], this.#place, error) };
    }
  }

  close(): void {
    this.#db.close();
  }

  #writeAll(requests: readonly WriteRequest[]): unknown[] {
    const appends = requests.some(({ op }) => op === 'append' || op === 'checkpoint');
    let head = appends ? this.#refresh().head : readHead(this.#db);
    const append = (texts: readonly string[]): readonly ChainHead[] => {
      const entries = this.#append(head, texts);
      head = entries.at(-1) ?? head;
      return entries;
    };
    const outputs = requests.map((request) => {
      switch (request.op) {
        case 'append':
          return append(request.input);
        case 'checkpoint': {
          // As of the entry right before it: what this transaction has appended so far is folded in.
          const event = checkpointOf(this.#projection.refresh().state, request.input);
          const [entry] = append([encodeEvent(event)]);
          return { ...entry, event };
        }
        case 'beat':
        case 'keepBookmarks':
          return this.#note(request);
      }
    });
    if (appends) this.#projection.flush();
    return outputs;
  }

  /**
   * The last entry and the state as of it. They are written together, so a projection that knows of more entries than there
   * are has outlived some: to append then would hide it.
   */
  #refresh(): { readonly head: ChainHead; readonly state: TimelineState } {
    const { seq, state } = this.#projection.refresh();
    const head = readHead(this.#db);
    if (seq !== head.seq) {
      throw new LedgerError(
        'DAMAGED',
        `the ledger in ${this.#place} must end at entry ${seq}, ends at ${head.seq}: ${WAY_OUT}`,
      );
    }
    return { head, state };
  }

  #append(head: ChainHead, texts: readonly string[]): readonly ChainHead[] {
    let last = head;
    return texts.map((text) => {
      last = { seq: last.seq + 1, hash: chainHash(last.hash, text) };
      this.#insert.run(last.seq, text, Buffer.from(last.hash, 'hex'));
      this.#projection.fold(last.seq, decodeEvent(text));
      return last;
    });
  }

  #note(request: Extract<WriteRequest, { op: 'beat' | 'keepBookmarks' }>): null {
    if (request.op === 'beat') {
      prepared(this.#db, 'INSERT OR REPLACE INTO heartbeat (id, at) VALUES (1, ?)').run(encode(request.input));
      return null;
    }
    const { mailbox, bookmarks } = request.input;
    prepared(this.#db, 'DELETE FROM bookmarks WHERE mailbox = ?').run(mailbox);
    const insert = prepared(
      this.#db,
      'INSERT INTO bookmarks (mailbox, folder, uid_validity, uid_next) VALUES (?, ?, ?, ?)',
    );
    for (const [folder, { uidValidity, uidNext }] of bookmarks) insert.run(mailbox, folder, uidValidity, uidNext);
    return null;
  }

  #answer(request: ReadRequest): unknown {
    switch (request.op) {
      case 'snapshot':
        return this.#snapshot();
      case 'probe':
        return this.#projection.find(request.input);
      case 'header':
        return this.#header(request.input);
      case 'recent':
        return this.#recent(request.input);
      case 'plannedSince':
        return this.#plannedSince(request.input);
      case 'marked':
        return this.#marked(request.input);
      case 'judge':
        return judgeProvider(this.#held(request.input), this);
      case 'standing':
        return this.#months.standing(this.#held(request.input));
      case 'preview':
        return previewExclusion(this.#held(request.input.matter), this, request.input.change);
      case 'delays':
        return this.#delays(request.input);
      case 'closing':
        return this.#months.closing(this.#held(request.input));
      case 'lateProbes':
        return this.#months.lateProbes(request.input);
      case 'rewound':
        return this.#months.rewound(request.input);
      case 'firstMs':
        return this.#months.firstMs();
      case 'archive':
        return archiveOf(this.#db);
      case 'bookmarks':
        return this.#bookmarks(request.input);
    }
  }

  /** The matter, if its month is here. */
  #held(matter: Matter): Matter {
    refuseArchived(this.#db, matter);
    return matter;
  }

  #snapshot(): LedgerSnapshot {
    const { head, state } = this.#refresh();
    const beat = prepared(this.#db, 'SELECT at FROM heartbeat').get();
    return {
      state,
      tallies: this.#projection.tallies(),
      heartbeat: beat === undefined ? null : decode<Instant>(String(beat['at'])),
      head,
    };
  }

  #header(probe: string): KeptHeader | null {
    const row = prepared(this.#db, KEPT_HEADER).get(probe);
    return row === undefined ? null : decode<KeptHeader>(String(row['kept']));
  }

  #recent(limit: number): readonly ProbeRecord[] {
    const rows = prepared(this.#db, 'SELECT record FROM probes ORDER BY planned_seq DESC LIMIT ?').all(
      Math.max(0, Math.floor(limit)),
    );
    return rows.map((row) => decode<ProbeRecord>(String(row['record'])));
  }

  #plannedSince(wallMs: number): readonly PlannedCount[] {
    const rows = prepared(this.#db, PLANNED_SINCE).all(dayOf(wallMs) * DAY_MS);
    return rows.map((row) => ({
      day: Number(row['day']),
      kind: row['kind'] as PlannedCount['kind'],
      count: Number(row['count']),
    }));
  }

  #marked({ types, afterSeq }: MarkedQuery): readonly LedgerEntry[] {
    const select = prepared(this.#db, MARKED);
    const rows = types.flatMap((type) => select.all(type, afterSeq)).map(toEventRow);
    return rows
      .sort((one, other) => one.seq - other.seq)
      .map(({ seq, hash, text }) => ({ seq, hash, event: decodeEvent(text) }));
  }

  /** Within a transaction, as every answer, and by an index: no other month is read. Records are decoded as they are gone through. */
  month(query: MonthQuery): MonthFacts {
    const { provider, path, fromMs, toMs } = query;
    const rows = prepared(this.#db, MONTH_RECORDS).all(provider, path, fromMs, toMs);
    return { ...this.bearings(query), records: decodeEach(rows.map((row) => String(row['record']))) };
  }

  /** As `month`. */
  availability(query: AvailabilityQuery): AvailabilityFacts {
    const { head, state } = this.#refresh();
    const { provider } = query;
    return {
      ...readAvailability(this.#db, query),
      exclusions: exclusionsFor(state, provider),
      endpoints: endpointsOf(state, query),
      head,
    };
  }

  /** A month without its records. */
  bearings({ provider, path, fromMs, toMs }: MonthQuery): Omit<MonthFacts, 'records'> {
    const { head, state } = this.#refresh();
    return {
      unmeasured: Number(prepared(this.#db, MONTH_SLOTS).get(provider, path, fromMs, toMs)?.['count']),
      exclusions: exclusionsOf(state, { provider, path }),
      absence: state.absence,
      head,
    };
  }

  /** A record at a time: a year of a fast route is half a million. */
  #delays(query: SeriesQuery): DelaySeries {
    const { provider, path, fromMs, toMs } = query;
    const { absence } = this.#refresh().state;
    const points: SeriesPoint[] = [];
    for (const row of prepared(this.#db, SERIES_RECORDS).iterate(provider, path, fromMs, toMs))
      points.push(pointOf(decode<ProbeRecord>(String(row['record'])), absence));
    points.sort((one, other) => one.atMs - other.atMs);
    return thinOut(points, query);
  }

  #bookmarks(mailbox: string): ReadonlyMap<string, Bookmark> {
    const rows = prepared(this.#db, 'SELECT folder, uid_validity, uid_next FROM bookmarks WHERE mailbox = ?').all(
      mailbox,
    );
    return new Map(
      rows.map((row) => [
        String(row['folder']),
        { uidValidity: String(row['uid_validity']), uidNext: Number(row['uid_next']) },
      ]),
    );
  }
}

/** The list is the index's own: without it SQLite would not use it. */
/** By the index on `planned_ms`. The day's length stands in it: a number that is handed over is no integer to SQLite. */
const PLANNED_SINCE = `SELECT planned_ms / ${DAY_MS} AS day, kind, count(*) AS count FROM probes
  WHERE planned_ms >= ? GROUP BY day, kind`;
export const MARKED = `SELECT seq, text, hash FROM events WHERE type = ? AND seq > ? AND type IN (${RARE_TYPES_SQL}) ORDER BY seq`;
/** By the index of what was kept, whose own words these are; the first capture is the one that counts. */
export const KEPT_HEADER = `SELECT json_extract(text, '$.keptHeader') AS kept FROM events
  WHERE json_extract(text, '$.probe') = ? AND json_type(text, '$.keptHeader') IS NOT NULL ORDER BY seq LIMIT 1`;
export const MONTH_RECORDS = `SELECT record FROM probes
  WHERE provider = ? AND path = ? AND month_ms >= ? AND month_ms < ? ORDER BY month_ms, planned_seq`;
/** By the index of how probes ended: that is one range for each outcome, and no other route's rows are read. */
export const SERIES_RECORDS = `SELECT record FROM probes INDEXED BY probes_ended
  WHERE provider = ? AND path = ? AND outcome IN (${OUTCOMES.map((outcome) => `'${outcome}'`).join(', ')})
  AND planned_ms >= ? AND planned_ms < ? AND kind = 'scheduled'`;
export const MONTH_SLOTS =
  'SELECT count(*) AS count FROM slots WHERE provider = ? AND path = ? AND due_ms >= ? AND due_ms < ?';

/** Throws LedgerError. A daemon whose version folds events otherwise than the last one rebuilds the projection first. */
export function openStore(folder: string, role: Role): Store {
  const db = openDatabase(folder, role);
  try {
    const projection = new Projection(db);
    if (role === 'daemon' && !projection.isCurrent()) inTransaction(db, 'IMMEDIATE', () => rebuild(db, projection));
    return new Store(db, folder);
  } catch (error) {
    db.close();
    throw ledgerError('open the ledger', folder, error);
  }
}

/**
 * Makes the projection's rows anew from every event of `events` since its beginning, or from those after `afterSeq` up to `toSeq`. Call within a
 * transaction. `onEvent` sees each event with the state before it.
 */
export function rebuild(
  events: DatabaseSync,
  projection: Projection,
  onEvent: (seq: number, event: LedgerEvent, state: TimelineState) => void = () => {},
  afterSeq?: number,
  toSeq?: number,
): void {
  const beginning = readBeginning(events);
  projection.clear();
  const { state } = projection.refresh();
  if (afterSeq === undefined) projection.carry(beginning.tallies);
  for (const rows of eventChunks(events, afterSeq ?? beginning.seq - 1, toSeq)) {
    for (const { seq, text } of rows) {
      const event = decodeEvent(text);
      onEvent(seq, event, state);
      projection.fold(seq, event);
    }
    projection.flush();
  }
}

/** One by one, anew each time they are gone through: decoded, a month of them takes several times the memory of its text. */
function decodeEach(texts: readonly string[]): Iterable<ProbeRecord> {
  return {
    *[Symbol.iterator]() {
      for (const text of texts) yield decode<ProbeRecord>(text);
    },
  };
}

const DOING = {
  append: 'append to the ledger',
  checkpoint: 'append a checkpoint',
  beat: 'write the heartbeat',
  keepBookmarks: 'keep the bookmarks',
  bookmarks: 'read the bookmarks',
  snapshot: 'read the ledger',
  probe: 'read a probe',
  header: 'read a header',
  recent: 'read the last probes',
  plannedSince: 'count the probes of a day',
  marked: 'read the ledger',
  judge: 'judge a month',
  standing: 'judge a month',
  preview: 'judge a month',
  delays: 'read the delays',
  closing: 'judge a month',
  lateProbes: 'read the ledger',
  rewound: 'read the ledger',
  firstMs: 'read the ledger',
  archive: 'read the ledger',
} as const;

export function toFailure(doing: string, place: string, error: unknown): Failure {
  const { code, message, cause } = ledgerError(doing, place, error);
  const root = cause instanceof Error ? cause : error;
  const name = root instanceof Error ? root.name : 'Error';
  const errcode = root instanceof Error && 'errcode' in root && typeof root.errcode === 'number' ? root.errcode : null;
  return { code, message, cause: { name, message: messageOf(root), errcode } };
}
