/** What shows that a probe exceeded the maximum, or may have: who said what, when, and where the message turned up. */
import { assess } from '../delay/delay.ts';
import type { DelaySample } from '../delay/delay-sample.ts';
import { type Interval, standing } from '../interval.ts';
import type { Hop } from '../probe.ts';
import type { Outcome, ProbeRecord } from '../record.ts';
import { type Instant, toIso } from '../time/instant.ts';
import type { TimelineState } from '../timeline.ts';

/** An interval in JSON, which knows no infinity: `hi` is null where nothing bounds the figure from above. Seconds to the microsecond, or a count. */
export interface Figure {
  readonly lo: number;
  readonly hi: number | null;
}

export interface BreachEvidence {
  readonly probe: string;
  /** `possible` where the interval holds the limit: neither a breach nor in time is proven. */
  readonly certainty: 'proven' | 'possible';
  readonly outcome: Outcome;
  /** The 250 to the final dot; where none was read, when the last bytes were handed over, and failing that when the probe was planned. */
  readonly acceptedAt: string;
  /** When it came out at the latest; null while it is missing, and for good once it was given up or came back. */
  readonly arrivedAt: string | null;
  /** Exclusions taken out, and before. */
  readonly delaySeconds: Figure;
  readonly rawDelaySeconds: Figure;
  readonly flags: readonly string[];
  readonly sender: string;
  readonly recipient: string;
  /** The provider's server that took it, `address:port`, and its reply, often with the queue id. As the network gave them. */
  readonly server: string | null;
  readonly reply: string | null;
  /** What a delivery status notification said. */
  readonly notice: string | null;
  readonly folder: string | null;
  readonly hops: readonly Hop[];
}

export function figureOf({ lo, hi }: Interval): Figure {
  return { lo: micros(lo), hi: Number.isFinite(hi) ? micros(hi) : null };
}

interface EvidenceTerms {
  readonly absence: TimelineState['absence'];
  readonly limitSeconds: number;
  readonly nowMs: number;
}

/** Null for a probe that surely kept the limit, or is under way and too young to have exceeded it. `sample` is the record's. */
export function breachOf(record: ProbeRecord, sample: DelaySample, terms: EvidenceTerms): BreachEvidence | null {
  const { absence, limitSeconds, nowMs } = terms;
  const against = standing(sample.stripped, limitSeconds);
  if (against === 'met') return null;
  const ageSeconds = (nowMs - sample.acceptedMs) / 1000;
  const open = sample.outcome === 'pending' ? ageSeconds > limitSeconds : MAY_EXCEED.has(sample.outcome);
  if (against === 'indeterminate' && !open) return null;
  const known = MAY_ARRIVE.has(sample.outcome) ? record : { ...record, capture: null };
  return evidenceOf(known, sample, against === 'exceeded' ? 'proven' : 'possible', assess(known, absence).flags);
}

/** What ended otherwise may turn up yet: that is no news of the month, which may have been closed (domain/delay). */
const MAY_ARRIVE: ReadonlySet<Outcome> = new Set(['delivered', 'pending']);

/** What bounced or was never measured has no delay but the one proven before. */
const MAY_EXCEED: ReadonlySet<Outcome> = new Set(['delivered', 'lost']);

function evidenceOf(
  record: ProbeRecord,
  { outcome, raw, stripped }: DelaySample,
  certainty: BreachEvidence['certainty'],
  flags: readonly string[],
): BreachEvidence {
  const { handover, capture, attempt, notice } = record;
  const arrived = attempt?.latest ?? capture?.latest ?? null;
  return {
    probe: record.id,
    certainty,
    outcome,
    acceptedAt: toIso(acceptedAt(record)),
    arrivedAt: arrived === null ? null : toIso(arrived),
    delaySeconds: figureOf(stripped),
    rawDelaySeconds: figureOf(raw),
    flags,
    sender: record.sender,
    recipient: record.recipient,
    server: handover?.peer ?? null,
    reply: replyOf(record),
    notice: notice === null ? null : [notice.action, notice.status, notice.diagnostic].filter(Boolean).join(' '),
    folder: capture?.found?.folder ?? null,
    hops: capture?.hops ?? [],
  };
}

function replyOf({ handover }: ProbeRecord): string | null {
  if (handover?.kind === 'accepted') return handover.reply;
  return handover?.kind === 'uncertain' ? handover.text : null;
}

function acceptedAt({ handover, planned }: ProbeRecord): Instant {
  if (handover?.kind === 'accepted') return handover.acknowledged;
  return handover?.kind === 'uncertain' ? handover.handedOver : planned;
}

/** The clocks are read in microseconds; what lies below is noise. */
function micros(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
