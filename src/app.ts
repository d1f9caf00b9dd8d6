/** The composition root: from settings to a running agent, opened part by part and closed in reverse. */
import { readFileSync } from 'node:fs';
import { settingsReader } from './adapters/config-file/read.ts';
import { remoteSpotChecker, type SpotChecker } from './adapters/http/client.ts';
import { type HttpParts, serveHttp } from './adapters/http/server.ts';
import { createMailbox } from './adapters/imap/mailbox.ts';
import { createMetrics } from './adapters/prometheus/metrics.ts';
import { renderProbeMetrics } from './adapters/prometheus/probe-metrics.ts';
import { renderReport } from './adapters/report/render.ts';
import { createInjector, createSubmitter } from './adapters/smtp-client/sender.ts';
import { createSink } from './adapters/smtp-sink/sink.ts';
import { openLedger } from './adapters/sqlite/ledger.ts';
import { acquireFolder, readHolder } from './adapters/sqlite/lock.ts';
import { systemClock } from './adapters/system/clock.ts';
import { systemRandom } from './adapters/system/random.ts';
import type { ContractTerms } from './domain/contract-terms.ts';
import { isInNetworks } from './domain/network.ts';
import type { Path } from './domain/probe.ts';
import { viewProbe } from './domain/probe-view.ts';
import type { HostPort, ProviderSettings, Settings } from './domain/settings.ts';
import { startEngine } from './engine/engine.ts';
import type { Line } from './engine/prober.ts';
import { startReferee } from './engine/referee.ts';
import type { AgentControl, Clock, Log } from './ports.ts';

export { findContract } from './adapters/config-file/contracts.ts';
export { readDataFolder, redact, settingsSchema } from './adapters/config-file/read.ts';
export { createLog } from './adapters/pino/log.ts';
export { renderCsv } from './adapters/report/csv.ts';
export { renderMarkdown } from './adapters/report/markdown.ts';
export { renderYearCsv, renderYearMarkdown } from './adapters/report/year.ts';
export { backupLedger } from './adapters/sqlite/backup.ts';
export { exportLedger } from './adapters/sqlite/export.ts';
export { openLedger } from './adapters/sqlite/ledger.ts';
export { ledgerStats } from './adapters/sqlite/stats.ts';
export { verifyLedger } from './adapters/sqlite/verify.ts';
export { judgeMonth, judgeYear } from './engine/reports.ts';
export type { SpotChecker };
export { renderProbeMetrics, systemClock, systemRandom };

/** Reads the configuration; see adapters/config-file. */
export const readSettings = settingsReader(systemRandom);

/** As in package.json. */
export const VERSION: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

export interface Agent {
  readonly control: AgentControl;
  readonly sinkAddress: HostPort;
  /** Of the HTTP interface, null if it was not wanted. */
  readonly url: string | null;
  /** Resolves once every part is ready, or after `ms`: a part that is down must not keep the others from being measured. */
  readonly ready: (ms: number) => Promise<void>;
  /** Stops within about 5 s and leaves nothing running. */
  readonly close: () => Promise<void>;
}

export interface AgentOptions {
  readonly log: Log;
  /** A daemon keeps the schedule, judges and serves HTTP; a spot check by itself does nothing of that. */
  readonly as: 'daemon' | 'spot-check';
  /** By the provider's name; one without is measured and not judged. */
  readonly contracts?: ReadonlyMap<string, ContractTerms>;
}

