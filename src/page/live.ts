/** Keeps hearing from the agent: by server-sent events, by asking where those are silent, and says when neither works. */
import type { ProbeView } from '../domain/probe-view.ts';
import type { StatusView } from '../domain/status-view.ts';
import { getJson } from './api.ts';
import type { Link } from './state.ts';

export interface Listener {
  readonly status: (status: StatusView) => void;
  readonly probe: (probe: ProbeView) => void;
  /** `heard` where it was just heard from. */
  readonly link: (link: Exclude<Link, 'loaded'>, heard: boolean) => void;
}

/** Milliseconds. A stream may be silent as long as nothing happens, so then it is asked. */
const SILENCE_MAX = 20_000;
const ASK_EVERY = 10_000;
const ASK_PATIENCE = 8000;
/** From then on what is shown may be wrong. */
const STALE_AFTER = 15_000;
const RECONNECT_AFTER = 5000;
const GLANCE = 1000;

/** Returns what looks at once: call it back from sleep, or in the foreground again. */
export function follow(listener: Listener): () => void {
  let source: EventSource | null = null;
  let heardAt = performance.now();
  let isOpen = true;
  /** What failed since it was heard last. */
  let missing: 'stream' | 'answer' | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;
  let closedAt: number | null = null;

  const heard = (): void => {
    heardAt = performance.now();
    missing = null;
    listener.link('live', true);
  };
  /** A stream that is refused, when all are taken, makes nothing stale while asking works. */
  const tellMissing = (): void => {
    if (missing === null) return;
    const isStale = missing === 'answer' && performance.now() - heardAt > STALE_AFTER;
    listener.link(isStale ? 'stale' : 'lost', false);
  };
  const connect = (): void => {
    closedAt = null;
    source = new EventSource('/api/v1/events');
    source.addEventListener('open', () => {
      isOpen = true;
      heard();
    });
    source.addEventListener('status', (event) => {
      heard();
      listener.status(dataOf(event) as StatusView);
    });
    source.addEventListener('probe', (event) => {
      heard();
      listener.probe(dataOf(event) as ProbeView);
    });
    source.addEventListener('error', () => {
      if (isOpen) missing ??= 'stream';
      isOpen = false;
      tellMissing();
      // The browser itself comes again only where the connection broke, not where it was refused.
      if (source?.readyState === EventSource.CLOSED) closedAt = performance.now();
    });
  };
  const ask = async (): Promise<void> => {
    askedAt = performance.now();
    const answer = await getJson<StatusView>('/api/v1/status', ASK_PATIENCE);
    if (answer.kind === 'ok') {
      heard();
      listener.status(answer.value);
    } else if (heardAt < askedAt) {
      missing = 'answer';
      tellMissing();
    }
  };
  const look = (): void => {
    const now = performance.now();
    tellMissing();
    if (closedAt !== null && now - closedAt > RECONNECT_AFTER) connect();
    if ((!isOpen || now - heardAt > SILENCE_MAX) && now - askedAt > ASK_EVERY) void ask();
  };

  connect();
  setInterval(look, GLANCE);
  return look;
}

function dataOf(event: Event): unknown {
  return JSON.parse(String((event as MessageEvent).data));
}
