/** Up to when a message that is missing is proven to have been under way. */
import type { Path } from './probe.ts';
import { channelOf, type ProbeRecord, sentAt } from './record.ts';
import { earlierOf, type Instant, spanBetween } from './time/instant.ts';

/** Up to when nothing of ours that is missing has come out, by channel (`sink`, `mailbox:<provider>`), all of one boot. */
export type Absence = ReadonlyMap<string, Instant>;

/**
 * Null where nothing proves it. A message is under way for as long as it has not come to where it goes, nor its bounce to where it was
 * sent from: of `send` that is the mailbox, of `receive` the sink. One that nobody looks into, or that nothing reaches, hides that it was
 * over long ago.
 */
export function underWayUntil(record: ProbeRecord, absence: Absence): Instant | null {
  // It may have been a bounce, which was there since any look that did not show it.
  return record.notice?.action === 'unclear' ? record.absentUntil : missingUntil(record, absence);
}

function missingUntil(record: ProbeRecord, absence: Absence): Instant | null {
  const { path, provider, absentUntil } = record;
  const absentAt = (way: Path): Instant | null => absence.get(channelOf(way, provider)) ?? null;
  const absent = absentAt(path);
  if (path === 'internal') return longerProof(record, absentUntil, absent);
  const bounceAbsent = absentAt(path === 'send' ? 'receive' : 'send');
  const proven = absent === null || bounceAbsent === null ? null : earlierOf(bounceAbsent, absent);
  return longerProof(record, absentUntil, proven);
}

/** Of two proofs, the one that shows the longer delay: over a reboot what was proven before it may be more than what is since. */
export function longerProof(record: ProbeRecord, one: Instant | null, other: Instant | null): Instant | null {
  if (one === null || other === null) return one ?? other;
  const sent = sentAt(record);
  return spanBetween(sent, one).lo > spanBetween(sent, other).lo ? one : other;
}
