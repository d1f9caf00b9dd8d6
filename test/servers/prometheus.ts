/** Debian's Prometheus for tests: on loopback, all its files in a folder of its own that goes when it closes. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, startDaemon, tail } from './daemon.ts';
import { startGuard } from './guard.ts';
import { reservePorts } from './ports.ts';

const PROGRAM = 'prometheus';
const HOST = '127.0.0.1';
/** Far beyond any answer here, so that a hanging server fails the test that asked and not the whole run. */
const ANSWER_PATIENCE_MS = 20_000;

export interface PrometheusOptions {
  /** The text of its `prometheus.yml`. */
  readonly configuration: string;
  /** What lies beside it, text by file name: rule files. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Seconds since 1970. */
  readonly at: number;
}
export interface Target {
  readonly health: 'up' | 'down' | 'unknown';
  readonly labels: Readonly<Record<string, string>>;
  readonly scrapeUrl: string;
  /** Empty if the last scrape went well. */
  readonly lastError: string;
  /** Seconds. */
  readonly lastScrapeDuration: number;
}
export interface Rule {
  readonly type: 'alerting' | 'recording';
  readonly name: string;
  readonly query: string;
  /** `unknown` before the first evaluation, `err` with a `lastError` after one that failed. */
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
  readonly labels?: Readonly<Record<string, string>>;
}
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

export interface Prometheus {
  readonly url: string;
  /** An instant vector or a scalar, now or at `atSeconds`. Rejects with Prometheus's words when it refuses the expression. */
  query(expression: string, atSeconds?: number): Promise<readonly Sample[]>;
  targets(): Promise<readonly Target[]>;
  rules(): Promise<readonly Rule[]>;
  alerts(): Promise<readonly Alert[]>;
  /** The end of its log, for an error's message. */
  log(): string;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

/** Starts one and resolves once it is ready; rejects with the end of its log when it does not accept its configuration. */
export async function startPrometheus({ configuration, files = {} }: PrometheusOptions): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'mfp-prometheus-'));
  const guard = startGuard(folder);
  const { ports, release } = await reservePorts(HOST, ['http']);
  const url = `http://${HOST}:${ports.http}`;
  const logFile = join(folder, 'prometheus.log');
  const close = async (): Promise<void> => {
    await guard.close();
    await release();
  };
  try {
    const beside = join(folder, 'config');
    await mkdir(beside);
    for (const [name, text] of Object.entries({ ...files, 'prometheus.yml': configuration }))
      await writeFile(join(beside, name), text);
    const daemon = startDaemon(
      guard,
      PROGRAM,
      [
        `--config.file=${join(beside, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${HOST}:${ports.http}`,
      ],
      logFile,
    );
    await eventually(
      () => `Prometheus ready at ${url}\n${tail(logFile)}`,
      async () => {
        if (!daemon.alive()) throw new Error(`Prometheus has ended\n${tail(logFile)}`);
        return (await isReady(url)) ? true : undefined;
      },
    );
    return {
      url,
      ...questions(url),
      log: () => tail(logFile),
      async close() {
        await daemon.stop();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A configuration that scrapes `agents` (`host:port`) and evaluates the rule files, both every `everySeconds`. */
export function scraping(
  agents: readonly string[],
  { ruleFiles = [], everySeconds = 1 }: { readonly ruleFiles?: readonly string[]; readonly everySeconds?: number } = {},
): string {
  // JSON is YAML.
  return JSON.stringify({
    global: { scrape_interval: `${everySeconds}s`, evaluation_interval: `${everySeconds}s`, scrape_timeout: '1s' },
    rule_files: ruleFiles,
    scrape_configs: [{ job_name: 'mailflow-probe', static_configs: [{ targets: agents }] }],
  });
}

function questions(url: string): Pick<Prometheus, 'query' | 'targets' | 'rules' | 'alerts'> {
  return {
    async query(expression, atSeconds) {
      const time = atSeconds === undefined ? {} : { time: String(atSeconds) };
      const parameters = new URLSearchParams({ query: expression, ...time });
      return samplesOf(await ask<QueryData>(`${url}/api/v1/query?${parameters.toString()}`));
    },
    async targets() {
      const { activeTargets } = await ask<{ activeTargets: Target[] }>(`${url}/api/v1/targets?state=active`);
      return activeTargets;
    },
    async rules() {
      const { groups } = await ask<{ groups: { rules: Rule[] }[] }>(`${url}/api/v1/rules`);
      return groups.flatMap(({ rules }) => rules);
    },
    async alerts() {
      return (await ask<{ alerts: Alert[] }>(`${url}/api/v1/alerts`)).alerts;
    },
  };
}

/** Seconds since 1970, and the value as text: `NaN` and `+Inf` are no JSON. */
type Point = readonly [at: number, value: string];
type QueryData =
  | { readonly resultType: 'vector'; readonly result: readonly { metric: Record<string, string>; value: Point }[] }
  | { readonly resultType: 'scalar'; readonly result: Point }
  | { readonly resultType: 'matrix' | 'string' };

function samplesOf(data: QueryData): readonly Sample[] {
  switch (data.resultType) {
    case 'vector':
      return data.result.map(({ metric, value }) => sample(metric, value));
    case 'scalar':
      return [sample({}, data.result)];
    case 'matrix':
    case 'string':
      throw new Error(`an instant vector or a scalar is needed, this is a ${data.resultType}`);
  }
}

function sample(labels: Record<string, string>, [at, text]: Point): Sample {
  return { labels, value: Number(text.replace(/Inf$/, 'Infinity')), at };
}

async function ask<T>(address: string): Promise<T> {
  const response = await fetch(address, { signal: AbortSignal.timeout(ANSWER_PATIENCE_MS) });
  const answer = (await response.json()) as { status: string; data: T; error?: string };
  if (answer.status !== 'success') throw new Error(answer.error ?? `Prometheus answered ${response.status}`);
  return answer.data;
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(ANSWER_PATIENCE_MS) });
    return response.ok;
  } catch {
    return false;
  }
}
