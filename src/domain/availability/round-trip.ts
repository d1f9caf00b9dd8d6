/** A scheduled probe that is final, as the ground truth of a round trip. */
import { errorOf } from '../probe-view.ts';
import { outcomeOf, type ProbeRecord } from '../record.ts';
import type { RoundTrip } from './facts.ts';

/** Of a record that was delivered, failed or lost. */
export function roundTripOf(record: ProbeRecord): RoundTrip {
  const { id: probe, path, planned } = record;
  const delivered = outcomeOf(record) === 'delivered';
  return {
    probe,
    path,
    plannedMs: planned.wallMs,
    delivered,
    byProvider: !delivered && isByProvider(record),
    reason: delivered ? null : errorOf(record),
  };
}

/** A refusal or a bounce is an answer; what was accepted, or given in full, and never came out was in the provider's hands. */
function isByProvider({ handover, notice }: ProbeRecord): boolean {
  switch (handover?.kind) {
    case 'refused':
    case 'accepted':
    case 'uncertain':
      return true;
    case 'unreachable':
      return false;
    case undefined:
      return notice?.action === 'failed';
  }
}
