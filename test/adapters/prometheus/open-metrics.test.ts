/** The two formats of a scrape: neither spoils the other, and exemplars are in OpenMetrics alone. */
import { Counter, Gauge, Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import { Exemplars } from '../../../src/adapters/prometheus/exemplars.ts';
import { Exposer } from '../../../src/adapters/prometheus/exposition.ts';
import { createMetrics, type Metrics } from '../../../src/adapters/prometheus/metrics.ts';
import type { ProbeRecord } from '../../../src/domain/record.ts';
import { shift } from '../../../src/domain/time/instant.ts';
import { emptyTimeline } from '../../../src/domain/timeline.ts';
import { CONTRACT } from '../../fakes/contract.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { describeWith, PROMTOOL } from '../../servers/available.ts';
import { namesOf, promtoolCheck, seriesOf } from './scrape.ts';

const LINES = [{ provider: 'acme', path: 'send' }] as const;
const HELD = [{ provider: 'acme', contract: CONTRACT }];

let clock: VirtualClock;
let metrics: Metrics;
let lag: () => number;
let logged: string[];
beforeEach(() => {
  clock = new VirtualClock();
  lag = () => 0.001;
  logged = [];
  const log = {
    error: (message: string, fields?: object) => void logged.push(`${message}: ${JSON.stringify(fields)}`),
  };
  metrics = createMetrics({ version: '1.2.3', lines: LINES, held: HELD, clock, lagSeconds: () => lag(), log });
});

/** Delivered after so many seconds. */
function delivered(id: string, seconds: number): ProbeRecord {
  const planned = clock.now();
  const latest = shift(planned, seconds * 1000);
  return {
    ...{
      id,
      provider: 'acme',
      path: 'send',
      kind: 'scheduled',
      sender: 'a@acme.example',
      recipient: 'probe-0@sink.example',
    },
    ...{ planned, deferrals: [], interrupted: false, unseenSince: null, notice: null, duplicates: [], expired: false },
    handover: {
      ...{
        kind: 'accepted',
        handedOver: planned,
        acknowledged: planned,
        reply: 'ok',
        stages: [],
        peer: '192.0.2.1:25',
      },
      certificateExpiresMs: null,
    },
    attempt: { earliest: latest, latest },
    capture: { earliest: latest, latest, found: null, hops: [] },
    absentUntil: null,
  };
}

function record(...records: readonly ProbeRecord[]): void {
  metrics.attach(emptyTimeline(), []);
  metrics.recorded([], records);
}

const body = async (format: 'text' | 'openmetrics'): Promise<string> => (await metrics.render(format)).body;

describe('the text format', () => {
  it('is the same before and after OpenMetrics was asked for', async () => {
    record(delivered('a'.repeat(16), 1.5));
    const before = await metrics.render('text');
    await metrics.render('openmetrics');
    await metrics.render('openmetrics');
    expect(await metrics.render('text')).toEqual(before);
    expect(before.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(before.body).toContain('# TYPE mailflow_probes_total counter');
    expect(before.body).toContain('mailflow_probes_total{provider="acme",path="send",outcome="delivered"} 1');
  });

  it('has no exemplars, which it does not know', async () => {
    record(delivered('a'.repeat(16), 1.5));
    for (const line of (await body('text')).split('\n')) expect(line).not.toMatch(/^[^#].* # /);
  });
});

describe('OpenMetrics', () => {
  it('has the same series as the text format, with the bounds of buckets as floats', async () => {
    record(delivered('a'.repeat(16), 1.5));
    const text = [...seriesOf(await body('text'))].map(([name, value]) => [
      name.replace(/le="(\d+)"/, 'le="$1.0"'),
      value,
    ]);
    expect([...seriesOf(await body('openmetrics'))]).toEqual(text);
  });

  it('ends with its end mark, names counters without _total, and has no empty lines', async () => {
    const { contentType, body: text } = await metrics.render('openmetrics');
    expect(contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(text.endsWith('\n# EOF\n')).toBe(true);
    expect(text).toContain('# TYPE mailflow_probes counter');
    expect(text).not.toMatch(/# TYPE \S+_total/);
    expect(text).not.toContain('\n\n');
  });

  it('names the newest probe of each bucket of the delay', async () => {
    const at = (clock.now().wallMs / 1000).toString();
    record(delivered('a'.repeat(16), 1.5), delivered('b'.repeat(16), 1.25), delivered('c'.repeat(16), 100_000));
    const lines = (await body('openmetrics')).split('\n').filter((line) => /^[^#].* # /.test(line));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /^mailflow_delay_seconds_bucket\{le="2\.0",provider="acme",path="send"\} 2 # \{probe_id="b{16}"\} 1\.25\d* /,
    );
    expect(lines[1]).toMatch(
      /^mailflow_delay_seconds_bucket\{le="\+Inf",provider="acme",path="send"\} 3 # \{probe_id="c{16}"\} 100\d+(\.\d+)? /,
    );
    for (const line of lines) expect(line.endsWith(` ${at}`), line).toBe(true);
  });
});

describe.each(['text', 'openmetrics'] as const)('a scrape as %s in which something cannot be told', (format) => {
  it('has everything else, that as NaN, says so, and tells the log once', async () => {
    const names = namesOf(await body(format));
    lag = () => {
      throw new Error('no loop');
    };
    await body(format);
    const text = await body(format);
    expect(namesOf(text)).toEqual(names);
    const series = seriesOf(text);
    expect(series.get('mailflow_event_loop_lag_seconds')).toBeNaN();
    expect(series.get('mailflow_collect_failures_total{collector="event-loop"}')).toBe(2);
    expect(series.get('mailflow_probes_pending{provider="acme",path="send"}')).toBe(0);
    expect(logged).toHaveLength(1);
    lag = () => 0.5;
    expect(seriesOf(await body(format)).get('mailflow_event_loop_lag_seconds')).toBe(0.5);
    expect(series.get('mailflow_collect_failures_total{collector="event-loop"}')).toBe(2);
  });

  it('shows nothing of before of what is pending when the state cannot be read', async () => {
    const open = {
      values(): never {
        throw new Error('no state');
      },
    };
    metrics.attach({ ...emptyTimeline(), open: open as never }, []);
    const series = seriesOf(await body(format));
    expect(series.get('mailflow_probes_pending{provider="acme",path="send"}')).toBeNaN();
    expect(series.get('mailflow_oldest_pending_seconds{provider="acme",path="send"}')).toBeNaN();
    expect(series.get('mailflow_max_delay_breaches_total{provider="acme",path="send"}')).toBe(0);
    expect(series.get('mailflow_collect_failures_total{collector="routes"}')).toBe(1);
  });
});

it.each(['text', 'openmetrics'] as const)(
  'a metric that throws while it is written as %s is left out, and told of',
  async (format) => {
    const registry = new Registry();
    const registers = [registry];
    new Counter({ name: 'good_total', help: 'Good.', registers });
    const collect = (): never => {
      throw new Error('broken');
    };
    new Gauge({ name: 'bad', help: 'Bad.', registers, collect });
    const errors: unknown[] = [];
    const exposer = new Exposer(registry, { name: 'none', exemplars: new Exemplars([]) }, (error) =>
      errors.push(error),
    );
    expect([...seriesOf((await exposer.render(format)).body)]).toEqual([['good_total', 0]]);
    expect(errors).toEqual([new Error('broken')]);
  },
);

describeWith(PROMTOOL, 'promtool', () => {
  it('has no complaint about a text scrape after one of OpenMetrics', async () => {
    record(delivered('a'.repeat(16), 1.5));
    await metrics.render('openmetrics');
    expect(promtoolCheck(await body('text'))).toEqual({ output: '', status: 0 });
  });
});
