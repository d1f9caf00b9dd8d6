/** Asks a running agent over its HTTP interface: what a command does when a daemon holds the data folder. */
import type { Path } from '../../domain/probe.ts';
import type { ProbeView } from '../../domain/probe-view.ts';

/** Starts spot checks and tells how they go, be it in this process or in the daemon. */
export interface SpotChecker {
  /** Resolves with the probe's id. */
  start(provider: string, path: Path): Promise<string>;
  /** As of now, or once it is settled, or after `waitMs`. */
  view(id: string, waitMs: number): Promise<ProbeView>;
}

/** Milliseconds beyond the wait itself before the daemon counts as not answering. */
const ANSWER_TIMEOUT = 5000;

/** `url` as the daemon wrote it. Its methods reject with an Error that says what the daemon answered. */
export function remoteSpotChecker(url: string, token: string | null): SpotChecker {
  const headers = {
    'content-type': 'application/json',
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  };
  const ask = async (path: string, waitMs: number, init: RequestInit): Promise<unknown> => {
    const response = await fetch(new URL(path, url), {
      ...init,
      headers,
      signal: AbortSignal.timeout(waitMs + ANSWER_TIMEOUT),
    }).catch((cause: unknown) => {
      throw new Error(`the agent at ${url} does not answer`, { cause });
    });
    const body: unknown = await response.json();
    if (response.ok) return body;
    const said =
      typeof body === 'object' && body !== null && 'error' in body ? String(body.error) : response.statusText;
    throw new Error(`the agent at ${url} answered ${response.status}: ${said}`);
  };
  return {
    async start(provider, path) {
      const { id } = (await ask('/api/v1/probes', 0, { method: 'POST', body: JSON.stringify({ provider, path }) })) as {
        id: string;
      };
      return id;
    },
    view: async (id, waitMs) => (await ask(`/api/v1/probes/${id}?wait=${waitMs / 1000}`, waitMs, {})) as ProbeView,
  };
}
