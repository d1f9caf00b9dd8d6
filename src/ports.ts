/** The contracts between the engine and the world. Each is met by an adapter, and by a fake that passes the same suite. */

import type { Assessment } from './domain/delay/delay.ts';
import type { SeriesQuery } from './domain/delay/delay-series.ts';
import type { CheckDepth, CheckResult, Endpoint } from './domain/endpoint.ts';
import type { ArchivedMonth, LedgerEntry, LedgerEvent, RareType } from './domain/event.ts';
import type { SignatureFinding } from './domain/evidence/anchor.ts';
import type { ChainHead } from './domain/evidence/chain.ts';
import type { Exclusion } from './domain/exclusion.ts';
import type { KeptHeader } from './domain/kept-header.ts';
import type { FolderRole, Handover, Path, ProbeKind, SinkSteps, Stage } from './domain/probe.ts';
import type { ProbeView } from './domain/probe-view.ts';
import type { ProbeRecord } from './domain/record.ts';
import type { Closing } from './domain/report/closing.ts';
import type { ExclusionChange, ExclusionPreview } from './domain/report/exclusion-preview.ts';
import type { Judgement } from './domain/report/judge.ts';
import type { Matter } from './domain/report/report.ts';
import type { Standing } from './domain/report/standing.ts';
import type { PlannedCount } from './domain/sending-limit.ts';
import type { DelaySeries, StatusView } from './domain/status-view.ts';
import type { Month } from './domain/time/calendar.ts';
import type { Instant } from './domain/time/instant.ts';
import type { Tally, TimelineState } from './domain/timeline.ts';

