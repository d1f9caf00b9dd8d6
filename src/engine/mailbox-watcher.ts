/** Watches one mailbox: looks at growing intervals while a probe is awaited, fetches what is new, and records what it was. */
import { DELAY_MAXIMUM_LIMIT } from '../domain/contract.ts';
import { channelOf, type ProbeRecord, sentAt } from '../domain/record.ts';
import { type Backoff, failuresInRow, retryDelayMs } from '../domain/time/backoff.ts';
import { type Instant, isBefore, spanBetween } from '../domain/time/instant.ts';
import { isNewlyUnseen } from '../domain/timeline.ts';
import type { Bookmark, Clock, Fetched, FolderState, Ledger, Log, Look, Mailbox, Observer, Random } from '../ports.ts';
import { LedgerRefused, MailboxError } from '../ports.ts';
import { type DailyCopy, openDailyCopy } from './daily-copy.ts';
import type { Health, PartHealth } from './health.ts';
import { FETCH_MAX, MailboxGaps } from './mailbox-gaps.ts';
import { type ReaderOptions, readMessage } from './mailbox-reader.ts';
import type { Recorder } from './recorder.ts';
import { createWaker } from './waker.ts';

export interface WatcherOptions extends ReaderOptions {
  readonly cleanup: 'delete' | 'keep';
}
export interface WatcherParts {
  readonly mailbox: Mailbox;
  readonly recorder: Recorder;
  readonly ledger: Ledger;
  /** Made by `mailboxPart`. */
  readonly part: PartHealth;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: Observer;
  readonly log: Log;
}

/** A look follows the one before after at most this part of the time a probe has been awaited: the interval's relative width. */
const LOOK_GAP_PART = 0.2;
/** Milliseconds. Faster than this a server sees a flood and the answer is not better. */
const LOOK_GAP_MIN = 5;
const LOOK_GAP_MAX = 10_000;
/** Milliseconds between looks when nothing is awaited: picks up late mail and copies, and shows that the mailbox can be reached. */
const LOOK_GAP_IDLE = 60_000;
/** Seconds between two durable proofs of absence; a limit crossed in between is proven at once. */
const PROOF_EVERY = 60;
const REOPEN: Backoff = { firstMs: 1000, maxMs: 60_000 };
/** In a folder that is new to us, or whose numbering changed, what is older than this many messages is not ours. */
const NEWEST_SCANNED = 1000;
/** Messages of a folder read after one look: a flood in one, or a server that makes up its UIDs, must not keep the others from being read. */
const READ_MAX = 50 * FETCH_MAX;
/** Seconds of reading other people's mail after which whatever else happens in the process gets its turn: it is measured too. */
const READING_MAX = 0.01;
/** The shortest sleep that lets the event loop turn. */
const TURN_MS = 1;
/** Milliseconds that a look under way has when the agent stops. */
const STOP_PATIENCE = 500;
/** Ours to delete are kept until nothing young is awaited, or until there are this many. */
const CLEANUP_BATCH = 50;
/** What a server that will not delete answers: NO, or BAD where it does not know the command that it offers. */
const REFUSALS = new Set(['NO', 'BAD']);

export function mailboxPart(health: Health, provider: string): PartHealth {
  const words = {
    fails: 'the mailbox cannot be watched',
    works: 'the mailbox can be watched again',
    level: 'warn',
  } as const;
  return health.part('mailbox', provider, words, 'not yet looked at');
}

/** Runs until `signal` is aborted; resolves when the mailbox is closed. Never rejects. */
export async function watchMailbox(options: WatcherOptions, parts: WatcherParts, signal: AbortSignal): Promise<void> {
  const { mailbox, recorder, part, clock, random, observer } = parts;
  const { provider } = options;
  const waker = createWaker(clock);
  const stopListening = recorder.subscribe((_entries, changed) => {
    if (changed.some((record) => isAwaited(record, provider))) waker.wake();
  });
  const ended = new AbortController();
  // What is under way is let end, but a server that does not answer must not hold up the stop: closing ends it.
  const onAbort = (): void => {
    waker.wake();
    void clock.sleep(STOP_PATIENCE, ended.signal).then(() => (ended.signal.aborted ? undefined : mailbox.close()));
  };
  signal.addEventListener('abort', onAbort);
  let isFailing = false;
  let failures = 0;
  const session = new WatchSession(options, parts);
  while (!signal.aborted) {
    let opened: Instant | null = null;
    try {
      await session.open(() => waker.wake());
      opened = clock.now();
      while (!signal.aborted) {
        await session.look();
        if (isFailing) await recorder.note({ type: 'mailbox.restored', at: clock.now(), provider });
        isFailing = false;
        part.works();
        await waker.sleep(session.gap(), signal);
      }
    } catch (error) {
      if (signal.aborted) break;
      if (error instanceof MailboxError) {
        const failure = `${error.code}: ${error.message}`;
        part.failed(failure);
        if (!isFailing) {
          isFailing = true;
          observer.endpointChecked({
            provider,
            endpoint: 'mailbox',
            up: false,
            seconds: 0,
            certificateExpiresMs: null,
          });
          await recorder.note({ type: 'mailbox.failed', at: clock.now(), provider, failure });
        }
        // What is not the mailbox's own failure must not be told of the provider; the ledger's is told by the recorder.
      } else if (!(error instanceof LedgerRefused)) part.failed('what it showed cannot be recorded', { error });
      await mailbox.close();
      failures = failuresInRow(failures, opened === null ? 0 : spanBetween(opened, clock.now()).lo);
      await clock.sleep(retryDelayMs(failures, REOPEN, random.uniform()), signal);
    }
  }
  stopListening();
  signal.removeEventListener('abort', onAbort);
  ended.abort();
  await mailbox.close();
}

