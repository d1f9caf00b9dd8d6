/** A probe as the ground truth of a round trip. */
import { bouncesHeardUntil } from '../bounce-gap.ts';
import { LOST_AFTER } from '../contract.ts';
import { isPasswordRefused } from '../probe.ts';
import { errorOf } from '../probe-view.ts';
import { outcomeOf, type ProbeRecord } from '../record.ts';
import { spanBetween } from '../time/instant.ts';
import type { RoundTrip } from './facts.ts';

/** Of a scheduled probe that was delivered, failed or lost, or that is pending; or of a spot check that did not fail. */
export function roundTripOf(record: ProbeRecord): RoundTrip {
  const { id: probe, path, planned, kind } = record;
  const outcome = outcomeOf(record);
  const failed = outcome === 'failed' || outcome === 'lost';
  return {
    probe,
    path,
    plannedMs: planned.wallMs,
    delivered: outcome === 'pending' || outcome === 'unmeasured' || kind === 'spot' ? null : !failed,
    byProvider: failed && isByProvider(record),
    reason: failed ? errorOf(record) : null,
  };
}

/**
 * A refusal or a bounce is an answer, but one of our password may be our own fault; what was accepted and never came out was in the provider's hands, if that it never came out is
 * proven. Where the connection was lost before the reply it may have been our own line.
 */
function isByProvider(record: ProbeRecord): boolean {
  const { handover, notice } = record;
  switch (handover?.kind) {
    case 'refused':
      return !isPasswordRefused(handover);
    case 'accepted':
      return notice?.action === 'failed' || isLossProven(record);
    case 'unreachable':
      return false;
    case 'uncertain':
    case undefined:
      return notice?.action === 'failed';
  }
}

/**
 * Whether it was not there when it was given up, nor can have come and gone before: what a mailbox announced and never handed out may
 * have been it, deleted by somebody else, and a mailbox that nobody could look into any more shows nothing. One whose bounce may have
 * gone unheard may have found our mailbox full; that of an internal one goes to the same mailbox, and is never heard from a full one.
 */
function isLossProven({ path, planned, unseenSince, absentUntil, bounceGap }: ProbeRecord): boolean {
  if (path === 'internal' || unseenSince !== null || absentUntil === null) return false;
  return spanBetween(planned, bouncesHeardUntil(bounceGap, absentUntil)).lo > LOST_AFTER;
}
