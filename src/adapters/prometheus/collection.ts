/** Fills series in when a scrape comes, part by part, so that one part which fails takes nothing else with it. */
import type { Counter, Gauge } from 'prom-client';
import type { Log } from '../../ports.ts';
import type { Collector } from './instruments.ts';

export class Collection {
  readonly #failures: Counter<'collector'>;
  readonly #log: Pick<Log, 'error'> | undefined;
  readonly #failing = new Set<Collector>();

  constructor(failures: Counter<'collector'>, log: Pick<Log, 'error'> | undefined) {
    this.#failures = failures;
    this.#log = log;
  }

  /** `fill`s in, or else has nothing of before kept. */
  run(collector: Collector, fill: () => void, forget: () => void): void {
    try {
      fill();
      this.#failing.delete(collector);
    } catch (error) {
      forget();
      this.failed(collector, error);
    }
  }

  /** As `run`, of one gauge. */
  read(collector: Collector, gauge: Gauge, value: () => number): void {
    this.run(
      collector,
      () => gauge.set(value()),
      () => gauge.set(Number.NaN),
    );
  }

  /** Counted each time, and told to the log when it begins: scrapes come every few seconds. */
  failed(collector: Collector, error: unknown): void {
    this.#failures.inc({ collector });
    if (!this.#failing.has(collector)) this.#log?.error('a scrape lacks something', { collector, error });
    this.#failing.add(collector);
  }
}
