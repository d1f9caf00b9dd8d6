/** The port `Ledger` on SQLite: hands every call to the worker thread that owns the database. */
import { Worker } from 'node:worker_threads';
import { encodeEvent } from '../../domain/codec.ts';
import type { SeriesQuery } from '../../domain/delay/delay-series.ts';
import type { LedgerEntry, LedgerEvent, RareType } from '../../domain/event.ts';
import type { KeptHeader } from '../../domain/kept-header.ts';
import type { ProbeRecord } from '../../domain/record.ts';
import type { Closing } from '../../domain/report/closing.ts';
import type { ExclusionChange, ExclusionPreview } from '../../domain/report/exclusion-preview.ts';
import type { Judgement } from '../../domain/report/judge.ts';
import type { Matter } from '../../domain/report/report.ts';
import type { Standing } from '../../domain/report/standing.ts';
import type { PlannedCount } from '../../domain/sending-limit.ts';
import type { DelaySeries } from '../../domain/status-view.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { ArchiveSummary, Bookmark, LateQuery, Ledger, LedgerSnapshot, Log, RewoundQuery } from '../../ports.ts';
import type { Role } from './database.ts';
import { LedgerError } from './failure.ts';
import { type Failure, type FromWorker, type Operation, type Operations, type WorkerSettings } from './protocol.ts';

export interface LedgerOptions {
  readonly role: Role;
  readonly log: Log;
  /** Told once if the worker ends before `close`, and to tell of it: from then on every call rejects. Without it the log is told. */
  readonly onDeath?: (error: LedgerError) => void;
}

/**
 * Opens the ledger of a data folder. A daemon must hold the folder's lock (`acquireFolder`) first.
 * Rejects with LedgerError: MISSING, TOO_NEW, TOO_OLD, NOT_A_LEDGER, READ_ONLY …
 */
export function openLedger(folder: string, { role, log, onDeath }: LedgerOptions): Promise<Ledger> {
  return connectLedger(startWorker({ folder, role }), folder, log, onDeath);
}

export function startWorker(settings: WorkerSettings): Worker {
  // The compiler rewrites imports, not URLs: beside this file the worker has this file's extension.
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
  return new Worker(new URL(file, import.meta.url), { workerData: settings, name: 'ledger' });
}

/** Resolves once the worker has opened the database. */
export async function connectLedger(
  worker: Worker,
  folder: string,
  log: Log,
  onDeath: (error: LedgerError) => void = ({ message }) => log.error('the ledger has stopped', { folder, message }),
): Promise<Ledger> {
  const ledger = new WorkerLedger(worker, folder, onDeath);
  await ledger.opened;
  return ledger;
}

interface Pending {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: LedgerError) => void;
}

/** `open` until `close` is called or the worker dies; from then on every call rejects. */
class WorkerLedger implements Ledger {
  readonly opened: Promise<void>;
  readonly #worker: Worker;
  readonly #folder: string;
  readonly #exited: Promise<void>;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  /** Why no call is taken any more, null while calls are. */
  #ended: LedgerError | null = null;
  #closing: Promise<void> | null = null;

  constructor(worker: Worker, folder: string, onDeath: (error: LedgerError) => void) {
    this.#worker = worker;
    this.#folder = folder;
    const opening = Promise.withResolvers<void>();
    this.opened = opening.promise;
    let isOpen = false;
    let thrown: unknown;
    worker.on('message', (message: FromWorker) => {
      if ('id' in message) this.#settle(message);
      else if (message.kind === 'open') {
        isOpen = true;
        opening.resolve();
      } else opening.reject(fromFailure(message.failure));
    });
    worker.on('error', (error) => {
      thrown = error;
    });
    this.#exited = new Promise((resolve) => {
      worker.on('exit', (code) => {
        const why = thrown instanceof Error ? thrown.message : `exit code ${code}`;
        const died = new LedgerError(
          'WORKER_DIED',
          `the ledger's worker for ${folder} must run until it is closed, it ended: ${why}`,
          { cause: thrown },
        );
        this.#ended ??= died;
        opening.reject(died);
        for (const { reject } of this.#pending.values()) reject(died);
        this.#pending.clear();
        if (isOpen && this.#closing === null) onDeath(died);
        resolve();
      });
    });
  }

