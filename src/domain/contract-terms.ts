/** A contract as data: clauses, limits, counting rules, time zone and remedies. Another contract is another file, never another code path. */

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

export type ClauseTerms = DelayClause | AttestedClause;

interface AnyClause {
  /** `1`, `2a`, `2b`, `3` … */
  readonly id: string;
  readonly title: Localised;
  readonly remedy: Localised | null;
}

/** A limit on the delay of one path (clauses 2a and 2b). */
export interface DelayClause extends AnyClause {
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

/** What nobody can measure from outside: a person states it. */
export interface AttestedClause extends AnyClause {
  readonly kind: 'attested';
}
