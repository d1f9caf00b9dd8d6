/** Every query of the shipped dashboard, put to a real Prometheus that scrapes the demo. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../../../src/app.ts';
import { type Demo, startDemo } from '../../../src/demo/demo.ts';
import { describeWith, PROMETHEUS } from '../../servers/available.ts';
import { eventually } from '../../servers/daemon.ts';
import { type Prometheus, type Sample, scraping, startPrometheus } from '../../servers/prometheus.ts';
import { ALERTS, RECORDING, ruleText } from '../rule-files.ts';
import { dashboard, filledIn, listings, queries } from './dashboard.ts';

const RULES = [RECORDING, ALERTS];
/** A window that holds some scrapes, which come once a second. */
const WINDOW = { __rate_interval: '20s' };
const ALL = { ...WINDOW, instance: '.*', provider: '.*', path: '.*' };
/** Seconds for figures to come: two scrapes with a delivered message between them, and a rule evaluated on them. */
const PATIENCE_MS = 60_000;
/** What is NaN by nature in the demo: its servers speak no TLS, and so show no certificate. */
const NEVER_KNOWN = ['Certificates are valid for A'];
/** Metrics that Prometheus makes itself. */
const OWN = ['up', 'ALERTS'];
/** All that PromQL has here beside metrics, labels and numbers. */
const WORDS =
  'sum max count group by without on group_left group_right or and unless increase rate resets clamp_max label_replace vector histogram_quantile time'.split(
    ' ',
  );

describeWith(PROMETHEUS, 'the queries of the dashboard', () => {
  let demo: Demo;
  let prometheus: Prometheus;
  let agent: string;

  beforeAll(async () => {
    demo = await startDemo({
      delays: { send: 0.1, receive: 0.1, internal: 0.1 },
      every: 1,
      listen: { host: '127.0.0.1', port: 0 },
      log: createLog('error', 'test'),
    });
    await demo.agent.ready(20_000);
    agent = new URL(demo.agent.url!).host;
    prometheus = await startPrometheus({
      configuration: scraping([agent], { ruleFiles: RULES }),
      files: Object.fromEntries(RULES.map((name) => [name, ruleText(name)])),
    });
  });
  afterAll(async () => {
    await prometheus?.close();
    await demo?.close();
  });

  const known = (expr: string) =>
    eventually(
      expr,
      async () => {
        const samples = await prometheus.query(expr);
        return samples.some(({ value }) => !Number.isNaN(value)) ? samples : undefined;
      },
      PATIENCE_MS,
    );

  it('name only metrics that a scrape has, or that the shipped rules record', async () => {
    const text = await (await fetch(`${demo.agent.url}/metrics`)).text();
    const scraped = [...text.matchAll(/^([a-zA-Z_:][\w:]*)[{ ]/gm)].map(([, name]) => name!);
    const rules = await eventually('rules', async () => {
      const all = await prometheus.rules();
      return all.length > 0 ? all : undefined;
    });
    const recorded = rules.filter(({ type }) => type === 'recording').map(({ name }) => name);
    const there = new Set([...scraped, ...recorded, ...OWN]);
    const exprs = [
      ...queries.map(({ expr }) => expr),
      ...listings.map(({ selector }) => selector),
      ...dashboard.annotations.list.map(({ expr }) => expr),
    ];
    for (const expr of exprs) {
      const names = metricsOf(expr);
      expect(names.length, expr).toBeGreaterThan(0);
      for (const name of names) expect(there.has(name), `${name} in ${expr}`).toBe(true);
    }
  });

  it.each(listings)(
    'the variable $name has values to choose from',
    { timeout: PATIENCE_MS * 2 },
    async ({ selector, label }) => {
      const samples = await known(filledIn(selector, ALL));
      for (const { labels } of samples) expect(labels[label]).toMatch(/./);
    },
  );

  it.each(queries.filter(({ name }) => !NEVER_KNOWN.includes(name)))(
    '$name returns data',
    { timeout: PATIENCE_MS * 2 },
    async ({ expr }) => {
      expect(await known(filledIn(expr, ALL))).not.toEqual([]);
      // Chosen in the lists instead of all.
      const chosen = { ...WINDOW, instance: agent, provider: 'demo', path: '(send|receive)' };
      expect(await known(filledIn(expr, chosen))).not.toEqual([]);
    },
  );

  it.each(queries.filter(({ name }) => NEVER_KNOWN.includes(name)))(
    '$name returns NaN alone',
    async ({ name, expr }) => {
      const samples = await eventually(name, async () => nonEmpty(await prometheus.query(filledIn(expr, ALL))));
      expect(samples.every(({ value }) => Number.isNaN(value))).toBe(true);
    },
  );

  it('an annotation is understood, and marks nothing where no agent was restarted', async () => {
    for (const { expr } of dashboard.annotations.list) expect(await prometheus.query(filledIn(expr, ALL))).toEqual([]);
  });

  it('say nothing for an agent or provider that was not chosen', async () => {
    for (const { name, expr } of queries.filter(({ expr: text }) => text.includes('$'))) {
      const samples = await prometheus.query(
        filledIn(expr, { ...WINDOW, instance: 'another', provider: 'another', path: 'another' }),
      );
      expect(samples, name).toEqual([]);
    }
  });

  it('show no last good value once the agent is gone', { timeout: PATIENCE_MS * 2 }, async () => {
    await demo.close();
    await eventually('the target is down', async () =>
      (await prometheus.query('up == 0')).length > 0 ? true : undefined,
    );
    // What looks at a window tells of the past by its nature, and the alerts tell of the agent.
    const gauges = queries.filter(({ expr }) => !/\[|\bup\b|ALERTS|rate_\dh/.test(expr));
    expect(gauges.length).toBeGreaterThan(20);
    for (const { name, expr } of gauges) expect(await prometheus.query(filledIn(expr, ALL)), name).toEqual([]);
  });
});

/** The names of metrics in an expression: what is left when text, matchers, lists of labels, windows and words are gone. */
function metricsOf(expr: string): readonly string[] {
  const bare = filledIn(expr, ALL)
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, '')
    .replaceAll(/\b(by|without|on|group_left|group_right) \([^)]*\)/g, '');
  return [...bare.matchAll(/[a-zA-Z_:][\w:]*/g)].map(([name]) => name).filter((name) => !WORDS.includes(name));
}

function nonEmpty(samples: readonly Sample[]): readonly Sample[] | undefined {
  return samples.length > 0 ? samples : undefined;
}
