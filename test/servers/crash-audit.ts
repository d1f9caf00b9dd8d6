/** Holds a ledger that lived through crashes against the servers' own books: nothing lost, nothing twice, nothing invented. */
import { readFile } from 'node:fs/promises';
import type { LedgerEntry } from '../../src/domain/event.ts';
import { outcomeOf, type ProbeRecord } from '../../src/domain/record.ts';
import type { Instant } from '../../src/domain/time/instant.ts';
import { emptyTimeline, foldEvent } from '../../src/domain/timeline.ts';
import { findTokens } from '../../src/domain/token.ts';
import type { MaildirFile } from './maildir.ts';
import { parseDeliveries } from './maillog.ts';

/** What became of our messages by the account of Postfix alone. */
export interface PostfixBooks {
  /** Probes that it took: queued whole, whether or not it got to say so. */
  readonly taken: ReadonlySet<string>;
  /** Probes whose delivery the other side acknowledged, our sink or the mailbox, and how often. */
  readonly sent: ReadonlyMap<string, number>;
}

/** The first half of a token. */
const ID_LENGTH = 16;
const idOf = (token: string): string => token.slice(0, ID_LENGTH);

export function readBooks(maillog: string): PostfixBooks {
  const probeOf = new Map<string, string>();
  for (const [, queueId = '', messageId = ''] of maillog.matchAll(/\/cleanup\[\d+\]: (\w+): message-id=<?([^>\n]*)/g)) {
    const [token] = findTokens(messageId);
    if (token !== undefined) probeOf.set(queueId, idOf(token));
  }
  const taken = new Set<string>();
  for (const [, queueId = ''] of maillog.matchAll(/\/qmgr\[\d+\]: (\w+): from=<[^>\n]*>, size=\d+, nrcpt=/g)) {
    const probe = probeOf.get(queueId);
    if (probe !== undefined) taken.add(probe);
  }
  const sent = new Map<string, number>();
  for (const { queueId, status } of parseDeliveries(maillog)) {
    const probe = probeOf.get(queueId);
    if (probe !== undefined && status === 'sent') sent.set(probe, (sent.get(probe) ?? 0) + 1);
  }
  return { taken, sent };
}

/** The ids of the probes whose messages lie there. */
export async function probesIn(files: readonly MaildirFile[]): Promise<readonly string[]> {
  const texts = await Promise.all(files.map(({ path }) => readFile(path, 'latin1')));
  return texts.flatMap((text) => {
    const [token] = findTokens(/^Message-ID:(.*)$/im.exec(text)?.[1] ?? '');
    return token === undefined ? [] : [idOf(token)];
  });
}

/** `ledger export`'s lines, and each probe as the fold has it. */
export interface LedgerBooks {
  readonly entries: readonly LedgerEntry[];
  readonly records: ReadonlyMap<string, ProbeRecord>;
}

export function foldExport(lines: string, decode: (text: string) => LedgerEntry['event']): LedgerBooks {
  const state = emptyTimeline();
  const records = new Map<string, ProbeRecord>();
  const entries = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line): LedgerEntry => {
      const { seq, hash, event } = JSON.parse(line) as { seq: number; hash: string; event: unknown };
      return { seq, hash, event: decode(JSON.stringify(event)) };
    });
  for (const { event } of entries)
    for (const record of foldEvent(state, event, (id) => records.get(id) ?? null).changed)
      records.set(record.id, record);
  return { entries, records };
}

/** Whether a probe that is pending still waits for something that must come: it was accepted, or Postfix holds it or sent it on. */
export function isAwaited(record: ProbeRecord, { taken }: PostfixBooks): boolean {
  return outcomeOf(record) === 'pending' && (!record.interrupted || taken.has(record.id));
}

export interface CrashFacts {
  readonly ledger: LedgerBooks;
  readonly books: PostfixBooks;
  /** Probes whose messages lie in the mailbox after all is settled. */
  readonly stored: readonly string[];
  /** Probes whose ids the daemon gave out over HTTP. */
  readonly promised: readonly string[];
  /** When daemons were killed, microseconds of the monotonic clock that they read too. */
  readonly killsUs: readonly number[];
}

/** Everything that is wrong, one line each. */
export function audit(facts: CrashFacts): readonly string[] {
  return [...lost(facts), ...wronglyEnded(facts), ...twice(facts), ...invented(facts), ...gaps(facts), ...left(facts)];
}

