/** The composition root: from settings to a running agent, opened part by part and closed in reverse. */
import { readFileSync } from 'node:fs';
import { redact, settingsReader } from './adapters/config-file/read.ts';
import { makeSigner } from './adapters/config-file/signing-key.ts';
import { createKeyLookup } from './adapters/dkim/lookup.ts';
import { checkSignatures } from './adapters/dkim/verify.ts';
import { remoteSpotChecker, type SpotChecker } from './adapters/http/client.ts';
import { type HttpParts, serveHttp } from './adapters/http/server.ts';
import { createMetrics } from './adapters/prometheus/metrics.ts';
import { renderProbeMetrics } from './adapters/prometheus/probe-metrics.ts';
import { renderReport } from './adapters/report/render.ts';
import { createSink } from './adapters/smtp-sink/sink.ts';
import { openLedger } from './adapters/sqlite/ledger.ts';
import { acquireFolder, readHolder } from './adapters/sqlite/lock.ts';
import { createReader } from './adapters/sqlite/reader.ts';
import { systemClock } from './adapters/system/clock.ts';
import { systemRandom } from './adapters/system/random.ts';
import { startWatchdog } from './adapters/system/watchdog.ts';
import {
  connectivityOf,
  correspondentsOf,
  endpointsOf,
  engineOptions,
  identityOf,
  linesOf,
  routesOf,
  sendingCountOf,
  statusOptions,
} from './app/from-settings.ts';
import { createReportThread, maximumOf } from './app/report-thread.ts';
import { DELAY_MAXIMUM_LIMIT } from './domain/contract.ts';
import type { ContractTerms } from './domain/contract-terms.ts';
import { viewProbe } from './domain/probe-view.ts';
import type { HostPort, Settings } from './domain/settings.ts';
import { clockUnset } from './domain/time/soundness.ts';
import { broadcast } from './engine/broadcast.ts';
import { startEngine } from './engine/engine.ts';
import { createExclusionDesk } from './engine/exclusion-desk.ts';
import { startReferee } from './engine/referee.ts';
import { createStatusBoard, RECENT_MAX } from './engine/status-board.ts';
import type { AgentControl, Clock, Log } from './ports.ts';

export { findContract } from './adapters/config-file/contracts.ts';
export { readDataFolder, settingsSchema } from './adapters/config-file/read.ts';
export { publicKeyOf, readSigner } from './adapters/config-file/signing-key.ts';
export { createLog } from './adapters/pino/log.ts';
export { renderYearCsv, renderYearMarkdown } from './adapters/report/year.ts';
export { type Anchors, verifyAnchors } from './adapters/sqlite/anchors.ts';
export { archivedBundles, cutArchive, hasEntry, resumeArchive, unfinishedArchive } from './adapters/sqlite/archive.ts';
export { type ArchivePlan, planArchive } from './adapters/sqlite/archive-plan.ts';
export { backupLedger } from './adapters/sqlite/backup.ts';
export { differenceNow, writeBundle } from './adapters/sqlite/bundle.ts';
export { exportLedger } from './adapters/sqlite/export.ts';
export { openLedger } from './adapters/sqlite/ledger.ts';
export { acquireArchive } from './adapters/sqlite/lock.ts';
export { ledgerStats } from './adapters/sqlite/stats.ts';
export { verifyDerived, verifyLedger } from './adapters/sqlite/verify.ts';
export { type BundleVerification, readManifest, verifyBundle } from './adapters/sqlite/verify-bundle.ts';
export { configurationDigest, logOf, routesOf, storedHeads } from './app/from-settings.ts';
export { archivedMonth, judgeMonth, judgeYear } from './engine/reports.ts';
export { LedgerRefused } from './ports.ts';
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
  /** Resolves once it cannot measure any more. The process is then to end at once, as in a crash, which loses nothing. */
  readonly died: Promise<AgentDeath>;
  /** Stops within about 5 s and leaves nothing running. */
  readonly close: () => Promise<void>;
}

/** `unsound`: the host's clocks, or a process that is held up all the time. `part-died`: the thread that writes the ledger. */
export interface AgentDeath {
  readonly kind: 'unsound' | 'part-died';
  readonly message: string;
}
/** The host's clock cannot be right. */
export class UnsoundHost extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'UnsoundHost';
  }
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

