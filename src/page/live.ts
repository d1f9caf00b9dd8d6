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

export function follow(listener: Listener): void {
  let source: EventSource | null = null;
  let heardAt = performance.now();
  let lostAt: number | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;
  let closedAt: number | null = null;

  const heard = (): void => {
    heardAt = performance.now();
    lostAt = null;
    listener.link('live', true);
  };
  const lost = (): void => {
    lostAt ??= performance.now();
    listener.link(performance.now() - heardAt > STALE_AFTER ? 'stale' : 'lost', false);
  };
  const connect = (): void => {
    closedAt = null;
    source = new EventSource('/api/v1/events');
    source.addEventListener('open', heard);
    source.addEventListener('status', ({ data }: MessageEvent<string>) => {
      heard();
      listener.status(JSON.parse(data) as StatusView);
    });
    source.addEventListener('probe', ({ data }: MessageEvent<string>) => {
      heard();
      listener.probe(JSON.parse(data) as ProbeView);
    });
    source.addEventListener('error', () => {
      lost();
      // The browser itself comes again only where the connection broke, not where it was refused.
      if (source?.readyState === EventSource.CLOSED) closedAt = performance.now();
    });
  };
  const ask = async (): Promise<void> => {
    askedAt = performance.now();
    const answer = await getJson<StatusView>('/api/v1/status', ASK_PATIENCE);
    if (answer.kind !== 'ok') {
      lost();
      return;
    }
    heard();
    listener.status(answer.value);
  };
  const look = (): void => {
    const now = performance.now();
    if (lostAt !== null) lost();
    if (closedAt !== null && now - closedAt > RECONNECT_AFTER) connect();
    if (now - heardAt > SILENCE_MAX && now - askedAt > ASK_EVERY) void ask();
  };

  connect();
  setInterval(look, GLANCE);
  // Back from sleep, or in the foreground again.
  document.addEventListener('visibilitychange', look);
}
