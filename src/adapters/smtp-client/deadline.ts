/** Time limits by the injected clock, so that a test can let ten minutes pass. */
import { ABORTED } from '../../domain/probe.ts';
import { type Clock, OVER } from '../../ports.ts';
import { Failure } from './failure.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** How long each wait may take. The least values of RFC 5321 §4.5.3.2 where it has one: a shorter wait makes failures and duplicates. */
export const LIMIT_MS = {
  /** A stub resolver has tried each of its servers several times by then. */
  dns: 30 * SECOND,
  /** Per address. Five SYNs (1, 3, 7, 15 s after the first): what has not answered them is down, and the next address is waiting. */
  connect: 30 * SECOND,
  /** No RFC names one. Two round trips and a signature; this leaves room for a lossy line. */
  handshake: 2 * MINUTE,
  greeting: 5 * MINUTE,
  /** EHLO, STARTTLS and AUTH: no RFC names one, so as MAIL. */
  command: 5 * MINUTE,
  mail: 5 * MINUTE,
  rcpt: 5 * MINUTE,
  dataInitiation: 2 * MINUTE,
  dataBlock: 3 * MINUTE,
  dataTermination: 10 * MINUTE,
  /**
   * All up to the final dot together. Each reply has its time, and a server that asks for one more line of a login each time would
   * have it for ever; twice what a sender waits before it tries again (RFC 5321 §4.5.4.1) is no service.
   */
  session: 60 * MINUTE,
  /** The outcome is known by then; QUIT is politeness, and a stop of the agent waits for it. */
  quit: 2 * SECOND,
} as const;

export interface Deadline {
  /** Replaces the limit that runs, if one does. */
  start(ms: number): void;
  stop(): void;
}

/** Calls `expired` when a started limit passes before it is replaced or stopped. */
export function createDeadline(clock: Clock, expired: (limitMs: number) => void): Deadline {
  let running: AbortController | null = null;
  const stop = () => {
    running?.abort(OVER);
    running = null;
  };
  return {
    stop,
    start(ms) {
      stop();
      const mine = new AbortController();
      running = mine;
      void clock.sleep(ms, mine.signal).then(() => {
        if (!mine.signal.aborted) expired(ms);
      });
    },
  };
}

/** Runs `work` with a signal that ends it at the limit or when `outer` is aborted: a Failure `TIMEOUT` or `ABORTED`. */
export async function within<T>(
  clock: Clock,
  limitMs: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (outer.aborted) throw aborted();
  const expired = new AbortController();
  const deadline = createDeadline(clock, () => expired.abort());
  deadline.start(limitMs);
  try {
    return await work(AbortSignal.any([outer, expired.signal]));
  } catch (error) {
    if (outer.aborted) throw aborted();
    if (expired.signal.aborted) throw timeout(limitMs);
    throw error;
  } finally {
    deadline.stop();
  }
}

export function aborted(): Failure {
  return new Failure(ABORTED, 'stopped by the agent');
}

export function timeout(limitMs: number): Failure {
  return new Failure('TIMEOUT', `nothing within ${limitMs / SECOND} s`);
}
