/** A probe as the ground truth of a round trip. */
import { errorOf } from '../probe-view.ts';
import { outcomeOf, type ProbeRecord } from '../record.ts';
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
 * A refusal or a bounce is an answer; what was accepted and never came out was in the provider's hands. Where the connection was
 * lost before the reply it may have been our own line.
 */
function isByProvider({ handover, notice }: ProbeRecord): boolean {
  switch (handover?.kind) {
    case 'refused':
    case 'accepted':
      return true;
    case 'unreachable':
      return false;
    case 'uncertain':
    case undefined:
      return notice?.action === 'failed';
  }
}
