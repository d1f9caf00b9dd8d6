/** What the status page shows, as it goes over HTTP: `GET /api/v1/status`, and the event `status` of `GET /api/v1/events`. */
import type { ClauseTerms, Localised } from './contract-terms.ts';
import type { Endpoint } from './endpoint.ts';
import type { ClosedClause } from './event.ts';
import type { Exclusion } from './exclusion.ts';
import type { Path } from './probe.ts';
import type { ProbeView } from './probe-view.ts';

export interface StatusView {
  /** RFC 3339, UTC, by the agent's own clock. */
  readonly at: string;
  readonly version: string;
  readonly ready: boolean;
  /** Each part that has something wrong with it, and what; without paths of the host. */
  readonly problems: Readonly<Record<string, string>>;
  /** Whether whoever reads this may start spot checks and enter exclusions: as they are, with the bearer token, or (no token configured, not on loopback) not at all. */
  readonly acting: 'free' | 'token' | 'forbidden';
  readonly providers: readonly ProviderStatus[];
  /** As `briefView` has them. Oldest first, at most IN_FLIGHT_MAX of them; how many there are. */
  readonly inFlight: readonly ProbeView[];
  readonly inFlightCount: number;
  /** As `briefView` has them. Newest first, at most RECENT_MAX of them. */
  readonly recent: readonly ProbeView[];
}

export interface ProviderStatus {
  readonly name: string;
  /** Where it can be measured and checked. */
  readonly paths: readonly Path[];
  /** Null where nothing is judged. */
  readonly month: RunningMonth | null;
  readonly endpoints: readonly EndpointStatus[];
  /** Of each path that has any probe under way, all of them. */
  readonly waiting: readonly PathWaiting[];
}
export interface PathWaiting {
  readonly path: Path;
  readonly count: number;
  /** Since the oldest was planned. */
  readonly oldestSeconds: number;
}
export interface RunningMonth {
  /** `2026-11`, in `timeZone`. */
  readonly month: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** IANA. */
  readonly timeZone: string;
  readonly contract: Localised;
  /** When it was judged last; null until it was for the first time. */
  readonly judgedAt: string | null;
  /** All of the contract's; without a verdict until it was judged, while it cannot be, and half an hour after the last time. */
  readonly clauses: readonly ClauseStatus[];
  /** Those in force that touch the month, in order: the last EXCLUSIONS_MAX of them; how many there are. */
  readonly exclusions: readonly Exclusion[];
  readonly exclusionCount: number;
}
export interface ClauseStatus {
  /** Title, limits, path. */
  readonly terms: ClauseTerms;
  /** Null while it is not judged; then there are no figures. */
  readonly verdict: ClosedClause['verdict'] | null;
  /** As `domain/report/standing.ts` names them. */
  readonly figures: ClosedClause['figures'];
}
export interface EndpointStatus {
  readonly endpoint: Endpoint;
  /** What the last check showed; null before the first, and once it is too old to say anything. */
  readonly up: boolean | null;
  readonly seconds: number | null;
  readonly checkedAt: string | null;
  readonly certificateExpiresAt: string | null;
}

/** `GET /api/v1/delays?provider=acme&path=send&from=<ms>&to=<ms>&points=<n>`: the probes planned in `[from, to)`, thinned out so that extremes stay. */
export interface DelaySeries {
  readonly fromMs: number;
  readonly toMs: number;
  /** In order; at most as many as were asked for. */
  readonly buckets: readonly DelaySeriesBucket[];
  /** Stretches without a probe that are longer than is usual for the route. */
  readonly gaps: readonly { readonly fromMs: number; readonly toMs: number }[];
}
/** The probes of one stretch, or a single one. Seconds. */
export interface DelaySeriesBucket {
  readonly fromMs: number;
  readonly toMs: number;
  /** Without those that could not be measured. */
  readonly count: number;
  readonly unmeasured: number;
  /** Of those with a delay: the least lower end, the median upper end, the largest delay's ends (`hi` null while it is missing). Null where none has one. */
  readonly lowest: number | null;
  readonly median: number | null;
  readonly highest: { readonly lo: number; readonly hi: number | null } | null;
  /** How many were delivered, and the sum of their lower ends. */
  readonly delivered: { readonly count: number; readonly sumLo: number };
  readonly pending: number;
  readonly lost: number;
  readonly failed: number;
  readonly exceeded: number;
  /** The one with the largest delay, or that failed. */
  readonly probe: string;
}
