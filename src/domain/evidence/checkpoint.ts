/** A checkpoint: all that the fold remembers, written into the ledger so that what came before can be set aside. */
import { encode } from '../codec.ts';
import type { LedgerCheckpoint } from '../event.ts';
import { type ProbeRecord, withFewDeferrals } from '../record.ts';
import type { Instant } from '../time/instant.ts';
import { storeTimeline, type TimelineState } from '../timeline.ts';

/** Of a state as of the last entry; the next entry must be this one. */
export function checkpointOf(state: TimelineState, at: Instant): LedgerCheckpoint {
  return { type: 'ledger.checkpoint', at, timeline: storeTimeline(state), open: openInOrder(state) };
}

/** Null if a checkpoint remembers the state before it; otherwise what it has and what it should have, the first that differs. */
export function checkpointDifference(checkpoint: LedgerCheckpoint, state: TimelineState): string | null {
  const expected = checkpointOf(state, checkpoint.at);
  const names = Object.keys({ ...expected.timeline, ...checkpoint.timeline });
  const parts = [
    // Older ones do not have it.
    ...names
      .filter((name) => name !== 'boots' || checkpoint.timeline.boots !== undefined)
      .map((name) => [
        name,
        encode(checkpoint.timeline[name as keyof typeof expected.timeline]),
        encode(expected.timeline[name as keyof typeof expected.timeline]),
      ]),
    ['open', encode(checkpoint.open.map(withFewDeferrals)), encode(expected.open)],
  ];
  const [name, is, be] = parts.find(([, one, other]) => one !== other) ?? [];
  return name === undefined ? null : `${name} is ${is ?? 'missing'}, by the events before it ${be ?? 'missing'}`;
}

/** Whether it, and all that it remembers, is of a time before: one written by a clock that was put back remembers what came later. */
export function isFromBefore({ at, timeline, open }: LedgerCheckpoint, ms: number): boolean {
  const checked = (timeline.checks ?? []).flatMap(({ settled, recent }) => [
    ...(settled === null ? [] : [settled.last.began]),
    ...recent.map(({ began }) => began),
  ]);
  const known = [at, ...timeline.absence.map(([, until]) => until), ...checked, ...open.map(({ planned }) => planned)];
  return known.every(({ wallMs }) => wallMs < ms);
}

/** Whether a ledger may begin with it, whose first month begins then: it is from before, and says in which order the boots were that it knows. */
export function canBegin(checkpoint: LedgerCheckpoint, ms: number): boolean {
  // Without that, what is left would order them otherwise than what went.
  return checkpoint.timeline.boots !== undefined && isFromBefore(checkpoint, ms);
}

/** By planning: the order in memory depends on where the state was read from. */
function openInOrder({ open }: TimelineState): readonly ProbeRecord[] {
  return [...open.values()].sort(
    (one, other) => one.planned.wallMs - other.planned.wallMs || (one.id < other.id ? -1 : 1),
  );
}
