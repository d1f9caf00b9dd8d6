/** The agent's Prometheus metrics: fed by what is recorded, computed from the shared state at each scrape. */
import type { Endpoint } from '../../domain/endpoint.ts';
import type { LedgerEntry } from '../../domain/event.ts';
import type { Path } from '../../domain/probe.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Tally, TimelineState } from '../../domain/timeline.ts';
import type { Clock, Log, Observer, Scoreboard, ScrapeFormat } from '../../ports.ts';
import { Collection } from './collection.ts';
import type { EndpointLabels } from './endpoint-gauges.ts';
import { Exposer, type Exposition } from './exposition.ts';
import { createInstruments, type Route } from './instruments.ts';
import { RouteStatistics } from './route-statistics.ts';
import type { Held } from './sla-gauges.ts';

export interface MetricsOptions {
  readonly version: string;
  readonly lines: readonly Route[];
  /** The servers that are checked; by default those which the lines meet. */
  readonly endpoints?: readonly EndpointLabels[];
  /** Seconds of a cell, in which each is checked once. */
  readonly checkEverySeconds?: number;
  /** The contracts that the providers are held to now. */
  readonly held?: readonly Held[];
  readonly clock: Clock;
  readonly lagSeconds: () => number;
  readonly log?: Pick<Log, 'error'>;
}
export interface Metrics extends Observer, Scoreboard {
  /**
   * Starts from the ledger's totals before this run, so that a restart neither forgets nor counts twice.
   * Call once, before the first scrape; what was recorded meanwhile is kept for it.
   */
  attach(state: TimelineState, tallies: readonly Tally[]): void;
  /** Never rejects: what cannot be told is NaN or left out, counted in `collect_failures_total`, and told to the log once. */
  render(format?: ScrapeFormat): Promise<Exposition>;
}

/** As the configuration has it by default. */
const CHECK_EVERY_SECONDS = 60;
/** The servers of a provider that a path meets. */
const ENDPOINTS_OF: Readonly<Record<Path, readonly Endpoint[]>> = {
  send: ['submission'],
  receive: ['mx', 'mailbox'],
  internal: ['submission', 'mailbox'],
};

export function createMetrics(options: MetricsOptions): Metrics {
  const { version, lines, held = [], checkEverySeconds = CHECK_EVERY_SECONDS, clock, lagSeconds, log } = options;
  const endpoints = options.endpoints ?? endpointsOf(lines);
  const instruments = createInstruments({ version, lines, endpoints, checkEverySeconds, held });
  const { registry, exemplars } = instruments;
  const statistics = new RouteStatistics(instruments, lines);
  const started = clock.now();

  const collection = new Collection(instruments.collectFailures, log);
  const exposer = new Exposer(registry, { name: 'mailflow_delay_seconds', exemplars }, (error) =>
    collection.failed('exposition', error),
  );
  const { lag, divergence, endpoints: servers, sla } = instruments;
  const parts = [
    ['routes', statistics],
    ['endpoints', servers],
    ['sla', sla],
  ] as const;

  return {
    attach: (state, tallies) => statistics.attach(state, tallies),
    render(format = 'text') {
      const now = clock.now();
      for (const [collector, part] of parts)
        collection.run(
          collector,
          () => part.collect(now),
          () => part.forget(),
        );
      collection.read('event-loop', lag, lagSeconds);
      collection.read('clock', divergence, () => divergenceOf(started, now));
      return exposer.render(format);
    },
    recorded(entries: readonly LedgerEntry[], changed) {
      instruments.events.inc(entries.length);
      // A batch may change a record several times: the last one is what became of it.
      const records = new Map(changed.map((record) => [record.id, record]));
      for (const { event } of entries) {
        if (event.type === 'slot.unmeasured') statistics.countSlot(event);
        if (event.type === 'probe.handed-over')
          statistics.observeStages(records.get(event.probe), event.handover.stages);
      }
      const { wallMs } = clock.now();
      for (const record of records.values()) statistics.count(record, wallMs);
    },
    judged: (provider, standing, at) => sla.judged(provider, standing, at),
    tokenRefused: (reason) => instruments.tokensRefused.inc({ reason }),
    sinkConnected: () => instruments.sinkConnections.inc(),
    sinkRefused: (reason) => instruments.sinkRefused.inc({ reason }),
    partFailed: (part, provider) => instruments.partFailures.inc({ part, provider: provider ?? '' }),
    partStands(part, provider, working) {
      const labels = { part, provider: provider ?? '' };
      instruments.partFailures.inc(labels, 0);
      instruments.partUp.set(labels, working ? 1 : 0);
    },
    endpointChecked: (check) => servers.checked(check, clock.now()),
    sendingRefused: (kind) => instruments.sendingRefused.inc({ kind }),
  };
}

function endpointsOf(lines: readonly Route[]): readonly EndpointLabels[] {
  return lines.flatMap(({ provider, path }) => ENDPOINTS_OF[path].map((endpoint) => ({ provider, endpoint })));
}

/** Seconds that the wall clock has gained on the monotonic one, time asleep left out. */
function divergenceOf(from: Instant, to: Instant): number {
  const awakeMs = (to.monoUs - from.monoUs) / 1000;
  return (to.wallMs - from.wallMs - awakeMs - (to.suspendedMs - from.suspendedMs)) / 1000;
}
