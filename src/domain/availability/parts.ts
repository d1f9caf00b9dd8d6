/** What of a month each part of a provider's service was down for sure, or may have been (measurement.md, "Sampling"). */
import { ENDPOINTS, type Endpoint } from '../endpoint.ts';
import type { Exclusion, ExclusionKind } from '../exclusion.ts';
import { PATHS, type Path } from '../probe.ts';
import type { ServicePart } from '../report/report.ts';
import { clip, intersect, type MsRange, normalise, type SpanSet, subtract } from '../time/span-set.ts';
import type { AvailabilityFacts } from './facts.ts';
import type { Observation } from './observation.ts';
import { tripTime } from './round-trips.ts';
import type { Run } from './run.ts';

export interface PartTime extends DownSets {
  readonly part: ServicePart;
  /** Of a round trip, null for an endpoint. */
  readonly path: Path | null;
  /** Not held against the provider, within the month or not. */
  readonly excused: SpanSet;
  /** In the order of their beginning, within the month or not. */
  readonly observations: readonly Observation[];
}

/** Within the part of the month that is over. */
export interface DownSets {
  readonly proven: SpanSet;
  /** All that is not surely up: it holds what is proven. */
  readonly possible: SpanSet;
}

/** What needs an endpoint: who cannot reach it cannot use these. */
const PATHS_OF: Readonly<Record<Endpoint, readonly Path[]>> = {
  submission: ['send', 'internal'],
  mx: ['receive'],
  mailbox: ['receive', 'internal'],
};
/** One that failed may have been our own moment of weakness; another one after it confirms it. */
const CHECKS_TO_PROVE = 2;

/** Every endpoint that was ever checked, and mail on each path where some failed. Where none was ever checked nothing is known of any. */
export function partsOf(
  { runs, roundTrips, exclusions, endpoints }: AvailabilityFacts,
  kinds: readonly ExclusionKind[],
  elapsed: MsRange,
): readonly PartTime[] {
  const held = endpoints.length > 0 ? endpoints : ENDPOINTS;
  const ofEndpoints = held.map((endpoint): PartTime => {
    const ordered = runs.filter((run) => run.endpoint === endpoint).sort(byBeginning);
    return {
      part: endpoint,
      path: null,
      ...endpointTime(ordered, elapsed),
      excused: excusedTime(exclusions, kinds, PATHS_OF[endpoint]),
      observations: ordered.map(observationOf),
    };
  });
  const ofPaths = PATHS.flatMap((path): readonly PartTime[] => {
    const trips = tripTime(roundTrips, path);
    if (trips === null) return [];
    const { proven, possible, observations } = trips;
    const excused = excusedTime(exclusions, kinds, [path]);
    return [
      {
        part: 'round-trip',
        path,
        proven: clip(proven, elapsed),
        possible: clip(possible, elapsed),
        excused,
        observations,
      },
    ];
  });
  return [...ofEndpoints, ...ofPaths];
}

/**
 * Where every one of the paths is excluded. So an exclusion of all paths excuses everything, one of a single path that path's mail
 * and what no other path needs: the MX serves `receive` alone, a mailbox that is down is no fault of mail on its way to the MX.
 */
export function excusedTime(
  exclusions: readonly Exclusion[],
  kinds: readonly ExclusionKind[],
  paths: readonly Path[],
): SpanSet {
  const counted = exclusions.filter(({ kind }) => kinds.includes(kind));
  return paths.map((each) => normalise(counted.filter(({ path }) => path === null || path === each))).reduce(intersect);
}

/** What some of the parts were down, with what is excused taken out of each, or without. */
export function downTogether(parts: readonly PartTime[], which: 'raw' | 'stripped'): DownSets {
  const down = parts.map((part) => (which === 'raw' ? part : strippedOf(part)));
  return {
    proven: normalise(down.flatMap(({ proven }) => proven)),
    possible: normalise(down.flatMap(({ possible }) => possible)),
  };
}

export function strippedOf({ proven, possible, excused }: PartTime): DownSets {
  return { proven: subtract(proven, excused), possible: subtract(possible, excused) };
}

/** Nothing but good checks shows that it was up. Where a clock that was put back shows a moment twice, and both, neither counts. */
function endpointTime(runs: readonly Run[], elapsed: MsRange): DownSets {
  const good = clip(normalise(runs.filter(({ kind }) => kind === 'up')), elapsed);
  const failed = clip(normalise(runs.filter(isProven)), elapsed);
  const proven = subtract(failed, good);
  const up = subtract(good, failed);
  return { proven, possible: subtract(normalise([elapsed]), up) };
}

function isProven({ kind, checks }: Run): boolean {
  return kind === 'down' && checks >= CHECKS_TO_PROVE;
}

function observationOf(run: Run): Observation {
  const { fromMs, toMs, kind, checks, reason } = run;
  return { fromMs, toMs, good: kind === 'up', checks, proven: isProven(run), reason };
}

function byBeginning(one: Run, other: Run): number {
  return one.fromMs - other.fromMs || one.toMs - other.toMs;
}
