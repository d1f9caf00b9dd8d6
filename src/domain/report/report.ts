/** The report of a month as plain data: what `report --format json` prints, and what every other format is made from without computing anew. */
import type { DayTally } from '../availability/year.ts';
import type { ContractTerms, Denominator, Localised } from '../contract-terms.ts';
import type { Coverage } from '../delay/coverage.ts';
import type { Verdict } from '../delay/month-verdict.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Exclusion } from '../exclusion.ts';
import type { Path } from '../probe.ts';
import type { Outcome } from '../record.ts';
import { type Month, monthRange } from '../time/calendar.ts';
import { isoText } from '../time/instant.ts';
import type { MsRange } from '../time/span-set.ts';
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
  /** What it says beside the report that was closed; null where the month has not been closed, and not part of what is hashed. */
  readonly closed: ClosedComparison | null;
}

export interface ClosedComparison {
  /** When it was closed. */
  readonly at: string;
  /** Lower-case hex SHA-256 of the report as it was then. */
  readonly reportSha256: string;
  /** Whether this report is that one, to the letter. */
  readonly same: boolean;
  /** Verdicts and main figures that differ. */
  readonly changes: readonly ClosedChange[];
  /** What came after the closing and bears on the month, in the order of the ledger. */
  readonly reasons: readonly ClosedReason[];
}
export interface ClosedChange {
  readonly clause: string;
  /** `verdict`, or a figure's name. */
  readonly what: string;
  /** Null where there was, or is, none. */
  readonly before: string | Figure | null;
  readonly after: string | Figure | null;
}
export type ClosedReason =
  | {
      readonly kind: 'exclusion-added' | 'exclusion-retracted';
      readonly at: string;
      readonly id: string;
      readonly by: string;
      readonly note: string;
    }
  /** Facts about so many of the month's probes came after the closing. */
  | { readonly kind: 'late-facts'; readonly probes: number }
  /** So many entries came after the closing at a wall time of the month, or before it was final: the clock was put back, and the closing came too early. */
  | { readonly kind: 'clock-put-back'; readonly entries: number }
  /** No verdict and no figure differs: what is told beside them, of an outage that went on or of how often was checked, does. */
  | { readonly kind: 'went-on' }
  /** Terms by their SHA-256, or the program's version. */
  | { readonly kind: 'contract' | 'version'; readonly before: string; readonly after: string };

export type ClauseReport = DelayClauseReport | ConnectivityClauseReport | OperationsClauseReport | AttestedClauseReport;

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
  readonly excluded: ExcludedTime;
  /** Each probe that exceeded the maximum, or may have, in the order of acceptance. */
  readonly breaches: readonly BreachEvidence[];
}

/** Clause 1 of `enterprise-mail-sla`: how long mail could not be sent or received. */
export interface ConnectivityClauseReport extends AnyClauseReport {
  readonly kind: 'connectivity';
  readonly verdicts: { readonly downtime: Verdict; readonly availability: Verdict };
  readonly figures: DowntimeFigures;
  readonly limits: {
    /** The downtime must stay under it. */
    readonly downUnderSeconds: number;
    readonly availabilityMin: number;
    readonly denominator: Denominator;
  };
  /** How many more seconds of downtime the clause allows this month, by the stricter of its two limits. */
  readonly downtimeLeftSeconds: Figure;
  readonly coverage: AvailabilityCoverage;
  readonly excluded: ExcludedTime;
  readonly outages: readonly OutageReport[];
}

