/** Asks a running agent over its HTTP interface: what a command does when a daemon holds the data folder. */
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
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
/** A probe with all its hops is some kilobytes. */
const ANSWER_BYTES_MAX = 1_048_576;
/** Characters of an answer shown in an error. */
const QUOTED_MAX = 200;

/** `url` as the daemon wrote it. Its methods reject with an Error that says what the daemon answered, or why it did not. */
export function remoteSpotChecker(url: string, token: string | null): SpotChecker {
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  return {
    async start(provider, path) {
      const options = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' } };
      const answer = await ask(url, '/api/v1/probes', 0, options, JSON.stringify({ provider, path }));
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

async function ask(url: string, path: string, waitMs: number, options: RequestOptions, body = ''): Promise<unknown> {
  const { status, text } = await exchange(url, path, { ...options, timeout: waitMs + ANSWER_TIMEOUT }, body).catch(
    (cause: unknown) => {
      throw new Error(`the agent at ${url} does not answer: ${reasonOf(cause)}`, { cause });
    },
  );
  const answer = parseJson(text);
  if (status >= 200 && status < 300 && answer !== undefined) return answer;
  const said = isObject(answer) && 'error' in answer ? String(answer['error']) : text;
  throw new Error(`the agent at ${url} answered ${status}: ${quote(said)}`);
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function exchange(url: string, path: string, options: RequestOptions, body: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  // The timeout is of the socket's silence: the agent is silent while it waits, and then answers at once.
  const asked = request(new URL(path, url), options, resolve)
    .on('error', reject)
    .on('timeout', () => asked.destroy(new Error(`silent for ${(options.timeout ?? 0) / 1000} s`)));
  asked.end(body);
  const response = await promise;
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`more than ${ANSWER_BYTES_MAX} bytes`);
    parts.push(part);
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
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
