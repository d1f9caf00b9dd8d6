/** The metrics of spot checks, in a registry of their own, in the blackbox-exporter manner. */
import { Gauge, Registry } from 'prom-client';
import { STAGES } from '../../domain/probe.ts';
import type { ProbeView } from '../../domain/probe-view.ts';

/** Text format 0.0.4, one probe a route. Every series is always there; what is not known is NaN, a message that is still missing has no upper bound. */
export async function renderProbeMetrics(
  views: readonly ProbeView[],
): Promise<{ readonly contentType: string; readonly body: string }> {
  const registry = new Registry();
  const registers = [registry];
  const route = ['provider', 'path'] as const;
  const success = new Gauge({
    name: 'probe_success',
    help: 'Whether the message was delivered by now.',
    labelNames: route,
    registers,
  });
  const duration = new Gauge({
    name: 'probe_duration_seconds',
    help: 'Time from the start of the check until it was seen how it ended, or until now.',
    labelNames: route,
    registers,
  });
  const started = new Gauge({
    name: 'mailflow_probe_started_timestamp_seconds',
    help: 'When the message was planned: less than a minute apart, two scrapes show the same one.',
    labelNames: route,
    registers,
  });
  const bounds = new Gauge({
    name: 'mailflow_probe_delay_seconds',
    help: 'Bounds of the delay.',
    labelNames: [...route, 'bound'],
    registers,
  });
  const stages = new Gauge({
    name: 'mailflow_probe_stage_duration_seconds',
    help: 'Time each stage of handing over took.',
    labelNames: [...route, 'stage'],
    registers,
  });
  for (const { provider, path, outcome, plannedAt, ageSeconds, delaySeconds, stages: timings } of views) {
    const labels = { provider, path };
    success.set(labels, outcome === 'delivered' ? 1 : 0);
    duration.set(labels, ageSeconds);
    started.set(labels, Date.parse(plannedAt) / 1000);
    bounds.set({ ...labels, bound: 'lo' }, delaySeconds?.lo ?? Number.NaN);
    bounds.set(
      { ...labels, bound: 'hi' },
      delaySeconds === null ? Number.NaN : (delaySeconds.hi ?? Number.POSITIVE_INFINITY),
    );
    for (const name of STAGES) {
      stages.set({ ...labels, stage: name }, timings.find((timing) => timing.name === name)?.seconds ?? Number.NaN);
    }
  }
  return { contentType: registry.contentType, body: await registry.metrics() };
}
