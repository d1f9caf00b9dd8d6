/** Scenes of availability that are smaller than another by one thing, and a scene in lines. */
import type { Scene } from './scene.ts';

export function* smallerThan(scene: Scene): Iterable<Scene> {
  const { checks, trips, exclusions } = scene;
  // First half of everything at once: there are hundreds of checks.
  for (let size = Math.ceil(checks.length / 2); size >= 1; size = Math.floor(size / 2))
    for (let from = 0; from < checks.length; from += size)
      yield { ...scene, checks: checks.toSpliced(from, size), truth: null };
  for (const index of trips.keys()) yield { ...scene, trips: trips.toSpliced(index, 1), truth: null };
  for (const index of exclusions.keys()) yield { ...scene, exclusions: exclusions.toSpliced(index, 1) };
  for (const endpoint of scene.endpoints) {
    const others = scene.endpoints.filter((each) => each !== endpoint);
    yield { ...scene, endpoints: others, checks: checks.filter((check) => check.endpoint !== endpoint), truth: null };
  }
}

/** Times in steps since the month began. */
export function describeScene({ checks, trips, exclusions, truth, terms, ...scene }: Scene): string {
  const line = (value: unknown): string => JSON.stringify(value).replaceAll('"', '');
  return [
    line(scene),
    line(terms),
    ...checks.map((check) => `check ${line(check)}`),
    ...trips.map((trip) => `trip ${line(trip)}`),
    ...exclusions.map((exclusion) => `exclusion ${line(exclusion)}`),
    ...(truth === null ? [] : [`truth ${line([[...truth.endpoints], [...truth.paths]])}`]),
  ].join('\n');
}
