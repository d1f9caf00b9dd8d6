/** What tests ask of a running daemon over HTTP, and of its ledger by the command line. */
import { decode } from '../../src/domain/codec.ts';
import type { EndpointChecked, LedgerEvent } from '../../src/domain/event.ts';
import type { ProbeView } from '../../src/domain/probe-view.ts';
import { type Daemon, run } from './command.ts';
import { eventually } from './daemon.ts';

type Reachable = Pick<Daemon, 'url'> & {
  /** Needed by one that is not on loopback. */
  readonly token?: string;
};
/** Past what a spot check takes on a busy machine. */
const PATIENCE_MS = 30_000;

/** Orders a spot check; resolves with the answer as it is. */
export function post({ url, token }: Reachable, path: string, provider = 'corp'): Promise<Response> {
  return fetch(`${url}/api/v1/probes`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ provider, path }),
  });
}

/** Orders a spot check; resolves with its id. */
export async function order(daemon: Reachable, path: string, provider = 'corp'): Promise<string> {
  const response = await post(daemon, path, provider);
  if (response.status !== 202) throw new Error(`a spot check must be taken, was answered ${response.status}`);
  return ((await response.json()) as { id: string }).id;
}

export async function view({ url }: Reachable, id: string, waitSeconds = 0): Promise<ProbeView> {
  return (await (await fetch(`${url}/api/v1/probes/${id}?wait=${waitSeconds}`)).json()) as ProbeView;
}

export interface Readiness {
  readonly status: number;
  readonly parts: Readonly<Record<string, string | null>>;
}
export async function readiness({ url }: Reachable): Promise<Readiness> {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, parts: ((await response.json()) as Readiness).parts };
}

export function untilReady(daemon: Reachable): Promise<true> {
  return eventually(
    'a daemon that is ready',
    async () => ((await readiness(daemon)).status === 200 ? true : undefined),
    PATIENCE_MS,
  );
}

export function untilAccepted(daemon: Reachable, id: string): Promise<true> {
  return eventually('its acceptance', async () => ((await view(daemon, id)).acceptedAt === null ? undefined : true));
}

/** The value of a series, named with its labels as the text has them; NaN where it is not there. */
export async function metric({ url }: Reachable, series: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? Number.NaN : Number(line.slice(series.length + 1));
}

/** Every event of the ledger that the configuration names. */
export async function eventsOf(config: string): Promise<readonly LedgerEvent[]> {
  const { code, stdout, stderr } = await run(['ledger', 'export', '-c', config]);
  if (code !== 0) throw new Error(`the ledger must be exported, ended with ${code}: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => decode<{ event: LedgerEvent }>(line).event);
}

/** The checks in the ledger that found a server down. */
export async function downIn(config: string): Promise<readonly EndpointChecked[]> {
  return (await eventsOf(config)).flatMap((event) =>
    event.type === 'endpoint.checked' && event.result.kind === 'down' ? event : [],
  );
}

export interface LogLine {
  readonly level: string;
  readonly msg: string;
}
/** What a daemon logged at these levels. */
export function logged({ log }: Pick<Daemon, 'log'>, ...levels: readonly string[]): readonly LogLine[] {
  return log()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LogLine)
    .filter(({ level }) => levels.includes(level));
}
