/** The Prometheus that other suites ask, asked itself: what it says of a target that is there and of one that is not. */
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, PROMETHEUS } from './available.ts';
import { eventually } from './daemon.ts';
import { type Prometheus, scraping, startPrometheus } from './prometheus.ts';

const RULES = JSON.stringify({
  groups: [
    {
      name: 'test',
      rules: [
        { record: 'doubled', expr: 'two * 2' },
        { alert: 'Two', expr: 'two == 2', annotations: { summary: 'two is {{ $value }}' } },
        { alert: 'Three', expr: 'two == 3' },
      ],
    },
  ],
});

describeWith(PROMETHEUS, 'a private Prometheus', () => {
  let exporter: Server;
  let prometheus: Prometheus;

  beforeAll(async () => {
    exporter = createServer((_request, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end('two 2\nnothing NaN\nwithout_end +Inf\n');
    });
    await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve));
    const { port } = exporter.address() as AddressInfo;
    prometheus = await startPrometheus({
      // Nothing listens on port 1.
      configuration: scraping([`127.0.0.1:${port}`, '127.0.0.1:1'], { ruleFiles: ['rules.yml'] }),
      files: { 'rules.yml': RULES },
    });
  });
  afterAll(async () => {
    await prometheus?.close();
    exporter?.close();
  });

  const one = (expression: string) => eventually(expression, async () => (await prometheus.query(expression)).at(0));

  it('answers queries with numbers, also those that JSON has no word for', async () => {
    expect(await one('two')).toMatchObject({ labels: { __name__: 'two', job: 'mailflow-probe' }, value: 2 });
    expect((await one('nothing')).value).toBeNaN();
    expect((await one('without_end')).value).toBe(Infinity);
    expect((await one('3 * 4')).value).toBe(12);
    expect(await prometheus.query('two', (await one('two')).at - 3600)).toEqual([]);
    await expect(prometheus.query('two and')).rejects.toThrow('parse error');
  });

  it('tells which targets answer', async () => {
    const targets = await eventually('both scraped', async () => {
      const all = await prometheus.targets();
      return all.every(({ health }) => health !== 'unknown') ? all : undefined;
    });
    expect(targets.map(({ health, lastError }) => [health, lastError === ''])).toEqual(
      expect.arrayContaining([
        ['up', true],
        ['down', false],
      ]),
    );
  });

  it('tells of rules and of the alerts they make', async () => {
    const alerts = await eventually('an alert', async () => {
      const all = await prometheus.alerts();
      return all.length > 0 ? all : undefined;
    });
    expect(alerts).toMatchObject([
      { state: 'firing', labels: { alertname: 'Two' }, annotations: { summary: 'two is 2' } },
    ]);
    expect((await one('doubled')).value).toBe(4);
    expect((await prometheus.rules()).map(({ name, type, health }) => [name, type, health])).toEqual([
      ['doubled', 'recording', 'ok'],
      ['Two', 'alerting', 'ok'],
      ['Three', 'alerting', 'ok'],
    ]);
  });

  it('does not start with a configuration that it does not understand, and says why', async () => {
    await expect(startPrometheus({ configuration: 'scrape: everything' })).rejects.toThrow('field scrape not found');
  });

  it('ends with its folder', async () => {
    const other = await startPrometheus({ configuration: scraping([]) });
    const folder = /(\/\S*mfp-prometheus-\w+)/.exec(other.log())?.[1];
    expect(existsSync(folder!)).toBe(true);
    await other.close();
    expect(existsSync(folder!)).toBe(false);
    await expect(fetch(other.url)).rejects.toThrow('fetch failed');
  });
});