/** Rejects, with whatever was opened closed again, if the data folder is held, or the ledger, the sink or the HTTP port cannot be had. */
export async function openAgent(settings: Settings, { log, as, contracts = new Map() }: AgentOptions): Promise<Agent> {
  const stack = new AsyncDisposableStack();
  try {
    const lock = stack.adopt(await acquireFolder(settings.dataFolder), (held) => held.release());
    const clock = stack.adopt(systemClock(), (opened) => opened.close());
    const ledger = stack.adopt(await openLedger(settings.dataFolder, { role: 'daemon', log }), (opened) =>
      opened.close(),
    );
    // A thread of its own to judge by: a month may take seconds, and must hold up neither measuring nor writing.
    const reader = as === 'daemon' ? await openLedger(settings.dataFolder, { role: 'reader', log }) : null;
    if (reader !== null) stack.adopt(reader, (opened) => opened.close());
    const lines = settings.providers.flatMap((provider) => linesOf(provider, settings, clock));
    const held = [...contracts].map(([provider, contract]) => ({ provider, contract }));
    const metrics = createMetrics({
      version: VERSION,
      lines: routesOf(settings),
      held,
      clock,
      lagSeconds: () => clock.lagSeconds(),
    });
    const { tallies } = await ledger.snapshot();
    const sink = createSink(settings.sink, bounceAddresses(settings), clock, log);
    const routes = as === 'daemon' ? settings.routes : [];
    const parts = { ledger, sink, clock, random: systemRandom, observer: metrics, log };
    const engine = stack.adopt(
      await startEngine({ ...engineOptions(settings, lines, clock, log), routes }, parts),
      (started) => started.stop(),
    );
    metrics.attach(engine.recorder.state, tallies);
    const judging = { recorder: engine.recorder, scoreboard: metrics, clock, log };
    const referee =
      reader === null
        ? null
        : stack.adopt(startReferee({ version: VERSION, held }, { ...judging, ledger: reader }), (it) => it.stop());
    const shown = { control: engine, reports: referee, metrics: () => metrics.render() };
    const url = as === 'daemon' ? await openHttp(settings, shown, stack, log) : null;
    if (url !== null) lock.announce(url);
    return {
      control: engine,
      sinkAddress: engine.sinkAddress,
      url,
      ready: (ms) => whenReady(engine, ms, clock),
      close: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Milliseconds a spot check waits for the mailbox before it sends, so that a look proves absence first. */
const READY_PATIENCE = 5000;
const READY_GLANCE = 20;

async function whenReady(control: AgentControl, ms: number, clock: Clock): Promise<void> {
  const from = clock.now().monoUs;
  while (!control.health().ready && (clock.now().monoUs - from) / 1000 < ms) await clock.sleep(READY_GLANCE);
}

/** Asks the daemon that holds the data folder, if one does and answers; otherwise opens an agent for this one purpose. */
export async function openSpotChecker(
  settings: Settings,
  log: Log,
): Promise<{ readonly checker: SpotChecker; readonly close: () => Promise<void> }> {
  const holder = await readHolder(settings.dataFolder);
  if (holder !== null && holder.http !== null)
    return { checker: remoteSpotChecker(holder.http, settings.http.token), close: async () => {} };
  const agent = await openAgent(settings, { log, as: 'spot-check' });
  await agent.ready(READY_PATIENCE);
  return { checker: localSpotChecker(agent.control), close: agent.close };
}

/** Spot checks by an agent in this process. */
export function localSpotChecker(control: AgentControl): SpotChecker {
  return {
    start: (provider, path) => control.check(provider, path),
    async view(id, waitMs) {
      const sight = waitMs === 0 ? await control.probe(id) : await control.settled(id, waitMs);
      if (sight === null) throw new Error(`no probe ${id} in the ledger`);
      return viewProbe(sight);
    },
  };
}

async function openHttp(
  settings: Settings,
  shown: Pick<HttpParts, 'control' | 'reports' | 'metrics'>,
  stack: AsyncDisposableStack,
  log: Log,
): Promise<string> {
  const server = await serveHttp(settings.http, {
    ...shown,
    renderReport,
    probeMetrics: renderProbeMetrics,
    log,
  });
  return stack.adopt(server, (opened) => opened.close()).url;
}

function engineOptions(settings: Settings, lines: readonly Line[], clock: Clock, log: Log) {
  const { agent, key, providers, sink } = settings;
  return {
    agent,
    version: VERSION,
    contact: `postmaster@${sink.domain}`,
    key,
    lines,
    reachability: sink.reachability,
    sinkOnLoopback: isInNetworks(sink.listen.host, ['127.0.0.0/8', '::1/128']) || sink.listen.host === 'localhost',
    sinkClients: providers.map(({ name, submission, networks }) => ({
      provider: name,
      sender: submission?.from ?? null,
      networks,
    })),
    mailboxes: providers.flatMap(({ name, mailbox }) =>
      mailbox === null
        ? []
        : [
            {
              provider: name,
              mailbox: createMailbox(mailbox, sendersOf(settings), clock, log),
              cleanup: mailbox.cleanup,
            },
          ],
    ),
  };
}

/** Every provider and path that the settings allow to be measured, scheduled or not. */
export function routesOf(settings: Settings): readonly { readonly provider: string; readonly path: Path }[] {
  return settings.providers.flatMap((provider) => pathsOf(provider).map((path) => ({ provider: provider.name, path })));
}

function pathsOf({ submission, mx, mailbox }: ProviderSettings): Path[] {
  const paths: Path[] = [];
  if (submission !== null) paths.push('send');
  if (mx !== null && mailbox !== null) paths.push('receive');
  if (submission !== null && mailbox !== null) paths.push('internal');
  return paths;
}

/** A provider's paths with what it takes to send on them. */
function linesOf({ name, submission, mx, mailbox }: ProviderSettings, { sink }: Settings, clock: Clock): Line[] {
  const lines: Line[] = [];
  if (submission !== null) {
    const sender = createSubmitter(submission, clock);
    const pool = Array.from({ length: sink.recipients }, (_, index) => `probe-${index}@${sink.domain}`);
    const common = { provider: name, sender, from: submission.from, retryAfter: [] };
    lines.push({ ...common, path: 'send', recipients: pool });
    if (mailbox !== null) lines.push({ ...common, path: 'internal', recipients: [mailbox.address] });
  }
  if (mx !== null && mailbox !== null) {
    lines.push({
      provider: name,
      path: 'receive',
      sender: createInjector(mx, clock),
      from: mx.from,
      recipients: [mailbox.address],
      retryAfter: mx.retryAfter,
    });
  }
  return lines;
}

/** Envelope senders at the sink's domain: bounces of what is injected come back to them. */
function bounceAddresses({ providers }: Settings): string[] {
  return [...new Set(providers.flatMap(({ mx }) => (mx === null ? [] : [mx.from])))];
}

function sendersOf({ providers }: Settings): string[] {
  return [...new Set(providers.flatMap(({ mx, submission }) => [mx?.from ?? [], submission?.from ?? []].flat()))];
}
