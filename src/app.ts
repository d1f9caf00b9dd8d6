/** The composition root: from settings to a running agent, opened part by part and closed in reverse. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { redact, settingsReader } from './adapters/config-file/read.ts';
import { makeSigner } from './adapters/config-file/signing-key.ts';
import { createKeyLookup } from './adapters/dkim/lookup.ts';
import { checkSignatures } from './adapters/dkim/verify.ts';
import { remoteSpotChecker, type SpotChecker } from './adapters/http/client.ts';
import { type HttpParts, serveHttp } from './adapters/http/server.ts';
import { createMailboxChecker } from './adapters/imap/checker.ts';
import { createMailbox } from './adapters/imap/mailbox.ts';
import { readStored } from './adapters/imap/stored.ts';
import { createMetrics } from './adapters/prometheus/metrics.ts';
import { renderProbeMetrics } from './adapters/prometheus/probe-metrics.ts';
import { renderReport } from './adapters/report/render.ts';
import { createMxChecker, createSubmissionChecker } from './adapters/smtp-client/checker.ts';
import { createControl } from './adapters/smtp-client/control.ts';
import { createInjector, createSubmitter } from './adapters/smtp-client/sender.ts';
import { createSink } from './adapters/smtp-sink/sink.ts';
import { openLedger } from './adapters/sqlite/ledger.ts';
import { acquireFolder, readHolder } from './adapters/sqlite/lock.ts';
import { systemClock } from './adapters/system/clock.ts';
import { systemRandom } from './adapters/system/random.ts';
import type { StoredHead } from './domain/anchor.ts';
import { canonicalText } from './domain/canonical.ts';
import type { ContractTerms } from './domain/contract-terms.ts';
import type { AgentIdentity } from './domain/event.ts';
import { chainHeadOf } from './domain/message.ts';
import { isInNetworks } from './domain/network.ts';
import type { Path } from './domain/probe.ts';
import { viewProbe } from './domain/probe-view.ts';
import { recognise } from './domain/recognise.ts';
import type { HostPort, ProviderSettings, Settings } from './domain/settings.ts';
import type { CheckedEndpoint, ConnectivityOptions } from './engine/connectivity.ts';
import { startEngine } from './engine/engine.ts';
import type { Line } from './engine/prober.ts';
import { startReferee } from './engine/referee.ts';
import type { AgentControl, Clock, Log, Signer } from './ports.ts';

export { findContract } from './adapters/config-file/contracts.ts';
export { readDataFolder, settingsSchema } from './adapters/config-file/read.ts';
export { publicKeyOf, readSigner } from './adapters/config-file/signing-key.ts';
export { createLog } from './adapters/pino/log.ts';
export { renderYearCsv, renderYearMarkdown } from './adapters/report/year.ts';
export { type Anchors, verifyAnchors } from './adapters/sqlite/anchors.ts';
export { backupLedger } from './adapters/sqlite/backup.ts';
export { writeBundle } from './adapters/sqlite/bundle.ts';
export { exportLedger } from './adapters/sqlite/export.ts';
export { openLedger } from './adapters/sqlite/ledger.ts';
export { ledgerStats } from './adapters/sqlite/stats.ts';
export { verifyLedger } from './adapters/sqlite/verify.ts';
export { type BundleVerification, verifyBundle } from './adapters/sqlite/verify-bundle.ts';
export { judgeMonth, judgeYear } from './engine/reports.ts';
export type { SpotChecker };
export { checkSignatures, redact, renderProbeMetrics, renderReport, systemClock, systemRandom };

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
  /** DNS servers that are asked for DKIM keys, `127.0.0.1:5353`; the host's where none are given. */
  readonly dnsServers?: readonly string[];
}

