/** The port `Ledger` on the real store in this very thread: what comes out is a copy, as from a worker, and a commit takes its time. */
import { LedgerError } from '../../src/adapters/sqlite/failure.ts';
import type { ReadRequest, WriteRequest } from '../../src/adapters/sqlite/protocol.ts';
import type { SeriesQuery } from '../../src/domain/delay/delay-series.ts';
import type { LedgerEntry, LedgerEvent, RareType } from '../../src/domain/event.ts';
import type { KeptHeader } from '../../src/domain/kept-header.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import type { Closing } from '../../src/domain/report/closing.ts';
import type { ExclusionChange, ExclusionPreview } from '../../src/domain/report/exclusion-preview.ts';
import type { Judgement } from '../../src/domain/report/judge.ts';
import type { Matter } from '../../src/domain/report/report.ts';
import type { Standing } from '../../src/domain/report/standing.ts';
import type { PlannedCount } from '../../src/domain/sending-limit.ts';
import type { DelaySeries } from '../../src/domain/status-view.ts';
import type { Instant } from '../../src/domain/time/instant.ts';
import type {
  ArchiveSummary,
  Bookmark,
  Clock,
  LateQuery,
  Ledger,
  LedgerSnapshot,
  RewoundQuery,
} from '../../src/ports.ts';
import type { Disk } from './disk.ts';

export class StoreLedger implements Ledger {
  readonly #disk: Disk;
  readonly #clock: Clock;
  /** Milliseconds that the next commit takes. */
  readonly #commitMs: () => number;
  readonly #standingAgeMs: number;
  /** Told of the commit that is torn, which is never acknowledged. */
  readonly #tear: (events: readonly LedgerEvent[]) => void;
  #last: Promise<unknown> = Promise.resolve();
  #queued = 0;

  constructor(
    disk: Disk,
    clock: Clock,
    commitMs: () => number,
    tear: (events: readonly LedgerEvent[]) => void,
    standingAgeMs: number,
  ) {
    this.#standingAgeMs = standingAgeMs;
    this.#tear = tear;
    this.#disk = disk;
    this.#clock = clock;
    this.#commitMs = commitMs;
  }

  append(events: readonly LedgerEvent[]): Promise<readonly LedgerEntry[]> {
    if (events.length === 0) return Promise.resolve([]);
    const given = [...events];
    if (this.#disk.tearing === null || this.#disk.full)
      return this.#turn(() => this.#disk.append(given), this.#commitMs());
    this.#tear(events);
    return new Promise(() => {});
  }

  checkpoint(at: Instant): Promise<LedgerEntry> {
    return this.#turn(() => {
      const entry = structuredClone(this.#disk.write({ id: 0, op: 'checkpoint', input: at })) as LedgerEntry;
      this.#disk.take([entry]);
      return entry;
    }, this.#commitMs());
  }

  async beat(at: Instant): Promise<void> {
    await this.#turn(() => this.#disk.beat(at), this.#commitMs());
  }

  async keepBookmarks(mailbox: string, bookmarks: ReadonlyMap<string, Bookmark>): Promise<void> {
    await this.#write({ id: 0, op: 'keepBookmarks', input: { mailbox, bookmarks: new Map(bookmarks) } });
  }

  bookmarks(mailbox: string): Promise<ReadonlyMap<string, Bookmark>> {
    return this.#read({ id: 0, op: 'bookmarks', input: mailbox });
  }

  snapshot(): Promise<LedgerSnapshot> {
    return this.#read({ id: 0, op: 'snapshot', input: null });
  }

  probe(id: string): Promise<ProbeRecord | null> {
    return this.#read({ id: 0, op: 'probe', input: id });
  }

  header(probe: string): Promise<KeptHeader | null> {
    return this.#read({ id: 0, op: 'header', input: probe });
  }

  recent(limit: number): Promise<readonly ProbeRecord[]> {
    return this.#read({ id: 0, op: 'recent', input: limit });
  }

  plannedSince(wallMs: number): Promise<readonly PlannedCount[]> {
    return this.#read({ id: 0, op: 'plannedSince', input: wallMs });
  }

  marked(types: readonly RareType[], afterSeq = 0): Promise<readonly LedgerEntry[]> {
    return this.#read({ id: 0, op: 'marked', input: { types, afterSeq } });
  }

  judge(matter: Matter): Promise<Judgement> {
    return this.#read({ id: 0, op: 'judge', input: matter });
  }

  /** Evaluated anew now and then: asked for twice a minute it would be most of what a simulation does, and nothing follows from it. */
  async standing(matter: Matter): Promise<Standing> {
    const key = `${matter.provider} ${matter.month}`;
    const known = this.#standings.get(key);
    if (known !== undefined && matter.nowMs - known.nowMs < this.#standingAgeMs) return known.standing;
    const standing = await this.#read<Standing>({ id: 0, op: 'standing', input: matter });
    this.#standings.set(key, { nowMs: matter.nowMs, standing });
    return standing;
  }
  readonly #standings = new Map<string, { readonly nowMs: number; readonly standing: Standing }>();

  preview(matter: Matter, change: ExclusionChange): Promise<ExclusionPreview> {
    return this.#read({ id: 0, op: 'preview', input: { matter, change } });
  }

  delays(query: SeriesQuery): Promise<DelaySeries> {
    return this.#read({ id: 0, op: 'delays', input: query });
  }

  closing(matter: Matter): Promise<Closing> {
    return this.#read({ id: 0, op: 'closing', input: matter });
  }

  lateProbes(query: LateQuery): Promise<number> {
    return this.#read({ id: 0, op: 'lateProbes', input: query });
  }

  rewound(query: RewoundQuery): Promise<number> {
    return this.#read({ id: 0, op: 'rewound', input: query });
  }

  firstMs(): Promise<number | null> {
    return this.#read({ id: 0, op: 'firstMs', input: null });
  }

  archive(): Promise<ArchiveSummary | null> {
    return this.#read({ id: 0, op: 'archive', input: null });
  }

  /** Everything called before is done first. */
  close(): Promise<void> {
    this.#closing ??= this.#turn(() => {}, 0);
    return this.#closing;
  }
  #closing: Promise<void> | null = null;

  #write(request: WriteRequest): Promise<unknown> {
    return this.#turn(() => this.#disk.write(request), this.#commitMs());
  }

  #read<T>(request: ReadRequest): Promise<T> {
    return this.#turn(() => structuredClone(this.#disk.read(request)) as T, 0);
  }

  /** One call after another, each with half of the time it takes before and half after it is durable. */
  #turn<T>(work: () => T, ms: number): Promise<T> {
    if (this.#closing !== null) return Promise.reject(new LedgerError('CLOSED', 'the simulated ledger is closed'));
    const turn = async (): Promise<T> => {
      if (ms > 0) await this.#clock.sleep(ms / 2);
      const result = work();
      if (ms > 0) await this.#clock.sleep(ms / 2);
      return result;
    };
    if (this.#queued === 0 && ms === 0) return turn();
    this.#queued += 1;
    const done = this.#last.then(turn).finally(() => {
      this.#queued -= 1;
    });
    this.#last = done.catch(() => undefined);
    return done;
  }
}
