/** The running month in the metrics: every series from the start, what is not known NaN, and nothing judged by a scrape. */
import { beforeEach, expect, test } from 'vitest';
import { createMetrics, type Metrics } from '../../../src/adapters/prometheus/metrics.ts';
import type { ClosedClause } from '../../../src/domain/event.ts';
import type { Standing } from '../../../src/domain/report/standing.ts';
import { startReferee } from '../../../src/engine/referee.ts';
import { CONTRACT } from '../../fakes/contract.ts';
import { silentLog } from '../../fakes/fake-provider.ts';
import { MemoryLedger } from '../../fakes/memory-ledger.ts';
import { startRecorder } from '../../fakes/recorder.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { describeWith, PROMTOOL } from '../../servers/available.ts';
import { promtoolCheck, seriesOf } from './scrape.ts';

const HELD = [{ provider: 'acme', contract: CONTRACT }];

let clock: VirtualClock;
let metrics: Metrics;
beforeEach(() => {
  clock = new VirtualClock();
  metrics = createMetrics({ version: '1.2.3', lines: [], held: HELD, clock, lagSeconds: () => 0 });
});

async function series(): Promise<ReadonlyMap<string, number>> {
  const all = [...seriesOf((await metrics.render()).body)];
  return new Map(
    all.filter(([name]) => name.startsWith('mailflow_sla_')).map(([name, value]) => [name.slice(13), value]),
  );
}
const standing = (...clauses: readonly ClosedClause[]): Standing => ({ clauses, head: { seq: 1, hash: '' } });
const DELAY: ClosedClause = {
  id: '2a',
  verdict: 'BREACH',
  figures: {
    averageSeconds: [4.5, null],
    maximumSeconds: [3700, 3701],
    breaches: [2, 3],
    breachesLeft: [0, 0],
    coverage: [0.75, 0.75],
  },
};
const CONNECTIVITY: ClosedClause = {
  id: '1',
  verdict: 'INCONCLUSIVE',
  figures: { downSeconds: [30, 90], downLeftSeconds: [2550, 2610], coverage: [0.5, 0.5] },
};
const A2 = 'provider="acme",path="send",clause="2a"';
const C1 = 'provider="acme",clause="1"';

test('every series is there from the start, NaN until the month is judged but for the limits, and stays the same', async () => {
  const before = await series();
  const limits = [...before].filter(([name]) => name.startsWith('limit_seconds'));
  expect(new Map(limits)).toEqual(
    new Map([
      [`limit_seconds{${C1},limit="downtime"}`, 2640],
      ['limit_seconds{provider="acme",clause="2a",limit="average"}', 60],
      ['limit_seconds{provider="acme",clause="2a",limit="maximum"}', 3600],
      ['limit_seconds{provider="acme",clause="2b",limit="average"}', 60],
      ['limit_seconds{provider="acme",clause="2b",limit="maximum"}', 3600],
      ['limit_seconds{provider="acme",clause="3",limit="faults"}', 6000],
      ['limit_seconds{provider="acme",clause="3",limit="adjustments"}', 6000],
    ]),
  );
  const others = [...before].filter(([name]) => !name.startsWith('limit_seconds'));
  // Per delay clause 4 figures with 2 bounds, a coverage and 3 verdicts; per clause on availability 2 figures; 3 verdicts attested; one time.
  expect(others).toHaveLength(2 * (4 * 2 + 1 + 3) + 2 * (2 * 2 + 1 + 3) + 3 + 1);
  expect(others.filter(([, value]) => !Number.isNaN(value))).toEqual([]);
  metrics.judged('acme', standing(DELAY, CONNECTIVITY), clock.now());
  expect([...(await series()).keys()].toSorted()).toEqual([...before.keys()].toSorted());
});

