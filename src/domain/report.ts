/** The report of a month as plain data: what `report --format json` prints, and what every other format is made from without computing anew. */
import { type Month, monthRange } from './calendar.ts';
import type { ContractTerms, Localised } from './contract-terms.ts';
import type { Coverage } from './coverage.ts';
import type { Exclusion } from './exclusion.ts';
import type { Verdict } from './month-verdict.ts';
import type { Path } from './probe.ts';
import type { Outcome } from './record.ts';
import type { BreachEvidence, Figure } from './report-evidence.ts';

/** `provisional` until the month's end and as long after it as mail may still arrive, then `final`. */
export type ReportStatus = 'provisional' | 'final';

export interface Report {
  /** `2026-11`. */
  readonly month: string;
  /** IANA zone of the month; null where the providers' contracts name different ones. */
  readonly timeZone: string | null;
  /** `final` once it is for every provider. */
  readonly status: ReportStatus;
  /** RFC 3339 in UTC, as every time in the report. */
  readonly generatedAt: string;
  readonly providers: readonly ProviderReport[];
}

export interface ProviderReport {
  readonly provider: string;
  /** The contract's name and title. */
  readonly contract: string;
  readonly contractTitle: Localised;
  readonly timeZone: string;
  /** The month, `[from, to)`. */
  readonly from: string;
  readonly to: string;
  readonly status: ReportStatus;
  /** When the report becomes final. */
  readonly finalAt: string;
  readonly clauses: readonly ClauseReport[];
}

export type ClauseReport = DelayClauseReport | AttestedClauseReport;

interface AnyClauseReport {
  readonly id: string;
  readonly title: Localised;
  readonly verdict: Verdict;
  /** What the provider owes for the month; null while no breach is proven, and where the contract names nothing. */
  readonly remedy: Localised | null;
}

/** What is not measured. */
export interface AttestedClauseReport extends AnyClauseReport {
  readonly kind: 'attested';
  readonly verdict: 'INCONCLUSIVE';
  readonly reason: Localised;
}

export interface DelayClauseReport extends AnyClauseReport {
  readonly kind: 'delay';
  readonly path: Path;
  readonly verdicts: { readonly average: Verdict; readonly maximum: Verdict };
  readonly figures: ReportFigures;
  readonly limits: {
    readonly averageSeconds: number;
    readonly maximumSeconds: number;
    readonly breachesFrom: number;
    readonly countedPer: 'message' | 'episode';
    readonly lossesInAverage: boolean;
  };
  /** How many more times the maximum may be exceeded with the clause still kept. */
  readonly breachesLeft: Figure;
  readonly coverage: Coverage;
  readonly excluded: {
    /** Of the month, as far as it counts for this clause. */
    readonly seconds: number;
    readonly entries: readonly ExclusionReport[];
  };
  /** Each probe that exceeded the maximum, or may have, in the order of acceptance. */
  readonly breaches: readonly BreachEvidence[];
}

/** Seconds, exclusions taken out; `raw` is before. */
export interface ReportFigures extends ReportSummary {
  readonly raw: ReportSummary;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Spot checks of the month by outcome: shown, never averaged. */
  readonly spotChecks: Readonly<Record<Outcome, number>>;
  readonly bootstrapAverage: Figure | null;
}
export interface ReportSummary {
  readonly average: Figure | null;
  readonly conditionalAverage: Figure | null;
  readonly maximum: Figure | null;
  readonly breaches: { readonly messages: Figure; readonly episodes: Figure };
  readonly quantiles: { readonly p50: Figure; readonly p95: Figure; readonly p99: Figure } | null;
}

export interface ExclusionReport extends Omit<Exclusion, 'fromMs' | 'toMs' | 'provider'> {
  readonly from: string;
  readonly to: string;
}

/** Whose month is judged by what, and when. */
export interface Matter {
  readonly provider: string;
  readonly contract: ContractTerms;
  readonly month: Month;
  /** Wall time, milliseconds since the epoch. */
  readonly nowMs: number;
}

/** One report of providers that were judged for the same month at the same time. */
export function buildReport(month: Month, nowMs: number, providers: readonly ProviderReport[]): Report {
  const [zone = null, ...others] = new Set(providers.map(({ timeZone }) => timeZone));
  return {
    month,
    timeZone: others.length === 0 ? zone : null,
    status: providers.every(({ status }) => status === 'final') ? 'final' : 'provisional',
    generatedAt: isoText(nowMs),
    providers,
  };
}

/** `clauses` are those of the contract, each as domain/report-clause makes it. */
export function reportProvider(matter: Matter, clauses: readonly ClauseReport[]): ProviderReport {
  const { provider, contract, month, nowMs } = matter;
  const { fromMs, toMs } = monthRange(month, contract.timeZone);
  const finalMs = finalAtMs(matter);
  return {
    provider,
    contract: contract.name,
    contractTitle: contract.title,
    timeZone: contract.timeZone,
    from: isoText(fromMs),
    to: isoText(toMs),
    status: nowMs >= finalMs ? 'final' : 'provisional',
    finalAt: isoText(finalMs),
    clauses,
  };
}

/** Milliseconds since the epoch. */
export function finalAtMs({ contract, month }: Matter): number {
  return monthRange(month, contract.timeZone).toMs + contract.finalAfterSeconds * 1000;
}

/** RFC 3339 in UTC. */
export function isoText(ms: number): string {
  return new Date(ms).toISOString();
}
