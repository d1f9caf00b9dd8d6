/** The agent's Prometheus metrics: fed by what is recorded, computed from the shared state at each scrape, every series there from the start. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { DELAY_AVERAGE_LIMIT, DELAY_MAXIMUM_LIMIT } from '../../domain/contract.ts';
import { assess, exceedsMaximum } from '../../domain/delay.ts';
import type { LedgerEntry } from '../../domain/event.ts';
import { spanBetween } from '../../domain/instant.ts';
import { width } from '../../domain/interval.ts';
import { type Path, STAGES } from '../../domain/probe.ts';
import { OUTCOMES, type ProbeRecord } from '../../domain/record.ts';
import type { Tally, TimelineState } from '../../domain/timeline.ts';
import {
  type Clock,
  ENDPOINTS,
  type EndpointCheck,
  type Observer,
  SINK_REFUSALS,
  TOKEN_REFUSALS,
} from '../../ports.ts';

/** Seconds: from what loopback takes to a day, with both limits of the contract. */
export const DELAY_BUCKETS = [
  0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 86400,
];
/** Seconds: from the clocks' resolution to the width of an hour's outage. */
const UNCERTAINTY_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600, 3600];
/** Seconds; few, since there are eight stages for each route. */
const STAGE_BUCKETS = [0.01, 0.1, 1, 10, 60];
const FINAL_OUTCOMES = OUTCOMES.filter((outcome) => outcome !== 'pending');

