/** Where a month's report speaks of a probe: names that the report gives its parts, and which of them a probe's page points at. */
import type { Path } from '../domain/probe.ts';
import type { ProbeView } from '../domain/probe-view.ts';

/** What of a probe's provider decides where the report has it. */
export interface ReportTerms {
  /** Seconds. Of the clause on the probe's path, null where there is none. */
  readonly maximumSeconds: number | null;
  /** Those in force that may touch it. */
  readonly exclusions: readonly { readonly fromMs: number; readonly toMs: number }[];
}

/** A breach's entry. */
export function probeAnchor(probe: string): string {
  return `probe-${probe}`;
}

/** The clause on the delay of a path. */
export function pathAnchor(provider: string, path: Path): string {
  return `${path}-${provider}`;
}

/** As the end of an address; empty where the report has nothing more particular than itself. */
export function reportPlace(view: ProbeView, terms: ReportTerms): string {
  if (terms.maximumSeconds === null) return '';
  const anchor = isListed(view, terms.maximumSeconds, terms.exclusions)
    ? probeAnchor(view.id)
    : pathAnchor(view.provider, view.path);
  return `#${encodeURIComponent(anchor)}`;
}

/** Whether it is surely among the breaches there (`breachOf`). An exclusion may take it out: where one touches it, nothing is sure. */
function isListed(view: ProbeView, maximumSeconds: number, exclusions: ReportTerms['exclusions']): boolean {
  const { kind, delaySeconds: delay, outcome, plannedAt, capturedAt, ageSeconds } = view;
  if (kind !== 'scheduled' || delay === null) return false;
  const endMs = capturedAt === null ? Number.POSITIVE_INFINITY : Date.parse(capturedAt);
  if (exclusions.some(({ fromMs, toMs }) => fromMs <= endMs && toMs >= Date.parse(plannedAt))) return false;
  if (delay.lo > maximumSeconds) return true;
  if (delay.hi !== null && delay.hi <= maximumSeconds) return false;
  return outcome === 'pending' ? ageSeconds > maximumSeconds : outcome === 'delivered' || outcome === 'lost';
}
