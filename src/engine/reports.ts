/** Reports out of the ledger: of a month, beside what was closed of it, and of a year. */

import type { ContractTerms } from '../domain/contract-terms.ts';
import type { ArchivedMonth, ClosedClause, LedgerEntry, MonthClosed } from '../domain/event.ts';
import { compareClosing, findClosing, stillHolds, termsHash } from '../domain/report/closing.ts';
import { isMeasured, type Judgement, type MonthReport, monthReport } from '../domain/report/judge.ts';
import { finalAtMs, hasBegun, type Matter, rangeOf } from '../domain/report/report.ts';
import { summariseReport } from '../domain/report/standing.ts';
import { type JudgedMonth, monthsOf, type ProviderYear, reportYear } from '../domain/report/year-report.ts';
import type { Month } from '../domain/time/calendar.ts';
import type { ArchiveSummary, Ledger } from '../ports.ts';

export type ReportLedger = Pick<Ledger, 'judge' | 'marked' | 'lateProbes' | 'rewound'>;
type MonthLedger = ReportLedger & Pick<Ledger, 'archive'>;

/** What can change a month after it was closed, but late facts. */
const EXCLUSION_TYPES = ['exclusion.added', 'exclusion.retracted'] as const;

/** Which contract a provider is held to. */
export interface Held {
  readonly provider: string;
  readonly contract: ContractTerms;
}

/** A provider's month as it is judged now, and where it was closed, what changed since and why. `version` is the program's. */
export async function judgeMonth(ledger: ReportLedger, matter: Matter, version: string): Promise<Judgement> {
  const judgement = await ledger.judge(matter);
  const { report, sha256 } = judgement;
  const { provider, month } = matter;
  const closed = findClosing(await ledger.marked(['month.closed']), provider, month);
  if (closed === null) return judgement;
  const same = closed.report === sha256;
  const [entries, rewound, lateProbes] = await Promise.all([
    ledger.marked(EXCLUSION_TYPES),
    same ? 0 : rewoundSince(ledger, closed, matter),
    // A walk over all that came since, so only where there is something to explain.
    same ? 0 : ledger.lateProbes({ provider, ...rangeOf(matter), afterSeq: closed.asOf.seq }),
  ]);
  const comparison = compareClosing(closed, judgement, matter, { entries, lateProbes, rewound, version });
  return { ...judgement, report: { ...report, closed: comparison } };
}

/**
 * How many entries came after the closing at a wall time before it can have been due. Of those from before the month, whose neighbours
 * bear on it, only starts: a host comes up with the time of years ago, but a clock that runs is not put back so far.
 */
async function rewoundSince(
  ledger: Pick<Ledger, 'rewound' | 'marked'>,
  { asOf }: MonthClosed,
  matter: Matter,
): Promise<number> {
  const { fromMs } = rangeOf(matter);
  const [within, starts] = await Promise.all([
    ledger.rewound({ fromMs, toMs: finalAtMs(matter), afterSeq: asOf.seq }),
    ledger.marked(['agent.started'], asOf.seq),
  ]);
  return within + starts.filter(({ event }) => event.at.wallMs < fromMs).length;
}

/** One after another, for all share one thread. Null if none of them has begun, or the ledger knows nothing of any, or no longer. */
export async function reportMonth(
  ledger: MonthLedger,
  held: readonly Held[],
  { month, nowMs, version }: { readonly month: Month; readonly nowMs: number; readonly version: string },
): Promise<MonthReport | null> {
  if (month < ((await ledger.archive())?.before ?? '')) return null;
  const begun = held.map((each): Matter => ({ ...each, month, nowMs })).filter(hasBegun);
  const judgements: Judgement[] = [];
  for (const matter of begun) judgements.push(await judgeMonth(ledger, matter, version));
  return judgements.some(({ report }) => isMeasured(report)) ? monthReport(month, nowMs, judgements) : null;
}

type YearLedger = Pick<Ledger, 'judge' | 'marked' | 'rewound' | 'archive'>;

/** A provider's twelve months, each as `monthInYear` has it. Null if the ledger knows nothing of any. */
export async function judgeYear(
  ledger: YearLedger,
  { provider, contract }: Held,
  { year, nowMs, version }: { readonly year: string; readonly nowMs: number; readonly version: string },
): Promise<ProviderYear | null> {
  const known = await wordsOf(ledger);
  const terms = termsHash(contract);
  const judged: JudgedMonth[] = [];
  for (const month of monthsOf(year)) {
    const matter = { provider, contract, month, nowMs };
    if (!hasBegun(matter)) {
      judged.push(null);
      continue;
    }
    const { contract: by, ...rest } = await monthInYear(ledger, matter, known, version);
    judged.push(by === terms ? rest : { ...rest, otherTerms: true });
  }
  return judged.some((month) => month?.measured === true)
    ? reportYear(provider, contract, { year, nowMs }, judged)
    : null;
}

/** What an archive keeps of a month that goes: what its year says of it. */
export async function archivedMonth(ledger: YearLedger, matter: Matter, version: string): Promise<ArchivedMonth> {
  const { clauses: summary, contract, closed } = await monthInYear(ledger, matter, await wordsOf(ledger), version);
  return { provider: matter.provider, month: matter.month, contract, summary, closed };
}

/** What the ledger has in words, and need not judge. */
interface Words {
  readonly closings: readonly LedgerEntry[];
  readonly exclusions: readonly LedgerEntry[];
  readonly archive: ArchiveSummary | null;
}

async function wordsOf(ledger: Pick<Ledger, 'marked' | 'archive'>): Promise<Words> {
  return {
    closings: await ledger.marked(['month.closed']),
    exclusions: await ledger.marked(EXCLUSION_TYPES),
    archive: await ledger.archive(),
  };
}

interface MonthInYear {
  readonly clauses: readonly ClosedClause[];
  /** Lower-case hex SHA-256 of the terms that it was judged by. */
  readonly contract: string;
  readonly closed: boolean;
  readonly measured: boolean;
}

/**
 * As it was archived; as it was closed, by the terms of then, where nothing came after that could change it, or where it can no longer be
 * judged; otherwise it is judged.
 */
async function monthInYear(
  ledger: YearLedger,
  matter: Matter,
  { closings, exclusions, archive }: Words,
  version: string,
): Promise<MonthInYear> {
  const { provider, month } = matter;
  const gone = archive?.months.find((each) => each.provider === provider && each.month === month);
  if (gone !== undefined)
    return { clauses: gone.summary, contract: gone.contract, closed: gone.closed, measured: true };
  const closed = findClosing(closings, provider, month);
  const holds = async (closing: MonthClosed): Promise<boolean> => {
    const rewound = await rewoundSince(ledger, closing, matter);
    return stillHolds(closing, matter, { entries: exclusions, rewound, version });
  };
  if (closed !== null && (month < (archive?.before ?? '') || (await holds(closed))))
    return { clauses: closed.summary, contract: closed.contract, closed: true, measured: true };
  const { report } = await ledger.judge(matter);
  return {
    clauses: summariseReport(report),
    contract: termsHash(matter.contract),
    closed: false,
    measured: isMeasured(report),
  };
}
