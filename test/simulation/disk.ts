/** The agent's disk, and on it the real ledger: full, slow, and as it is found after a process or a host died in the middle of a commit. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openDatabase, readHead } from '../../src/adapters/sqlite/database.ts';
import { LedgerError } from '../../src/adapters/sqlite/failure.ts';
import type { Failure, ReadRequest, WriteRequest } from '../../src/adapters/sqlite/protocol.ts';
import { MIGRATIONS } from '../../src/adapters/sqlite/schema.ts';
import { Store } from '../../src/adapters/sqlite/store.ts';
import { decode, decodeEvent, encodeEvent } from '../../src/domain/codec.ts';
import type { LedgerEntry, LedgerEvent } from '../../src/domain/event.ts';
import type { ChainHead } from '../../src/domain/evidence/chain.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import type { FactSource } from '../../src/domain/report/judge.ts';
import type { Instant } from '../../src/domain/time/instant.ts';
import { foldEvent, type TimelineState } from '../../src/domain/timeline.ts';
import type { LedgerSnapshot } from '../../src/ports.ts';
import type { Draw } from './draw.ts';

export type OnEntries = (entries: readonly LedgerEntry[], changed: readonly ProbeRecord[]) => void;

export class Disk {
  full = false;
  /** What the unacknowledged commit leaves behind is torn by this, where it is not null. */
  tearing: Draw | null = null;
  /** What the ledger says that must not be. */
  readonly wrong: string[] = [];
  readonly #root: string | null;
  readonly #onEntries: OnEntries;
  #folders = 0;
  #db: DatabaseSync;
  #store: Store;
  #lastSeq = 0;
  #state: TimelineState;

  constructor(where: 'memory' | 'file', onEntries: OnEntries) {
    this.#onEntries = onEntries;
    this.#root = where === 'file' ? mkdtempSync(join(tmpdir(), 'mailflow-simulated-')) : null;
    this.#db = this.#open();
    this.#store = new Store(this.#db, 'the simulated disk');
    this.#state = this.#snapshot().state;
  }

  get db(): DatabaseSync {
    return this.#db;
  }

  /** What months are judged by. */
  get facts(): FactSource {
    return this.#store;
  }

  get state(): TimelineState {
    return this.#state;
  }

  get isFile(): boolean {
    return this.#root !== null;
  }

  write(request: WriteRequest): unknown {
    if (this.full) throw isFull();
    this.#records = null;
    const [outcome] = this.#store.write([request]);
    if (outcome === undefined) throw new Error('a write must have an outcome');
    if (outcome.kind === 'failed') throw errorOf(outcome.failure);
    return outcome.output;
  }

  /** Written when somebody may ask for it: one a second would be half of what the disk does. */
  beat(at: Instant): void {
    if (this.full) throw isFull();
    this.#beat = at;
  }
  #beat: Instant | null = null;

  read(request: ReadRequest): unknown {
    if (request.op === 'snapshot') this.#keepBeat();
    const outcome = this.#store.read(request);
    if (outcome.kind === 'failed') throw errorOf(outcome.failure);
    return outcome.output;
  }

  append(events: readonly LedgerEvent[]): readonly LedgerEntry[] {
    const texts = events.map(encodeEvent);
    const places = this.write({ id: 0, op: 'append', input: texts }) as readonly ChainHead[];
    const entries = places.map(({ seq, hash }, index) => ({ seq, hash, event: events[index] as LedgerEvent }));
    this.take(entries);
    return entries;
  }

  /** These are durable now. */
  take(entries: readonly LedgerEntry[]): void {
    const changed = entries.flatMap(({ event }) => foldEvent(this.#state, event, (id) => this.record(id)).changed);
    this.#lastSeq = entries.at(-1)?.seq ?? this.#lastSeq;
    this.#onEntries(entries, changed);
  }

  record(id: string): ProbeRecord | null {
    return this.read({ id: 0, op: 'probe', input: id }) as ProbeRecord | null;
  }

  /** Every probe ever planned, in order. They are read once for all that is asked between two writes. */
  records(): readonly ProbeRecord[] {
    this.#records ??= this.#db
      .prepare('SELECT record FROM probes ORDER BY planned_seq')
      .all()
      .map((row) => decode<ProbeRecord>(String(row['record'])));
    return this.#records;
  }
  #records: readonly ProbeRecord[] | null = null;

  /** From now on the WAL only grows, so that what the last commit added to it is known. */
  armTear(draw: Draw): void {
    if (this.#root === null) return;
    this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA wal_autocheckpoint = 0');
    this.tearing = draw;
  }

  /** The commit under way when the host lost its power: what it added to the WAL is there in part, or scrambled. */
  tear(events: readonly LedgerEvent[]): void {
    const draw = this.tearing;
    if (draw === null) throw new Error('must be armed before it tears');
    this.#keepBeat();
    const before = sizeOf(`${this.#file}-wal`);
    this.write({ id: 0, op: 'append', input: events.map(encodeEvent) });
    const after = sizeOf(`${this.#file}-wal`);
    this.reopen((wal) => {
      if (after <= before) return;
      if (draw.chance(0.5)) return truncateSync(wal, Math.floor(draw.between(before, after)));
      const bytes = readFileSync(wal);
      for (let count = draw.whole(1, 40); count > 0; count -= 1)
        bytes[Math.floor(draw.between(before, after))] = draw.whole(0, 255);
      writeFileSync(wal, bytes);
    });
  }

  /** The process that had it open is gone: the next one finds what there was at that moment. */
  reopen(damage: (wal: string) => void = () => {}): void {
    this.tearing = null;
    this.#records = null;
    this.#keepBeat();
    if (this.#root !== null) {
      const from = this.#folder;
      this.#folders += 1;
      mkdirSync(this.#folder);
      for (const name of ['ledger.db', 'ledger.db-wal'])
        if (sizeOf(join(from, name)) > 0) cpSync(join(from, name), join(this.#folder, name));
      damage(`${this.#file}-wal`);
      this.#db.close();
      rmSync(from, { recursive: true });
      this.#db = this.#open();
    }
    this.#store = new Store(this.#db, 'the simulated disk');
    const head = readHead(this.#db);
    if (head.seq < this.#lastSeq)
      this.wrong.push(`the ledger ends at entry ${head.seq}, ${this.#lastSeq} was acknowledged`);
    const rows = this.#db.prepare('SELECT seq, text, hash FROM events WHERE seq > ? ORDER BY seq').all(this.#lastSeq);
    this.take(
      rows.map((row) => ({
        seq: Number(row['seq']),
        event: decodeEvent(String(row['text'])),
        hash: Buffer.from(row['hash'] as Uint8Array).toString('hex'),
      })),
    );
    this.#state = this.#snapshot().state;
  }

  close(): void {
    this.#db.close();
    if (this.#root !== null) rmSync(this.#root, { recursive: true });
  }

  #keepBeat(): void {
    const at = this.#beat;
    this.#beat = null;
    if (at !== null) this.#store.write([{ id: 0, op: 'beat', input: at }]);
  }

  #snapshot(): LedgerSnapshot {
    return structuredClone(this.read({ id: 0, op: 'snapshot', input: null })) as LedgerSnapshot;
  }

  get #folder(): string {
    return join(this.#root ?? '', `disk${this.#folders}`);
  }

  get #file(): string {
    return join(this.#folder, 'ledger.db');
  }

  #open(): DatabaseSync {
    if (this.#root !== null) {
      const db = openDatabase(this.#folder, 'daemon');
      // What was written is there for the next process, flushed or not: here only a tear takes away what was not.
      db.exec('PRAGMA synchronous = OFF');
      return db;
    }
    const db = new DatabaseSync(':memory:');
    for (const step of MIGRATIONS) db.exec(step);
    return db;
  }
}

function isFull(): LedgerError {
  return new LedgerError('DISK_FULL', 'the simulated disk is full', { cause: new Error('database or disk is full') });
}

function errorOf({ code, message, cause }: Failure): LedgerError {
  return new LedgerError(code, message, { cause: new Error(cause.message) });
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
