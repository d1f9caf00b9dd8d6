/** The scrape configuration that ships, run by a real Prometheus against the demo: hosts and provider are the demo's, and intervals short. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createLog } from '../../src/app.ts';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import { PATHS } from '../../src/domain/probe.ts';
import { ALERTS, RECORDING, ruleText } from '../config/rule-files.ts';
import { describeWith, PROMETHEUS } from './available.ts';
import { eventually } from './daemon.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';

const PATIENCE_MS = 60_000;

interface ScrapeConfiguration {
  readonly job_name: string;
  readonly metrics_path?: string;
}

function shippedFor(host: string): string {
  const shipped = ruleText('prometheus.yml')
    .replaceAll('mailflow-probe:9825', host)
    .replaceAll('acme/', 'demo/')
    .replace('scrape_interval: 15m', 'scrape_interval: 15s')
    .replace('scrape_timeout: 2m', 'scrape_timeout: 15s')
    .replace('scrape_interval: 30s', 'scrape_interval: 1s')
    .replace('evaluation_interval: 30s', 'evaluation_interval: 1s\n  scrape_timeout: 1s');
  const { global, scrape_configs } = parse(shipped) as { global: object; scrape_configs: ScrapeConfiguration[] };
  expect(global).toEqual({ scrape_interval: '1s', evaluation_interval: '1s', scrape_timeout: '1s' });
  expect(scrape_configs.map(({ job_name, metrics_path }) => [job_name, metrics_path])).toEqual([
    ['mailflow-probe', undefined],
    ['mailflow-spot-check', '/probe'],
  ]);
  return shipped;
}

describeWith(PROMETHEUS, 'the scrape configuration that ships', () => {
  let demo: Demo;
  let prometheus: Prometheus;

  beforeAll(async () => {
    const delays = { send: 0.2, receive: 0.2, internal: 0.2 };
    const listen = { host: '127.0.0.1', port: 0 };
    demo = await startDemo({ delays, every: 2, listen, log: createLog('error', 'test') });
    prometheus = await startPrometheus({
      configuration: shippedFor(new URL(demo.agent.url!).host),
      files: { [RECORDING]: ruleText(RECORDING), [ALERTS]: ruleText(ALERTS) },
    });
  });
  afterAll(async () => {
    await prometheus?.close();
    await demo?.close();
  });

  it('scrapes the agent, and makes of each provider and path a spot check that succeeds', {
    timeout: 2 * PATIENCE_MS,
  }, async () => {
    const all = (expression: string, count: number) =>
      eventually(
        expression,
        async () => {
          const found = await prometheus.query(expression);
          return found.length === count ? found : undefined;
        },
        PATIENCE_MS,
      );
    await all('up{job="mailflow-probe"} == 1', 1);
    const checks = await all('probe_success{job="mailflow-spot-check"} == 1', PATHS.length);
    expect(new Set(checks.map(({ labels }) => labels['instance']))).toEqual(
      new Set(PATHS.map((path) => `demo/${path}`)),
    );
    for (const { labels } of checks) expect(labels['instance']).toBe(`${labels['provider']}/${labels['path']}`);
    const urls = (await prometheus.targets()).map(({ scrapeUrl }) => scrapeUrl);
    const agent = demo.agent.url!;
    expect(urls.toSorted()).toEqual(
      [`${agent}/metrics`, ...PATHS.map((path) => `${agent}/probe?path=${path}&provider=demo`)].toSorted(),
    );
  });
});