test('figures are shown by their bounds, an open one as infinite, and the verdict that holds as 1', async () => {
  const at = clock.now();
  metrics.judged('acme', standing(DELAY, CONNECTIVITY), at);
  const shown = await series();
  const values = (...names: readonly string[]) => names.map((name) => shown.get(name));
  const bounds = (name: string, labels: string) =>
    values(`${name}{${labels},bound="lo"}`, `${name}{${labels},bound="hi"}`);
  expect(bounds('delay_average_seconds', A2)).toEqual([4.5, Number.POSITIVE_INFINITY]);
  expect(bounds('delay_maximum_seconds', A2)).toEqual([3700, 3701]);
  expect(bounds('max_delay_breaches', A2)).toEqual([2, 3]);
  expect(bounds('breaches_left', A2)).toEqual([0, 0]);
  expect(bounds('downtime_seconds', C1)).toEqual([30, 90]);
  expect(bounds('downtime_left_seconds', C1)).toEqual([2550, 2610]);
  expect(values('coverage_ratio{provider="acme",clause="2a"}', `coverage_ratio{${C1}}`)).toEqual([0.75, 0.5]);
  const verdicts = ['MET', 'BREACH', 'INCONCLUSIVE'].map(
    (verdict) => `verdict{provider="acme",clause="2a",verdict="${verdict}"}`,
  );
  expect(values(...verdicts)).toEqual([0, 1, 0]);
  expect(shown.get('evaluated_timestamp_seconds{provider="acme"}')).toBe(at.wallMs / 1000);
});

test('after a failed evaluation nothing of before is shown on, but when it was made', async () => {
  const at = clock.now();
  metrics.judged('acme', standing(DELAY, CONNECTIVITY), at);
  await clock.advance(30);
  metrics.judged('acme', null, clock.now());
  const known = [...(await series())].filter(([, value]) => !Number.isNaN(value));
  expect(known.filter(([name]) => !name.startsWith('limit_seconds'))).toEqual([
    ['evaluated_timestamp_seconds{provider="acme"}', at.wallMs / 1000],
  ]);
});

test('what was judged half an hour ago and never since is shown no more: the judge hangs', async () => {
  const at = clock.now();
  const known = async () =>
    [...(await series())].filter(([name, value]) => !Number.isNaN(value) && !name.startsWith('limit_seconds'));
  metrics.judged('acme', standing(DELAY, CONNECTIVITY), at);
  await clock.advance(1798);
  expect((await known()).length).toBeGreaterThan(1);
  await clock.advance(3);
  expect(await known()).toEqual([['evaluated_timestamp_seconds{provider="acme"}', at.wallMs / 1000]]);
  metrics.judged('acme', standing(DELAY, CONNECTIVITY), clock.now());
  expect((await known()).length).toBeGreaterThan(1);
});

test('a provider that no contract is known of gets no series', async () => {
  const before = await series();
  metrics.judged('other', standing(DELAY), clock.now());
  expect([...(await series()).keys()]).toEqual([...before.keys()]);
});

test('a scrape asks the ledger for nothing', async () => {
  const ledger = new MemoryLedger();
  const { recorder, health } = await startRecorder(ledger, { clock });
  let calls = 0;
  const counted = new Proxy(ledger, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) => {
        calls += 1;
        return Reflect.apply(method, target, args) as unknown;
      };
    },
  });
  const parts = { ledger: counted, recorder, health, scoreboard: metrics, clock, log: silentLog };
  const referee = startReferee({ version: '1', held: HELD }, parts);
  await clock.advance(1);
  const before = calls;
  expect(before).toBeGreaterThan(0);
  for (let scrape = 0; scrape < 5; scrape += 1) {
    expect((await series()).get('evaluated_timestamp_seconds{provider="acme"}')).toBeGreaterThan(0);
  }
  expect(calls).toBe(before);
  const stopped = referee.stop();
  await clock.advance(1);
  await stopped;
});

describeWith(PROMTOOL, 'promtool', () => {
  test('has nothing to say about them, judged or not', async () => {
    expect(promtoolCheck((await metrics.render()).body)).toEqual({ output: '', status: 0 });
    metrics.judged('acme', standing(DELAY, CONNECTIVITY), clock.now());
    expect(promtoolCheck((await metrics.render()).body)).toEqual({ output: '', status: 0 });
  });
});
