/** Keeps the sink open: one that failed is recorded as closed, and opened anew until that works. */
import type { HostPort } from '../domain/settings.ts';
import { type Backoff, failuresInRow, retryDelayMs } from '../domain/time/backoff.ts';
import { spanBetween } from '../domain/time/instant.ts';
import type { Clock, Random, Sink } from '../ports.ts';
import { type PartHealth, problemOf } from './health.ts';
import type { Recorder } from './recorder.ts';
import type { SinkCollector } from './sink-collector.ts';

const REOPEN: Backoff = { firstMs: 1000, maxMs: 60_000 };

export interface SinkKeeperParts {
  readonly sink: Sink;
  readonly collector: SinkCollector;
  readonly recorder: Recorder;
  readonly part: PartHealth;
  readonly clock: Clock;
  readonly random: Random;
}
export interface SinkKeeper {
  /** Where it listened first. */
  readonly address: HostPort;
  /** Whether it listens now: else nothing proves that no mail came. */
  readonly isOpen: boolean;
  /** Records that it is closed, before it is. */
  retire(): Promise<void>;
  /** Resolves when it is closed and nothing is left running. */
  close(): Promise<void>;
}

/** States: open → failed (closed, waiting) → open …; retired from either. Rejects if it cannot be opened the first time. */
export async function keepSink(parts: SinkKeeperParts): Promise<SinkKeeper> {
  const { sink, collector, recorder, part, clock, random } = parts;
  const retired = new AbortController();
  let isOpen = false;
  let openedAt = clock.now();
  let failures = 0;
  let reopening: Promise<void> = Promise.resolve();

  const noteClosed = (): Promise<void> => {
    isOpen = false;
    return recorder.note({ type: 'sink.closed', at: collector.settledUntil(clock.now()) });
  };
  const onFailure = (error: Error): void => {
    if (!isOpen) return;
    part.failed(error.message, { error });
    failures = failuresInRow(failures, spanBetween(openedAt, clock.now()).lo);
    reopening = reopen(noteClosed()).catch((bug: unknown) => part.failed(problemOf(bug), { error: bug }));
  };
  const open = async (): Promise<HostPort> => {
    const address = await sink.open({ ...collector, failed: onFailure });
    isOpen = true;
    openedAt = clock.now();
    return address;
  };
  const opened = ({ host, port }: HostPort) =>
    ({ type: 'sink.opened', at: clock.now(), address: `${host}:${port}` }) as const;

  const reopen = async (noted: Promise<void>): Promise<void> => {
    await noted;
    await sink.close();
    for (;;) {
      await clock.sleep(retryDelayMs(failures, REOPEN, random.uniform()), retired.signal);
      if (retired.signal.aborted) return;
      const address = await open().catch((error: unknown) => {
        failures = failuresInRow(failures, 0);
        part.failed(problemOf(error), { error });
      });
      // `close` closes what was opened meanwhile.
      if (retired.signal.aborted) return;
      if (address === undefined) continue;
      part.works();
      return recorder.note(opened(address));
    }
  };

  const address = await open();
  try {
    await recorder.record([opened(address)]);
  } catch (error) {
    retired.abort();
    await reopening;
    await sink.close();
    throw error;
  }
  return {
    address,
    get isOpen() {
      return isOpen;
    },
    async retire() {
      retired.abort();
      if (isOpen) await noteClosed();
    },
    async close() {
      retired.abort();
      await reopening;
      await sink.close();
    },
  };
}