/** Whether a record is a probe that this mailbox will show. */
function isAwaited(record: ProbeRecord, provider: string): boolean {
  return (
    record.provider === provider &&
    record.path !== 'send' &&
    record.capture === null &&
    (record.handover !== null || record.interrupted)
  );
}

/** What is known of the mailbox from look to look. */
class WatchSession {
  readonly #options: WatcherOptions;
  readonly #parts: WatcherParts;
  readonly #channel: string;
  readonly #begun: Instant;
  /** Where reading stands in each folder; null until the ledger's bookmarks were read. */
  #positions: Map<string, Bookmark> | null = null;
  /** Ours, recorded, still in the mailbox: by folder. */
  readonly #removable = new Map<string, { folder: FolderState; uids: number[] }>();
  readonly #gaps = new MailboxGaps();
  #kept = '';
  /** Told once: it goes on for as long as the server is what it is. */
  #toldThatTheyStay = false;
  /** Null until a message of ours was read. */
  #dailyCopy: DailyCopy | null = null;

  constructor(options: WatcherOptions, parts: WatcherParts) {
    this.#options = options;
    this.#parts = parts;
    this.#channel = channelOf('receive', options.provider);
    this.#begun = parts.clock.now();
  }

  async open(onHint: () => void): Promise<void> {
    const { mailbox, ledger, clock, observer } = this.#parts;
    const from = clock.now();
    const check = (up: boolean, certificateExpiresMs: number | null): void =>
      observer.endpointChecked({
        provider: this.#options.provider,
        endpoint: 'mailbox',
        up,
        certificateExpiresMs,
        seconds: Math.max(0, spanBetween(from, clock.now()).lo),
      });
    try {
      check(true, (await mailbox.open(onHint)).certificateExpiresMs);
    } catch (error) {
      if (error instanceof MailboxError && error.code !== 'CLOSED') check(false, null);
      throw error;
    }
    this.#positions ??= new Map(await ledger.bookmarks(this.#options.provider));
  }