/** The only source of time. */
export interface Clock {
  now(): Instant;
  /** Resolves after `ms` of monotonic time, early and without an error when `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
/** What a sleep is cut short with once nobody waits for its end. Made once: an exception takes down the stack when it is made, which costs more than the rest. */
export const OVER = new DOMException('nobody waits for it any more', 'AbortError');

/** The only source of chance. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  bytes(count: number): Uint8Array;
}

/** The agent's own key, by which it signs what it hands to others. */
export interface Signer {
  /** Base64 of its SPKI DER. */
  readonly publicKey: string;
  /** Base64 of the Ed25519 signature (RFC 8032) over exactly these bytes. */
  sign(bytes: Uint8Array): string;
}

export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface OutgoingMessage {
  readonly sender: string;
  readonly recipient: string;
  /** RFC 5322 text, ASCII, CRLF line ends. */
  readonly text: string;
  /** ENVID where the server offers DSN (RFC 3461), so that an attempt can be attributed before its data. */
  readonly envelopeId: string;
}

/** Hands one message to a provider, as a client (submission) or as a source MTA (injection). */
export interface Sender {
  /**
   * Resolves with how it ended, always: a refusal or an unreachable host is an observation. Rejects only on a bug.
   * `onStage` is told of each stage as it begins. An abort before the last bytes are handed over ends as
   * `unreachable` with code ABORTED (domain/probe); after them it is ignored until the reply or its RFC 5321 §4.5.3.2 limit.
   */
  send(message: OutgoingMessage, onStage: (stage: Stage) => void, signal: AbortSignal): Promise<Handover>;
}

/** What one check of a server showed. */
export interface CheckReport {
  /** As deep as it went: `session` needs a kept connection and becomes `login` where there is none. */
  readonly depth: CheckDepth;
  /** Just before the first packet or command of it. */
  readonly began: Instant;
  /** From then until it was let in, as far as `greeting` or `login` goes, or had its NOOP answered; where it failed, until that was known. */
  readonly seconds: number;
  readonly result: CheckResult;
  /** The server certificate's last valid moment, milliseconds since the epoch; null if none was shown. */
  readonly certificateExpiresMs: number | null;
}
/** Checks one server of a provider, within CHECK_MS_MAX; may keep a connection from one check to the next. */
export interface Checker {
  /** Resolves always, unless on a bug: that nothing answers is what it is for. An abort ends as `inconclusive`. Never called twice at once. */
  check(depth: CheckDepth, signal: AbortSignal): Promise<CheckReport>;
  close(): Promise<void>;
}
/** A neutral target that tells whether our own line works. */
export interface Control {
  /**
   * Whether at least one of its hosts could be reached just now. `byName`: one whose name had to be looked up for it, which shows
   * that our resolver works too. Resolves within CHECK_MS_MAX.
   */
  healthy(byName: boolean, signal: AbortSignal): Promise<boolean>;
}
/** Milliseconds. A server that does not answer a client for so long is down to it; less than a cell of 30 s, so that checks do not pile up. */
export const CHECK_MS_MAX = 25_000;
/** Milliseconds. A kept connection that is silent so long is given up for a new one: a firewall may have forgotten it. */
export const SESSION_ANSWER_MS_MAX = 5000;
/** Seconds. A connection that is kept longer would hide that nobody can log in any more, and collects the NOOPs that servers count. */
export const SESSION_SECONDS_MAX = 600;

/** Headers and the first part of the body of a message, both bounded; what a probe is recognised by. */
export interface ReceivedMessage {
  /** Raw header section, latin1, at most HEADER_BYTES_MAX. */
  readonly header: string;
  /** Start of the body, latin1, at most BODY_BYTES_MAX; empty if it was not needed. */
  readonly body: string;
}
/** Real headers are a few kilobytes; this leaves room for long traces and signatures. */
export const HEADER_BYTES_MAX = 65_536;
/** A token or a DSN's status part stands at the beginning of a body. */
export const BODY_BYTES_MAX = 65_536;

/** Every TXT record known for a key, tried in turn: a selector's key may have been replaced. */
export type KeysOf = (domain: string, selector: string) => readonly string[];
/** Checks the signatures of a message (RFC 6376), the topmost first, bounded in number. Looks nothing up. */
export type SignatureCheck = (message: ReceivedMessage, keysOf: KeysOf) => readonly SignatureFinding[];
/** DNS, asked for a DKIM key. */
export interface KeyLookup {
  /** The TXT record of `SELECTOR._domainkey.DOMAIN` that is a DKIM key; null if there is none, nobody answers in time, or `signal` is aborted. Never rejects. */
  find(domain: string, selector: string, signal: AbortSignal): Promise<string | null>;
}

/** One transaction at the sink that reached MAIL FROM. Instants by measurement.md, "Send delay". */
export interface SinkTransaction {
  readonly earliest: Instant;
  readonly latest: Instant;
  readonly steps: SinkSteps;
  readonly peer: string;
  readonly helo: string;
  readonly tls: boolean;
  readonly reusedConnection: boolean;
  readonly sender: string;
  readonly recipients: readonly string[];
  /** As given at MAIL FROM (RFC 3461), null if none. */
  readonly envelopeId: string | null;
}
export interface SinkMessage extends ReceivedMessage {
  /** When the end of data was read. */
  readonly endOfData: Instant;
  readonly bodySha256: string;
}
export interface SinkReply {
  /** 250 takes the message; 4xx asks the peer to come again; 5xx refuses for good. */
  readonly code: number;
  readonly text: string;
}
/**
 * `address`: too many connections from one address. `full`: too many in all, so that somebody had to go. `limit`: too much on one
 * connection, commands or recipients.
 */
export const SINK_REFUSALS = ['relay', 'size', 'limit', 'protocol', 'timeout', 'address', 'full'] as const;
export type SinkRefusalReason = (typeof SINK_REFUSALS)[number];

export interface SinkListener {
  /** Something connected: proof that the sink can be reached from where it came. */
  connected(peer: string, at: Instant): void;
  /** A whole message. The 250 waits for the promise, which never rejects. */
  received(transaction: SinkTransaction, message: SinkMessage): Promise<SinkReply>;
  /** A transaction ended without a message being taken. `code` is our refusal, or 0 if the peer went away. */
  abandoned(transaction: SinkTransaction, code: number): void;
  /**
   * A connection ended, or its MAIL was refused, before it told whose message it came to transfer, from `since` on: before its first MAIL, or
   * within one after a transaction that is over.
   */
  vanished(peer: string, since: Instant): void;
  /**
   * A connection was refused, or had to go, or might not have TLS, because there were too many: no fault of the peer's. What it came to transfer, from `since`
   * on, it could not, and it may remember that. In place of `vanished`, and beside `abandoned` where a transaction ran.
   */
  turnedAway(peer: string, since: Instant): void;
  /** The connection of `peer` is gone: nothing more can come on it. */
  disconnected(peer: string): void;
  refused(reason: SinkRefusalReason): void;
  /** It cannot be relied upon any more to hear whoever comes: close it and open it anew. */
  failed(error: Error): void;
}

/** The destination MX of the `send` path. */
export interface Sink {
  /** Listens; resolves with the address taken. Rejects with `cause` when the port cannot be had. */
  open(listener: SinkListener): Promise<{ readonly host: string; readonly port: number }>;
  /** Stops to accept at once, lets running transactions end for up to 2 s, then closes. */
  close(): Promise<void>;
}

export interface FolderState {
  readonly path: string;
  readonly role: FolderRole;
  readonly uidValidity: string;
  readonly uidNext: number;
}
/** What a good look saw: every folder answered by a tagged OK. Whatever is not in it was not there at `sentAt`. */
export interface Look {
  readonly sentAt: Instant;
  readonly folders: readonly FolderState[];
}
export interface FetchedMessage extends ReceivedMessage {
  readonly uid: number;
  /** When this message's FETCH response was read. */
  readonly seen: Instant;
}
/** Why a mailbox could not be looked at. `code`: `AUTHENTICATIONFAILED`, `ECONNREFUSED`, `CERT_HAS_EXPIRED`, `TIMEOUT`, `CLOSED`, `NO` … */
export class MailboxError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MailboxError';
    this.code = code;
  }
}

