/** The outages of a scene, told check by check and probe by probe: the oracle's reading, in steps. */
import { ENDPOINTS } from '../../../src/domain/endpoint.ts';
import { PATHS } from '../../../src/domain/probe.ts';
import { elapsedOf } from './oracle.ts';
import type { Scene } from './scene.ts';

export interface SeenOutage {
  readonly part: string;
  readonly path: string | null;
  readonly beganAfter: number | null;
  readonly beganBy: number;
  readonly endedAfter: number;
  readonly endedBy: number | null;
  readonly checks: number;
  /** Of the first failure; its step, as `domain-view` gives it. */
  readonly reason: string;
}

/** What was seen of one part at one moment; null where it says nothing. */
interface Sight {
  readonly at: number;
  readonly good: boolean;
}

/** Those that touch the month as far as it is over. For a clock that was never put back. */
export function outagesIn(scene: Scene): readonly SeenOutage[] {
  const { endpoints, checks, trips } = scene;
  return [
    ...ENDPOINTS.filter((endpoint) => endpoints.includes(endpoint)).flatMap((endpoint) => {
      const own = checks.filter((check) => check.endpoint === endpoint);
      return told(
        scene,
        endpoint,
        null,
        own.map(({ at, result }) => ({ at, good: result === 'up' })),
      );
    }),
    ...PATHS.flatMap((path) => {
      const own = trips.filter((trip) => trip.path === path && trip.fate !== 'pending').toSorted((a, b) => a.at - b.at);
      return told(
        scene,
        'round-trip',
        path,
        own.map(({ at, fate }) => ({ at, good: fate === 'delivered' })),
      );
    }),
  ];
}

function told(scene: Scene, part: string, path: string | null, sights: readonly Sight[]): readonly SeenOutage[] {
  const outages: SeenOutage[] = [];
  for (const [index, { at, good }] of sights.entries()) {
    const before = sights[index - 1];
    if (good || before?.good === false) continue;
    const end = sights.findIndex((sight, other) => other > index && sight.good);
    const failed = sights.slice(index, end < 0 ? sights.length : end);
    const endedBy = sights[end]?.at ?? null;
    const beganAfter = before?.at ?? null;
    // It may have begun right after the one and lasted until the other.
    const touches =
      (beganAfter ?? Number.NEGATIVE_INFINITY) < elapsedOf(scene) && (endedBy ?? Number.POSITIVE_INFINITY) > 0;
    const endedAfter = failed.at(-1)?.at ?? at;
    const outage = { part, path, beganAfter, beganBy: at, endedAfter, endedBy, checks: failed.length, reason: `${at}` };
    if (touches) outages.push(outage);
  }
  return outages;
}
