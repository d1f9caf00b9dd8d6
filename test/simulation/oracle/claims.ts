/** What the ledger claimed of a month, and when. */
import type { Exclusion } from '../../../src/domain/exclusion.ts';
import type { ClauseReport, ProviderReport } from '../../../src/domain/report/report.ts';
import type { Month } from '../../../src/domain/time/calendar.ts';

export interface Claim {
  readonly provider: string;
  readonly month: Month;
  /** When it was made: at the month's end, when it was final, or when the world had come to its end. */
  readonly when: 'provisional' | 'final' | 'in the end';
  readonly report: ProviderReport;
  readonly sha256: string;
  /** Those that were in force then. */
  readonly exclusions: readonly Exclusion[];
  readonly nowMs: number;
  /** What the agent's clock showed. */
  readonly wallMs: number;
}

/** `acme 2026-11 clause 2a, provisional`. */
export function placeOf({ provider, month, when }: Claim, clause: Pick<ClauseReport, 'id'>): string {
  return `${provider} ${month} clause ${clause.id}, ${when}`;
}

/** Bounds of a report as numbers. */
export function bounds({ lo, hi }: { readonly lo: number; readonly hi: number | null }): {
  readonly lo: number;
  readonly hi: number;
} {
  return { lo, hi: hi ?? Number.POSITIVE_INFINITY };
}