/** What a fetch found of a range. */
export interface Fetched {
  /** Those that may concern us; other people's mail is left out. */
  readonly messages: readonly FetchedMessage[];
  /** Whether every UID of the range was there. If not, one may have been moved while we looked, and the look proves no absence. */
  readonly complete: boolean;
}

/** One account over IMAP, by connections that look, read, and idle for hints. Every method rejects with MailboxError; after one, `close` and open anew. */
export interface Mailbox {
  /** Connects and logs in. `onHint` is called when new mail is announced; a hint proves nothing. */
  open(onHint: () => void): Promise<{ readonly certificateExpiresMs: number | null }>;
  /** STATUS of every folder on a connection with nothing selected. `ignored` folders are left out. */
  look(): Promise<Look>;
  /**
   * Messages of a folder with `fromUid <= uid < toUid`: header, and the start of the body only where the header is
   * that of a report or of a probe of ours without a token. Never marks anything as read. `folder` is one of a look since `open`.
   */
  fetch(folder: FolderState, fromUid: number, toUid: number): Promise<Fetched>;
  /**
   * Deletes these and nothing else (UID EXPUNGE); resolves false, having deleted nothing, where the server lacks UIDPLUS. After `NO` or
   * `BAD`, with which a server refuses it, the mailbox can be used on.
   */
  remove(folder: FolderState, uids: readonly number[]): Promise<boolean>;
  close(): Promise<void>;
}

/** Where the reader of each folder stands; a convenience across restarts, not evidence. */
export interface Bookmark {
  readonly uidValidity: string;
  readonly uidNext: number;
}

export interface LedgerSnapshot {
  /** Open probes and what bears on them, as of the last entry. */
  readonly state: TimelineState;
  /** Totals of the closed and open scheduled probes since the ledger began. */
  readonly tallies: readonly Tally[];
  /** The last beat of a daemon, null if none ever ran. */
  readonly heartbeat: Instant | null;
  readonly head: ChainHead;
}

