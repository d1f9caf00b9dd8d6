/** Which form of an answer a client asks for (RFC 9110 §12.5.1). */
import type { ScrapeFormat } from '../../ports.ts';

const MEDIA: Readonly<Record<ScrapeFormat, { readonly type: string; readonly version: string }>> = {
  openmetrics: { type: 'application/openmetrics-text', version: '1.0.0' },
  text: { type: 'text/plain', version: '0.0.4' },
};
/** Characters: browsers send some hundred. */
const ACCEPT_MAX = 1000;
/** A weight as RFC 9110 §12.4.2 writes it. */
const WEIGHT = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/** How much a format is wanted: by the range that fits it best. */
interface Wish {
  readonly weight: number;
  /** Of the range: `*\/*` 0, `text/*` 1, a type 2, a type and its version 3. */
  readonly precision: number;
}

/**
 * The format of the greater weight; of equal ones that which is named more precisely, else text. Text too where neither is accepted:
 * a scrape in another format than wished is worth more than none, and RFC 9110 allows it.
 */
export function scrapeFormat(accept: string | undefined): ScrapeFormat {
  const ranges = rangesIn(accept);
  const open = wishFor('openmetrics', ranges);
  const text = wishFor('text', ranges);
  if (open.weight === 0) return 'text';
  if (open.weight !== text.weight) return open.weight > text.weight ? 'openmetrics' : 'text';
  return open.precision > text.precision ? 'openmetrics' : 'text';
}

/** Whether it names HTML and likes it no less than JSON: only a browser that goes to an address does. */
export function prefersHtml(accept: string | undefined): boolean {
  const ranges = rangesIn(accept);
  const weightOf = (type: string): number => ranges.find((range) => range.type === type)?.weight ?? 0;
  return weightOf('text/html') > 0 && weightOf('text/html') >= weightOf('application/json');
}

interface Range {
  readonly type: string;
  readonly version: string | null;
  readonly weight: number;
}

function rangesIn(accept = ''): readonly Range[] {
  return accept.slice(0, ACCEPT_MAX).split(',').map(readRange);
}

function readRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const named = new Map(
    parameters.map((parameter) => {
      const [name = '', value = ''] = parameter.split('=');
      return [name.trim(), value.trim().replaceAll('"', '')];
    }),
  );
  const weight = named.get('q') ?? '1';
  return { type, version: named.get('version') ?? null, weight: WEIGHT.test(weight) ? Number(weight) : 0 };
}

function wishFor(format: ScrapeFormat, ranges: readonly Range[]): Wish {
  let wish: Wish = { weight: 0, precision: -1 };
  for (const range of ranges) {
    const precision = precisionOf(range, format);
    if (precision !== null && precision > wish.precision) wish = { weight: range.weight, precision };
  }
  return wish;
}

/** Null where the range does not hold the format. */
function precisionOf({ type, version }: Range, format: ScrapeFormat): number | null {
  const media = MEDIA[format];
  if (type === '*/*') return 0;
  if (type === media.type.replace(/\/.*/, '/*')) return 1;
  if (type !== media.type) return null;
  if (version === null) return 2;
  return version === media.version ? 3 : null;
}