/** Rejects, with whatever was opened closed again, if the data folder is held, or the ledger, the sink or the HTTP port cannot be had. */
export async function openAgent(
  settings: Settings,
  { log, as, contracts = new Map(), dnsServers }: AgentOptions,
): Promise<Agent> {
  const stack = new AsyncDisposableStack();
  try {
    const lock = stack.adopt(await acquireFolder(settings.dataFolder), (held) => held.release());
    const clock = stack.adopt(systemClock(), (opened) => opened.close());
    const ledger = stack.adopt(await openLedger(settings.dataFolder, { role: 'daemon', log }), (opened) =>
      opened.close(),
    );
    const signer = await makeSigner(settings.dataFolder, systemRandom);
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
    // A spot check keeps no schedule.
    const scheduled =
      as === 'daemon'
        ? { routes: settings.routes, connectivity: connectivityOf(settings, clock, log) }
        : { routes: [], connectivity: { everySeconds: settings.connectivity.every, checks: [], control: null } };
    const dkim = { check: checkSignatures, lookup: createKeyLookup(dnsServers) };
    const parts = { ledger, sink, clock, random: systemRandom, dkim, observer: metrics, log };
    const engine = stack.adopt(
      await startEngine(
        { ...engineOptions(settings, lines, clock, log), identity: identityOf(settings, signer), ...scheduled },
        parts,
      ),
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

function identityOf(settings: Settings, { publicKey }: Signer): AgentIdentity {
  return {
    agent: settings.agent,
    contact: contactOf(settings),
    configuration: configurationDigest(settings),
    publicKey,
  };
}

/** Lower-case hex SHA-256 of the settings without their secrets. */
export function configurationDigest(settings: Settings): string {
  return createHash('sha256')
    .update(canonicalText(redact(settings)))
    .digest('hex');
}

function contactOf({ sink }: Settings): string {
  return `postmaster@${sink.domain}`;
}

function engineOptions(settings: Settings, lines: readonly Line[], clock: Clock, log: Log) {
  const { agent, key, providers, sink } = settings;
  return {
    agent,
    version: VERSION,
    contact: contactOf(settings),
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

/** The servers of every provider, each with a connection of its own. */
function connectivityOf({ providers, connectivity }: Settings, clock: Clock, log: Log): ConnectivityOptions {
  const { every: everySeconds, control } = connectivity;
  const session = { shallow: 'session', deep: 'login' } as const;
  const checks = providers.flatMap(({ name: provider, submission, mx, mailbox }) => {
    const targets: CheckedEndpoint[] = [];
    if (submission !== null) {
      const checker = createSubmissionChecker(submission, clock);
      targets.push({ provider, endpoint: 'submission', depths: session, checker });
    }
    if (mx !== null) {
      // Without a mailbox there is no address of the provider's to ask for.
      const deep = mailbox === null ? 'greeting' : 'recipient';
      const checker = createMxChecker(mx, mailbox?.address ?? null, clock);
      targets.push({ provider, endpoint: 'mx', depths: { shallow: 'greeting', deep }, checker });
    }
    if (mailbox !== null) {
      const checker = createMailboxChecker(mailbox, clock, log);
      targets.push({ provider, endpoint: 'mailbox', depths: session, checker });
    }
    return targets;
  });
  return { everySeconds, checks, control: control.length === 0 ? null : createControl(control, clock) };
}

/** Where the ledger stood by our own verified messages in the providers' mailboxes. Rejects with MailboxError. */
export async function storedHeads({ providers, key }: Settings, log: Log): Promise<readonly StoredHead[]> {
  const clock = systemClock();
  const heads: StoredHead[] = [];
  try {
    for (const { name: provider, mailbox } of providers) {
      if (mailbox === null) continue;
      for await (const { header, body, storedMs, where } of readStored(mailbox, clock, log)) {
        const head = chainHeadOf(header, body);
        const ours = recognise({ header, body }, key).some(({ kind }) => kind === 'probe');
        if (ours && head !== null) heads.push({ provider, head, storedMs, where });
      }
    }
    return heads;
  } finally {
    clock.close();
  }
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
