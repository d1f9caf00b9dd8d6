/** Every metric of the agent with its name, help and buckets, in a registry of its own, and every series there from the start. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { DELAY_AVERAGE_LIMIT, DELAY_MAXIMUM_LIMIT } from '../../domain/contract.ts';
import { type Path, PROBE_KINDS, STAGES } from '../../domain/probe.ts';
import { OUTCOMES } from '../../domain/record.ts';
import { SINK_REFUSALS, TOKEN_REFUSALS } from '../../ports.ts';
import { EndpointGauges, type EndpointLabels } from './endpoint-gauges.ts';
import { Exemplars } from './exemplars.ts';
import { type Held, SlaGauges } from './sla-gauges.ts';

/** A provider and a path, as labels. */
export interface Route {
  readonly provider: string;
  readonly path: Path;
}
export type Instruments = Readonly<ReturnType<typeof defineRoutes> & ReturnType<typeof defineAgent>> & {
  readonly registry: Registry;
  readonly endpoints: EndpointGauges;
  readonly sla: SlaGauges;
  /** Of `delay`. */
  readonly exemplars: Exemplars;
};
/** What fills series in when a scrape comes; `exposition` writes them down. */
export const COLLECTORS = ['routes', 'endpoints', 'sla', 'event-loop', 'clock', 'exposition'] as const;
export type Collector = (typeof COLLECTORS)[number];

/** Seconds: from what loopback takes to a day, with both limits of the contract. */
const DELAY_BUCKETS = [
  0.01,
  0.05,
  0.1,
  0.5,
  1,
  2,
  5,
  10,
  20,
  30,
  DELAY_AVERAGE_LIMIT,
  120,
  300,
  600,
  1200,
  1800,
  DELAY_MAXIMUM_LIMIT,
  7200,
  21600,
  86400,
];
/** Seconds: from the clocks' resolution to the width of an hour's outage. */
const UNCERTAINTY_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600, 3600];
/** Seconds; few, since there are eight stages for each route. */
const STAGE_BUCKETS = [0.01, 0.1, 1, 10, 60];
const ROUTE = ['provider', 'path'] as const;
const PART = ['part', 'provider'] as const;

/** By what the agent is configured: every label comes from here or from a fixed union, none from the network. */
export interface Configured {
  readonly version: string;
  readonly lines: readonly Route[];
  readonly endpoints: readonly EndpointLabels[];
  readonly checkEverySeconds: number;
  readonly held: readonly Held[];
}

export function createInstruments({ version, lines, endpoints, checkEverySeconds, held }: Configured): Instruments {
  const registry = new Registry();
  const define = definers(registry);
  const instruments = {
    registry,
    ...defineRoutes(define),
    endpoints: new EndpointGauges(define, endpoints, checkEverySeconds),
    ...defineAgent(define),
    sla: new SlaGauges(define, held),
    exemplars: new Exemplars(DELAY_BUCKETS),
  };
  for (const { provider, path } of lines) addRoute(instruments, { provider, path });
  for (const reason of SINK_REFUSALS) instruments.sinkRefused.inc({ reason }, 0);
  for (const reason of TOKEN_REFUSALS) instruments.tokensRefused.inc({ reason }, 0);
  for (const kind of PROBE_KINDS) instruments.sendingRefused.inc({ kind }, 0);
  for (const collector of COLLECTORS) instruments.collectFailures.inc({ collector }, 0);
  instruments.build.set({ version, node: process.versions.node }, 1);
  return instruments;
}

/** Zero for what is counted. */
function addRoute(instruments: Instruments, route: Route): void {
  instruments.delay.zero(route);
  instruments.uncertainty.zero(route);
  for (const name of STAGES) instruments.stage.zero({ ...route, stage: name });
  for (const outcome of OUTCOMES) if (outcome !== 'pending') instruments.probes.inc({ ...route, outcome }, 0);
  instruments.breaches.inc({ ...route }, 0);
  instruments.pending.set({ ...route }, 0);
  instruments.oldest.set({ ...route }, 0);
}

export type Definers = ReturnType<typeof definers>;

function definers(registry: Registry) {
  const registers = [registry];
  const base = <T extends string>(name: string, help: string, labelNames: readonly T[]) => ({
    name: `mailflow_${name}`,
    help,
    labelNames,
    registers,
  });
  return {
    counter: <T extends string = never>(name: string, help: string, labels: readonly T[] = []) =>
      new Counter<T>(base(name, help, labels)),
    gauge: <T extends string = never>(name: string, help: string, labels: readonly T[] = []) =>
      new Gauge<T>(base(name, help, labels)),
    histogram: <T extends string>(name: string, help: string, labels: readonly T[], buckets: readonly number[]) =>
      new Histogram<T>({ ...base(name, help, labels), buckets: [...buckets] }),
  };
}

/** The statistics: of scheduled probes alone. */
function defineRoutes({ counter, gauge, histogram }: Definers) {
  return {
    delay: histogram(
      'delay_seconds',
      'Delay of delivered scheduled probes, upper bound of the interval.',
      ROUTE,
      DELAY_BUCKETS,
    ),
    uncertainty: histogram(
      'delay_uncertainty_seconds',
      'Width of the delay interval of delivered scheduled probes.',
      ROUTE,
      UNCERTAINTY_BUCKETS,
    ),
    stage: histogram(
      'stage_duration_seconds',
      'Time each stage of handing a scheduled probe over took.',
      [...ROUTE, 'stage'],
      STAGE_BUCKETS,
    ),
    probes: counter('probes_total', 'Scheduled probes by how they ended.', [...ROUTE, 'outcome']),
    breaches: counter(
      'max_delay_breaches_total',
      'Scheduled probes whose delay exceeded one hour for certain, delivered or still missing.',
      ROUTE,
    ),
    pending: gauge('probes_pending', 'Scheduled probes whose outcome is not known yet.', ROUTE),
    oldest: gauge('oldest_pending_seconds', 'Age of the oldest pending scheduled probe, 0 if there is none.', ROUTE),
  };
}

function defineAgent({ counter, gauge }: Definers) {
  return {
    sinkConnections: counter('sink_connections_total', 'Connections accepted by the sink.'),
    sinkRefused: counter('sink_refused_total', 'What the sink refused, by reason.', ['reason']),
    tokensRefused: counter('tokens_refused_total', 'Messages that are no sample, by what is wrong with their token.', [
      'reason',
    ]),
    events: counter('ledger_events_total', 'Events recorded since the agent started.'),
    partFailures: counter(
      'part_failures_total',
      'Failures of what the agent is made of, each try that failed, since it started.',
      PART,
    ),
    partUp: gauge('part_up', 'Whether a part of the agent works: if not, it tries again by itself.', PART),
    sendingRefused: counter(
      'sending_refused_total',
      'Messages that were not sent, for the limit of the day was reached, by kind of probe.',
      ['kind'],
    ),
    divergence: gauge(
      'clock_divergence_seconds',
      'How far the wall clock has moved against the monotonic clock since the agent started.',
    ),
    lag: gauge('event_loop_lag_seconds', 'How late the last regular tick of the event loop was.'),
    collectFailures: counter(
      'collect_failures_total',
      'Scrapes in which something could not be told: its gauges are NaN there, or what could not be written is left out.',
      ['collector'],
    ),
    build: gauge('build_info', 'Version of the agent and of Node, always 1.', ['version', 'node']),
  };
}
