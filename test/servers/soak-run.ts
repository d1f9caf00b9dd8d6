/** A daemon against real servers at a high rate, sampled from outside while it runs, and then counted probe by probe. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ledgerStats } from '../../src/app.ts';
import { PATHS } from '../../src/domain/probe.ts';
import { temporaryFolder } from './agent-settings.ts';
import { type Daemon, startDaemon } from './command.ts';
import { type Provider, startProvider } from './provider.ts';
import { type Figures, figuresOf, type Sample, type Tally } from './soak-figures.ts';
import { tallyOf } from './soak-tally.ts';
import { ledgerBytes, vitalsOf } from './vitals.ts';

export interface SoakOptions {
  readonly minutes: number;
  /** Probes, scheduled and spot checks together. */
  readonly perSecond: number;
  readonly sampleSeconds: number;
  readonly onSample: (sample: Sample) => void;
}
export interface SoakResult {
  readonly samples: readonly Sample[];
  readonly figures: Figures;
  readonly tally: Tally;
}

/** Providers by name as the agent sees them; all are one, with a mailbox for each. */
const PROVIDERS = ['corp-1', 'corp-2', 'corp-3', 'corp-4'];
/** Seconds: the shortest a configuration may ask for. */
const ROUTE_EVERY = 10;
const SCHEDULED_PER_SECOND = (PROVIDERS.length * PATHS.length) / ROUTE_EVERY;
/** Milliseconds between two looks at the event loop's lag, which is told as of the last tick. */
const LAG_EVERY_MS = 5000;
/** Milliseconds in which nothing more arrives, after which what is pending counts as lost; mail takes less than a second here. */
const QUIET_MS = 15_000;

