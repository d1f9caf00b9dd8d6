/** Judges while the agent measures: how the running months stand, and which months to close. */

import type { LedgerEvent, MonthClosed } from '../domain/event.ts';
import type { ProbeRecord } from '../domain/record.ts';
import { findClosing, termsHash } from '../domain/report/closing.ts';
import { finalAtMs, rangeOf } from '../domain/report/report.ts';
import { type Month, monthAfter, monthOf } from '../domain/time/calendar.ts';
import { type Instant, isClockSettled, spanBetween } from '../domain/time/instant.ts';
import type { Clock, LedgerReader, Log, Scoreboard } from '../ports.ts';
import { every } from './engine.ts';
import { type Health, type PartHealth, type PartWords, problemOf } from './health.ts';
import type { Held } from './reports.ts';

export interface RefereeOptions {
  readonly version: string;
  readonly held: readonly Held[];
}
export interface RefereeParts {
  /** Read by a thread of its own: an evaluation may take seconds, and must hold up neither measuring nor writing. */
  readonly ledger: Omit<LedgerReader, 'close'>;
  /** Where facts go in. */
  readonly recorder: {
    readonly head: { readonly seq: number };
    readonly state: { readonly open: ReadonlyMap<string, ProbeRecord> };
    record(events: readonly LedgerEvent[]): Promise<void>;
  };
  readonly scoreboard: Scoreboard;
  readonly health: Health;
  readonly clock: Clock;
  readonly log: Log;
}
export interface Referee {
  /** Resolves when the evaluation under way is done and nothing is left running. */
  stop(): Promise<void>;
}

/** Milliseconds between two looks at what is new: two scrapes at the usual interval. */
const STAND_EVERY = 30_000;
/** Milliseconds after which a month is judged though nothing was recorded: its coverage shrinks all the same. */
const STAND_AGE_MAX = 600_000;
/** Milliseconds between two looks for months to close: a start may find a final month with probes that the first looks at a mailbox end. */
const CLOSE_EVERY = 600_000;
/** Seconds after a step of the wall clock in which no month is closed: who set it wrong sets it right. */
const STEADY_FOR = 3600;

/** How a provider's month was found at the last evaluation. */
interface Known {
  readonly month: Month;
  readonly seq: number;
  readonly atMs: number;
  readonly failed: boolean;
}

const WORDS: PartWords = {
  fails: 'the running month cannot be judged',
  works: 'the running month can be judged again',
};

