/** The shipped Grafana dashboard by itself: what Grafana would refuse, or show wrongly without a word. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dashboard, dashboardText, FOLDER, panels, queries } from './dashboard.ts';

const COLUMNS = 24;
const SOURCE = { type: 'prometheus', uid: '$' + '{datasource}' };
/** What Grafana defines itself. */
const BUILT_IN = ['__all', '__rate_interval'];

describe('the dashboard', () => {
  it('has panels with ids of their own, titles and descriptions, of kinds that Grafana has built in', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    for (const { title, type, description } of panels) {
      expect(['timeseries', 'stat', 'state-timeline', 'heatmap', 'table', 'bargauge'], title).toContain(type);
      expect(description?.length, title).toBeGreaterThan(30);
    }
    expect(dashboard.uid).toMatch(/^[\w-]{1,40}$/);
    expect(dashboard.schemaVersion).toBe(39);
  });

  it('lays no panel over another, or beyond the grid', () => {
    const taken = new Map<string, string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(COLUMNS);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.get(`${x} ${y}`), `${title} lies over this`).toBeUndefined();
          taken.set(`${x} ${y}`, title);
        }
    }
  });

  it('asks the data source that is chosen, each query under a letter of its own', () => {
    for (const { title, datasource, targets } of panels) {
      expect(datasource, title).toEqual(SOURCE);
      const letters = targets!.map(({ refId }) => refId);
      expect(letters.length, title).toBeGreaterThan(0);
      expect(new Set(letters).size, title).toBe(letters.length);
      for (const target of targets!) expect(target.datasource, title).toEqual(SOURCE);
    }
    for (const annotation of dashboard.annotations.list) expect(annotation.datasource).toEqual(SOURCE);
  });

  it('uses the variables it defines, all of them and no other', () => {
    const used = new Set([...dashboardText.matchAll(/\$\{?(\w+)\}?/g)].map(([, name]) => name!));
    const defined = dashboard.templating.list.map(({ name }) => name);
    expect(defined).toEqual(['datasource', 'instance', 'provider', 'path']);
    expect([...used].toSorted()).toEqual([...defined, ...BUILT_IN].toSorted());
  });

  it('has a unit and rising thresholds for each panel, and overrides for queries it has', () => {
    for (const { title, fieldConfig, targets } of panels) {
      const { unit, thresholds } = fieldConfig!.defaults;
      expect(unit, title).not.toBe('');
      const [first, ...steps] = thresholds.steps.map(({ value }) => value);
      expect(first, title).toBeNull();
      expect(steps, title).toEqual(steps.toSorted((a, b) => a! - b!));
      const letters = targets!.map(({ refId }) => refId);
      const overridden = fieldConfig!.overrides.filter(({ matcher }) => matcher.id === 'byFrameRefID');
      for (const { matcher } of overridden) expect(letters, title).toContain(matcher.options);
    }
  });

  it('carries no value on through an outage', () => {
    // "Last not null" takes an older value where the newest is unknown.
    const reduced = panels.filter(({ options }) => options?.reduceOptions !== undefined);
    for (const { title, options } of reduced) expect(options?.reduceOptions?.calcs, title).toEqual(['last']);
    const ofNow = panels.filter(({ type }) => ['stat', 'bargauge', 'table'].includes(type));
    for (const { instant, range } of ofNow.flatMap(({ targets }) => targets!))
      expect({ instant, range }).toEqual({ instant: true, range: false });
    const drawn = panels.filter(({ type }) => ['timeseries', 'state-timeline'].includes(type));
    for (const { title, fieldConfig } of drawn) expect(fieldConfig!.defaults.custom?.spanNulls, title).toBe(false);
    expect([reduced.length, ofNow.length, drawn.length].every((count) => count > 3)).toBe(true);
    for (const { name, expr } of queries) expect(expr, name).not.toMatch(/_over_time|offset|absent/);
  });

  it('matches buckets as Prometheus 2 and 3 write them', () => {
    const matchers = queries.flatMap(({ expr }) => [...expr.matchAll(/\ble\s*(=~?|!=|!~)\s*"([^"]*)"/g)]);
    expect(matchers.map(([, operator, bound]) => [operator, bound])).toEqual([
      ['=~', String.raw`60(\\.0)?`],
      ['=~', String.raw`3600(\\.0)?`],
    ]);
  });
});

describe('the provisioning', () => {
  const read = (folder: string): unknown[] =>
    readdirSync(new URL(`provisioning/${folder}/`, FOLDER)).map((name) => {
      expect(name).toMatch(/\.ya?ml$/);
      return parse(readFileSync(new URL(`provisioning/${folder}/${name}`, FOLDER), 'utf8'));
    });

  it('finds the dashboard in the folder of that name, and lets nobody change it elsewhere', () => {
    expect(read('dashboards')).toMatchObject([
      {
        apiVersion: 1,
        providers: [{ type: 'file', allowUiUpdates: false, options: { path: '/etc/grafana/dashboards' } }],
      },
    ]);
    expect(readdirSync(new URL('dashboards/', FOLDER))).toEqual(['mailflow.json']);
  });

  it('has one Prometheus, scraped as often as the shipped configuration scrapes', () => {
    const prometheus = parse(readFileSync(new URL('../prometheus/prometheus.yml', FOLDER), 'utf8')) as {
      global: { scrape_interval: string };
    };
    expect(read('datasources')).toMatchObject([
      {
        apiVersion: 1,
        datasources: [
          {
            type: SOURCE.type,
            isDefault: true,
            access: 'proxy',
            url: 'http://prometheus:9090',
            jsonData: { timeInterval: prometheus.global.scrape_interval },
          },
        ],
      },
    ]);
  });
});