/** Takes the time asked for and about half a minute more, and leaves nothing running. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.adopt(await temporaryFolder(), (made) => made.remove());
  const provider = stack.adopt(await startProvider({ users: PROVIDERS }), (started) => started.stop());
  const config = await writeSoakConfiguration(provider, folder.path, true);
  const dataFolder = join(folder.path, 'data');
  const daemon = await running(config, stack);
  const samples = await underLoad(daemon, provider, dataFolder, options);
  const stopped = await daemon.end('SIGTERM');
  if (stopped.code !== 0) throw new Error(`the daemon must end with 0, ended with ${stopped.code}:\n${daemon.log()}`);
  // What was under way at the stop arrives now: nobody is at the sink in between, and nothing may come to harm by that.
  await writeSoakConfiguration(provider, folder.path, false);
  const drain = await running(config, stack);
  await untilQuiet(dataFolder);
  await drain.end('SIGTERM');
  // Closed, the ledger is one file without a log beside it.
  return { samples, figures: figuresOf(samples, await ledgerBytes(dataFolder)), tally: await tallyOf(dataFolder) };
}

async function running(config: string, stack: AsyncDisposableStack): Promise<Daemon> {
  return stack.adopt(await startDaemon(config), async (started) => void (await started.end('SIGKILL')));
}

async function underLoad(
  daemon: Daemon,
  provider: Provider,
  dataFolder: string,
  { minutes, perSecond, sampleSeconds, onSample }: SoakOptions,
): Promise<readonly Sample[]> {
  const { pid } = daemon.process;
  if (pid === undefined) throw new Error('the daemon must have a process id');
  const from = performance.now();
  const end = new AbortController();
  const samples: Sample[] = [];
  let lagSeconds = 0;
  const load = Promise.all([
    orderSpotChecks(daemon, perSecond - SCHEDULED_PER_SECOND, end.signal),
    again(LAG_EVERY_MS, end.signal, async () => {
      lagSeconds = Math.max(lagSeconds, await metric(daemon, 'mailflow_event_loop_lag_seconds'));
    }),
  ]);
  const sampled = again(sampleSeconds * 1000, end.signal, async () => {
    const [vitals, bytes, stats, sinkConnections, messages] = await Promise.all([
      vitalsOf(pid),
      ledgerBytes(dataFolder),
      ledgerStats(dataFolder),
      metric(daemon, 'mailflow_sink_connections_total'),
      messageCount(provider),
    ]);
    const count = (counts: (typeof stats)['probes']) => counts.reduce((sum, each) => sum + each.count, 0);
    const sample: Sample = {
      ...vitals,
      seconds: (performance.now() - from) / 1000,
      ledgerBytes: bytes,
      probes: count(stats.probes),
      pending: count(stats.probes.filter(({ outcome }) => outcome === 'pending')),
      sinkConnections,
      lagSeconds,
      messages,
    };
    lagSeconds = 0;
    samples.push(sample);
    onSample(sample);
  });
  // Whatever fails ends the run at once.
  await Promise.race([load, sampled, pause(minutes * 60_000, undefined, { signal: end.signal })]).finally(() =>
    end.abort(),
  );
  await Promise.all([load, sampled]);
  return samples;
}

/** Poisson, like the schedule, on every path of every provider in turn. */
async function orderSpotChecks({ url }: Daemon, perSecond: number, signal: AbortSignal): Promise<void> {
  if (perSecond <= 0) return;
  const lines = PROVIDERS.flatMap((provider) => PATHS.map((path) => ({ provider, path })));
  for (let count = 0; ; count += 1) {
    await pause((-Math.log(1 - Math.random()) / perSecond) * 1000, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const response = await fetch(`${url}/api/v1/probes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(lines[count % lines.length]),
    });
    if (response.status !== 202) throw new Error(`a spot check must be taken, was answered ${response.status}`);
    await response.body?.cancel();
  }
}

async function again(ms: number, signal: AbortSignal, action: () => Promise<void>): Promise<void> {
  for (;;) {
    await action();
    await pause(ms, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
  }
}

async function metric({ url }: Daemon, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
  if (value === undefined) throw new Error(`the metrics must hold ${name}`);
  return Number(value);
}

async function messageCount(provider: Provider): Promise<number> {
  const files = await Promise.all(PROVIDERS.map((name) => provider.maildirFiles(name)));
  return files.flat().length;
}

async function untilQuiet(dataFolder: string): Promise<void> {
  let before = Number.NaN;
  for (let quietMs = 0; quietMs < QUIET_MS; quietMs += 1000) {
    const { probes } = await ledgerStats(dataFolder);
    const pending = probes.filter(({ outcome }) => outcome === 'pending').reduce((sum, { count }) => sum + count, 0);
    if (pending === 0) return;
    if (pending !== before) quietMs = 0;
    before = pending;
    await pause(1000);
  }
}

async function writeSoakConfiguration(provider: Provider, folder: string, scheduled: boolean): Promise<string> {
  const trust = `ca_file: ca.pem, servername: ${provider.serverName}`;
  const parts = PROVIDERS.map((name) => {
    const { username, password, address } = provider.user(name);
    const login = `username: ${username}, password: {file: ${name}.password}`;
    const text = `  - name: ${name}
    networks: [127.0.0.0/8]
    submission: {host: 127.0.0.1, port: ${provider.submission.port}, ${login}, ${trust}}
    mx: {host: 127.0.0.1, port: ${provider.mx.port}, retry_after: [2s], ${trust}}
    mailbox: {host: 127.0.0.1, port: ${provider.imaps.port}, ${login}, address: ${address}, ${trust}}`;
    return { name, password, text };
  });
  for (const { name, password } of parts)
    await writeFile(join(folder, `${name}.password`), `${password}\n`, { mode: 0o600 });
  await writeFile(join(folder, 'ca.pem'), provider.caPem);
  const routes = PROVIDERS.flatMap((name) =>
    PATHS.map((path) => `  - {provider: ${name}, path: ${path}, every: ${ROUTE_EVERY}s}`),
  );
  const file = join(folder, 'mailflow-probe.yml');
  await writeFile(
    file,
    `agent: soak
data_folder: ./data
http: {listen: "127.0.0.1:0", spot_checks_per_minute: 60000}
sending: {messages_per_day: 1000000}
sink: {listen: "127.0.0.1:${provider.sinkPort}", hostname: ${provider.sinkDomain}}
providers:
${parts.map(({ text }) => text).join('\n')}
${scheduled ? `routes:\n${routes.join('\n')}` : 'routes: []'}
connectivity: {every: 30s, control: ["127.0.0.1:${provider.imaps.port}"]}
log: {level: info}
`,
  );
  return file;
}
