/** The agent's metrics over the real engine: what a scrape shows, and that it never claims more. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMetrics, type Metrics } from '../../../src/adapters/prometheus/metrics.ts';
import type { Path } from '../../../src/domain/probe.ts';
import type { ProbeRecord } from '../../../src/domain/record.ts';
import type { RouteSettings } from '../../../src/domain/settings.ts';
import { emptyTimeline } from '../../../src/domain/timeline.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { type FakeWorld, fakeWorld } from '../../fakes/agent.ts';
import { CONTRACT } from '../../fakes/contract.ts';
import { FakeChecker } from '../../fakes/fake-checker.ts';
import { describeWith, PROMTOOL } from '../../servers/available.ts';
import { promtoolCheck, seriesOf } from './scrape.ts';

const LINES = (['send', 'internal', 'receive'] as const).map((path) => ({ provider: 'acme', path }));
const HELD = [{ provider: 'acme', contract: CONTRACT }];
/** The first probe within 30,000 s, the next one not before another 10,000 s. */
const RARE = { every: 20_000, minGap: 10_000, maxGap: 30_000 };

let world: FakeWorld;
let metrics: Metrics;
let engine: Engine | null;

beforeEach(() => {
  world = fakeWorld();
  engine = null;
});
afterEach(stop);

/** As the composition root does it: totals first, then the engine, then its state. */
async function start(paths: readonly Path[] = []): Promise<void> {
  metrics = createMetrics({ version: '1.2.3', lines: LINES, held: HELD, clock: world.clock, lagSeconds: () => 0.001 });
  Object.assign(world.observer, metrics);
  const { tallies } = await world.ledger.snapshot();
  const routes = paths.map((path): RouteSettings => ({ provider: 'acme', path, ...RARE }));
  engine = await world.start({ routes, reachability: 'assumed' });
  metrics.attach(engine.recorder.state, tallies);
  await world.clock.advance(0.1);
}

async function stop(): Promise<void> {
  const stopped = engine?.stop();
  await world.clock.advance(5);
  await stopped;
  engine = null;
}

async function scrape(): Promise<ReadonlyMap<string, number>> {
  return seriesOf((await metrics.render()).body);
}

/** Lets time pass until the schedule has sent a probe; it is handed over a second later. */
async function untilSent(sent: readonly unknown[]): Promise<void> {
  for (let hour = 0; hour < 9 && sent.length === 0; hour += 0.1) await world.clock.advance(360);
  expect(sent).toHaveLength(1);
}

const RECEIVE = 'provider="acme",path="receive"';
const BREACHES = `mailflow_max_delay_breaches_total{${RECEIVE}}`;
const DELIVERED = `mailflow_probes_total{${RECEIVE},outcome="delivered"}`;

