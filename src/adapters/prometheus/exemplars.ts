/** The newest probe of each bucket of the delay histogram: what OpenMetrics calls its exemplar. */
import type { Route } from './instruments.ts';

export interface Exemplar {
  /** The probe's id, which we drew ourselves: nothing of a message. Asked for at `/api/v1/probes/:id`. */
  readonly labelSet: { readonly probe_id: string };
  readonly value: number;
  /** Seconds since the epoch. */
  readonly timestamp: number;
}

/** Holds one for each route and bucket at most. */
export class Exemplars {
  readonly #buckets: readonly number[];
  readonly #newest = new Map<string, Exemplar>();

  /** `buckets` as those of the histogram, rising. */
  constructor(buckets: readonly number[]) {
    this.#buckets = buckets;
  }

  keep(route: Route, probe: string, seconds: number, wallMs: number): void {
    const bucket = this.#buckets.find((bound) => seconds <= bound) ?? '+Inf';
    const exemplar = { labelSet: { probe_id: probe }, value: seconds, timestamp: wallMs / 1000 };
    this.#newest.set(keyOf({ ...route }, bucket), exemplar);
  }

  /** Of the bucket with these labels; null if nothing fell into it. */
  of({ provider, path, le }: Labels): Exemplar | null {
    return this.#newest.get(keyOf({ provider, path }, le)) ?? null;
  }
}

/** As the library types them. */
type Labels = Readonly<Partial<Record<string, string | number>>>;

function keyOf({ provider, path }: Labels, bucket: string | number | undefined): string {
  return `${path} ${bucket} ${provider}`;
}
