/** config/prometheus/README.md against real registries: every metric is documented as it is, and nothing else. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../../src/adapters/prometheus/metrics.ts';
import { renderProbeMetrics } from '../../../src/adapters/prometheus/probe-metrics.ts';
import type { ProbeView } from '../../../src/domain/probe-view.ts';
import { PARTS } from '../../../src/ports.ts';
import { CONTRACT } from '../../fakes/contract.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { describeWith, PROMTOOL } from '../../servers/available.ts';

const README = readFileSync(new URL('../../../config/prometheus/README.md', import.meta.url), 'utf8');
const VIEW: ProbeView = {
  ...{ id: 'a'.repeat(16), provider: 'acme', path: 'send', kind: 'spot', outcome: 'pending', delaySeconds: null },
  ...{ flags: [], plannedAt: '2026-11-10T00:00:00.000Z', acceptedAt: null, capturedAt: null, folder: null, stages: [] },
  ...{ hops: [], duplicates: 0, error: null, awaiting: null, ageSeconds: 1 },
};

/** Cells of every row of the tables with this heading. */
function rowsUnder(heading: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let inTable = false;
  for (const line of README.split('\n')) {
    if (!line.startsWith('|')) inTable = false;
    else if (line === heading) inTable = true;
    else if (inTable && !line.startsWith('|---'))
      rows.push(
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
  }
  return rows;
}

const DOCUMENTED = rowsUnder('| metric | type | labels | unit | meaning | example |').map(
  ([name = '', type, labels = '', unit, meaning, example = '']) => ({
    ...{ name, type, unit, meaning, example: example.replaceAll('`', '') },
    labels: labels.split(',').flatMap((label) => label.trim() || []),
  }),
);

interface Real {
  readonly type: string;
  readonly labels: ReadonlySet<string>;
}

async function scrapes(): Promise<string> {
  const lines = (['send', 'receive', 'internal'] as const).map((path) => ({ provider: 'acme', path }));
  const held = [{ provider: 'acme', contract: CONTRACT }];
  const metrics = createMetrics({ version: '1', lines, held, clock: new VirtualClock(), lagSeconds: () => 0 });
  for (const part of PARTS) metrics.partStands(part, 'acme', true);
  return (await metrics.render()).body + (await renderProbeMetrics([VIEW])).body;
}

/** Every sample as its metric and its labels but `le`. */
function* samplesOf(body: string) {
  const types = new Map([...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!]));
  for (const [, sample, , labels = ''] of body.matchAll(/^([a-z_]+)(\{(.*)\})? \S+$/gm)) {
    const family = types.has(sample!) ? sample! : sample!.replace(/_(bucket|sum|count)$/, '');
    const pairs = [...labels.matchAll(/([a-z]+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!] as const);
    yield { family, type: types.get(family)!, labels: new Map(pairs.filter(([name]) => name !== 'le')) };
  }
}

async function realMetrics(): Promise<ReadonlyMap<string, Real>> {
  const real = new Map<string, Real>();
  for (const { family, type, labels } of samplesOf(await scrapes()))
    real.set(family, { type, labels: new Set(labels.keys()) });
  return real;
}

describe('the table of metrics', () => {
  it('has every metric that there is, once, and no other', async () => {
    expect(DOCUMENTED.map(({ name }) => name).toSorted()).toEqual([...(await realMetrics()).keys()].toSorted());
  });

  it('has the type and the labels of each', async () => {
    const real = await realMetrics();
    const shown = [...real].map(([name, { type, labels }]) => `${name} ${type} ${[...labels].toSorted().join()}`);
    const written = DOCUMENTED.map(({ name, type, labels }) => `${name} ${type} ${labels.toSorted().join()}`);
    expect(written.toSorted()).toEqual(shown.toSorted());
  });

  it('says of each its unit, its meaning, and a query that uses it', () => {
    for (const { name, unit, meaning, example } of DOCUMENTED) {
      expect(unit, name).not.toBe('');
      expect(meaning, name).not.toBe('');
      expect(example).toMatch(new RegExp(`\\b${name}(_bucket|_sum|_count)?\\b`));
    }
  });
});

describe('the table of labels', () => {
  /** Those of a union, which the page lists; the others come from a configuration. */
  const LISTED = [
    'path',
    'outcome',
    'stage',
    'endpoint',
    'bound',
    'verdict',
    'limit',
    'reason',
    'part',
    'kind',
    'collector',
  ];

  it('has every label that there is, and no other', async () => {
    const used = new Set([...(await realMetrics()).values()].flatMap(({ labels }) => [...labels]));
    const listed = rowsUnder('| label | values |').map(([label = '']) => label);
    expect(listed.toSorted()).toEqual([...used].toSorted());
  });

  it.each(LISTED)('lists every value of %s, and no other', async (label) => {
    const values = new Set<string>();
    for (const { labels } of samplesOf(await scrapes())) {
      const value = labels.get(label);
      if (value !== undefined) values.add(value);
    }
    const [, text = ''] = rowsUnder('| label | values |').find(([name]) => name === label)!;
    const listed = [...text.matchAll(/`([^`]+)`/g)]
      .map(([, value]) => value!)
      .filter((value) => !value.startsWith('mailflow_'));
    expect(listed.toSorted()).toEqual([...values].toSorted());
  });
});

describeWith(PROMTOOL, 'promtool', () => {
  it('can read the query of every metric', () => {
    const rules = DOCUMENTED.map(({ example }, index) => ({ record: `example:${index}`, expr: example }));
    const folder = mkdtempSync(join(tmpdir(), 'mfp-examples-'));
    const file = join(folder, 'rules.json');
    try {
      // JSON is YAML.
      writeFileSync(file, JSON.stringify({ groups: [{ name: 'examples', rules }] }));
      const { stdout, stderr, status } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
      expect({ said: stdout + stderr, status }).toMatchObject({
        said: expect.stringContaining(`${rules.length} rules found`),
        status: 0,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
