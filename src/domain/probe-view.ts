/** One probe as people and programs see it: the JSON of `check` and of the HTTP interface. */
import { DELAY_AVERAGE_LIMIT, DELAY_MAXIMUM_LIMIT } from './contract.ts';
import type { Assessment } from './delay/delay.ts';
import { standing } from './interval.ts';
import type { Hop, Path, ProbeKind, Refusal, Stage, StageTiming } from './probe.ts';
import type { Outcome, ProbeRecord } from './record.ts';
import { toIso } from './time/instant.ts';

export interface ProbeView {
  readonly id: string;
  readonly provider: string;
  readonly path: Path;
  readonly kind: ProbeKind;
  readonly outcome: Outcome;
  /** Seconds; `hi` is null while the message is missing. Null where there is no delay. */
  readonly delaySeconds: { readonly lo: number; readonly hi: number | null } | null;
  readonly flags: readonly string[];
  readonly plannedAt: string;
  readonly acceptedAt: string | null;
  readonly capturedAt: string | null;
  readonly folder: string | null;
  readonly stages: readonly StageTiming[];
  readonly hops: readonly Hop[];
  readonly duplicates: number;
  /** What went wrong, in one line; null if nothing did. */
  readonly error: string | null;
  /** What is awaited now: a stage of the handover, `capture`, or null when the outcome is known. */
  readonly awaiting: Stage | 'retry' | 'capture' | null;
  /** Seconds since it was planned. */
  readonly ageSeconds: number;
}

export interface ViewInput {
  readonly record: ProbeRecord;
  readonly assessment: Assessment;
  readonly doing: Stage | null;
  readonly ageSeconds: number;
  readonly obstacle: string | null;
}

export function viewProbe({ record, assessment, doing, ageSeconds, obstacle }: ViewInput): ProbeView {
  const { id, provider, path, kind, handover, capture } = record;
  const { outcome, delay, flags } = assessment;
  return {
    id,
    provider,
    path,
    kind,
    outcome,
    flags,
    delaySeconds:
      delay === null ? null : { lo: toMicros(delay.lo), hi: Number.isFinite(delay.hi) ? toMicros(delay.hi) : null },
    plannedAt: toIso(record.planned),
    acceptedAt: handover?.kind === 'accepted' ? toIso(handover.acknowledged) : null,
    capturedAt: capture === null ? null : toIso(capture.latest),
    folder: capture?.found?.folder ?? null,
    stages: handover?.stages ?? [],
    hops: capture?.hops ?? [],
    duplicates: record.duplicates.length,
    error: errorOf(record) ?? (outcome === 'pending' ? obstacle : null),
    awaiting: outcome === 'pending' ? awaited(record, doing) : null,
    ageSeconds: toMicros(ageSeconds),
  };
}

/** Characters of what went wrong that a list shows: a server's reply may be 16 kB. */
const ERROR_SHOWN_MAX = 500;

/** As lists have it: without the trace, and with the beginning of what went wrong. */
export function briefView(view: ProbeView): ProbeView {
  return { ...view, hops: [], error: view.error?.slice(0, ERROR_SHOWN_MAX) ?? null };
}

/** How one spot check went. `late` also if its interval cannot prove that the limit was kept. */
export type SpotVerdict = 'in-time' | 'late' | 'missing' | 'failed';

export function judgeSpot(view: ProbeView): SpotVerdict {
  if (view.outcome === 'pending') return 'missing';
  if (view.outcome !== 'delivered' || view.delaySeconds === null) return 'failed';
  const { lo, hi } = view.delaySeconds;
  const met = standing({ lo, hi: hi ?? Number.POSITIVE_INFINITY }, DELAY_AVERAGE_LIMIT) === 'met';
  return met ? 'in-time' : 'late';
}

/** The limits a spot check is held against, for people. */
export const SPOT_LIMITS = { averageSeconds: DELAY_AVERAGE_LIMIT, maximumSeconds: DELAY_MAXIMUM_LIMIT };

function awaited(record: ProbeRecord, doing: Stage | null): Stage | 'retry' | 'capture' {
  if (record.handover !== null || record.interrupted) return 'capture';
  return record.deferrals.length > 0 && doing === null ? 'retry' : (doing ?? 'dns');
}

/** What went wrong, in one line as the network gave it; null if nothing did. */
export function errorOf({ handover, notice, expired, deferrals, capture }: ProbeRecord): string | null {
  if (handover?.kind === 'refused')
    return `refused at ${handover.stage}: ${[handover.code, handover.enhanced, handover.text].filter(Boolean).join(' ')}`;
  if (handover?.kind === 'unreachable') return `${handover.stage}: ${handover.code}: ${handover.text}`;
  if (notice?.action === 'failed') return `bounced: ${[notice.status, notice.diagnostic].filter(Boolean).join(' ')}`;
  if (expired) return 'not seen for 120 h';
  if (handover?.kind === 'uncertain' && capture === null)
    return `the connection ended before the reply to the data: ${handover.code}`;
  const last = deferrals.at(-1)?.refusal;
  if (handover === null && last !== undefined) return deferredText(last);
  return null;
}

export function deferredText({ stage, code, enhanced, text }: Refusal): string {
  return `deferred at ${stage}: ${[code, enhanced, text].filter(Boolean).join(' ')}`;
}

/** The clocks are read in microseconds; what lies below is noise. */
export function toMicros(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
