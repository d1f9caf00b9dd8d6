/** The heartbeat: until when everything is known and recorded, so that a later start knows since when nobody watched. */
import { type Instant, spanBetween } from '../domain/time/instant.ts';
import { type Clock, LedgerRefused } from '../ports.ts';
import type { PartHealth } from './health.ts';
import type { Recorder } from './recorder.ts';
import type { SinkCollector } from './sink-collector.ts';
import type { Wake } from './wake.ts';

/** Seconds without an answer after which the ledger hangs; a busy disk holds one up for a few. */
const HANGS_AFTER = 30;

export interface HeartParts {
  readonly recorder: Recorder;
  readonly collector: SinkCollector;
  readonly wake: Wake;
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

export function createHeart({ recorder, collector, wake, part, clock }: HeartParts): Heart {
  let hangsSince: Instant | null = null;
  return {
    async beat() {
      const now = clock.now();
      hangsSince = now;
      try {
        const until = collector.settledUntil(now);
        await wake.check();
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
      if (seconds > HANGS_AFTER) part.failed(`no answer for ${seconds} s`);
    },
  };
}
