/** The months as they run: each delay clause's samples are kept from one question to the next, and only what changed is read. */
import type { DelayClause } from '../contract-terms.ts';
import type { MonthFacts, MonthQuery } from '../delay/month-facts.ts';
import type { MonthTracker } from '../delay/month-tracker.ts';
import type { ProbeRecord } from '../record.ts';
import { type Matter, rangeOf } from './report.ts';
import { trackDelay } from './report-clause.ts';

/** Where facts and changes are read, all of one call as of the same entry. */
export interface ChangeSource {
  month(query: MonthQuery): MonthFacts;
  /** The same without the records. */
  bearings(query: MonthQuery): Omit<MonthFacts, 'records'>;
  /** The probes of these ids, and all that an entry after `afterSeq` names, as they are now; null if they are too many. */
  changed(afterSeq: number, ids: Iterable<string>): Iterable<ProbeRecord> | null;
}

interface Kept {
  /** What the tracker was made for: clause, month and exclusions. */
  readonly made: string;
  readonly tracker: MonthTracker;
  /** The last entry that is in it. */
  seq: number;
}

/** A clause's samples as of now, and what else its report needs. */
export interface Tracked {
  readonly tracker: MonthTracker;
  readonly facts: Omit<MonthFacts, 'records'>;
}

/** Holds one month of each provider's clauses: another one of the same clause takes its place. */
export class RouteStandings {
  readonly #kept = new Map<string, Kept>();

  /** Gives the samples that all records of the month would give. When `source` throws, what was kept of the clause is forgotten. */
  track(clause: DelayClause, matter: Matter, source: ChangeSource): Tracked {
    const { provider, month, contract } = matter;
    const key = JSON.stringify([provider, clause.id]);
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    const query = { provider, path: clause.path, ...rangeOf(matter) };
    const facts = source.bearings(query);
    const { exclusions, head } = facts;
    const made = JSON.stringify([clause, month, contract.timeZone, exclusions]);
    const tracker = this.#refreshed(kept, made, head.seq, source);
    const current = tracker ?? this.#anew(clause, matter, source.month(query));
    this.#kept.set(key, { made, tracker: current, seq: head.seq });
    return { tracker: current, facts };
  }

  /** Null if all must be read: nothing was kept, it was made for something else, the ledger is another one, or too much changed. */
  #refreshed(kept: Kept | undefined, made: string, seq: number, source: ChangeSource): MonthTracker | null {
    if (kept === undefined || kept.made !== made || kept.seq > seq) return null;
    if (kept.seq === seq) return kept.tracker;
    // An entry that names no probe may change any that was open; one that was planned since is named.
    const changed = source.changed(kept.seq, kept.tracker.open);
    if (changed === null) return null;
    for (const record of changed) kept.tracker.take(record);
    return kept.tracker;
  }

  #anew(clause: DelayClause, matter: Matter, { records, exclusions }: MonthFacts): MonthTracker {
    const tracker = trackDelay(clause, matter, exclusions);
    for (const record of records) tracker.take(record);
    return tracker;
  }
}