export function startReferee({ version, held }: RefereeOptions, parts: RefereeParts): Referee {
  const { clock, log, health } = parts;
  const judges = new Map(held.map(({ provider }) => [provider, health.part('judge', provider, WORDS)]));
  const stopping = new AbortController();
  const { signal } = stopping;
  const known = new Map<string, Known>();
  const loops = [
    every(STAND_EVERY, clock, signal, () => standAll(held, known, judges, parts, signal), log),
    every(CLOSE_EVERY, clock, signal, closer({ version, held }, parts, signal), log),
  ];
  return {
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

/** Asks for each provider's month if something may have changed in it. */
async function standAll(
  held: readonly Held[],
  known: Map<string, Known>,
  judges: ReadonlyMap<string, PartHealth>,
  { ledger, recorder, scoreboard, clock }: RefereeParts,
  signal: AbortSignal,
): Promise<void> {
  for (const { provider, contract } of held) {
    if (signal.aborted) return;
    const at = clock.now();
    const now = { month: monthOf(at.wallMs, contract.timeZone), seq: recorder.head.seq, atMs: at.wallMs };
    const before = known.get(provider);
    if (before !== undefined && !isStale(before, now)) continue;
    try {
      const standing = await ledger.standing({ provider, contract, month: now.month, nowMs: at.wallMs });
      known.set(provider, { ...now, failed: false });
      scoreboard.judged(provider, standing, at);
      judges.get(provider)?.works();
    } catch (error) {
      known.set(provider, { ...now, failed: true });
      scoreboard.judged(provider, null, at);
      judges.get(provider)?.failed(problemOf(error), { error });
    }
  }
}

function isStale(before: Known, now: Omit<Known, 'failed'>): boolean {
  // A clock put back makes it stale too.
  const aged = Math.abs(now.atMs - before.atMs) >= STAND_AGE_MAX;
  return before.failed || aged || before.month !== now.month || before.seq !== now.seq;
}

/**
 * Closes every month that is final, of which nothing is pending, and that has not been closed. One provider's failure does not keep
 * another's months open. Nothing is closed until the wall clock has been steady for a while after a step: one that is years ahead
 * for a moment would close months that have hardly begun, and what is closed stays closed. A restart must not forget a step: when it
 * was is not known any more, so one since an earlier start of this boot counts as one of now.
 */
function closer(options: RefereeOptions, parts: RefereeParts, signal: AbortSignal): () => Promise<void> {
  const { ledger, clock, log } = parts;
  /** Provider and month, and when it was found so. */
  const empty = new Map<string, number>();
  const failing = new Set<string>();
  let last: Instant | null = null;
  let steppedAt: Instant | null = null;
  return async () => {
    const now = clock.now();
    const known = last === null ? await startsBefore(ledger, now) : [last];
    if (known.some((at) => spanBetween(at, now).flags.includes('clock-stepped'))) {
      steppedAt = now;
      log.warn('the wall clock was stepped: no month is closed before it has been steady for an hour');
    }
    last = now;
    const isSteady = steppedAt === null || spanBetween(steppedAt, now).lo >= STEADY_FOR;
    // What is closed stays so.
    if (!isSteady || !isClockSettled(now)) return;
    const [firstMs, archive] = [await ledger.firstMs(), await ledger.archive()];
    if (firstMs === null) return;
    for (const each of options.held) {
      try {
        const measured = monthOf(firstMs, each.contract.timeZone);
        const first = archive !== null && archive.before > measured ? archive.before : measured;
        await closeMonths(each, first, options.version, empty, parts, signal);
        failing.delete(each.provider);
      } catch (error) {
        // Once, until it works again: it may go on for days.
        if (!failing.has(each.provider)) log.error('a month cannot be closed now', { provider: each.provider, error });
        failing.add(each.provider);
      }
    }
  };
}

/** Every start of the agent in this boot. */
async function startsBefore(ledger: RefereeParts['ledger'], { boot }: Instant): Promise<readonly Instant[]> {
  const starts = await ledger.marked(['agent.started']);
  return starts.map(({ event }) => event.at).filter((at) => at.boot === boot);
}

async function closeMonths(
  { provider, contract }: Held,
  first: Month,
  version: string,
  /** Provider and month, and when it was found so. */
  empty: Map<string, number>,
  { ledger, recorder, clock, log }: RefereeParts,
  signal: AbortSignal,
): Promise<void> {
  const { wallMs: nowMs } = clock.now();
  const closings = await ledger.marked(['month.closed']);
  let month = first;
  for (; finalAtMs({ contract, month }) <= nowMs && !signal.aborted; month = monthAfter(month)) {
    const key = `${provider} ${month}`;
    // Found so by a clock that was ahead, it may have been measured since.
    if ((empty.get(key) ?? Number.POSITIVE_INFINITY) <= nowMs || findClosing(closings, provider, month) !== null)
      continue;
    // After days away, or without a mailbox to look into, some are: what becomes of them would change what was closed.
    if (isUnderWay(recorder.state.open, provider, rangeOf({ contract, month }).toMs)) continue;
    const { report, clauses, head, measured } = await ledger.closing({ provider, contract, month, nowMs });
    if (!measured) {
      // What is not known of a month by then nobody will learn; it is looked at again by the next start.
      empty.set(key, nowMs);
      continue;
    }
    const closed: MonthClosed = {
      ...{ type: 'month.closed', at: clock.now(), provider, month, version },
      contract: termsHash(contract),
      report,
      summary: clauses,
      asOf: head,
    };
    await recorder.record([closed]);
    log.info('closed a month', { provider, month, report });
  }
}

/** Whether a probe that may be the month's is pending: each ends ten days after a clock that was set knew of it, at the latest (domain/expiry). */
function isUnderWay(open: ReadonlyMap<string, ProbeRecord>, provider: string, monthEndMs: number): boolean {
  return [...open.values()].some((record) => record.provider === provider && record.planned.wallMs < monthEndMs);
}
