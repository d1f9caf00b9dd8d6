/** Makes a scene smaller for as long as it still shows the same disagreement, so that a person can read it. */
import type { Scene, SeenProbe } from './scene.ts';

export function shrunk(scene: Scene, fails: (scene: Scene) => boolean): Scene {
  return smallest(scene, smallerThan, fails);
}

/** The last of ever smaller ones that still fails. */
export function smallest<S>(scene: S, smaller: (scene: S) => Iterable<S>, fails: (scene: S) => boolean): S {
  for (const each of smaller(scene)) if (fails(each)) return smallest(each, smaller, fails);
  return scene;
}

function* smallerThan(scene: Scene): Iterable<Scene> {
  for (const index of scene.probes.keys()) yield { ...scene, probes: scene.probes.toSpliced(index, 1) };
  for (const index of scene.exclusions.keys()) yield { ...scene, exclusions: scene.exclusions.toSpliced(index, 1) };
  if (scene.rebootedAt !== null) yield { ...scene, rebootedAt: null };
  if (scene.unmeasuredSlots > 0) yield { ...scene, unmeasuredSlots: 0 };
  if (scene.clause.breachesFrom > 1) yield { ...scene, clause: { ...scene.clause, breachesFrom: 1 } };
  for (const [index, probe] of scene.probes.entries()) {
    for (const plainer of plainerThan(probe)) yield { ...scene, probes: scene.probes.with(index, plainer) };
  }
}

function* plainerThan(probe: SeenProbe): Iterable<SeenProbe> {
  if (probe.duplicates > 0) yield { ...probe, duplicates: 0 };
  if (probe.unseenSince !== null) yield { ...probe, unseenSince: null };
  if (probe.attempt !== null && probe.capture !== null) yield { ...probe, attempt: null };
  if (probe.notice?.action === 'delayed') yield { ...probe, notice: null };
}

/** The month in lines: times in seconds since it began. */
export function describeScene({ month, clause, ...scene }: Scene): string {
  const relative = (key: string, value: unknown): unknown =>
    typeof value === 'number' && value > 1e9
      ? `@${value - month.from}`
      : key === 'provider' && value === 'acme'
        ? undefined
        : value;
  const line = (value: unknown): string => JSON.stringify(value, relative).replaceAll('"', '');
  const { averageMaxSeconds, maximumSeconds, breachesFrom, countedPer, lossesInAverage, path } = clause;
  return [
    `${month.name} ${month.timeZone}, ${month.to - month.from} s`,
    line({ path, averageMaxSeconds, maximumSeconds, breachesFrom, countedPer, lossesInAverage }),
    line({ absentUntil: scene.absentUntil, rebootedAt: scene.rebootedAt, unmeasuredSlots: scene.unmeasuredSlots }),
    ...scene.probes.map((probe) => `probe ${line(probe)}`),
    ...scene.exclusions.map((exclusion) => `exclusion ${line(exclusion)}`),
  ].join('\n');
}
