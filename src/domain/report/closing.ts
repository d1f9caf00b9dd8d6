/** Closing a month whose report is final, and what a later report of it says beside the one that was closed. */

import type { ContractTerms } from '../contract-terms.ts';
import type { ClosedClause, LedgerEntry, MonthClosed } from '../event.ts';
import { type ChainHead, contentHash } from '../evidence/chain.ts';
import type { Exclusion } from '../exclusion.ts';
import { isoText } from '../time/instant.ts';
import { isMeasured, type Judgement } from './judge.ts';
import {
  type ClosedChange,
  type ClosedComparison,
  type ClosedReason,
  finalAtMs,
  type Matter,
  rangeOf,
} from './report.ts';
import { type Standing, summariseReport } from './standing.ts';

/** What is kept of a report: as of one entry. */
export interface Closing extends Standing {
  /** Lower-case hex SHA-256 of the report. */
  readonly report: string;
  /** Whether the ledger knows anything of the month. */
  readonly measured: boolean;
}

export function closingOf({ report, sha256 }: Pick<Judgement, 'report' | 'sha256'>, head: ChainHead): Closing {
  return {
    report: sha256,
    clauses: summariseReport(report),
    head,
    measured: isMeasured(report),
  };
}

export function termsHash(contract: ContractTerms): string {
  return contentHash(contract);
}

/** The closing that holds for a month: the first, should there be several. Null if it has not been closed. */
export function findClosing(entries: readonly LedgerEntry[], provider: string, month: string): MonthClosed | null {
  for (const { event } of entries)
    if (event.type === 'month.closed' && event.provider === provider && event.month === month) return event;
  return null;
}

/** What bears on a later report: entries of the ledger after the closing's `asOf`, and what speaks now. */
export interface Aftermath {
  /** `exclusion.added` and `exclusion.retracted`, all of the ledger: what was retracted may have been added before. */
  readonly entries: readonly LedgerEntry[];
  /** How many of the month's probes an entry names that came after `asOf`. */
  readonly lateProbes: number;
  /** How many entries came after `asOf` at a wall time before the month's report was final. */
  readonly rewound: number;
  /** The program's version. */
  readonly version: string;
}

/** `judged` is the month as it is judged now, of the same provider and month as `closed`. */
export function compareClosing(
  closed: MonthClosed,
  judged: Pick<Judgement, 'report' | 'sha256'>,
  matter: Matter,
  aftermath: Aftermath,
): ClosedComparison {
  const same = closed.report === judged.sha256;
  const changes = changesOf(closed.summary, summariseReport(judged.report));
  const reasons = reasonsFor(closed, matter, aftermath);
  return {
    at: isoText(closed.at.wallMs),
    reportSha256: closed.report,
    same,
    changes,
    reasons: same || changes.length > 0 ? reasons : [...reasons, { kind: 'went-on' }],
  };
}

function changesOf(before: readonly ClosedClause[], after: readonly ClosedClause[]): readonly ClosedChange[] {
  const ids = [...new Set([...before, ...after].map(({ id }) => id))];
  return ids.flatMap((clause) => {
    const [was, is] = [before, after].map((clauses) => clauses.find(({ id }) => id === clause));
    const names = [...new Set([was, is].flatMap((each) => Object.keys(each?.figures ?? {})))];
    const all: readonly ClosedChange[] = [
      { clause, what: 'verdict', before: was?.verdict ?? null, after: is?.verdict ?? null },
      ...names.map((what) => ({ clause, what, before: figure(was, what), after: figure(is, what) })),
    ];
    return all.filter((change) => JSON.stringify(change.before) !== JSON.stringify(change.after));
  });
}

function figure(clause: ClosedClause | undefined, name: string): ClosedChange['before'] {
  const ends = clause?.figures[name];
  return ends === undefined || ends[0] === null ? null : { lo: ends[0], hi: ends[1] };
}

function reasonsFor(closed: MonthClosed, matter: Matter, aftermath: Aftermath): readonly ClosedReason[] {
  const { lateProbes, rewound, version } = aftermath;
  const contract = termsHash(matter.contract);
  return [
    ...exclusionReasons(closed, matter, aftermath.entries),
    ...(lateProbes > 0 ? [{ kind: 'late-facts', probes: lateProbes } as const] : []),
    ...(rewound > 0 ? [{ kind: 'clock-put-back', entries: rewound } as const] : []),
    ...(contract === closed.contract ? [] : [{ kind: 'contract', before: closed.contract, after: contract } as const]),
    ...(version === closed.version ? [] : [{ kind: 'version', before: closed.version, after: version } as const]),
  ];
}

/** Those entered or retracted since that can bear on the month: a probe of it may be under way until it is closed. */
function exclusionReasons(
  { asOf, at }: MonthClosed,
  matter: Matter,
  entries: readonly LedgerEntry[],
): readonly ClosedReason[] {
  const { fromMs } = rangeOf(matter);
  const untilMs = Math.max(finalAtMs(matter), at.wallMs);
  const bears = (exclusion: Exclusion | undefined): boolean =>
    exclusion !== undefined &&
    exclusion.provider === matter.provider &&
    exclusion.fromMs < untilMs &&
    exclusion.toMs > fromMs;
  const entered = new Map<string, Exclusion>();
  const reasons: ClosedReason[] = [];
  for (const { seq, event } of entries) {
    if (event.type === 'exclusion.added') {
      const { id, by, note } = event.exclusion;
      entered.set(id, event.exclusion);
      if (seq > asOf.seq && bears(event.exclusion))
        reasons.push({ kind: 'exclusion-added', at: isoText(event.at.wallMs), id, by, note });
    }
    if (event.type === 'exclusion.retracted' && seq > asOf.seq && bears(entered.get(event.id))) {
      const { id, by, note } = event;
      reasons.push({ kind: 'exclusion-retracted', at: isoText(event.at.wallMs), id, by, note });
    }
  }
  return reasons;
}

/**
 * Whether what was closed is still what would be said by the same program and the terms of then, as far as that can be told without
 * judging anew: with nothing pending then, no exclusion since, and no clock put back into the month. A probe that ended keeps its
 * figures whatever comes later; what was agreed later says nothing of the month.
 */
export function stillHolds(closed: MonthClosed, matter: Matter, aftermath: Omit<Aftermath, 'lateProbes'>): boolean {
  const pending = closed.summary.some(({ figures }) => (figures['pending']?.[1] ?? 0) > 0);
  const reasons = reasonsFor(closed, matter, { ...aftermath, lateProbes: 0 });
  return !pending && reasons.every(({ kind }) => kind === 'contract');
}