/** Clause 3 of `enterprise-mail-sla`. */
export interface OperationsClauseReport extends AnyClauseReport {
  readonly kind: 'operations';
  readonly verdicts: { readonly faults: Verdict; readonly adjustments: Verdict; readonly availability: Verdict };
  readonly figures: DowntimeFigures & {
    /** Announced adjustments that fall into the month, as entered. */
    readonly adjustmentSeconds: Figure;
    /** Days of the month, as far as it is over, with a fault. The year's are in the year's report. */
    readonly faultyDays: Figure;
    /** Every day of the month: what a year is added up from. */
    readonly days: DayTally;
  };
  readonly limits: {
    readonly faultsMaxSeconds: number;
    readonly adjustmentsMaxSeconds: number;
    readonly availabilityMin: number;
    readonly denominator: Denominator;
  };
  readonly faultsLeftSeconds: Figure;
  readonly adjustmentsLeftSeconds: Figure;
  readonly coverage: AvailabilityCoverage;
  readonly excluded: ExcludedTime;
  readonly outages: readonly OutageReport[];
}

/** Of the month as far as it is over; exclusions taken out, `raw` is before. */
export interface DowntimeFigures {
  /** Seconds: at least what is proven, at most all that is not proven to have been up. */
  readonly downSeconds: Figure;
  /** A ratio of the denominator, for `raw` of the whole month: 1 is always up. What of the month is to come counts as up. */
  readonly availability: Figure;
  readonly raw: { readonly downSeconds: Figure; readonly availability: Figure };
  /** The same for each part by itself; round trips, of every path together, only where one failed. */
  readonly parts: readonly {
    readonly part: ServicePart;
    readonly downSeconds: Figure;
    /** Share of the time so far in which it is known whether it was up; null for round trips, whose failures alone speak. */
    readonly coverage: number | null;
  }[];
}
/** What has to work: each endpoint, and mail from one end to the other. */
export type ServicePart = Endpoint | 'round-trip';

export interface AvailabilityCoverage {
  /** Share of the month, as far as it is over, in which it is known of every endpoint whether it was up. */
  readonly ratio: number;
  readonly longestGapSeconds: number;
  /** Checks that were due and did not take place. */
  readonly unmeasured: number;
  /** Shortest outage that is surely noticed, seconds: two cells. Null if nothing was checked. */
  readonly resolutionSeconds: number | null;
}

/** Failed checks, or failed probes, between two good ones. */
export interface OutageReport {
  readonly part: ServicePart;
  /** The path of a round trip, null for an endpoint. */
  readonly path: Path | null;
  /** `possible` where only one check failed, or no control was healthy beside it, or a probe's failure may be our own. */
  readonly certainty: 'proven' | 'possible';
  /** It began between these two: the last good check and the first failed one. Null where no good one is known. */
  readonly beganAfter: string | null;
  readonly beganBy: string;
  /** It ended between these two: the last failed check and the first good one. Null while it lasts. */
  readonly endedAfter: string;
  readonly endedBy: string | null;
  /** Of the month, exclusions taken out, and before. */
  readonly seconds: Figure;
  readonly rawSeconds: Figure;
  /** Failed checks or probes. */
  readonly checks: number;
  /** What the first of them showed, as the network gave it. */
  readonly reason: string | null;
}

export interface ExcludedTime {
  /** Of the month, as far as it counts for this clause. */
  readonly seconds: number;
  readonly entries: readonly ExclusionReport[];
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

/** `clauses` are those of the contract, each as domain/report/report-clause makes it. */
export function reportProvider(matter: Matter, clauses: readonly ClauseReport[]): ProviderReport {
  const { provider, contract, nowMs } = matter;
  const { fromMs, toMs } = rangeOf(matter);
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
    closed: null,
  };
}

/** The month by the contract's clocks. */
export function rangeOf({ contract, month }: Pick<Matter, 'contract' | 'month'>): MsRange {
  return monthRange(month, contract.timeZone);
}

export function hasBegun(matter: Matter): boolean {
  return rangeOf(matter).fromMs <= matter.nowMs;
}

/** Milliseconds since the epoch. */
export function finalAtMs(matter: Pick<Matter, 'contract' | 'month'>): number {
  return rangeOf(matter).toMs + matter.contract.finalAfterSeconds * 1000;
}
