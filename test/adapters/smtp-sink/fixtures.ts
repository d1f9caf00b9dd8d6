/** What the tests of the sink share: settings, a listener that notes what it is told, and a sink that is closed after each test. */

import { onTestFinished } from 'vitest';
import { createSink } from '../../../src/adapters/smtp-sink/sink.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import type { SinkSettings } from '../../../src/domain/settings.ts';
import type { Instant } from '../../../src/domain/time/instant.ts';
import type {
  Clock,
  Log,
  Sink,
  SinkListener,
  SinkMessage,
  SinkRefusalReason,
  SinkReply,
  SinkTransaction,
} from '../../../src/ports.ts';
import { examinedLog } from '../../tooling/secrets.ts';
import { RawClient } from './raw-client.ts';

const DOMAIN = 'sink.test';
/** Whom the sink knows: our own envelope sender, and a provider's network that no peer of the tests is in. */
export const KNOWN = { senders: ['receive@sink.test'], networks: ['192.0.2.0/24'] };

export function sinkSettings(over: Partial<SinkSettings> = {}): SinkSettings {
  return {
    listen: { host: '127.0.0.1', port: 0 },
    hostname: 'mx.sink.test',
    domain: DOMAIN,
    recipients: 4,
    tls: null,
    reachability: 'inbound',
    ...over,
  };
}

export type Note =
  | { readonly what: 'connected'; readonly peer: string; readonly at: Instant }
  | { readonly what: 'vanished'; readonly peer: string; readonly at: Instant }
  | { readonly what: 'turnedAway'; readonly peer: string; readonly since: Instant }
  | { readonly what: 'received'; readonly transaction: SinkTransaction; readonly message: SinkMessage }
  | { readonly what: 'abandoned'; readonly transaction: SinkTransaction; readonly code: number }
  | { readonly what: 'disconnected'; readonly peer: string }
  | { readonly what: 'refused'; readonly reason: SinkRefusalReason }
  | { readonly what: 'failed'; readonly error: Error };

type Told<W extends Note['what']> = Extract<Note, { readonly what: W }>;

/** Notes everything, in order. `answer` is what `received` waits for. */
export class NotingListener implements SinkListener {
  readonly notes: Note[] = [];
  answer: () => Promise<SinkReply> = async () => ({ code: 250, text: '2.6.0 taken' });
  #wake: () => void = () => undefined;

  connected(peer: string, at: Instant): void {
    this.#note({ what: 'connected', peer, at });
  }
  received(transaction: SinkTransaction, message: SinkMessage): Promise<SinkReply> {
    this.#note({ what: 'received', transaction, message });
    return this.answer();
  }
  abandoned(transaction: SinkTransaction, code: number): void {
    this.#note({ what: 'abandoned', transaction, code });
  }
  vanished(peer: string, at: Instant): void {
    this.#note({ what: 'vanished', peer, at });
  }
  turnedAway(peer: string, since: Instant): void {
    this.#note({ what: 'turnedAway', peer, since });
  }
  disconnected(peer: string): void {
    this.#note({ what: 'disconnected', peer });
  }
  refused(reason: SinkRefusalReason): void {
    this.#note({ what: 'refused', reason });
  }
  failed(error: Error): void {
    this.#note({ what: 'failed', error });
  }

  all<W extends Note['what']>(what: W): readonly Told<W>[] {
    return this.notes.filter((note): note is Told<W> => note.what === what);
  }
  /** What happened, in order, in one word each. */
  story(): readonly string[] {
    return this.notes.map(({ what }) => what);
  }
  /** Waits for the `count`-th note of a kind. */
  async told<W extends Note['what']>(what: W, count = 1): Promise<Told<W>> {
    for (;;) {
      const note = this.all(what)[count - 1];
      if (note !== undefined) return note;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #note(note: Note): void {
    this.notes.push(note);
    this.#wake();
  }
}

export interface Opened {
  readonly sink: Sink;
  readonly port: number;
  readonly listener: NotingListener;
  readonly log: readonly { readonly level: string; readonly message: string }[];
  /** Connects, from any address of loopback. */
  readonly client: (from?: string) => RawClient;
}

/** A sink that listens, closed when the test is over. */
export async function openSink(
  over: Partial<SinkSettings> = {},
  clock: Clock = ownClock(),
  known: typeof KNOWN = KNOWN,
): Promise<Opened> {
  const listener = new NotingListener();
  const log: { level: string; message: string }[] = [];
  const sink = createSink(sinkSettings(over), known, clock, noting(log));
  const { port } = await sink.open(listener);
  const clients: RawClient[] = [];
  onTestFinished(async () => {
    for (const client of clients) client.destroy();
    await sink.close();
  });
  const client = (from?: string) => {
    const made = new RawClient(port, from);
    clients.push(made);
    return made;
  };
  return { sink, port, listener, log, client };
}

export function ownClock(): Clock {
  const clock = systemClock();
  onTestFinished(() => clock.close());
  return clock;
}

function noting(lines: { level: string; message: string }[]): Log {
  const at = (level: string) => (message: string) => void lines.push({ level, message });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export const silent = examinedLog;