  async append(events: readonly LedgerEvent[]): Promise<readonly LedgerEntry[]> {
    if (events.length === 0) return [];
    const places = await this.#call('append', encodeAll(events, this.#folder));
    return places.map(({ seq, hash }, index) => ({ seq, hash, event: events[index] as LedgerEvent }));
  }

  checkpoint(at: Instant): Promise<LedgerEntry> {
    return this.#call('checkpoint', at);
  }

  async beat(at: Instant): Promise<void> {
    await this.#call('beat', at);
  }

  /** Replaces all bookmarks of the mailbox. */
  async keepBookmarks(mailbox: string, bookmarks: ReadonlyMap<string, Bookmark>): Promise<void> {
    await this.#call('keepBookmarks', { mailbox, bookmarks });
  }

  bookmarks(mailbox: string): Promise<ReadonlyMap<string, Bookmark>> {
    return this.#call('bookmarks', mailbox);
  }

  snapshot(): Promise<LedgerSnapshot> {
    return this.#call('snapshot', null);
  }

  probe(id: string): Promise<ProbeRecord | null> {
    return this.#call('probe', id);
  }

  header(probe: string): Promise<KeptHeader | null> {
    return this.#call('header', probe);
  }

  recent(limit: number): Promise<readonly ProbeRecord[]> {
    return this.#call('recent', limit);
  }

  plannedSince(wallMs: number): Promise<readonly PlannedCount[]> {
    return this.#call('plannedSince', wallMs);
  }

  marked(types: readonly RareType[], afterSeq = 0): Promise<readonly LedgerEntry[]> {
    return this.#call('marked', { types, afterSeq });
  }

  judge(matter: Matter): Promise<Judgement> {
    return this.#call('judge', matter);
  }

  standing(matter: Matter): Promise<Standing> {
    return this.#call('standing', matter);
  }

  preview(matter: Matter, change: ExclusionChange): Promise<ExclusionPreview> {
    return this.#call('preview', { matter, change });
  }

  delays(query: SeriesQuery): Promise<DelaySeries> {
    return this.#call('delays', query);
  }

  closing(matter: Matter): Promise<Closing> {
    return this.#call('closing', matter);
  }

  lateProbes(query: LateQuery): Promise<number> {
    return this.#call('lateProbes', query);
  }

  rewound(query: RewoundQuery): Promise<number> {
    return this.#call('rewound', query);
  }

  firstMs(): Promise<number | null> {
    return this.#call('firstMs', null);
  }

  archive(): Promise<ArchiveSummary | null> {
    return this.#call('archive', null);
  }

  /** Everything called before is done first. Closing twice is closing once. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#ended === null) {
      const closed = this.#call('close', null);
      this.#ended = new LedgerError('CLOSED', `the ledger in ${this.#folder} is closed`);
      await closed;
    }
    await this.#exited;
  }

  #call<O extends Operation>(op: O, input: Operations[O]['input']): Promise<Operations[O]['output']> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (output: unknown) => void, reject });
      this.#worker.postMessage({ id, op, input });
    });
  }

  #settle(message: Extract<FromWorker, { id: number }>): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === 'done') pending?.resolve(message.output);
    else pending?.reject(fromFailure(message.failure));
  }
}

/** Encoded here, so that an event that cannot be fails its own append and no other. */
function encodeAll(events: readonly LedgerEvent[], folder: string): readonly string[] {
  try {
    return events.map(encodeEvent);
  } catch (cause) {
    throw new LedgerError(
      'UNENCODABLE',
      `cannot append to the ledger in ${folder}: an event must be plain data (${String(cause)})`,
      { cause },
    );
  }
}

function fromFailure({ code, message, cause: { name, message: text, errcode } }: Failure): LedgerError {
  const cause = Object.assign(new Error(text), { name, ...(errcode === null ? {} : { errcode }) });
  return new LedgerError(code, message, { cause });
}
