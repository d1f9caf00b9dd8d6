/** The metrics of one spot check. */
import { describe, expect, it } from 'vitest';
import { renderProbeMetrics } from '../../../src/adapters/prometheus/probe-metrics.ts';
import type { ProbeView } from '../../../src/domain/probe-view.ts';
import { describeWith, PROMTOOL } from '../../servers/available.ts';
import { promtoolCheck, seriesOf } from './scrape.ts';

const DELIVERED: ProbeView = {
  id: 'a'.repeat(16),
  provider: 'acme',
  path: 'send',
  kind: 'spot',
  outcome: 'delivered',
  delaySeconds: { lo: 1.5, hi: 1.75 },
  flags: [],
  plannedAt: '2026-11-10T00:00:00.000Z',
  acceptedAt: '2026-11-10T00:00:00.100Z',
  capturedAt: '2026-11-10T00:00:01.700Z',
  folder: null,
  stages: [{ name: 'connect', seconds: 0.02 }],
  hops: [],
  duplicates: 0,
  error: null,
  awaiting: null,
  ageSeconds: 2.25,
};
const REFUSED: ProbeView = { ...DELIVERED, outcome: 'failed', delaySeconds: null, stages: [] };

async function scrape(...views: readonly ProbeView[]): Promise<ReadonlyMap<string, number>> {
  return seriesOf((await renderProbeMetrics(views)).body);
}

describe('the metrics of a spot check', () => {
  it('show whether it was delivered, its bounds and its stages', async () => {
    const series = await scrape(DELIVERED);
    const route = 'provider="acme",path="send"';
    expect(series.get(`probe_success{${route}}`)).toBe(1);
    expect(series.get(`probe_duration_seconds{${route}}`)).toBe(2.25);
    expect(series.get(`mailflow_probe_started_timestamp_seconds{${route}}`)).toBe(1_794_268_800);
    expect(series.get(`mailflow_probe_delay_seconds{${route},bound="lo"}`)).toBe(1.5);
    expect(series.get(`mailflow_probe_delay_seconds{${route},bound="hi"}`)).toBe(1.75);
    expect(series.get(`mailflow_probe_stage_duration_seconds{${route},stage="connect"}`)).toBe(0.02);
  });

  it('have the same series whatever became of it', async () => {
    const refused = await scrape(REFUSED);
    expect([...refused.keys()]).toEqual([...(await scrape(DELIVERED)).keys()]);
    expect(refused.get('probe_success{provider="acme",path="send"}')).toBe(0);
    expect(refused.get('mailflow_probe_delay_seconds{provider="acme",path="send",bound="hi"}')).toBeNaN();
  });

  it('leave a message that is still missing without an upper bound', async () => {
    const series = await scrape({ ...DELIVERED, outcome: 'pending', delaySeconds: { lo: 9, hi: null } });
    expect(series.get('mailflow_probe_delay_seconds{provider="acme",path="send",bound="hi"}')).toBe(Infinity);
    expect(series.get('probe_success{provider="acme",path="send"}')).toBe(0);
  });
});

describeWith(PROMTOOL, 'promtool', () => {
  it('has no complaint about the metrics of spot checks', async () => {
    const { body } = await renderProbeMetrics([DELIVERED, { ...REFUSED, path: 'receive' }]);
    expect(promtoolCheck(body)).toEqual({ output: '', status: 0 });
  });
});
