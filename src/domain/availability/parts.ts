/** What of a month each part of a provider's service was down for sure, or may have been (measurement.md, "Sampling"). */
import { ENDPOINTS, ENTRY, type Endpoint } from '../endpoint.ts';
import type { Exclusion, ExclusionKind } from '../exclusion.ts';
import { PATHS, type Path } from '../probe.ts';
import type { ServicePart } from '../report/report.ts';
import { clip, intersect, type MsRange, normalise, type SpanSet, subtract } from '../time/span-set.ts';
import type { AvailabilityFacts, Served } from './facts.ts';
import type { Observation } from './observation.ts';
import { tripTime } from './round-trips.ts';
import { CELLS_BETWEEN_MAX, isProven, type Run } from './run.ts';

export interface PartTime extends DownSets {
  readonly part: ServicePart;
  /** Of a round trip, null for an endpoint. */
  readonly path: Path | null;
  /** Not held against the provider, within the month or not. */
  readonly excused: SpanSet;
  /** Proven, but by a failure that is not held against the provider. */
  readonly halfExcused: SpanSet;
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

/** Every endpoint that was ever checked, and mail on each path where some failed. Where none was ever checked nothing is known of any. */
export function partsOf(
  { runs, roundTrips, served, exclusions, endpoints }: AvailabilityFacts,
  kinds: readonly ExclusionKind[],
  elapsed: MsRange,
): readonly PartTime[] {
  const held = endpoints.length > 0 ? endpoints : ENDPOINTS;
  const ofEndpoints = held.map((endpoint): PartTime => {
    const ordered = runs.filter((run) => run.endpoint === endpoint).sort(byBeginning);
    const failed = failedTimes(ordered, served);
    return {
      part: endpoint,
      path: null,
      ...endpointTime(ordered, failed, elapsed),
      excused: excusedTime(exclusions, kinds, PATHS_OF[endpoint]),
      halfExcused: [],
      observations: ordered.map((run) => observationOf(run, failed)),
    };
  });
  const ofPaths = PATHS.flatMap((path): readonly PartTime[] => {
    const excused = excusedTime(exclusions, kinds, [path]);
    const trips = tripTime(roundTrips, path, { up: seenUp(runs, ENTRY[path]), elapsed, excused });
    if (trips === null) return [];
    const { proven, halfExcused, possible, observations } = trips;
    return [
      {
        part: 'round-trip',
        path,
        proven: clip(proven, elapsed),
        possible: clip(possible, elapsed),
        excused,
        halfExcused,
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

export function strippedOf({ proven, possible, excused, halfExcused }: PartTime): DownSets {
  return { proven: subtract(subtract(proven, excused), halfExcused), possible: subtract(possible, excused) };
}

/** Nothing but good checks shows that it was up. Where a clock that was put back shows a moment twice, and both, neither counts. */
function endpointTime(runs: readonly Run[], times: ReadonlyMap<Run, SpanSet>, elapsed: MsRange): DownSets {
  const good = clip(normalise(runs.filter(({ kind }) => kind === 'up')), elapsed);
  const failed = clip(normalise([...times.values()].flat()), elapsed);
  const proven = subtract(failed, good);
  const up = subtract(good, failed);
  return { proven, possible: subtract(normalise([elapsed]), up) };
}

/**
 * Of each run that proves a fault the time that is left of it, in which no message was taken: a probe's that was shows the checks about it
 * to have failed at something else.
 */
function failedTimes(ordered: readonly Run[], served: readonly Served[]): ReadonlyMap<Run, SpanSet> {
  const times = new Map<Run, SpanSet>();
  let next = 0;
  for (const run of ordered) {
    if (!isProven(run)) continue;
    const apartMs = CELLS_BETWEEN_MAX * run.cellMs;
    const about: MsRange[] = [];
    for (let one = served[next]; one !== undefined && one.ms < run.fromMs; one = served[next]) next += 1;
    let index = next;
    for (let one = served[index]; one !== undefined && one.ms <= run.toMs; one = served[index]) {
      if (one.endpoint === run.endpoint) about.push({ fromMs: one.ms - apartMs, toMs: one.ms + apartMs });
      index += 1;
    }
    times.set(run, subtract(normalise([run]), normalise(about)));
  }
  return times;
}

function seenUp(runs: readonly Run[], endpoint: Endpoint): SpanSet {
  const up = runs.filter((run) => run.endpoint === endpoint && run.kind === 'up');
  return normalise(up.map(({ fromMs, toMs }) => ({ fromMs, toMs: toMs + 1 })));
}

function observationOf(run: Run, failed: ReadonlyMap<Run, SpanSet>): Observation {
  const { fromMs, toMs, kind, checks, reason } = run;
  const proven = fromMs === toMs ? isProven(run) : (failed.get(run) ?? []).length > 0;
  return { fromMs, toMs, good: kind === 'up', checks, proven, reason };
}

function byBeginning(one: Run, other: Run): number {
  return one.fromMs - other.fromMs || one.toMs - other.toMs;
}
