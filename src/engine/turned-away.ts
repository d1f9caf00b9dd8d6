/** Remembers whose connections our own limits may have turned away, until it is recorded: what came with them counts as tried unseen. */
import type { ProbeRecord } from '../domain/record.ts';
import { type Boots, earlierOf, type Instant, isBefore, laterOf } from '../domain/time/instant.ts';
import { isNewlyUnseen } from '../domain/timeline.ts';
import type { Clock } from '../ports.ts';
import type { Recorder } from './recorder.ts';

export interface TurnedAway {
  /** A connection that may have been the provider's was turned away, with whatever it carried since then. */
  note(provider: string, since: Instant): void;
  /** Since when something may have been tried that the ledger does not know of, null if nothing. */
  unsettledSince(): Instant | null;
  /** Records what says something new of the probes under way: a flood is no fact for each of its connections. Never rejects. */
  settle(): Promise<void>;
  /** Records all there is, before a capture: a provider turned away since it was doubted last is doubted anew. Never rejects. */
  settleAll(): Promise<void>;
}

export function createTurnedAway(recorder: Recorder, clock: Clock): TurnedAway {
  const pending = new Map<string, Instant>();
  /** What is being recorded just now. */
  const underWay = new Map<string, Instant>();
  let recording: Promise<void> = Promise.resolve();

  const isNews = (provider: string, since: Instant): boolean =>
    [...recorder.state.open.values()].some((record) => isUnaware(record, provider, since, recorder.state.boots));

  const record = async (which: (provider: string, since: Instant) => boolean): Promise<void> => {
    for (const [provider, since] of pending) {
      if (!which(provider, since)) continue;
      // What comes while this is being recorded is for the next time.
      pending.delete(provider);
      underWay.set(provider, since);
      await recorder.note({ type: 'sink.unproven', at: clock.now(), since, provider });
      underWay.delete(provider);
    }
  };
  const queue = (which: (provider: string, since: Instant) => boolean): Promise<void> => {
    if (pending.size > 0) recording = recording.then(() => record(which));
    return recording;
  };
  return {
    note(provider, since) {
      pending.set(provider, earlierOf(pending.get(provider) ?? null, since));
    },
    unsettledSince() {
      let first: Instant | null = null;
      for (const [provider, since] of [...pending, ...underWay])
        if (isNews(provider, since)) first = earlierOf(first, since);
      return first;
    },
    settle: () => queue(isNews),
    settleAll: () => queue(() => true),
  };
}

function isUnaware(record: ProbeRecord, provider: string, since: Instant, boots: Boots): boolean {
  const { path, provider: own, planned, bounceGap } = record;
  if (own !== provider || path === 'internal') return false;
  if (path === 'send') return isNewlyUnseen(record, since, boots);
  return bounceGap === undefined || isBefore(laterOf(since, planned, boots), bounceGap.since, boots);
}
