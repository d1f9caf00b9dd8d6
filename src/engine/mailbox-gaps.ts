/** What a mailbox announced and did not hand out: asked for again, ever more rarely, until it comes or is nobody's that is awaited. */
import type { ProbeRecord } from '../domain/record.ts';
import { type Instant, isBefore, spanBetween } from '../domain/time/instant.ts';
import type { Fetched, FetchedMessage, FolderState } from '../ports.ts';

/** Messages fetched in one go: their headers and bodies are in memory at once. */
export const FETCH_MAX = 200;
/**
 * Seconds for which it holds up whatever looks prove: a replica lags for moments, and what was deleted never comes. From then on
 * it is asked for on the side, while a probe may be in it.
 */
const GAP_PATIENCE = 600;
const ASK_ANYWAY_EVERY = 3600;
/** A gap is read again when it is older by this much than when it was read last; seconds it is at least then. */
const GAP_GROWTH = 1.5;
const GAP_AGE_MIN = 0.1;

/** Messages of a folder, `fromUid <= uid < toUid`, of which not all that were announced could be read. */
interface Gap {
  readonly uidValidity: string;
  readonly fromUid: number;
  readonly toUid: number;
  /** When the first of them was announced, and the last. */
  readonly begun: Instant;
  readonly since: Instant;
  /** When the last look before them was sent: they were not there yet. */
  readonly absent: Instant | null;
  /** Age at which it is read again, seconds. */
  readonly dueAge: number;
  /** Those that were read. */
  readonly read: ReadonlySet<number>;
}

export class MailboxGaps {
  readonly #gaps = new Map<string, Gap>();
  /** Those that went on for so long that nothing is added to them any more; the last of what is in them is still waited for. */
  readonly #full = new Map<string, Gap>();
  /** Those past the patience: what may be in them is doubted already. */
  readonly #old = new Map<string, Gap>();

  /** Whether one of the probes may be in a gap that is waited for. */
  mayHold(probes: readonly ProbeRecord[]): boolean {
    return [...this.#full.values(), ...this.#gaps.values()].some((gap) => mayBeIn(gap, probes));
  }

  /** The folder is gone, and what was missing with it. */
  forget(path: string): void {
    for (const gaps of [this.#gaps, this.#full, this.#old]) gaps.delete(path);
  }

  /** The lowest UID of the folder that is still asked for; infinite if none is. */
  lowestUid(path: string): number {
    const fromUid = (gaps: Map<string, Gap>): number => gaps.get(path)?.fromUid ?? Number.POSITIVE_INFINITY;
    return Math.min(...[this.#gaps, this.#full, this.#old].map(fromUid));
  }

  /** The range could not be read as a whole; `absent` is when the last look before it was sent. */
  keep(
    { path, uidValidity }: FolderState,
    range: { readonly fromUid: number; readonly toUid: number },
    { messages }: Fetched,
    { now, absent }: { readonly now: Instant; readonly absent: Instant | null },
  ): void {
    const before = this.#gaps.get(path);
    let same = before?.uidValidity === uidValidity ? before : null;
    // In a mailbox that has holes again and again one that takes them all in would never be old.
    if (same !== null && spanBetween(same.begun, now).lo >= GAP_PATIENCE) {
      this.#retire(path, this.#full);
      this.#full.set(path, same);
      same = null;
    }
    const read = new Set([...(same?.read ?? []), ...messages.map(({ uid }) => uid)]);
    this.#gaps.set(path, {
      uidValidity,
      fromUid: same?.fromUid ?? range.fromUid,
      toUid: range.toUid,
      begun: same?.begun ?? now,
      since: now,
      absent: same === null ? absent : same.absent,
      dueAge: GAP_AGE_MIN,
      read,
    });
  }

  /**
   * Reads a folder's gaps again if they are due. `take` gets the messages that have come since, and when they were not there yet;
   * one that it could not take (it rejects then, and so does this) is still asked for. `probes` are those on their way.
   */
  async reread(
    folder: FolderState,
    fetch: (fromUid: number, toUid: number) => Promise<Fetched>,
    take: (messages: readonly FetchedMessage[], absent: Instant | null) => Promise<void>,
    now: Instant,
    probes: readonly ProbeRecord[],
  ): Promise<void> {
    const again = (gaps: Map<string, Gap>, growth: (age: number) => number): Promise<void> =>
      readAgain(gaps, folder, { fetch, take, now }, growth);
    const old = this.#old.get(folder.path);
    if (old !== undefined && !mayBeIn(old, probes)) this.#old.delete(folder.path);
    await again(this.#old, (age) => age + ASK_ANYWAY_EVERY);
    for (const gaps of [this.#full, this.#gaps]) {
      const gap = gaps.get(folder.path);
      if (gap !== undefined && gap.dueAge > GAP_PATIENCE && spanBetween(gap.since, now).lo >= gap.dueAge)
        this.#retire(folder.path, gaps);
      await again(gaps, (age) => age * GAP_GROWTH);
    }
  }

  #retire(path: string, gaps: Map<string, Gap>): void {
    const gap = gaps.get(path);
    if (gap === undefined) return;
    gaps.delete(path);
    this.#old.set(path, joined(this.#old.get(path), gap));
  }
}

interface Rereading {
  readonly fetch: (fromUid: number, toUid: number) => Promise<Fetched>;
  readonly take: (messages: readonly FetchedMessage[], absent: Instant | null) => Promise<void>;
  readonly now: Instant;
}

async function readAgain(
  gaps: Map<string, Gap>,
  { path, uidValidity }: FolderState,
  { fetch, take, now }: Rereading,
  nextAge: (age: number) => number,
): Promise<void> {
  const gap = gaps.get(path);
  if (gap === undefined) return;
  const age = spanBetween(gap.since, now).lo;
  if (age < gap.dueAge) return;
  if (gap.uidValidity !== uidValidity) {
    gaps.delete(path);
    return;
  }
  const read = new Set(gap.read);
  let complete = true;
  for (let from = gap.fromUid; from < gap.toUid; from += FETCH_MAX) {
    const fetched = await fetch(from, Math.min(from + FETCH_MAX, gap.toUid));
    complete &&= fetched.complete;
    const messages = fetched.messages.filter(({ uid }) => !gap.read.has(uid));
    await take(messages, gap.absent);
    for (const { uid } of messages) read.add(uid);
  }
  if (complete) gaps.delete(path);
  else gaps.set(path, { ...gap, dueAge: nextAge(age), read });
}

/**
 * Whether one of the probes may be in it: it was planned before what is missing was announced. One of another boot always was,
 * whatever a wall clock that was set back says.
 */
function mayBeIn({ since }: Gap, probes: readonly ProbeRecord[]): boolean {
  return probes.some(({ planned }) => planned.boot !== since.boot || !isBefore(since, planned));
}

/** From the first to the last of two gaps of a folder, due when the first is: were it the later one, one joined again and again never would be. */
function joined(before: Gap | undefined, gap: Gap): Gap {
  if (before === undefined || before.uidValidity !== gap.uidValidity) return gap;
  const { fromUid, begun, absent } = before;
  const dueAge = before.dueAge - spanBetween(before.since, gap.since).lo;
  return { ...gap, fromUid, begun, absent, dueAge, read: new Set([...before.read, ...gap.read]) };
}