  /** One look and all that follows from it. Whatever it did not show was not there when it was sent. */
  async look(): Promise<void> {
    const { mailbox, recorder, clock } = this.#parts;
    const absent = recorder.state.absence.get(this.#channel) ?? null;
    const before = this.#lastLook ?? absent;
    const look = await mailbox.look();
    this.#isBehind = false;
    await this.#keepPlaces(look, before);
    for (const folder of look.folders) {
      const fetch = (from: number, to: number) => mailbox.fetch(folder, from, to);
      const take = (late: Fetched['messages'], since: Instant | null) => this.#take(late, folder, since);
      await this.#gaps.reread(folder, fetch, take, clock.now(), this.#onTheirWay());
      await this.#readNew(folder, before);
    }
    // What was announced and is gone may have been ours, deleted by somebody or moved to a folder looked at before.
    const proves = !this.#isBehind && !this.#gaps.mayHold([...this.#onTheirWay(), ...this.#mayBounce(look.sentAt)]);
    if (proves) this.#lastLook = look.sentAt;
    else if (this.#isDoubtful) await this.#doubt(before);
    this.#isDoubtful = false;
    if (proves && this.#needsProof(look)) {
      await recorder.record([{ type: 'absence.proven', at: clock.now(), channel: this.#channel, until: look.sentAt }]);
    }
    await this.#cleanUp();
    await this.#keepBookmarks();
  }
  #lastLook: Instant | null = null;
  /** Whether the last look announced more than was read after it: what was not may be ours, and is read after the next. */
  #isBehind = false;
  /** Whether something that was announced could not be read, and that is not doubted yet: the connection may be lost before. */
  #isDoubtful = false;

  /** Milliseconds until the next look. */
  gap(): number {
    if (this.#isBehind) return LOOK_GAP_MIN;
    const now = this.#parts.clock.now();
    let gap = LOOK_GAP_IDLE;
    for (const record of this.#awaited()) {
      const elapsedMs = this.#elapsed(record, now) * 1000;
      gap = Math.min(gap, Math.max(LOOK_GAP_MIN, Math.min(elapsedMs * LOOK_GAP_PART, LOOK_GAP_MAX)));
    }
    // Of one whose bounce alone would come here, a look as it passes the maximum is soon enough.
    for (const record of this.#mayBounce(now)) {
      const leftMs = (DELAY_MAXIMUM_LIMIT - this.#elapsed(record, now)) * 1000;
      if (leftMs > 0) gap = Math.min(gap, Math.max(LOOK_GAP_MAX, leftMs));
    }
    return gap;
  }

  /** Seconds. What is older than this watching is so at least: a wall clock that a boot set back by days would have it looked for as if it were new. */
  #elapsed(record: ProbeRecord, now: Instant): number {
    const sent = sentAt(record);
    const elapsed = spanBetween(sent, now).lo;
    return sent.boot === now.boot ? elapsed : Math.max(elapsed, spanBetween(this.#begun, now).lo);
  }

  /** Those that a look could show, also before the server that takes them over has said so. */
  #onTheirWay(): ProbeRecord[] {
    const { provider } = this.#options;
    return [...this.#parts.recorder.state.open.values()].filter(
      (record) => record.provider === provider && record.path !== 'send' && record.capture === null,
    );
  }

  /** Those on their way to the sink that are slow: their bounce would come here (`underWayUntil`). */
  #mayBounce(at: Instant): ProbeRecord[] {
    const { provider } = this.#options;
    return [...this.#parts.recorder.state.open.values()].filter((record) => {
      const { path, handover, capture } = record;
      const isOut = path === 'send' && record.provider === provider && handover !== null && capture === null;
      return isOut && spanBetween(record.planned, at).lo >= PROOF_EVERY;
    });
  }

  #awaited(): ProbeRecord[] {
    return [...this.#parts.recorder.state.open.values()].filter((record) => isAwaited(record, this.#options.provider));
  }

  /**
   * Forgets folders that are gone, numbered anew or set back. What came into one since and was deleted before, or went away with it,
   * leaves no hole between the UIDs. Nor does it in one that is seen for the first time or again: what lies there may have lain there long.
   */
  async #keepPlaces(look: Look, before: Instant | null): Promise<void> {
    const shown = new Map(look.folders.map((folder) => [folder.path, folder]));
    const left = [...this.#position].filter(([path, { uidValidity, uidNext }]) => {
      const now = shown.get(path);
      return now === undefined || now.uidValidity !== uidValidity || now.uidNext < uidNext;
    });
    const appeared = look.folders.some(({ path }) => !this.#position.has(path));
    if (appeared) await this.#doubt(null);
    else if (left.length > 0) await this.#doubt(before);
    for (const [path] of left) {
      this.#position.delete(path);
      this.#gaps.forget(path);
      this.#removable.delete(path);
    }
  }

  /** What is on its way may have come and gone since that look; null, since it was planned. */
  async #doubt(since: Instant | null): Promise<void> {
    const { boots } = this.#parts.recorder.state;
    const isNews = (record: ProbeRecord): boolean => isNewlyUnseen(record, since ?? record.planned, boots);
    if (!this.#onTheirWay().some(isNews)) return;
    const { provider } = this.#options;
    await this.#parts.recorder.note({ type: 'mailbox.unproven', at: this.#parts.clock.now(), provider, since });
  }

  async #readNew(folder: FolderState, absent: Instant | null): Promise<void> {
    const start = this.#start(folder);
    if (!this.#position.has(folder.path))
      this.#position.set(folder.path, { uidValidity: folder.uidValidity, uidNext: start });
    const end = Math.min(folder.uidNext, start + READ_MAX);
    if (end < folder.uidNext) this.#isBehind = true;
    for (let from = start; from < end; from += FETCH_MAX) {
      const to = Math.min(from + FETCH_MAX, end);
      const fetched = await this.#parts.mailbox.fetch(folder, from, to);
      await this.#take(fetched.messages, folder, absent);
      if (!fetched.complete) {
        this.#gaps.keep(folder, { fromUid: from, toUid: to }, fetched, { now: this.#parts.clock.now(), absent });
        this.#isDoubtful = true;
      }
      this.#position.set(folder.path, { uidValidity: folder.uidValidity, uidNext: to });
    }
  }

  async #take(messages: Fetched['messages'], folder: FolderState, absent: Instant | null): Promise<void> {
    const { clock } = this.#parts;
    let since = clock.now();
    for (const message of messages) {
      const ours = await readMessage(message, folder, absent, this.#options, this.#parts);
      if (ours !== null && (await this.#isRemovable(ours))) this.#markRemovable(folder, message.uid);
      if (spanBetween(since, clock.now()).lo < READING_MAX) continue;
      await clock.sleep(TURN_MS);
      since = clock.now();
    }
  }

  #start(folder: FolderState): number {
    const position = this.#position.get(folder.path);
    if (position?.uidValidity === folder.uidValidity) return position.uidNext;
    return Math.max(1, folder.uidNext - NEWEST_SCANNED);
  }

  get #position(): Map<string, Bookmark> {
    if (this.#positions === null) throw new Error('a mailbox must be opened before it is looked at');
    return this.#positions;
  }

  #needsProof(look: Look): boolean {
    const last = this.#parts.recorder.state.absence.get(this.#channel) ?? null;
    const awaited = [...this.#awaited(), ...this.#mayBounce(look.sentAt)];
    if (awaited.length === 0) return false;
    if (last === null || spanBetween(last, look.sentAt).lo >= PROOF_EVERY) return true;
    return awaited.some(({ handover }) => {
      if (handover?.kind !== 'accepted' || !isBefore(last, look.sentAt)) return false;
      const passed = (until: Instant): boolean => spanBetween(handover.acknowledged, until).lo > DELAY_MAXIMUM_LIMIT;
      return !passed(last) && passed(look.sentAt);
    });
  }

  async #isRemovable(record: ProbeRecord): Promise<boolean> {
    if (this.#options.cleanup === 'keep') return false;
    this.#dailyCopy ??= await openDailyCopy(this.#options.provider, this.#parts.ledger);
    return !this.#dailyCopy.stays(record);
  }

  #markRemovable(folder: FolderState, uid: number): void {
    const known = this.#removable.get(folder.path);
    if (known?.folder.uidValidity === folder.uidValidity) known.uids.push(uid);
    else this.#removable.set(folder.path, { folder, uids: [uid] });
  }

  /** Deletes what is ours and recorded, when no look is pressing. */
  async #cleanUp(): Promise<void> {
    const count = [...this.#removable.values()].reduce((sum, { uids }) => sum + uids.length, 0);
    if (count === 0 || (count < CLEANUP_BATCH && this.gap() < 1000)) return;
    for (const [path, { folder, uids }] of this.#removable) {
      const outcome = await this.#remove(folder, uids);
      // Of a connection that was lost they are deleted on the next; a folder that is numbered anew is forgotten by then.
      this.#removable.delete(path);
      if (outcome === 'removed' || this.#toldThatTheyStay) continue;
      this.#toldThatTheyStay = true;
      const { log } = this.#parts;
      const where = { provider: this.#options.provider, folder: path };
      if (outcome === 'no-uidplus')
        log.warn('the server lacks UIDPLUS, so probes stay in the mailbox: empty it by hand now and then', where);
      else
        log.warn('the server refused to delete probes, so they stay in the mailbox: empty it by hand now and then', {
          ...where,
          failure: outcome.message,
        });
    }
  }

  /** A refusal is the server's answer: it would be the same on another connection, and the mailbox can be watched all the same. */
  async #remove(folder: FolderState, uids: readonly number[]): Promise<'removed' | 'no-uidplus' | MailboxError> {
    try {
      return (await this.#parts.mailbox.remove(folder, uids)) ? 'removed' : 'no-uidplus';
    } catch (error) {
      if (error instanceof MailboxError && REFUSALS.has(error.code)) return error;
      throw error;
    }
  }

  /**
   * Bookmarks stop before what still has to be deleted or may still be handed out, so that a restart finds it again. None is kept before
   * what was made of the messages before it is durable, doubts included: a restart would know of neither.
   */
  async #keepBookmarks(): Promise<void> {
    const bookmarks = new Map<string, Bookmark>();
    for (const [path, { uidValidity, uidNext }] of this.#position) {
      const removable = this.#removable.get(path)?.uids ?? [];
      bookmarks.set(path, { uidValidity, uidNext: Math.min(uidNext, this.#gaps.lowestUid(path), ...removable) });
    }
    const text = JSON.stringify([...bookmarks]);
    if (text === this.#kept) return;
    await this.#parts.recorder.settled();
    await this.#parts.ledger.keepBookmarks(this.#options.provider, bookmarks).catch((error: unknown) => {
      throw new LedgerRefused(error);
    });
    this.#kept = text;
  }
}