/** The append-only, hash-chained store of events. Written by a worker; safe for two processes at once. */
export interface Ledger {
  snapshot(): Promise<LedgerSnapshot>;
  /** Durable when it resolves, in the order of the calls, all of them or none. Rejects with `cause` when the disk refuses. */
  append(events: readonly LedgerEvent[]): Promise<readonly LedgerEntry[]>;
  /** Appends all that the fold remembers as of the entry before; durable, and in the order of the calls, as `append`. */
  checkpoint(at: Instant): Promise<LedgerEntry>;
  /** Overwrites the one heartbeat row. */
  beat(at: Instant): Promise<void>;
  bookmarks(mailbox: string): Promise<ReadonlyMap<string, Bookmark>>;
  keepBookmarks(mailbox: string, bookmarks: ReadonlyMap<string, Bookmark>): Promise<void>;
  /** A probe by its id, open or closed; null if there is none. */
  probe(id: string): Promise<ProbeRecord | null>;
  /** What its capture kept of its header; null if nothing. */
  header(probe: string): Promise<KeptHeader | null>;
  /** The last planned probes, newest first. */
  recent(limit: number): Promise<readonly ProbeRecord[]>;
  /** How many probes were planned in each day (UTC) from that of `wallMs` on, by kind. */
  plannedSince(wallMs: number): Promise<readonly PlannedCount[]>;
  /** Every entry of these types after `afterSeq`, in the order of the chain. */
  marked(types: readonly RareType[], afterSeq?: number): Promise<readonly LedgerEntry[]>;
  /** A provider's month, judged where the facts lie: not on the caller's thread. */
  judge(matter: Matter): Promise<Judgement>;
  /** The same in a few numbers; asked again for the month it was asked for last, it reads only what changed since. */
  standing(matter: Matter): Promise<Standing>;
  /** What the month would be with one exclusion more, or less. */
  preview(matter: Matter, change: ExclusionChange): Promise<ExclusionPreview>;
  /** Delays over time, for a chart. */
  delays(query: SeriesQuery): Promise<DelaySeries>;
  /** What to keep of the month's report when it is closed. */
  closing(matter: Matter): Promise<Closing>;
  /** How many probes of a provider's month an entry after `afterSeq` names. Goes through every one of those entries. */
  lateProbes(query: LateQuery): Promise<number>;
  /** How many entries after `afterSeq` were written at a wall time of the query, whoever they concern: none, unless the clock was put back. */
  rewound(query: RewoundQuery): Promise<number>;
  /** The earliest wall time of any entry that is not archived, milliseconds since the epoch; null if there is none. */
  firstMs(): Promise<number | null>;
  /** What was archived, null where nothing was. To judge one of those months rejects. */
  archive(): Promise<ArchiveSummary | null>;
  close(): Promise<void>;
}
/** What judging beside the measuring asks of it. */
export type LedgerReader = Pick<Ledger, 'standing' | 'closing' | 'marked' | 'firstMs' | 'archive' | 'close'>;
export interface ArchiveSummary {
  /** The first month that is left. */
  readonly before: Month;
  readonly months: readonly ArchivedMonth[];
}
/** Probes whose `monthInstantMs` lies in `[fromMs, toMs)`. */
export interface LateQuery extends RewoundQuery {
  readonly provider: string;
}
/** `[fromMs, toMs)`, wall time in milliseconds since the epoch. */
export interface RewoundQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly afterSeq: number;
}

/** Why a token that reached us is no sample. `foreign`: mail without a token. `wrong-path`: ours, but not where its path ends. */
export const TOKEN_REFUSALS = ['forged', 'unknown', 'wrong-path', 'duplicate', 'foreign'] as const;
export type TokenRefusal = (typeof TOKEN_REFUSALS)[number];

/** What may fail and must come back by itself. */
export const PARTS = ['sink', 'line', 'ledger', 'mailbox', 'judge', 'sending'] as const;
export type Part = (typeof PARTS)[number];

