/** A real Prometheus beside the running demo, with the files that ship: what it scrapes, and what its alerts do when mail is late. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../../src/app.ts';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import { PATHS } from '../../src/domain/probe.ts';
import { promtoolCheck } from '../adapters/prometheus/scrape.ts';
import { ALERTS, metricsInRules, RECORDING, rulesIn, ruleText } from '../config/rule-files.ts';
import { describeWith, PROMETHEUS } from './available.ts';
import { eventually } from './daemon.ts';
import { type Alert, type Prometheus, scraping, startPrometheus } from './prometheus.ts';

/** A scrape interval is a second; on a busy machine what follows from a few of them may take a minute. */
const PATIENCE_MS = 60_000;
/** What makes and sends a thousand messages on a machine with other work. */
const CROWD_PATIENCE_MS = 240_000;
const PENDING = 1000;

async function demoWith(delaySeconds: number, every: number): Promise<Demo> {
  const delays = { send: delaySeconds, receive: delaySeconds, internal: delaySeconds };
  return startDemo({ delays, every, listen: { host: '127.0.0.1', port: 0 }, log: createLog('error', 'test') });
}

function hostOf({ agent }: Demo): string {
  return new URL(agent.url!).host;
}

/** The alerts that ship, with a `for` of seconds and the age of a missing message shortened: no test waits for half an hour. */
function hurried(): string {
  const text = ruleText(ALERTS)
    .replace('mailflow_oldest_pending_seconds > 1800', 'mailflow_oldest_pending_seconds > 4')
    .replaceAll(/for: \d+[mh]$/gm, 'for: 3s');
  expect(text).toContain('mailflow_oldest_pending_seconds > 4');
  return text;
}

describeWith(PROMETHEUS, 'Prometheus beside the demo', () => {
  let demo: Demo;
  let prometheus: Prometheus;

  beforeAll(async () => {
    demo = await demoWith(0.2, 0.5);
    prometheus = await startPrometheus({
      configuration: scraping([hostOf(demo)], { ruleFiles: [RECORDING, ALERTS, 'hurried.yml'] }),
      files: {
        [RECORDING]: ruleText(RECORDING),
        [ALERTS]: ruleText(ALERTS),
        'hurried.yml': hurried().replaceAll('alert: ', 'alert: Hurried'),
      },
    });
  });
  afterAll(async () => {
    await prometheus?.close();
    await demo?.close();
  });

  const ageing = async (path: string): Promise<Alert | undefined> =>
    (await prometheus.alerts()).find(
      ({ labels }) => labels['alertname'] === 'HurriedMailflowProbesAgeing' && labels['path'] === path,
    );

  it('has its target up, and every rule evaluated without error', { timeout: PATIENCE_MS }, async () => {
    const [target] = await eventually(
      'a first scrape',
      async () => nonEmpty((await prometheus.targets()).filter(({ health }) => health === 'up')),
      PATIENCE_MS,
    );
    expect(target).toMatchObject({ health: 'up', lastError: '', labels: { job: 'mailflow-probe' } });
    const rules = await eventually(
      'each rule evaluated',
      async () => {
        const all = await prometheus.rules();
        return all.every(({ health }) => health !== 'unknown') ? all : undefined;
      },
      PATIENCE_MS,
    );
    expect(rules).toHaveLength(rulesIn(RECORDING).length + 2 * rulesIn(ALERTS).length);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
  });

  it('finds every metric that the rules look at in the scrape', { timeout: PATIENCE_MS }, async () => {
    const names = [...metricsInRules()];
    expect(names.length).toBeGreaterThan(10);
    for (const name of names)
      await eventually(name, async () => ((await prometheus.query(`count(${name})`)).length > 0 ? true : undefined));
  });

  it('gets figures from the rules, whatever form its scrapes have', { timeout: PATIENCE_MS }, async () => {
    const ratio = 'provider_path:mailflow_delay_within_minute:ratio_1h{path="send"} >= 0';
    const [within] = await eventually(ratio, async () => nonEmpty(await prometheus.query(ratio)), PATIENCE_MS);
    expect(within?.value).toBe(1);
    const [limit] = await prometheus.query('provider_path:mailflow_sla_limit_seconds:average{path="send"}');
    expect(limit?.value).toBe(60);
    const mean = 'provider_path:mailflow_delay_seconds:proven_mean_1h{path="send"} > 0';
    const [proven] = await eventually(mean, async () => nonEmpty(await prometheus.query(mean)), PATIENCE_MS);
    expect(proven?.value).toBeLessThan(60);
  });

  it('has nothing to complain about a real scrape', async () => {
    const body = await (await fetch(`http://${hostOf(demo)}/metrics`)).text();
    expect(promtoolCheck(body)).toEqual({ output: '', status: 0 });
  });

  it('tells of a message that is late: pending, then firing, and no more once it came', {
    timeout: 3 * PATIENCE_MS,
  }, async () => {
    expect(await ageing('send')).toBeUndefined();
    demo.provider.setDelay('send', 25);
    const states = new Set<string>();
    const alert = await eventually(
      () => `an alert that fires, it was ${[...states].join()}`,
      async () => {
        const found = await ageing('send');
        if (found !== undefined) states.add(found.state);
        return found?.state === 'firing' ? found : undefined;
      },
      PATIENCE_MS,
    );
    expect([...states]).toEqual(['pending', 'firing']);
    expect(alert).toMatchObject({
      labels: { severity: 'warning', provider: 'demo', path: 'send' },
      annotations: { runbook: 'config/OPERATIONS.md#mailflowprobesageing' },
    });
    expect(alert.annotations['description']).toMatch(/through demo on send was sent \d+(\.\d+)?s ago/);
    expect(await ageing('receive')).toBeUndefined();
    demo.provider.setDelay('send', 0.2);
    await eventually(
      'the end of the alert',
      async () => ((await ageing('send')) === undefined ? true : undefined),
      PATIENCE_MS,
    );
  });

  it('had no reason for an alert as it ships, but that a month cannot be judged by a minute', async () => {
    const shipped = (await prometheus.alerts()).filter(({ labels }) => !labels['alertname']?.startsWith('Hurried'));
    expect(shipped.filter(({ state }) => state === 'firing')).toEqual([]);
    const others = shipped.filter(({ labels }) => labels['alertname'] !== 'MailflowCoverageLow');
    expect(others).toEqual([]);
  });
});

