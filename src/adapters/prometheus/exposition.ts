/** Writes a registry in both formats that Prometheus reads, so that neither spoils the other and one metric cannot spoil a scrape. */
import { type Metric, type MetricObjectWithValues, type MetricValue, Registry } from 'prom-client';
import type { ScrapeFormat } from '../../ports.ts';
import type { Exemplars } from './exemplars.ts';

export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

/** What the library's renderer asks of a metric. */
interface Shown {
  readonly name: string;
  get(): Promise<MetricObjectWithValues<MetricValue<string>>>;
}
type Sample = MetricValue<string> & { readonly metricName?: string };

/**
 * The library renames the counters of a registry that is written as OpenMetrics, for good. So that one gets views of the metrics,
 * and the metrics themselves are only ever written as text. Every metric is written by itself: one that throws is left out.
 */
export class Exposer {
  readonly #text: Registry;
  readonly #open = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>();
  readonly #onFailure: (error: unknown) => void;

  /** Made when every metric is registered. `exemplified` has the `exemplars`, in OpenMetrics alone: the text format knows none. */
  constructor(
    registry: Registry,
    exemplified: { readonly name: string; readonly exemplars: Exemplars },
    onFailure: (error: unknown) => void,
  ) {
    this.#text = registry;
    this.#onFailure = onFailure;
    this.#open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    for (const { name } of registry.getMetricsAsArray()) {
      const exemplars = name === exemplified.name ? exemplified.exemplars : null;
      this.#open.registerMetric(openView(registry, name, exemplars) as unknown as Metric);
    }
  }

  /** Never rejects. */
  async render(format: ScrapeFormat): Promise<Exposition> {
    const registry = format === 'text' ? this.#text : this.#open;
    const written = await Promise.all(registry.getMetricsAsArray().map(({ name }) => this.#write(registry, name)));
    const blocks = written.filter((block) => block !== null);
    const { contentType } = registry;
    return format === 'text'
      ? { contentType, body: `${blocks.join('\n\n')}\n` }
      : { contentType, body: `${blocks.join('\n')}\n# EOF\n` };
  }

  async #write(registry: Pick<Registry, 'getSingleMetricAsString'>, name: string): Promise<string | null> {
    try {
      return await registry.getSingleMetricAsString(name);
    } catch (error) {
      this.#onFailure(error);
      return null;
    }
  }
}

/** A metric as OpenMetrics has it: a counter's family without `_total`, bounds of buckets as floats, exemplars. */
function openView(registry: Registry, name: string, exemplars: Exemplars | null): Shown {
  const family = name.replace(/_total$/, '');
  return {
    name: family,
    async get() {
      const metric = await (registry.getSingleMetric(name) as unknown as Shown).get();
      return { ...metric, name: family, values: metric.values.map((sample) => openSample(sample, exemplars)) };
    },
  };
}

function openSample(sample: Sample, exemplars: Exemplars | null): Sample {
  const { le } = sample.labels;
  if (le === undefined) return sample;
  const exemplar = exemplars?.of(sample.labels) ?? null;
  const labels = { ...sample.labels, le: Number.isInteger(le) ? `${le}.0` : le };
  return { ...sample, labels, ...(exemplar === null ? {} : { exemplar }) };
}