function* lost({ ledger: { records }, books, stored, promised }: CrashFacts): Generator<string> {
  const known = (probes: Iterable<string>) => [...probes].filter((probe) => !records.has(probe));
  for (const probe of known(books.taken)) yield `lost: ${probe} was taken by Postfix and never planned`;
  for (const probe of known(stored)) yield `lost: ${probe} lies in the mailbox and was never planned`;
  for (const probe of known(promised)) yield `lost: ${probe} was promised over HTTP and never planned`;
  for (const probe of books.sent.keys()) {
    if (records.get(probe)?.capture === null) yield `lost: ${probe} was acknowledged to Postfix and never captured`;
  }
}

/** Postfix refuses nothing and loses nothing, so what it took is delivered, and what it did not take was cut off by us. */
function* wronglyEnded({ ledger: { records }, books }: CrashFacts): Generator<string> {
  for (const record of records.values()) {
    const outcome = outcomeOf(record);
    const said = `${record.id} (${record.path}, ${record.handover?.kind ?? 'no handover'}) is ${outcome}`;
    if (books.taken.has(record.id)) {
      if (outcome !== 'delivered') yield `wrong: ${said}, Postfix took it`;
    } else if (outcome === 'delivered' || outcome === 'failed' || outcome === 'lost') {
      yield `wrong: ${said}, Postfix never took it`;
    } else if (outcome === 'pending' && !record.interrupted && record.handover?.kind !== 'uncertain') {
      yield `wrong: ${said} and not interrupted, Postfix never took it`;
    }
  }
}

function* twice({ ledger: { entries, records }, books }: CrashFacts): Generator<string> {
  const counts = new Map<string, number>();
  for (const { event } of entries) {
    if (event.type !== 'transfer.captured' && event.type !== 'message.seen' && event.type !== 'probe.planned') continue;
    const what = event.type === 'probe.planned' ? 'planned' : 'captured';
    counts.set(`${what} ${event.probe}`, (counts.get(`${what} ${event.probe}`) ?? 0) + 1);
  }
  for (const [what, count] of counts) if (count > 1) yield `twice: ${what} ${count} times`;
  for (const { id, duplicates, path } of records.values()) {
    // Where the sink recorded a message and died before its 250, Postfix came again; the mailbox got no second copy.
    if (path !== 'send' && duplicates.length > 0) yield `twice: a copy of ${id} (${path}) at ${duplicates.join(', ')}`;
  }
  for (const [probe, count] of books.sent) if (count > 1) yield `twice: ${probe} was sent on ${count} times by Postfix`;
}

function* invented({ ledger: { records }, books }: CrashFacts): Generator<string> {
  for (const { id, capture, path, duplicates } of records.values()) {
    // A message whose 250 was lost with the daemon is captured before Postfix has sent it on.
    if (capture !== null && !books.sent.has(id)) yield `invented: ${id} was captured, Postfix never sent it on`;
    if (path === 'internal' && duplicates.length > 0) yield `invented: a copy of ${id} within the mailbox`;
  }
}

/** After each crash the next start says since when nobody watched: no later than the crash, and not before the start before. */
function* gaps({ ledger: { entries }, killsUs }: CrashFacts): Generator<string> {
  let before: Instant | null = null;
  for (const { seq, event } of entries) {
    if (event.type !== 'agent.started') continue;
    const { at, unwatchedSince } = event;
    if (before !== null) {
      const since: Instant = before;
      if (unwatchedSince === null) yield `gap: start ${seq} names none, an agent ran before it`;
      const crash = killsUs.find((us) => us > since.monoUs && us < at.monoUs);
      if (unwatchedSince !== null && crash !== undefined && unwatchedSince.monoUs > crash)
        yield `gap: start ${seq} says it was watched until ${unwatchedSince.monoUs} µs, the crash came at ${crash} µs`;
    }
    before = at;
  }
}

/** One message a day stays, the first to have been seen. */
function* left({ ledger: { records }, stored }: CrashFacts): Generator<string> {
  const days = new Map<number, number>();
  for (const probe of stored) {
    const record = records.get(probe);
    if (record === undefined) continue;
    const day = Math.floor(record.planned.wallMs / 86_400_000);
    days.set(day, (days.get(day) ?? 0) + 1);
  }
  for (const count of days.values()) if (count !== 1) yield `left: ${count} messages of one day stay in the mailbox`;
}