describeWith(PROMETHEUS, 'Prometheus beside an agent with a thousand messages on their way', () => {
  let demo: Demo;
  let prometheus: Prometheus;

  beforeAll(async () => {
    demo = await demoWith(3600, 0.06);
    prometheus = await startPrometheus({ configuration: scraping([hostOf(demo)]) });
  });
  afterAll(async () => {
    await prometheus?.close();
    await demo?.close();
  });

  it('still gets an answer to each scrape', { timeout: CROWD_PATIENCE_MS }, async () => {
    const pending = 'sum(mailflow_probes_pending)';
    const full = `${pending} >= ${PENDING}`;
    await eventually(full, async () => nonEmpty(await prometheus.query(full)), CROWD_PATIENCE_MS);
    const [target] = await prometheus.targets();
    expect(target).toMatchObject({ health: 'up', lastError: '' });
    // The timeout of a scrape is a second.
    expect(target!.lastScrapeDuration).toBeLessThan(1);
    const oldest = await prometheus.query('mailflow_oldest_pending_seconds > 0');
    expect(new Set(oldest.map(({ labels }) => labels['path']))).toEqual(new Set(PATHS));
  });
});

/** The histogram of the agent, in both forms: Prometheus 3 and OpenMetrics write bounds with a point. */
const BUCKETS = [
  ['60', 1],
  ['600', 2],
  ['3600', 3],
  ['+Inf', 4],
] as const;
const LABELS = 'provider="acme",path="send"';

function exposition(bound: (le: string) => string, seconds: number): string {
  const series = BUCKETS.map(
    ([le, count]) => `mailflow_delay_seconds_bucket{${LABELS},le="${bound(le)}"} ${count * seconds}\n`,
  );
  const rest = `mailflow_delay_seconds_sum{${LABELS}} ${seconds}\nmailflow_delay_seconds_count{${LABELS}} ${4 * seconds}\n`;
  return `# TYPE mailflow_delay_seconds histogram\n${series.join('')}${rest}`;
}

describeWith(PROMETHEUS, 'the buckets of both forms of a scrape', () => {
  const servers: Server[] = [];
  let prometheus: Prometheus;

  beforeAll(async () => {
    const started = Date.now();
    const forms = {
      'text/plain; version=0.0.4': (le: string) => le,
      'application/openmetrics-text; version=1.0.0; charset=utf-8': (le: string) => (le === '+Inf' ? le : `${le}.0`),
    };
    for (const [type, bound] of Object.entries(forms)) {
      const server = createServer((_request, response) => {
        response.setHeader('content-type', type);
        const end = type.startsWith('application') ? '# EOF\n' : '';
        response.end(exposition(bound, 1 + Math.floor((Date.now() - started) / 1000)) + end);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      servers.push(server);
    }
    const hosts = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`);
    prometheus = await startPrometheus({
      configuration: scraping(hosts, { ruleFiles: [RECORDING] }),
      files: { [RECORDING]: ruleText(RECORDING) },
    });
  });
  afterAll(async () => {
    await prometheus?.close();
    for (const server of servers) server.close();
  });

  it('give the same figures', { timeout: PATIENCE_MS }, async () => {
    const bounds = await eventually('both forms scraped', async () => {
      const found = await prometheus.query('mailflow_delay_seconds_bucket{le=~"60(\\\\.0)?"}');
      return found.length === 2 ? found : undefined;
    });
    expect(new Set(bounds.map(({ labels }) => labels['le']))).toEqual(new Set(['60', '60.0']));
    const figures = [
      ['minute', 0.25],
      ['hour', 0.75],
    ] as const;
    for (const [name, share] of figures) {
      const figure = `provider_path:mailflow_delay_within_${name}:ratio_1h > 0`;
      const found = await eventually(
        figure,
        async () => {
          const both = await prometheus.query(figure);
          return both.length === 2 ? both : undefined;
        },
        PATIENCE_MS,
      );
      expect(found.map(({ value }) => value)).toEqual([expect.closeTo(share), expect.closeTo(share)]);
    }
  });
});

function nonEmpty<T>(found: readonly T[]): readonly T[] | undefined {
  return found.length > 0 ? found : undefined;
}
