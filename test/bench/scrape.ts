/** What a scrape costs with 100 providers on three paths and 1,000 probes pending, while probes are recorded meanwhile. */
import { createMetrics } from '../../src/adapters/prometheus/metrics.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import type { LedgerEntry, LedgerEvent } from '../../src/domain/event.ts';
import { PATHS } from '../../src/domain/probe.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import { emptyTimeline, foldEvent } from '../../src/domain/timeline.ts';
import { seededRandom } from '../fakes/agent.ts';
import { CONTRACT } from '../fakes/contract.ts';
import { atMost, type Bench, quantile, row } from './bench-row.ts';
import { deliveredProbe, pendingProbe } from './generate-ledger.ts';

const PROVIDERS = 100;
const PENDING = 1000;
/** Each route has shown every label and filled its histograms. */
const DELIVERED_PER_ROUTE = 20;
const SCRAPES = 100;
const RUNS = 5;
/** Probes recorded between two scrapes. */
const MEANWHILE = 3;

export const SCRAPE: Bench = {
  name: 'scrape',
  about: `one /metrics of ${PROVIDERS} providers on ${PATHS.length} paths with ${PENDING} probes pending, while probes are recorded`,
  async run(tell) {
    const clock = systemClock();
    const lines = Array.from({ length: PROVIDERS }, (_, index) => `provider-${index}`).flatMap((provider) =>
      PATHS.map((path) => ({ provider, path })),
    );
    const held = lines.filter(({ path }) => path === 'send').map(({ provider }) => ({ provider, contract: CONTRACT }));
    const metrics = createMetrics({ version: 'bench', lines, held, clock, lagSeconds: () => 0 });
    const state = emptyTimeline();
    metrics.attach(state, []);
    let seq = 0;
    const record = (events: readonly LedgerEvent[]): void => {
      const changed: ProbeRecord[] = events.flatMap((event) => foldEvent(state, event).changed);
      const entries = events.map((event): LedgerEntry => ({ seq: (seq += 1), hash: '', event }));
      metrics.recorded(entries, changed);
    };
    const nowMs = Date.now();
    const random = seededRandom(1);
    for (const line of lines)
      for (let count = 0; count < DELIVERED_PER_ROUTE; count += 1)
        record(deliveredProbe(line, nowMs - count * 1000, random));
    for (let count = 0; count < PENDING; count += 1)
      record(pendingProbe(lines[count % lines.length]!, nowMs - count * 10, random));

    const samples: number[][] = [];
    let bytes = 0;
    for (let run = 0; run < RUNS; run += 1) {
      const sample: number[] = [];
      for (let scrape = 0; scrape < SCRAPES; scrape += 1) {
        for (let count = 0; count < MEANWHILE; count += 1)
          record(deliveredProbe(lines[(scrape * MEANWHILE + count) % lines.length]!, Date.now(), random));
        const from = performance.now();
        const { body } = await metrics.render();
        sample.push(performance.now() - from);
        bytes = body.length;
      }
      samples.push(sample.toSorted((one, other) => one - other));
    }
    tell(`${state.open.size} probes open, ${(bytes / 1024).toFixed(0)} KiB of text`);
    return [
      row(
        'median of a scrape',
        'ms',
        samples.map((sample) => quantile(sample, 0.5)),
      ),
      row(
        '99th percentile of a scrape',
        'ms',
        samples.map((sample) => quantile(sample, 0.99)),
        atMost(20),
      ),
    ];
  },
};
