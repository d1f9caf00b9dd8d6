/** Asks a running agent over its HTTP interface: what a command does when a daemon holds the data folder. */
import type { Path } from '../../domain/probe.ts';
import type { ProbeView } from '../../domain/probe-view.ts';
import { OUTCOMES } from '../../domain/record.ts';

/** Starts spot checks and tells how they go, be it in this process or in the daemon. */
export interface SpotChecker {
  /** Resolves with the probe's id. */
  start(provider: string, path: Path): Promise<string>;
  /** As of now, or once it is settled, or after `waitMs`. */
  view(id: string, waitMs: number): Promise<ProbeView>;
}

/** Milliseconds beyond the wait itself before the daemon counts as not answering. */
const ANSWER_TIMEOUT = 5000;
/** Characters of an answer shown in an error. */
const QUOTED_MAX = 200;

/** `url` as the daemon wrote it. Its methods reject with an Error that says what the daemon answered, or why it did not. */
export function remoteSpotChecker(url: string, token: string | null): SpotChecker {
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  return {
    async start(provider, path) {
      const body = JSON.stringify({ provider, path });
      const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body };
      const answer = await ask(url, '/api/v1/probes', 0, init);
      if (!isObject(answer) || typeof answer['id'] !== 'string') throw notOurs(url);
      return answer['id'];
    },
    async view(id, waitMs) {
      const query = `wait=${Math.ceil(Math.max(0, waitMs)) / 1000}`;
      const answer = await ask(url, `/api/v1/probes/${encodeURIComponent(id)}?${query}`, waitMs, { headers });
      if (!isProbeView(answer)) throw notOurs(url);
      return answer;
    },
  };
}

async function ask(url: string, path: string, waitMs: number, init: RequestInit): Promise<unknown> {
  const { status, text } = await exchange(url, path, waitMs + ANSWER_TIMEOUT, init);
  const body = parseJson(text);
  if (status >= 200 && status < 300 && body !== undefined) return body;
  const said = isObject(body) && 'error' in body ? String(body['error']) : text;
  throw new Error(`the agent at ${url} answered ${status}: ${quote(said)}`);
}

async function exchange(
  url: string,
  path: string,
  timeoutMs: number,
  init: RequestInit,
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(new URL(path, url), { ...init, redirect: 'manual', signal });
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    throw new Error(`the agent at ${url} does not answer: ${reasonOf(cause)}`, { cause });
  }
}

/** `fetch failed` has the reason in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause !== undefined) return reasonOf(error.cause);
  // Several addresses tried in vain make an error with a code and no message.
  return error.message || String('code' in error ? error.code : error.name);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Enough of it to be shown: another program, or another version of this one, may answer at the address. */
function isProbeView(value: unknown): value is ProbeView {
  if (!isObject(value) || !OUTCOMES.some((outcome) => outcome === value['outcome'])) return false;
  const texts = ['id', 'provider', 'path', 'plannedAt'];
  const lists = ['flags', 'stages', 'hops'];
  return (
    texts.every((name) => typeof value[name] === 'string') &&
    lists.every((name) => Array.isArray(value[name])) &&
    typeof value['delaySeconds'] === 'object' &&
    typeof value['ageSeconds'] === 'number'
  );
}

function notOurs(url: string): Error {
  return new Error(`what answers at ${url} is no agent of this version`);
}

/** One line, and nothing that drives a terminal. */
function quote(text: string): string {
  return (
    text
      .replaceAll(/[\p{Cc}\s]+/gu, ' ')
      .trim()
      .slice(0, QUOTED_MAX) || 'nothing'
  );
}
