/** A scene as the domain is given it: checks gathered into runs, times in milliseconds, everything in no order. */
import type { AvailabilityCase, Downtime } from '../../../src/domain/availability/downtime.ts';
import { measureDowntime } from '../../../src/domain/availability/downtime.ts';
import type { AvailabilityFacts, RoundTrip } from '../../../src/domain/availability/facts.ts';
import type { Run } from '../../../src/domain/availability/run.ts';
import type { Exclusion } from '../../../src/domain/exclusion.ts';
import { daysOf, monthRange } from '../../../src/domain/time/calendar.ts';
import { instantAt } from '../../domain/availability-case.ts';
import type { Scene, SeenCheck } from './scene.ts';

export function downtimeIn(scene: Scene): Downtime {
  return measureDowntime(caseOf(scene));
}

function caseOf(scene: Scene): AvailabilityCase {
  const { originMs, length, calendar, days, terms, now } = scene;
  const at = (step: number): number => originMs + step * scene.stepMs;
  return {
    facts: factsOf(scene, at),
    kinds: terms.kinds,
    denominator: terms.denominator,
    month: calendar === null ? { fromMs: at(0), toMs: at(length) } : monthRange(calendar.name, calendar.timeZone),
    days:
      calendar === null
        ? days.map((from, index) => ({ fromMs: at(from), toMs: at(days[index + 1] ?? length) }))
        : daysOf(calendar.name, calendar.timeZone),
    nowMs: at(now),
  };
}

function factsOf(scene: Scene, at: (step: number) => number): AvailabilityFacts {
  const { endpoints, trips, exclusions } = scene;
  return {
    runs: scrambled(endpoints.flatMap((endpoint) => runsOf(scene, endpoint, at))),
    // In the order of planning, of all paths together.
    roundTrips: trips
      .map(({ path, at: step, fate, byProvider }, index): RoundTrip => {
        const delivered = fate === 'pending' ? null : fate === 'delivered';
        return {
          probe: `p${index}`,
          path,
          planned: instantAt(at(step)),
          delivered,
          byProvider,
          isCovered: false,
          reason: fate === 'failed' ? `${step}` : null,
        };
      })
      .toSorted((one, other) => one.planned.wallMs - other.planned.wallMs),
    served: [],
    unmeasured: { submission: 0, mx: 0, mailbox: 0 },
    exclusions: scrambled(
      exclusions.map(({ kind, path, from, to }, index): Exclusion => {
        const entered = { by: 'oracle', evidence: '', note: '' };
        return { id: `e${index}`, kind, provider: 'acme', path, fromMs: at(from), toMs: at(to), ...entered };
      }),
    ),
    endpoints,
    head: { seq: 1, hash: '' },
  };
}

function runsOf(
  { checks, cell, stepMs }: Scene,
  endpoint: SeenCheck['endpoint'],
  at: (step: number) => number,
): readonly Run[] {
  const groups: SeenCheck[][] = [];
  for (const check of checks.filter((each) => each.endpoint === endpoint)) {
    const last = groups.at(-1)?.at(-1);
    const goesOn =
      last !== undefined && !check.afterBreak && check.result === last.result && check.at - last.at <= 2 * cell;
    if (goesOn) groups.at(-1)?.push(check);
    else groups.push([check]);
  }
  return groups.flatMap(([first, ...rest]): readonly Run[] => {
    if (first === undefined) return [];
    const last = rest.at(-1) ?? first;
    const reason = first.result === 'up' ? null : `${first.at}`;
    const [fromMs, toMs] = [at(first.at), at(last.at)];
    return [
      {
        provider: 'acme',
        endpoint,
        kind: first.result,
        fromMs,
        toMs,
        checks: rest.length + 1,
        cellMs: cell * stepMs,
        reason,
      },
    ];
  });
}

function scrambled<T>(all: readonly T[]): readonly T[] {
  const key = (index: number): number => (index * 7919 + 13) % 1009;
  return all
    .map((each, index) => [each, key(index)] as const)
    .toSorted(([, a], [, b]) => a - b)
    .map(([each]) => each);
}
