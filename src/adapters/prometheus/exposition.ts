/**
 * Writes a registry in both formats that Prometheus reads. Not by the library: with a hundred providers its writer takes several times as
 * long, all on the measuring thread, and it renames the counters of a registry for good once it wrote OpenMetrics.
 */
import { type MetricValue, Registry } from 'prom-client';
import type { ScrapeFormat } from '../../ports.ts';
import type { Exemplar, Exemplars } from './exemplars.ts';

export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

/** What the library has of a metric. */
interface Metric {
  readonly name: string;
  get(): Promise<Family>;
  /** Of a histogram: the labels that the samples of one series share stand apart. */
  getForPromString?(): Promise<Family>;
}
interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly Sample[];
}
type Labels = MetricValue<string>['labels'];
interface Sample {
  readonly metricName?: string;
  readonly labels: Labels;
  readonly sharedLabels?: Labels;
  readonly value: number;
}
type SampleText = (sample: Sample, shared: string) => string;

/** The lines of one series of a histogram, whose last samples are its sum and its count: while these stay, all of it does. */
interface Written {
  readonly sum: number | undefined;
  readonly count: number | undefined;
  readonly text: string;
}

const CONTENT_TYPES: Readonly<Record<ScrapeFormat, string>> = {
  text: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
};

/** Every metric is written by itself: one that throws is left out, and spoils no scrape. */
export class Exposer {
  readonly #registry: Registry;
  readonly #exemplified: { readonly name: string; readonly exemplars: Exemplars };
  readonly #onFailure: (error: unknown) => void;
  /** By format and metric, then by the labels that the library keeps of a series. */
  readonly #written = new Map<string, WeakMap<Labels, Written>>();

  /** `exemplified` has the `exemplars`, in OpenMetrics alone: the text format knows none. */
  constructor(
    registry: Registry,
    exemplified: { readonly name: string; readonly exemplars: Exemplars },
    onFailure: (error: unknown) => void,
  ) {
    this.#registry = registry;
    this.#exemplified = exemplified;
    this.#onFailure = onFailure;
  }

  /** Never rejects. */
  async render(format: ScrapeFormat): Promise<Exposition> {
    const metrics = this.#registry.getMetricsAsArray() as unknown as readonly Metric[];
    const blocks = (await Promise.all(metrics.map((metric) => this.#write(metric, format)))).flat();
    if (format === 'openmetrics') blocks.push('# EOF');
    return { contentType: CONTENT_TYPES[format], body: `${blocks.join('\n')}\n` };
  }

  async #write(metric: Metric, format: ScrapeFormat): Promise<readonly string[]> {
    try {
      const { name, help, type, values } = await (metric.getForPromString?.() ?? metric.get());
      const isOpenCounter = format === 'openmetrics' && type === 'counter';
      const family = isOpenCounter ? name.replace(/_total$/, '') : name;
      const exemplars = name === this.#exemplified.name ? this.#exemplified.exemplars : null;
      const written = this.#writtenOf(`${format} ${name}`);
      const sampleText = format === 'text' ? plain(name) : open(isOpenCounter ? `${family}_total` : name, exemplars);
      return [
        `# HELP ${family} ${escapeLine(help)}`,
        `# TYPE ${family} ${type}`,
        ...seriesOf(values).map((series) => seriesText(series, written, sampleText)),
      ];
    } catch (error) {
      this.#onFailure(error);
      return [];
    }
  }

  #writtenOf(metric: string): WeakMap<Labels, Written> {
    const written = this.#written.get(metric) ?? new WeakMap<Labels, Written>();
    this.#written.set(metric, written);
    return written;
  }
}

function seriesText(series: readonly Sample[], written: WeakMap<Labels, Written>, sampleText: SampleText): string {
  const shared = series[0]?.sharedLabels;
  if (shared === undefined) return series.map((sample) => sampleText(sample, '')).join('\n');
  const [sum, count] = [series.at(-2)?.value, series.at(-1)?.value];
  const before = written.get(shared);
  if (before !== undefined && before.sum === sum && before.count === count) return before.text;
  const sharedText = labelsText(shared);
  const text = series.map((sample) => sampleText(sample, sharedText)).join('\n');
  written.set(shared, { sum, count, text });
  return text;
}

/** Those that share their labels stand one after the other. */
function seriesOf(samples: readonly Sample[]): readonly (readonly Sample[])[] {
  const all: Sample[][] = [];
  let last: Sample | null = null;
  for (const sample of samples) {
    if (last === null || last.sharedLabels !== sample.sharedLabels) all.push([sample]);
    else all.at(-1)?.push(sample);
    last = sample;
  }
  return all;
}

/** Exposition format 0.0.4. */
function plain(name: string): SampleText {
  return ({ metricName = name, labels, value }, shared) =>
    `${metricName}${braced(labelsText(labels), shared)} ${numberText(value)}`;
}

/** OpenMetrics 1.0: bounds of buckets as floats, and exemplars. */
function open(name: string, exemplars: Exemplars | null): SampleText {
  return ({ metricName = name, labels, sharedLabels, value }, shared) => {
    const { le } = labels;
    const own = labelsText(Number.isInteger(le) ? { ...labels, le: `${le}.0` } : labels);
    const exemplar = le === undefined ? null : (exemplars?.of({ ...sharedLabels, ...labels }) ?? null);
    return `${metricName}${braced(own, shared)} ${numberText(value)}${exemplarText(exemplar)}`;
  };
}

function braced(own: string, shared: string): string {
  if (own === '' || shared === '') return own === shared ? '' : `{${own}${shared}}`;
  return `{${own},${shared}}`;
}

/** Nearly no value has any. */
const SPECIAL = /[\\\n"]/;

function labelsText(labels: Labels): string {
  let text = '';
  for (const name in labels) {
    const value = labels[name];
    const escaped = typeof value === 'string' && SPECIAL.test(value) ? escapeLine(value).replaceAll('"', '\\"') : value;
    text += text === '' ? `${name}="${escaped}"` : `,${name}="${escaped}"`;
  }
  return text;
}

function escapeLine(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value < 0 ? '-Inf' : '+Inf';
}

function exemplarText(exemplar: Exemplar | null): string {
  if (exemplar === null) return '';
  const { labelSet, value, timestamp } = exemplar;
  return ` # {${labelsText({ ...labelSet })}} ${numberText(value)} ${timestamp}`;
}
