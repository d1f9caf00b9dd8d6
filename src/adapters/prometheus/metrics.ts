/** The agent's Prometheus metrics: fed by what is recorded, computed from the shared state at each scrape. */
import type { LedgerEntry } from '../../domain/event.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Tally, TimelineState } from '../../domain/timeline.ts';
import type { Clock, Observer, Scoreboard } from '../../ports.ts';
import { createInstruments, type Route } from './instruments.ts';
import { RouteStatistics } from './route-statistics.ts';
import type { Held } from './sla-gauges.ts';

export interface MetricsOptions {
  readonly version: string;
  readonly lines: readonly Route[];
  /** The contracts that the providers are held to now. */
  readonly held?: readonly Held[];
  readonly clock: Clock;
  readonly lagSeconds: () => number;
}
export interface Metrics extends Observer, Scoreboard {
  /**
   * Starts from the ledger's totals before this run, so that a restart neither forgets nor counts twice.
   * Call once, before the first scrape; what was recorded meanwhile is kept for it.
   */
  attach(state: TimelineState, tallies: readonly Tally[]): void;
  /** Text format 0.0.4. Never rejects. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

export function createMetrics({ version, lines, held = [], clock, lagSeconds }: MetricsOptions): Metrics {
  const instruments = createInstruments(version, lines, held);
  const { registry } = instruments;
  const statistics = new RouteStatistics(instruments, lines);
  const started = clock.now();

  return {
    attach: (state, tallies) => statistics.attach(state, tallies),
    async render() {
      const now = clock.now();
      statistics.collect(now);
      instruments.lag.set(lagSeconds());
      instruments.divergence.set(divergence(started, now));
      return { contentType: registry.contentType, body: await registry.metrics() };
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
      for (const record of records.values()) statistics.count(record);
    },
    judged: (provider, standing, at) => instruments.sla.judged(provider, standing, at),
    tokenRefused: (reason) => instruments.tokensRefused.inc({ reason }),
    sinkConnected: () => instruments.sinkConnections.inc(),
    sinkRefused: (reason) => instruments.sinkRefused.inc({ reason }),
    partFailed: (part, provider) => instruments.partFailures.inc({ part, provider: provider ?? '' }),
    partStands(part, provider, working) {
      const labels = { part, provider: provider ?? '' };
      instruments.partFailures.inc(labels, 0);
      instruments.partUp.set(labels, working ? 1 : 0);
    },
    endpointChecked({ provider, endpoint, up, seconds, certificateExpiresMs }) {
      const labels = { provider, endpoint };
      instruments.up.set(labels, up ? 1 : 0);
      if (!up || seconds !== null) instruments.checkDuration.set(labels, up && seconds !== null ? seconds : Number.NaN);
      instruments.certificateExpiry.set(labels, (certificateExpiresMs ?? Number.NaN) / 1000);
    },
  };
}

/** Seconds that the wall clock has gained on the monotonic one, time asleep left out. */
function divergence(from: Instant, to: Instant): number {
  const awakeMs = (to.monoUs - from.monoUs) / 1000;
  return (to.wallMs - from.wallMs - awakeMs - (to.suspendedMs - from.suspendedMs)) / 1000;
}