/** Told of everything that happens, after it is durable. Must not throw. */
export interface Observer {
  recorded(entries: readonly LedgerEntry[], changed: readonly ProbeRecord[]): void;
  tokenRefused(reason: TokenRefusal): void;
  sinkConnected(): void;
  sinkRefused(reason: SinkRefusalReason): void;
  /** Once for every failure; `provider` where each has a part of its own. */
  partFailed(part: Part, provider: string | null): void;
  /** Whenever it changes, and first when the part is made. */
  partStands(part: Part, provider: string | null, working: boolean): void;
  endpointChecked(check: EndpointCheck): void;
  /** A message was not sent, for the day's limit is reached. */
  sendingRefused(kind: ProbeKind): void;
}
/** Shows how the running months stand. Must not throw. */
export interface Scoreboard {
  /** `standing` is null where it cannot be told now: then nothing of before holds any more. */
  judged(provider: string, standing: Standing | null, at: Instant): void;
}

/** What the last use of one of a provider's servers showed. */
export interface EndpointCheck {
  readonly provider: string;
  readonly endpoint: Endpoint;
  /** Whether it let us in: connected, secured and logged in as configured. */
  readonly up: boolean;
  /** How long that took; null where it was of no interest, and what was known stands. */
  readonly seconds: number | null;
  readonly certificateExpiresMs: number | null;
}

/** `text`: Prometheus's own, 0.0.4. `openmetrics`: 1.0.0, with exemplars. */
export type ScrapeFormat = 'text' | 'openmetrics';

/**
 * Seconds for which a check speaks for its server: longer without one that shows anything, and nothing is known. Two good ones are
 * never two cells apart; a check and its neutral host may take CHECK_MS_MAX each.
 */
export function checkHoldsSeconds(everySeconds: number): number {
  return 3 * everySeconds + CHECK_MS_MAX / 1000;
}
/** Seconds for which a running month's standing is shown: it is judged every ten minutes at the latest, three times that is a judge that hangs. */
export const STANDING_HOLDS_SECONDS = 1800;

/** What the status page shows, without what depends on who looks at it. Answers from memory: also while the disk hangs. */
export interface StatusBoard {
  view(): Omit<StatusView, 'acting'>;
  /** The probe as the page's lists show it: `briefView`. */
  probe(record: ProbeRecord): ProbeView;
  /** Called whenever something of it has changed, with the probes that did; returns how to stop listening. */
  subscribe(listener: (changed: readonly ProbeRecord[]) => void): () => void;
}

/** Where people enter time that is not held against a provider. What is given keeps the rules of domain/exclusion-check. */
export interface ExclusionDesk {
  /** Those in force, in the order of their beginning, as of the last time the ledger was asked. */
  known(): readonly Exclusion[];
  /** The same as the ledger has them now. Rejects if it cannot be read. */
  inForce(): Promise<readonly Exclusion[]>;
  /** Durable when it resolves. Rejects with LedgerRefused. */
  add(entered: Omit<Exclusion, 'id'>): Promise<Exclusion>;
  /** As `add`; resolves with false, and nothing is recorded, if there is none of that id in force. */
  retract(id: string, said: { readonly by: string; readonly note: string }): Promise<boolean>;
}

