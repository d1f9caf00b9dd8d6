/** The outages of a month, one by one: what failed between two good checks, or between two delivered probes. */
import { type MsRange, overlapMs } from '../time/span-set.ts';
import type { DownBounds } from './downtime.ts';
import type { Observation } from './observation.ts';
import { type PartTime, strippedOf } from './parts.ts';

export interface Outage extends Pick<PartTime, 'part' | 'path'> {
  /** Whether the provider's fault is shown, within the month or at its edge. */
  readonly proven: boolean;
  /** It began after the last good one and by the first that failed; null if no good one is known. Milliseconds since the epoch. */
  readonly beganAfterMs: number | null;
  readonly beganByMs: number;
  /** It ended after the last that failed and by the first good one; null while there is none. */
  readonly endedAfterMs: number;
  readonly endedByMs: number | null;
  /** Of the month as far as it is over, exclusions taken out, and before. */
  readonly down: DownBounds;
  readonly raw: DownBounds;
  readonly checks: number;
  readonly reason: string | null;
}

/** Those that touch the part of the month that is over, in the order in which they can have begun at the earliest, as far as is known. */
export function outagesOf(parts: readonly PartTime[], elapsed: MsRange): readonly Outage[] {
  const earliest = ({ beganAfterMs, beganByMs }: Outage): number => beganAfterMs ?? beganByMs;
  return parts
    .flatMap((part) => outagesOfPart(part, elapsed))
    .sort((one, other) => earliest(one) - earliest(other) || one.beganByMs - other.beganByMs);
}

function outagesOfPart(time: PartTime, elapsed: MsRange): readonly Outage[] {
  const stripped = strippedOf(time);
  const outages: Outage[] = [];
  for (const { before, first, last, failed, after } of failuresOf(time.observations)) {
    const span = {
      fromMs: Math.min(before?.toMs ?? Number.NEGATIVE_INFINITY, first.fromMs),
      toMs: Math.max(after?.fromMs ?? Number.POSITIVE_INFINITY, last.toMs),
    };
    if (span.fromMs >= elapsed.toMs || span.toMs <= elapsed.fromMs) continue;
    outages.push({
      part: time.part,
      path: time.path,
      proven: failed.some(({ proven }) => proven),
      beganAfterMs: before?.toMs ?? null,
      beganByMs: first.fromMs,
      endedAfterMs: last.toMs,
      endedByMs: after?.fromMs ?? null,
      down: { loMs: overlapMs(stripped.proven, span), hiMs: overlapMs(stripped.possible, span) },
      raw: { loMs: overlapMs(time.proven, span), hiMs: overlapMs(time.possible, span) },
      checks: failed.reduce((sum, { checks }) => sum + checks, 0),
      reason: failed.find(({ reason }) => reason !== null)?.reason ?? null,
    });
  }
  return outages;
}

/** A stretch of observations without a good one, with the good one on either side; null at an end of what is known. */
interface Failure {
  readonly before: Observation | null;
  readonly first: Observation;
  readonly last: Observation;
  readonly failed: readonly Observation[];
  readonly after: Observation | null;
}

function failuresOf(observations: readonly Observation[]): readonly Failure[] {
  const failures: Failure[] = [];
  let [before, failed]: [Observation | null, Observation[]] = [null, []];
  for (const observation of [...observations, null]) {
    if (observation?.good === false) {
      failed.push(observation);
      continue;
    }
    const [first, last] = [failed[0], failed.at(-1)];
    if (first !== undefined && last !== undefined) failures.push({ before, first, last, failed, after: observation });
    [before, failed] = [observation, []];
  }
  return failures;
}
