/** The heartbeat: until when everything is known and recorded, so that a later start knows since when nobody watched. */
import { type Instant, spanBetween } from '../domain/time/instant.ts';
import { type Clock, LedgerRefused } from '../ports.ts';
import type { PartHealth } from './health.ts';
import type { Recorder } from './recorder.ts';
import type { SinkCollector } from './sink-collector.ts';
import type { SinkKeeper } from './sink-keeper.ts';

/** Seconds without a beat after which the agent was away, or its ledger does not answer; a busy disk holds one up for a few. */
const AWAY_AFTER = 30;

export interface HeartParts {
  readonly recorder: Recorder;
  readonly collector: SinkCollector;
  readonly keeper: SinkKeeper;
  /** The ledger's. */
  readonly part: PartHealth;
  readonly clock: Clock;
}
export interface Heart {
  /** Resolves with when it was, or null while the ledger refuses facts: then nothing is said. */
  beat(): Promise<Instant | null>;
  /** Tells of a beat that hangs: a disk that neither takes nor refuses. */
  check(): Promise<void>;
}

export function createHeart({ recorder, collector, keeper, part, clock }: HeartParts): Heart {
  let last: Instant | null = null;
  let hangsSince: Instant | null = null;
  return {
    async beat() {
      const before = last;
      const now = clock.now();
      last = now;
      hangsSince = now;
      try {
        const until = collector.settledUntil(now);
        // A sink that is closed stays so.
        if (before !== null && wasAway(before, now) && keeper.isOpen) {
          // At once: were it to fail between the two, it would count as open while it is not.
          await Promise.all([
            recorder.note({ type: 'sink.closed', at: before }),
            recorder.note({ type: 'sink.opened', at: now, address: 'awake again' }),
          ]);
        }
        await recorder.beat(until);
        return now;
      } catch (error) {
        if (error instanceof LedgerRefused) return null;
        throw error;
      } finally {
        hangsSince = null;
      }
    },
    async check() {
      if (hangsSince === null) return;
      const seconds = Math.floor(spanBetween(hangsSince, clock.now()).lo);
      if (seconds > AWAY_AFTER) part.failed(`no answer for ${seconds} s`);
    },
  };
}

/** Whether the agent slept from one beat to the next, with its host or by itself: then nobody was at the sink. */
function wasAway(last: Instant, now: Instant): boolean {
  const span = spanBetween(last, now);
  return span.flags.includes('host-suspended') || span.lo > AWAY_AFTER;
}