describe('a scrape', () => {
  it('shows the same series before the first probe as after one was delivered', async () => {
    await start(['receive']);
    const before = await scrape();
    await untilSent(world.injector.sent);
    world.mailbox.deliver(world.injector.sent[0]!);
    await world.clock.advance(20);
    const after = await scrape();
    expect(after.get(DELIVERED)).toBe(1);
    expect([...after.keys()].toSorted()).toEqual([...before.keys()].toSorted());
  });

  it('has every metric of the core from the start', async () => {
    await start();
    const names = new Set([...(await scrape()).keys()].map((key) => key.replace(/\{.*$/, '')));
    for (const name of [
      'delay_seconds_bucket',
      'delay_uncertainty_seconds_bucket',
      'probes_total',
      'probes_pending',
      'oldest_pending_seconds',
      'max_delay_breaches_total',
      'stage_duration_seconds_bucket',
      'endpoint_up',
      'endpoint_check_duration_seconds',
      'tls_certificate_expiry_timestamp_seconds',
      'sla_limit_seconds',
      'sink_connections_total',
      'sink_refused_total',
      'tokens_refused_total',
      'ledger_events_total',
      'clock_divergence_seconds',
      'event_loop_lag_seconds',
      'build_info',
    ])
      expect(names).toContain(`mailflow_${name}`);
    const series = await scrape();
    expect(series.get(`mailflow_delay_seconds_bucket{le="60",${RECEIVE}}`)).toBe(0);
    expect(series.get(`mailflow_delay_seconds_bucket{le="3600",${RECEIVE}}`)).toBe(0);
    expect(series.get('mailflow_sla_limit_seconds{provider="acme",clause="2a",limit="average"}')).toBe(60);
    expect(series.get('mailflow_sla_limit_seconds{provider="acme",clause="2a",limit="maximum"}')).toBe(3600);
    expect(series.get('mailflow_sink_refused_total{reason="relay"}')).toBe(0);
    expect(series.get('mailflow_tokens_refused_total{reason="forged"}')).toBe(0);
    expect(series.get(`mailflow_build_info{version="1.2.3",node="${process.versions.node}"}`)).toBe(1);
  });

  it('observes the upper bound of a delivered delay, and its width', async () => {
    await start(['receive']);
    await untilSent(world.injector.sent);
    world.mailbox.deliver(world.injector.sent[0]!);
    await world.clock.advance(20);
    const series = await scrape();
    const [record] = await world.ledger.recent(1);
    const delay = (await engine!.probe(record!.id))!.assessment.delay!;
    expect(series.get(`mailflow_delay_seconds_sum{${RECEIVE}}`)).toBe(delay.hi);
    expect(series.get(`mailflow_delay_uncertainty_seconds_sum{${RECEIVE}}`)).toBe(delay.hi - delay.lo);
    expect(series.get(`mailflow_stage_duration_seconds_count{${RECEIVE},stage="connect"}`)).toBe(1);
  });

  it('observes no delay over a reboot, which has no upper bound until the clock is set', async () => {
    await start(['receive']);
    await untilSent(world.injector.sent);
    await stop();
    world.clock.reboot();
    await start();
    world.mailbox.deliver(world.injector.sent[0]!);
    await world.clock.advance(20);
    expect((await scrape()).get(DELIVERED)).toBe(1);
    expect((await scrape()).get(`mailflow_delay_seconds_count{${RECEIVE}}`)).toBe(0);
    // A batch's other records would go uncounted.
    const records = await world.ledger.recent(1);
    expect(() => metrics.recorded([], records)).not.toThrow();
  });

  it('lets a spot check enter no statistic', async () => {
    await start();
    const statistics = async () =>
      [...(await scrape())].filter(([key]) => !/^mailflow_(ledger_|endpoint_|sink_connections|tls_|clock_)/.test(key));
    const before = await statistics();
    const started = engine!.check('acme', 'send');
    await world.clock.advance(5);
    expect(await statistics()).toEqual(before);
    await world.sink.deliver(world.submitter.sent[0]!);
    expect((await engine!.probe(await started))!.assessment.outcome).toBe('delivered');
    expect(await statistics()).toEqual(before);
  });

  it('counts a slot that our own doing left empty as unmeasured', async () => {
    await start();
    await engine!.recorder.record([
      { type: 'slot.unmeasured', at: world.clock.now(), provider: 'acme', path: 'receive', reason: 'late' },
    ]);
    const key = `mailflow_probes_total{${RECEIVE},outcome="unmeasured"}`;
    expect((await scrape()).get(key)).toBe(1);
    await stop();
    await start();
    expect((await scrape()).get(key)).toBe(1);
  });

  it('counts what was refused, connected and recorded', async () => {
    await start();
    const before = await scrape();
    metrics.sinkConnected();
    metrics.sinkRefused('relay');
    metrics.tokenRefused('forged');
    world.ledger.failure = new Error('disk full');
    await expect(engine!.check('acme', 'send')).rejects.toThrow('disk full');
    world.ledger.failure = null;
    const after = await scrape();
    const grown = [...after].filter(([key, value]) => value > before.get(key)!).map(([key]) => key);
    expect(grown).toEqual([
      'mailflow_sink_connections_total',
      'mailflow_sink_refused_total{reason="relay"}',
      'mailflow_tokens_refused_total{reason="forged"}',
      'mailflow_part_failures_total{part="ledger",provider=""}',
    ]);
  });

  it('shows how far the wall clock was stepped', async () => {
    await start();
    world.clock.stepWall(-7);
    expect((await scrape()).get('mailflow_clock_divergence_seconds')).toBeCloseTo(-7, 2);
  });

  it('gives no series to a route that is not configured', async () => {
    await start();
    const before = await scrape();
    const at = world.clock.now();
    const addresses = { sender: 'a@gone.example', recipient: 'probe-0@sink.example' };
    await engine!.recorder.record([
      {
        type: 'probe.planned',
        at,
        probe: 'a'.repeat(16),
        provider: 'gone',
        path: 'send',
        kind: 'scheduled',
        ...addresses,
      },
      { type: 'probe.expired', at, probe: 'a'.repeat(16) },
      { type: 'slot.unmeasured', at, provider: 'gone', path: 'send', reason: 'late' },
    ]);
    expect([...(await scrape()).keys()]).toEqual([...before.keys()]);
  });

  it('passes once over what is pending, however many routes there are', () => {
    metrics = createMetrics({ version: '0', lines: LINES, held: HELD, clock: world.clock, lagSeconds: () => 0 });
    let passes = 0;
    class CountedMap extends Map<string, ProbeRecord> {
      override values(): MapIterator<ProbeRecord> {
        passes += 1;
        return super.values();
      }
    }
    metrics.attach({ ...emptyTimeline(), open: new CountedMap() }, []);
    return metrics.render().then(() => expect(passes).toBe(1));
  });
});

describe('a probe that is missing', () => {
  it('is shown as pending with its age, until it arrives', async () => {
    await start(['receive']);
    await untilSent(world.injector.sent);
    await world.clock.advance(1000);
    const missing = await scrape();
    expect(missing.get(`mailflow_probes_pending{${RECEIVE}}`)).toBe(1);
    expect(missing.get(`mailflow_oldest_pending_seconds{${RECEIVE}}`)).toBeGreaterThan(999);
    world.mailbox.deliver(world.injector.sent[0]!);
    await world.clock.advance(20);
    const arrived = await scrape();
    expect(arrived.get(`mailflow_probes_pending{${RECEIVE}}`)).toBe(0);
    expect(arrived.get(`mailflow_oldest_pending_seconds{${RECEIVE}}`)).toBe(0);
  });

  it('is a breach the moment it has been missing for an hour, and once, also when it arrives', async () => {
    await start(['receive']);
    await untilSent(world.injector.sent);
    const { at } = world.ledger.events('probe.planned')[0]!;
    const age = (): number => (world.clock.now().monoUs - at.monoUs) / 1e6;
    await world.clock.advance(3600 - age());
    expect((await scrape()).get(BREACHES)).toBe(0);
    await world.clock.advance(20);
    expect((await scrape()).get(BREACHES)).toBe(1);
    await world.clock.advance(3600);
    expect((await scrape()).get(BREACHES)).toBe(1);
    expect((await scrape()).get(DELIVERED)).toBe(0);
    world.mailbox.deliver(world.injector.sent[0]!);
    await world.clock.advance(20);
    expect((await scrape()).get(BREACHES)).toBe(1);
    expect((await scrape()).get(DELIVERED)).toBe(1);
    await stop();
    await start();
    expect((await scrape()).get(BREACHES)).toBe(1);
    expect((await scrape()).get(DELIVERED)).toBe(1);
  });

  it('stays one breach over a restart while it is missing', async () => {
    await start(['receive']);
    await untilSent(world.injector.sent);
    await world.clock.advance(3700);
    await stop();
    await start();
    expect((await scrape()).get(BREACHES)).toBe(1);
    world.mailbox.deliver(world.injector.sent[0]!);
    await world.clock.advance(60);
    expect((await scrape()).get(BREACHES)).toBe(1);
    expect((await scrape()).get(DELIVERED)).toBe(1);
  });

  it('is counted when it settles before the metrics have the state', async () => {
    await start(['receive']);
    await untilSent(world.injector.sent);
    const [record] = [...engine!.recorder.state.open.values()];
    const late = createMetrics({ version: '0', lines: LINES, held: HELD, clock: world.clock, lagSeconds: () => 0 });
    late.recorded([], [{ ...record!, expired: true }]);
    late.attach(emptyTimeline(), []);
    const series = seriesOf((await late.render()).body);
    expect(series.get(`mailflow_probes_total{${RECEIVE},outcome="lost"}`)).toBe(1);
  });
});

describe('an endpoint', () => {
  const labels = (endpoint: string): string => `{provider="acme",endpoint="${endpoint}"}`;

  it('is unknown before its first use', async () => {
    metrics = createMetrics({ version: '0', lines: LINES, held: HELD, clock: world.clock, lagSeconds: () => 0 });
    const series = await scrape();
    for (const endpoint of ['submission', 'mx', 'mailbox'])
      expect(series.get(`mailflow_endpoint_up${labels(endpoint)}`)).toBeNaN();
  });

  it('has its series from the start though no path meets it, and one that is not configured has none', async () => {
    const endpoints = [{ provider: 'acme', endpoint: 'mx' }] as const;
    metrics = createMetrics({ version: '0', lines: [], endpoints, clock: world.clock, lagSeconds: () => 0 });
    const check = { up: true, seconds: 1, certificateExpiresMs: null };
    metrics.endpointChecked({ ...check, ...endpoints[0] });
    metrics.endpointChecked({ ...check, provider: 'acme', endpoint: 'mailbox' });
    const series = [...(await scrape())].filter(([key]) => key.startsWith('mailflow_endpoint_up'));
    expect(series).toEqual([[`mailflow_endpoint_up${labels('mx')}`, 1]]);
  });

  it('keeps no good value through an outage', async () => {
    await start();
    const check = { provider: 'acme', endpoint: 'mx' } as const;
    metrics.endpointChecked({ ...check, up: true, seconds: 0.25, certificateExpiresMs: 1_800_000_000_000 });
    const good = await scrape();
    expect(good.get(`mailflow_endpoint_up${labels('mx')}`)).toBe(1);
    expect(good.get(`mailflow_endpoint_check_duration_seconds${labels('mx')}`)).toBe(0.25);
    expect(good.get(`mailflow_tls_certificate_expiry_timestamp_seconds${labels('mx')}`)).toBe(1_800_000_000);
    metrics.endpointChecked({ ...check, up: true, seconds: null, certificateExpiresMs: 1_800_000_000_000 });
    const kept = await scrape();
    expect(kept.get(`mailflow_endpoint_check_duration_seconds${labels('mx')}`), 'none taken').toBe(0.25);
    metrics.endpointChecked({ ...check, up: false, seconds: 30, certificateExpiresMs: null });
    const bad = await scrape();
    expect(bad.get(`mailflow_endpoint_up${labels('mx')}`)).toBe(0);
    expect(bad.get(`mailflow_endpoint_check_duration_seconds${labels('mx')}`)).toBeNaN();
    expect(bad.get(`mailflow_tls_certificate_expiry_timestamp_seconds${labels('mx')}`)).toBeNaN();
  });
});

describe('an endpoint whose checks cease', () => {
  const labels = '{provider="acme",endpoint="mx"}';
  const GAUGES = ['endpoint_up', 'endpoint_check_duration_seconds', 'tls_certificate_expiry_timestamp_seconds'];
  const values = async () => {
    const series = await scrape();
    return GAUGES.map((name) => series.get(`mailflow_${name}${labels}`));
  };
  /** Three cells of 30 s, a check and its neutral host. */
  const LAST = 3 * 30 + 25;

  it('is unknown once nothing was shown for three cells, and known again with the next', async () => {
    metrics = createMetrics({
      version: '0',
      lines: LINES,
      checkEverySeconds: 30,
      clock: world.clock,
      lagSeconds: () => 0,
    });
    const check = { provider: 'acme', endpoint: 'mx', up: true, certificateExpiresMs: 1_800_000_000_000 } as const;
    metrics.endpointChecked({ ...check, seconds: 0.25 });
    await world.clock.advance(LAST - 1);
    expect(await values()).toEqual([1, 0.25, 1_800_000_000]);
    await world.clock.advance(2);
    expect(await values()).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    metrics.endpointChecked({ ...check, up: false, seconds: 3, certificateExpiresMs: null });
    expect(await values()).toEqual([0, Number.NaN, Number.NaN]);
    await world.clock.advance(LAST + 1);
    expect(await values(), 'nor is it known to be down').toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  it('is unknown to the real checks too, when they show neither', async () => {
    const checker = new FakeChecker(world.clock);
    metrics = createMetrics({ version: '0', lines: LINES, clock: world.clock, lagSeconds: () => 0 });
    Object.assign(world.observer, metrics);
    const target = {
      provider: 'acme',
      endpoint: 'mx',
      depths: { shallow: 'greeting', deep: 'recipient' },
      checker,
    } as const;
    engine = await world.start({ connectivity: { everySeconds: 60, checks: [target], control: null } });
    metrics.attach(engine.recorder.state, []);
    await world.clock.advance(300);
    expect((await values())[0]).toBe(1);
    checker.answer = () => ({ kind: 'inconclusive', reason: 'asked to slow down' });
    await world.clock.advance(300);
    expect((await values())[0]).toBeNaN();
  });
});

describeWith(PROMTOOL, 'promtool', () => {
  it('has no complaint about a scrape before the first probe, nor about one after', async () => {
    await start(['receive']);
    expect(promtoolCheck((await metrics.render()).body)).toEqual({ output: '', status: 0 });
    await untilSent(world.injector.sent);
    world.mailbox.deliver(world.injector.sent[0]!);
    await world.clock.advance(20);
    expect(promtoolCheck((await metrics.render()).body)).toEqual({ output: '', status: 0 });
  });

  it('complains where there is something to complain about', () => {
    expect(promtoolCheck('# TYPE wrong counter\nwrong 1\n').status).not.toBe(0);
  });
});
