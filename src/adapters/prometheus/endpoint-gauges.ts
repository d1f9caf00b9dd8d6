/** What the last use of each of a provider's servers showed, for as long as that says anything. */
import type { Endpoint } from '../../domain/endpoint.ts';
import { type Instant, spanBetween } from '../../domain/time/instant.ts';
import { checkHoldsSeconds, type EndpointCheck } from '../../ports.ts';
import type { Definers } from './instruments.ts';

export interface EndpointLabels {
  readonly provider: string;
  readonly endpoint: Endpoint;
}

const LABELS = ['provider', 'endpoint'] as const;

interface Known {
  readonly at: Instant;
  readonly up: boolean;
  readonly seconds: number | null;
  readonly certificateExpiresMs: number | null;
}

/**
 * States of a server: unknown (NaN) → up ⇄ down, and unknown again where its checks ceased, or show neither for too long
 * (throttling, an agent that is held up). One that is not configured gets no series.
 */
export class EndpointGauges {
  readonly #gauges: ReturnType<typeof defineGauges>;
  readonly #known: Map<string, { readonly labels: EndpointLabels; last: Known | null }>;
  readonly #ageMax: number;

  constructor(define: Definers, endpoints: readonly EndpointLabels[], checkEverySeconds: number) {
    this.#gauges = defineGauges(define);
    this.#known = new Map(
      endpoints.map(({ provider, endpoint }) => [
        keyOf({ provider, endpoint }),
        { labels: { provider, endpoint }, last: null },
      ]),
    );
    this.#ageMax = checkHoldsSeconds(checkEverySeconds);
    this.forget();
  }

  checked(check: EndpointCheck, at: Instant): void {
    const entry = this.#known.get(keyOf(check));
    if (entry === undefined) return;
    const { up, certificateExpiresMs } = check;
    const seconds = up ? (check.seconds ?? entry.last?.seconds ?? null) : null;
    entry.last = { at, up, seconds, certificateExpiresMs };
  }

  collect(now: Instant): void {
    for (const { labels, last } of this.#known.values())
      this.#show(labels, last === null || spanBetween(last.at, now).hi > this.#ageMax ? null : last);
  }

  /** Shows that nothing is known. */
  forget(): void {
    for (const { labels } of this.#known.values()) this.#show(labels, null);
  }

  #show(labels: EndpointLabels, known: Known | null): void {
    const { up, duration, certificateExpiry } = this.#gauges;
    up.set({ ...labels }, known === null ? Number.NaN : Number(known.up));
    duration.set({ ...labels }, known?.seconds ?? Number.NaN);
    certificateExpiry.set({ ...labels }, (known?.certificateExpiresMs ?? Number.NaN) / 1000);
  }
}

function keyOf({ provider, endpoint }: EndpointLabels): string {
  return `${endpoint} ${provider}`;
}

function defineGauges({ gauge }: Definers) {
  return {
    up: gauge(
      'endpoint_up',
      'Whether the last use of the endpoint let us in; NaN before the first, and where no check has shown anything for three cells.',
      LABELS,
    ),
    duration: gauge(
      'endpoint_check_duration_seconds',
      'Time the last use of the endpoint took until we were let in; NaN if we were not, or nothing is known.',
      LABELS,
    ),
    certificateExpiry: gauge(
      'tls_certificate_expiry_timestamp_seconds',
      'Last moment at which the certificate shown at the last use of the endpoint is valid; NaN if it showed none, or nothing is known.',
      LABELS,
    ),
  };
}