export interface MetricsOptions {
  readonly version: string;
  readonly lines: readonly { readonly provider: string; readonly path: Path }[];
  readonly clock: Clock;
  readonly lagSeconds: () => number;
}
export interface Metrics extends Observer {
  /** Starts from the ledger's totals, so that a restart neither forgets nor counts twice. Call once, before the first scrape. */
  attach(state: TimelineState, tallies: readonly Tally[]): void;
  /** Text format 0.0.4. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

export function createMetrics(options: MetricsOptions): Metrics {
  const { clock, lines } = options;
  const registry = new Registry();
  const registers = [registry];
  const route = ['provider', 'path'] as const;
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[] = []) =>
    new Counter<T>({ name: `mailflow_${name}`, help, labelNames, registers });
  const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[] = []) =>
    new Gauge<T>({ name: `mailflow_${name}`, help, labelNames, registers });

  const delay = new Histogram({
    name: 'mailflow_delay_seconds',
    help: 'Delay of delivered scheduled probes, upper bound of the interval.',
    labelNames: route,
    buckets: DELAY_BUCKETS,
    registers,
  });
  const uncertainty = new Histogram({
    name: 'mailflow_delay_uncertainty_seconds',
    help: 'Width of the delay interval of delivered scheduled probes.',
    labelNames: route,
    buckets: UNCERTAINTY_BUCKETS,
    registers,
  });
  const stage = new Histogram({
    name: 'mailflow_stage_duration_seconds',
    help: 'Time each stage of handing a message over took, all probes.',
    labelNames: [...route, 'stage'],
    buckets: STAGE_BUCKETS,
    registers,
  });
  const probes = counter('probes_total', 'Scheduled probes by how they ended.', [...route, 'outcome']);
  const breaches = counter(
    'max_delay_breaches_total',
    'Scheduled probes whose delay exceeded one hour for certain, delivered or still missing.',
    route,
  );
  const pending = gauge('probes_pending', 'Scheduled probes whose outcome is not known yet.', route);
  const oldest = gauge(
    'oldest_pending_seconds',
    'Age of the oldest pending scheduled probe, 0 if there is none.',
    route,
  );
  const endpointLabels = ['provider', 'endpoint'] as const;
  const up = gauge(
    'endpoint_up',
    'Whether the last use of the endpoint let us in; NaN before the first.',
    endpointLabels,
  );
  const checkDuration = gauge(
    'endpoint_check_duration_seconds',
    'Time the last use of the endpoint took until we were let in.',
    endpointLabels,
  );
  const expiry = gauge(
    'tls_certificate_expiry_timestamp_seconds',
    'Last moment at which the certificate that the endpoint showed is valid.',
    endpointLabels,
  );
  const sinkConnections = counter('sink_connections_total', 'Connections accepted by the sink.');
  const sinkRefused = counter('sink_refused_total', 'What the sink refused, by reason.', ['reason']);
  const tokensRefused = counter(
    'tokens_refused_total',
    'Messages that are no sample, by what is wrong with their token.',
    ['reason'],
  );
  const events = counter('ledger_events_total', 'Events recorded since the agent started.');
  const ledgerFailures = counter('ledger_failures_total', 'Appends that the ledger refused since the agent started.');
  const divergence = gauge(
    'clock_divergence_seconds',
    'How far the wall clock has moved against the monotonic clock since the agent started.',
  );
  const lag = gauge('event_loop_lag_seconds', 'How late the last regular tick of the event loop was.');
  const limits = gauge('sla_limit_seconds', 'Limits of the contract on delay.', ['limit']);
  const build = gauge('build_info', 'Version of the agent and of Node; always 1.', ['version', 'node']);

  build.set({ version: options.version, node: process.versions.node }, 1);
  limits.set({ limit: 'average' }, DELAY_AVERAGE_LIMIT);
  limits.set({ limit: 'maximum' }, DELAY_MAXIMUM_LIMIT);
  for (const labels of lines) {
    delay.zero(labels);
    uncertainty.zero(labels);
    for (const name of STAGES) stage.zero({ ...labels, stage: name });
    for (const outcome of FINAL_OUTCOMES) probes.inc({ ...labels, outcome }, 0);
  }
  for (const provider of new Set(lines.map((line) => line.provider))) {
    for (const endpoint of ENDPOINTS)
      for (const series of [up, checkDuration, expiry]) series.set({ provider, endpoint }, Number.NaN);
  }
  for (const reason of SINK_REFUSALS) sinkRefused.inc({ reason }, 0);
  for (const reason of TOKEN_REFUSALS) tokensRefused.inc({ reason }, 0);

  const started = clock.now();
  const closedBreaches = new Map<string, number>();
  const key = ({ provider, path }: { provider: string; path: Path }): string => `${provider} ${path}`;
  let state: TimelineState | null = null;

  const countClosed = (record: ProbeRecord): void => {
    if (state === null || record.kind !== 'scheduled') return;
    const { provider, path } = record;
    const assessment = assess(record, state.absence);
    if (assessment.outcome === 'pending') return;
    probes.inc({ provider, path, outcome: assessment.outcome });
    if (exceedsMaximum(record, state.absence))
      closedBreaches.set(key(record), (closedBreaches.get(key(record)) ?? 0) + 1);
    if (assessment.outcome !== 'delivered' || assessment.delay === null) return;
    delay.observe({ provider, path }, assessment.delay.hi);
    uncertainty.observe({ provider, path }, width(assessment.delay));
  };

  const collect = (): void => {
    const now = clock.now();
    breaches.reset();
    for (const labels of lines) {
      const open = [...(state?.open.values() ?? [])].filter(
        (record) => record.kind === 'scheduled' && key(record) === key(labels),
      );
      pending.set(labels, open.length);
      oldest.set(labels, Math.max(0, ...open.map(({ planned }) => spanBetween(planned, now).lo)));
      const late =
        state === null ? 0 : open.filter((record) => exceedsMaximum(record, (state as TimelineState).absence)).length;
      breaches.inc(labels, (closedBreaches.get(key(labels)) ?? 0) + late);
    }
    lag.set(options.lagSeconds());
    divergence.set(
      (now.wallMs - started.wallMs - (now.monoUs - started.monoUs) / 1000 - (now.suspendedMs - started.suspendedMs)) /
        1000,
    );
  };

  return {
    attach(current, tallies) {
      state = current;
      for (const tally of tallies) {
        const { provider, path, outcome, count } = tally;
        if (!lines.some((line) => key(line) === key(tally)) || outcome === 'pending') continue;
        probes.inc({ provider, path, outcome }, count);
        closedBreaches.set(key(tally), (closedBreaches.get(key(tally)) ?? 0) + tally.breaches);
      }
    },
    async render() {
      collect();
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
    recorded(entries: readonly LedgerEntry[], changed) {
      events.inc(entries.length);
      for (const { event } of entries) {
        if (event.type === 'slot.unmeasured')
          probes.inc({ provider: event.provider, path: event.path, outcome: 'unmeasured' });
        if (event.type !== 'probe.handed-over') continue;
        const record = changed.find(({ id }) => id === event.probe);
        for (const { name, seconds } of event.handover.stages) {
          if (record !== undefined)
            stage.observe({ provider: record.provider, path: record.path, stage: name }, seconds);
        }
      }
      for (const record of new Map(changed.map((each) => [each.id, each])).values()) countClosed(record);
    },
    tokenRefused: (reason) => tokensRefused.inc({ reason }),
    sinkConnected: () => sinkConnections.inc(),
    sinkRefused: (reason) => sinkRefused.inc({ reason }),
    ledgerFailed: () => ledgerFailures.inc(),
    endpointChecked({ provider, endpoint, up: isUp, seconds, certificateExpiresMs }: EndpointCheck) {
      up.set({ provider, endpoint }, isUp ? 1 : 0);
      checkDuration.set({ provider, endpoint }, isUp ? seconds : Number.NaN);
      if (certificateExpiresMs !== null) expiry.set({ provider, endpoint }, certificateExpiresMs / 1000);
    },
  };
}