/** Rejects, with whatever was opened closed again: with UnsoundHost, or if the data folder is held, or the ledger, the sink or the HTTP port cannot be had. */
export async function openAgent(
  settings: Settings,
  { log, as, contracts = new Map(), dnsServers }: AgentOptions,
): Promise<Agent> {
  const stack = new AsyncDisposableStack();
  const dying = Promise.withResolvers<AgentDeath>();
  try {
    const clock = stack.adopt(systemClock(), (opened) => opened.close());
    const unset = clockUnset(clock.now());
    if (unset !== null) throw new UnsoundHost(unset);
    const lock = stack.adopt(await acquireFolder(settings.dataFolder), (held) => held.release());
    const onDeath = ({ message }: Error): void => dying.resolve({ kind: 'part-died', message });
    const ledger = stack.adopt(await openLedger(settings.dataFolder, { role: 'daemon', log, onDeath }), (opened) =>
      opened.close(),
    );
    const signer = await makeSigner(settings.dataFolder, systemRandom);
    // A thread of its own to judge by: a month may take seconds, and must hold up neither measuring nor writing.
    const reader =
      as === 'daemon'
        ? createReader((onEnd) => openLedger(settings.dataFolder, { role: 'reader', log, onDeath: onEnd }))
        : null;
    if (reader !== null) stack.adopt(reader, (opened) => opened.close());
    const lines = settings.providers.flatMap((provider) => linesOf(provider, settings, clock));
    const held = [...contracts].map(([provider, contract]) => ({ provider, contract }));
    const metrics = createMetrics({
      version: VERSION,
      lines: routesOf(settings),
      endpoints: endpointsOf(settings),
      checkEverySeconds: settings.connectivity.every,
      held,
      clock,
      lagSeconds: () => clock.lagSeconds(),
      log,
    });
    const { tallies } = await ledger.snapshot();
    const sink = createSink(settings.sink, correspondentsOf(settings), clock, log);
    // A spot check keeps no schedule.
    const scheduled =
      as === 'daemon'
        ? { routes: settings.routes, connectivity: connectivityOf(settings, clock, log) }
        : { routes: [], connectivity: { everySeconds: settings.connectivity.every, checks: [], control: null } };
    const dkim = { check: checkSignatures, lookup: createKeyLookup(dnsServers) };
    const board = createStatusBoard({ ...statusOptions(settings, contracts), version: VERSION, clock });
    const told = broadcast([metrics, board]);
    const parts = { ledger, sink, clock, random: systemRandom, dkim, observer: told, log };
    const engine = stack.adopt(
      await startEngine(
        {
          ...engineOptions(settings, lines, clock, log),
          version: VERSION,
          identity: identityOf(settings, signer),
          sending: await sendingCountOf(settings, ledger, clock),
          maximumSeconds: (provider, path) => maximumOf(held, { provider, path }) ?? DELAY_MAXIMUM_LIMIT,
          ...scheduled,
        },
        parts,
      ),
      (started) => started.stop(),
    );
    metrics.attach(engine.recorder.state, tallies);
    const desk = { ledger: reader ?? ledger, recorder: engine.recorder, clock, random: systemRandom };
    const exclusions = createExclusionDesk({ ...desk, changed: board.exclusionsChanged });
    if (reader !== null) {
      const { recorder, partHealth: health } = engine;
      board.attach({ engine, exclusions, recent: await ledger.recent(RECENT_MAX) });
      const judging = { recorder, health, scoreboard: told, clock, log, ledger: reader };
      stack.adopt(startReferee({ version: VERSION, held }, judging), (it) => it.stop());
    }
    const reports = createReportThread({ folder: settings.dataFolder, held, version: VERSION }, clock);
    stack.defer(() => reports.close());
    const shown: Omit<HttpParts, 'probeMetrics' | 'log'> = {
      ...{ control: engine, board, reports, inquiries: reports, exclusions, clock },
      zones: new Map(held.map(({ provider, contract }) => [provider, contract.timeZone])),
      metrics: (format) => metrics.render(format),
    };
    const url = as === 'daemon' ? await openHttp(settings, shown, stack, log) : null;
    if (url !== null) lock.announce(url);
    if (as === 'daemon') {
      const onUnsound = (message: string): void => dying.resolve({ kind: 'unsound', message });
      stack.adopt(startWatchdog(clock, onUnsound), (started) => started.close());
    }
    return {
      control: engine,
      sinkAddress: engine.sinkAddress,
      url,
      ready: (ms) => whenReady(engine, ms, clock),
      died: dying.promise,
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
  shown: Omit<HttpParts, 'probeMetrics' | 'log'>,
  stack: AsyncDisposableStack,
  log: Log,
): Promise<string> {
  const server = await serveHttp(settings.http, {
    ...shown,
    probeMetrics: renderProbeMetrics,
    log,
  });
  return stack.adopt(server, (opened) => opened.close()).url;
}
