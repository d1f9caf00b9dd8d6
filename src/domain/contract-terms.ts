/** A contract as data: clauses, limits, counting rules, time zone and remedies. Another contract is another file, never another code path. */

import type { ExclusionKind } from './exclusion.ts';

/** Text in the report's languages; `zh` in the contract's own terms. */
export interface Localised {
  readonly en: string;
  readonly zh: string;
}

export interface ContractTerms {
  /** `enterprise-mail-sla`: the preset's file name without its ending. */
  readonly name: string;
  readonly title: Localised;
  /** IANA zone of months and days. */
  readonly timeZone: string;
  /** Seconds after the end of a month until its report is final; also when a missing message is lost. */
  readonly finalAfterSeconds: number;
  readonly clauses: readonly ClauseTerms[];
}

export type ClauseTerms = DelayClause | ConnectivityClause | OperationsClause | AttestedClause;

/** Clauses that are measured: what of the time is not held against the provider in them. */
interface MeasuredClause extends AnyClause {
  readonly exclusions: readonly ExclusionKind[];
}

interface AnyClause {
  /** `1`, `2a`, `2b`, `3` … */
  readonly id: string;
  readonly title: Localised;
  readonly remedy: Localised | null;
}

/** A limit on the delay of one path (clauses 2a and 2b). */
export interface DelayClause extends MeasuredClause {
  readonly kind: 'delay';
  readonly path: 'send' | 'receive' | 'internal';
  /** Seconds; exceeded only if over it (超过). */
  readonly averageMaxSeconds: number;
  readonly maximumSeconds: number;
  /** How many times the maximum must be exceeded before the clause is missed (两次以上: two). */
  readonly breachesFrom: number;
  /** What a time is: each message, or each run of breaches with no on-time delivery between them. */
  readonly countedPer: 'message' | 'episode';
  /** Whether lost messages enter the average. */
  readonly lossesInAverage: boolean;
}

/** That mail can be sent and received (clause 1): how long it may be impossible in a month. */
export interface ConnectivityClause extends MeasuredClause {
  readonly kind: 'connectivity';
  /** Seconds; down for less than this (contract.md: "< 44 min"). */
  readonly downUnderSeconds: number;
  /** A ratio, 0.999; reached or exceeded. */
  readonly availabilityMin: number;
  readonly denominator: Denominator;
}

/** The provider's operations (clause 3): faults, announced adjustments, availability, fault-free days of a year. */
export interface OperationsClause extends MeasuredClause {
  readonly kind: 'operations';
  /** Seconds; may be reached, not exceeded. */
  readonly faultsMaxSeconds: number;
  readonly adjustmentsMaxSeconds: number;
  readonly availabilityMin: number;
  readonly denominator: Denominator;
  /** Of a calendar year. */
  readonly faultFreeDaysMin: number;
}

/** What availability is a share of: the whole month, or the month less what is excluded. */
export type Denominator = 'month' | 'month-less-exclusions';

/** What nobody can measure from outside: a person states it. */
export interface AttestedClause extends AnyClause {
  readonly kind: 'attested';
}
