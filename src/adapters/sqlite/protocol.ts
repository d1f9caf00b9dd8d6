/** What the ledger and its worker say to each other. Every request gets one answer, in the order of the requests. */

import type { SeriesQuery } from '../../domain/delay/delay-series.ts';
import type { LedgerEntry, RareType } from '../../domain/event.ts';
import type { ChainHead } from '../../domain/evidence/chain.ts';
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
import type { ArchiveSummary, Bookmark, LateQuery, LedgerSnapshot, RewoundQuery } from '../../ports.ts';
import type { Role } from './database.ts';
import type { LedgerErrorCode } from './failure.ts';

export interface WorkerSettings {
  readonly folder: string;
  readonly role: Role;
}

/** Operations with their input and output, as structured clones. */
export interface Operations {
  /** Encoded events in, the entries' place in the chain out. */
  append: { readonly input: readonly string[]; readonly output: readonly ChainHead[] };
  /** When in; the entry out. */
  checkpoint: { readonly input: Instant; readonly output: LedgerEntry };
  beat: { readonly input: Instant; readonly output: null };
  keepBookmarks: {
    readonly input: { readonly mailbox: string; readonly bookmarks: ReadonlyMap<string, Bookmark> };
    readonly output: null;
  };
  bookmarks: { readonly input: string; readonly output: ReadonlyMap<string, Bookmark> };
  snapshot: { readonly input: null; readonly output: LedgerSnapshot };
  probe: { readonly input: string; readonly output: ProbeRecord | null };
  header: { readonly input: string; readonly output: KeptHeader | null };
  recent: { readonly input: number; readonly output: readonly ProbeRecord[] };
  plannedSince: { readonly input: number; readonly output: readonly PlannedCount[] };
  marked: {
    readonly input: MarkedQuery;
    readonly output: readonly LedgerEntry[];
  };
  judge: { readonly input: Matter; readonly output: Judgement };
  standing: { readonly input: Matter; readonly output: Standing };
  preview: {
    readonly input: { readonly matter: Matter; readonly change: ExclusionChange };
    readonly output: ExclusionPreview;
  };
  delays: { readonly input: SeriesQuery; readonly output: DelaySeries };
  closing: { readonly input: Matter; readonly output: Closing };
  lateProbes: { readonly input: LateQuery; readonly output: number };
  rewound: { readonly input: RewoundQuery; readonly output: number };
  firstMs: { readonly input: null; readonly output: number | null };
  archive: { readonly input: null; readonly output: ArchiveSummary | null };
  close: { readonly input: null; readonly output: null };
}
export interface MarkedQuery {
  readonly types: readonly RareType[];
  readonly afterSeq: number;
}

export type Operation = keyof Operations;
const WRITES = ['append', 'checkpoint', 'beat', 'keepBookmarks'] as const;
export type WriteOperation = (typeof WRITES)[number];

type RequestOf<O extends Operation> = {
  [K in O]: { readonly id: number; readonly op: K; readonly input: Operations[K]['input'] };
}[O];
export type Request = RequestOf<Operation>;
export type WriteRequest = RequestOf<WriteOperation>;
export type ReadRequest = RequestOf<Exclude<Operation, WriteOperation | 'close'>>;

/** An error as plain data: a structured clone would lose all but its message. */
export interface Failure {
  readonly code: LedgerErrorCode;
  readonly message: string;
  readonly cause: { readonly name: string; readonly message: string; readonly errcode: number | null };
}
export type Outcome =
  | { readonly kind: 'done'; readonly output: unknown }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** `open` or `unopened` comes first and once; then an answer for each request. */
export type FromWorker =
  | { readonly kind: 'open' }
  | { readonly kind: 'unopened'; readonly failure: Failure }
  | ({ readonly id: number } & Outcome);

export function isWrite(request: Request): request is WriteRequest {
  return WRITES.some((op) => op === request.op);
}