/** What of the agent can be driven and seen from outside, for the HTTP adapter and the command line. */
export interface AgentControl {
  /** Starts a spot check and resolves with its probe's id once it is planned. Rejects with UnknownRoute, TooBusy or LedgerRefused. */
  check(provider: string, path: Path): Promise<string>;
  /** Every provider and path that can be checked, whether or not a route is scheduled on it. */
  routes(): readonly { readonly provider: string; readonly path: Path }[];
  /** Null if there is no such probe. */
  probe(id: string): Promise<ProbeSight | null>;
  /** What was kept of its header; null if nothing was, and until its outcome is known. */
  header(id: string): Promise<KeptHeader | null>;
  /** As `probe`, once its outcome is no longer pending or after `ms`, whichever comes first. */
  settled(id: string, ms: number, signal?: AbortSignal): Promise<ProbeSight | null>;
  recent(limit: number): Promise<readonly ProbeSight[]>;
  health(): AgentHealth;
}
/** A probe as of now: its record, the stage under way, and what it all amounts to. */
export interface ProbeSight {
  readonly record: ProbeRecord;
  readonly assessment: Assessment;
  /** The stage of the handover under way, null when there is none. */
  readonly doing: Stage | null;
  /** Seconds since it was planned. */
  readonly ageSeconds: number;
  /** What keeps us from seeing it now, each part of ours by its name, null if nothing does. */
  readonly obstacle: string | null;
}
export const REPORT_FORMATS = ['html', 'markdown', 'json', 'csv'] as const;
export const REPORT_LANGUAGES = ['en', 'zh'] as const;
export interface ReportRequest {
  /** Null means the month that runs. */
  readonly month: Month | null;
  readonly format: (typeof REPORT_FORMATS)[number];
  /** Of all but JSON, which has both. */
  readonly language: (typeof REPORT_LANGUAGES)[number];
}
/** As it goes over HTTP. */
export interface RenderedReport {
  readonly contentType: string;
  /** UTF-8. */
  readonly body: Uint8Array;
  /** Content-Security-Policy of a page that brings its own style, null for what is no page. */
  readonly policy: string | null;
}
/** The months' reports as the ledger stands, judged and rendered off the measuring thread: a bad month takes seconds of either. */
export interface Reports {
  /**
   * Resolves with null if the ledger knows nothing of the month; asked for the same at once, it is judged once.
   * Rejects with TooBusy while REPORTS_MAX others, previews included, are being judged, and with what went wrong.
   */
  rendered(request: ReportRequest): Promise<RenderedReport | null>;
}
/** What else a person may ask that takes long, off the measuring thread and bounded as `Reports`; null as there. JSON each. */
export interface Inquiries {
  /** A DelaySeries. Rejects with TooBusy while DELAYS_MAX others are being made. */
  delays(query: Omit<SeriesQuery, 'nowMs' | 'maximumSeconds'>): Promise<RenderedReport | null>;
  /**
   * An ExclusionPreview, of the month that runs if the exclusion that comes or goes reaches into it or is to come, else of that in which it ends. Null if
   * the provider is held to no contract.
   */
  preview(change: ExclusionChange): Promise<RenderedReport | null>;
}
/** Each takes a second or so of one thread, and somebody waits for it. */
export const REPORTS_MAX = 8;
/** Series of delays, which do not count there: whoever asks for many of these keeps nobody from a report. */
export const DELAYS_MAX = 4;
/** The message says of what there are too many. */
export class TooBusy extends Error {
  /** After which it is worth asking again. */
  readonly retryAfterSeconds: number;
  constructor(
    message = `at most ${REPORTS_MAX} reports can be made at once: try again in a minute`,
    retryAfterSeconds = 60,
  ) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
    this.name = 'TooBusy';
  }
}
/** As many messages were sent in a day as may be (`sending.messages_per_day`), or as many spot checks as leave the schedule its own. */
export class SendingLimitReached extends TooBusy {
  constructor(kind: ProbeKind, retryAfterSeconds: number) {
    const what = kind === 'spot' ? "the day's share of spot checks is sent" : "the day's messages are sent";
    super(`${what} (sending.messages_per_day): again at 00:00 UTC`, retryAfterSeconds);
    this.name = 'SendingLimitReached';
  }
}
/** The ledger takes nothing now, a full disk for one: of what was given nothing is recorded. `cause` is the ledger's own error. */
export class LedgerRefused extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'LedgerRefused';
  }
}
export interface AgentHealth {
  readonly ready: boolean;
  /** Each part and what is wrong with it, null if nothing is. */
  readonly parts: Readonly<Record<string, string | null>>;
}
export class UnknownRoute extends Error {
  constructor(provider: string, path: string) {
    super(`no route ${provider}/${path}: it needs a provider of that name with what the path takes`);
    this.name = 'UnknownRoute';
  }
}
