/** Server-sent events (WHATWG HTML §9.2): the status to everybody who looks at the page, at most once a second and only when it changed. */
import type { ServerResponse } from 'node:http';
import type { ProbeRecord } from '../../domain/record.ts';
import type { StatusView } from '../../domain/status-view.ts';
import type { Clock, Log, StatusBoard } from '../../ports.ts';

export interface EventFeed {
  /** Why `asker` can have no stream more; null where it can. */
  full(asker: string): string | null;
  /** Takes an answer whose head is not sent yet, and ends it when the client does not read or the feed is closed. */
  add(answer: ServerResponse, headers: Readonly<Record<string, string>>, listener: Listener): void;
  /** Ends all of them; resolves when nothing is left running. */
  close(): Promise<void>;
}

/** Who listens, as far as limits go and as what the page may offer goes. */
export interface Listener {
  readonly asker: string;
  readonly acting: StatusView['acting'];
}

/** Each costs a copy of the status a second; a few screens on walls and a few people. */
export const STREAMS_MAX = 32;
/** Of one asker: the tabs of a person, or the people behind one proxy, of whom more ask every few seconds instead. It takes four to take all. */
export const ASKER_STREAMS_MAX = 8;
/** Bytes that a client may have left unread when more comes: what is one message, however long, it may take its time for. */
const UNREAD_MAX = 1_048_576;
/** Statuses left out in a row, one a second, while a client still reads what it was sent before. */
const SKIPPED_MAX = 30;
/** Milliseconds. */
const SEND_EVERY = 1000;
/** Milliseconds after which a proxy that ends silent connections has seen something. */
const HEARTBEAT_EVERY = 15_000;
/** Milliseconds until a browser that lost us comes again. */
const RETRY_AFTER = 2000;
/** Probes told apart in one round: what changes more at once (our sink was away) stands in the status alone. */
const PROBES_MAX = 50;

interface Stream extends Listener {
  readonly answer: ServerResponse;
  /** Statuses left out since the last one that was sent. */
  skipped: number;
}

/** States: idle (no stream: nothing listens, nothing runs) ⇄ live → closed. */
export function createEventFeed(board: StatusBoard, clock: Pick<Clock, 'sleep'>, log: Pick<Log, 'error'>): EventFeed {
  const streams = new Set<Stream>();
  let closed = false;
  let lastId = 0;
  let live: { readonly stop: () => void; readonly done: Promise<unknown> } | null = null;

  const forget = (stream: Stream): void => {
    streams.delete(stream);
    if (streams.size > 0) return;
    live?.stop();
    live = null;
  };
  const drop = (stream: Stream): void => {
    // Its `close` comes later, and to write to it before that would be an error.
    forget(stream);
    stream.answer.destroy();
  };
  const send = (stream: Stream, text: string): void => {
    if (stream.answer.writableLength > UNREAD_MAX) drop(stream);
    else stream.answer.write(text);
  };
  /** Whatever goes wrong here must not end the agent: those who listen come again. */
  const broken = (error: unknown): void => {
    log.error('events could not be sent', { error });
    for (const { answer } of streams) answer.destroy();
  };
  const message = (event: string, data: unknown): string => {
    lastId += 1;
    // JSON has no line ends of its own.
    return `id: ${lastId}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
  };
  const sendStatus = (to: Iterable<Stream>): void => {
    const view = board.view();
    const texts = new Map<StatusView['acting'], string>();
    for (const stream of to) {
      const { answer, acting } = stream;
      // Of two statuses only the later is of use: it comes once what was sent before is read.
      if (answer.writableNeedDrain) {
        stream.skipped += 1;
        if (stream.skipped > SKIPPED_MAX) drop(stream);
        continue;
      }
      stream.skipped = 0;
      const text = texts.get(acting) ?? message('status', { ...view, acting } satisfies StatusView);
      texts.set(acting, text);
      send(stream, text);
    }
  };
  const tryStatus = (stream: Stream): void => {
    try {
      sendStatus([stream]);
    } catch (error) {
      broken(error);
    }
  };
  const sendProbes = (records: Iterable<ProbeRecord>): void => {
    const text = [...records]
      .slice(-PROBES_MAX)
      .map((record) => message('probe', board.probe(record)))
      .join('');
    if (text !== '') for (const stream of streams) send(stream, text);
  };

  const goLive = (): NonNullable<typeof live> => {
    const stopping = new AbortController();
    const { signal } = stopping;
    let news = Promise.withResolvers<void>();
    let changed = new Map<string, ProbeRecord>();
    const unsubscribe = board.subscribe((records) => {
      for (const record of records) changed.set(record.id, record);
      news.resolve();
    });
    const tell = async (): Promise<void> => {
      for (;;) {
        await news.promise;
        if (signal.aborted) return;
        const records = changed.values();
        changed = new Map();
        news = Promise.withResolvers();
        sendProbes(records);
        sendStatus(streams);
        await clock.sleep(SEND_EVERY, signal);
      }
    };
    const beat = async (): Promise<void> => {
      while (!signal.aborted) {
        await clock.sleep(HEARTBEAT_EVERY, signal);
        if (signal.aborted) return;
        // One that is still being read is not silent.
        for (const stream of streams) if (!stream.answer.writableNeedDrain) send(stream, ': still here\n\n');
      }
    };
    const stop = (): void => {
      stopping.abort();
      unsubscribe();
      news.resolve();
    };
    return { stop, done: Promise.all([tell(), beat()]).catch(broken) };
  };

  return {
    full(asker) {
      if (closed || streams.size >= STREAMS_MAX)
        return `at most ${STREAMS_MAX} streams of events can be open at once: close one`;
      let ofAsker = 0;
      for (const stream of streams) if (stream.asker === asker) ofAsker += 1;
      if (ofAsker < ASKER_STREAMS_MAX) return null;
      return `at most ${ASKER_STREAMS_MAX} streams of events can be open at once from one address: close one`;
    },
    add(answer, headers, listener) {
      const stream: Stream = { answer, ...listener, skipped: 0 };
      streams.add(stream);
      answer.once('close', () => forget(stream));
      // Nobody else listens, and an error that nobody hears would end the agent.
      answer.on('error', () => answer.destroy());
      answer.on('drain', () => {
        if (stream.skipped > 0 && !closed) tryStatus(stream);
      });
      answer.writeHead(200, {
        ...headers,
        'content-type': 'text/event-stream; charset=utf-8',
        // A proxy that buffers would hold the news back.
        'x-accel-buffering': 'no',
      });
      live ??= goLive();
      answer.write(`retry: ${RETRY_AFTER}\n\n`);
      tryStatus(stream);
    },
    async close() {
      closed = true;
      const { stop, done } = live ?? { stop: () => {}, done: null };
      stop();
      for (const { answer } of streams) answer.end();
      await done;
    },
  };
}
