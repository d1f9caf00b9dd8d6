/** Holds the domain's figures and verdicts on a scene against the oracle's, each of them, and both against what really was. */
import type { DownBounds, Downtime } from '../../../src/domain/availability/downtime.ts';
import { outagesOf } from '../../../src/domain/availability/outages.ts';
import { availabilityOf, judgeConnectivity, judgeOperations } from '../../../src/domain/availability/verdict.ts';
import { faultyDays } from '../../../src/domain/availability/year.ts';
import { downtimeIn } from './domain-view.ts';
import { type Bounds, type Figures, figuresOf, type Judgement, judgementOf, truthOf } from './oracle.ts';
import { outagesIn } from './outages.ts';
import type { Scene } from './scene.ts';

export interface Comparison {
  /** Each a sentence; none if all agrees. */
  readonly disagreements: readonly string[];
  readonly judgement: Judgement;
}

export function compare(scene: Scene): Comparison {
  const time = downtimeIn(scene);
  const figures = figuresOf(scene);
  const [domain, oracle] = [judgementBy(scene, time, figures), judgementOf(scene, figures)];
  return {
    disagreements: [
      ...differences(listed(scene, time), listedByOracle(scene, figures)),
      ...differences({ ...domain }, { ...oracle }),
      ...(isOrdered(scene) ? outageDifferences(scene, time) : []),
      ...ratioErrors(time),
      ...untruths(scene, time, domain),
    ],
    judgement: domain,
  };
}

/** The domain judges by its own downtime; how long adjustments were is the report's sum, tested by hand. */
function judgementBy({ terms, stepMs }: Scene, time: Downtime, { adjustments }: Figures): Judgement {
  const availabilityMin = terms.availabilityMin / 1e6;
  const one = judgeConnectivity({ downUnderSeconds: terms.downUnderMs / 1000, availabilityMin }, time);
  const three = judgeOperations(
    {
      faultsMaxSeconds: terms.faultsMaxMs / 1000,
      adjustmentsMaxSeconds: terms.adjustmentsMaxMs / 1000,
      availabilityMin,
    },
    time,
    adjustments * stepMs,
  );
  return {
    downtime: one.downtime,
    availability: one.availability,
    connectivity: one.verdict,
    faults: three.faults,
    adjustments: three.adjustments,
    operations: three.verdict,
  };
}

type Listed = Readonly<Record<string, unknown>>;

function listed({ stepMs }: Scene, time: Downtime): Listed {
  const steps = (ms: number): number => ms / stepMs;
  const bounds = ({ loMs, hiMs }: DownBounds): string => show({ lo: steps(loMs), hi: steps(hiMs) });
  const { coverage, days } = time;
  return {
    down: bounds(time.down),
    raw: bounds(time.raw),
    excused: steps(time.excusedMs),
    of: steps(time.ofMs),
    unknown: steps(coverage.unknownMs),
    longestGap: steps(coverage.longestGapMs),
    days: [days.faultFree, days.faulty, days.open, days.ahead].join(' '),
    faultyDays: show(faultyDays(days)),
    parts: time.figures
      .map(({ part, down, unknownMs }) => `${part} ${bounds(down)} ${unknownMs === null ? 'untold' : steps(unknownMs)}`)
      .toSorted()
      .join(', '),
  };
}

function listedByOracle({ length, terms }: Scene, figures: Figures): Listed {
  const { down, raw, excused, unknown, longestGap, days, parts } = figures;
  return {
    down: show(down),
    raw: show(raw),
    excused,
    of: terms.denominator === 'month' ? length : length - excused,
    unknown,
    longestGap,
    days: [days.faultFree, days.faulty, days.open, days.ahead].join(' '),
    faultyDays: show(figures.faultyDays),
    parts: [...parts]
      .map(([part, bounds]) => `${part} ${show(bounds)} ${part === 'round-trip' ? 'untold' : bounds.unknown}`)
      .toSorted()
      .join(', '),
  };
}

function differences(domain: Listed, oracle: Listed): readonly string[] {
  return Object.keys(oracle).flatMap((name) =>
    domain[name] === oracle[name] ? [] : [`${name}: domain ${String(domain[name])}, oracle ${String(oracle[name])}`],
  );
}

/** Whether every endpoint's checks stand in the order of the wall clock. */
function isOrdered({ endpoints, checks }: Scene): boolean {
  return endpoints.every((endpoint) => {
    const own = checks.filter((check) => check.endpoint === endpoint);
    return own.every(({ at }, index) => index === 0 || at > (own[index - 1]?.at ?? at));
  });
}

function outageDifferences(scene: Scene, time: Downtime): readonly string[] {
  const step = (ms: number | null): number | null => (ms === null ? null : (ms - scene.originMs) / scene.stepMs);
  const ours = outagesOf(time.parts, time.elapsed).map(
    ({ part, path, beganAfterMs, beganByMs, endedAfterMs, endedByMs, checks, reason }) =>
      JSON.stringify([
        part,
        path,
        step(beganAfterMs),
        step(beganByMs),
        step(endedAfterMs),
        step(endedByMs),
        checks,
        reason,
      ]),
  );
  const theirs = outagesIn(scene).map((outage) => JSON.stringify(Object.values(outage)));
  return differences({ outages: ours.toSorted().join('\n') }, { outages: theirs.toSorted().join('\n') });
}

/** Rounded outwards, and by less than a billionth. */
function ratioErrors({ down, ofMs }: Downtime): readonly string[] {
  if (ofMs === 0) return [];
  const { lo, hi } = availabilityOf(down, ofMs);
  const [least, most] = [1 - down.hiMs / ofMs, 1 - down.loMs / ofMs];
  const near = (wide: number, narrow: number): boolean => wide <= narrow + 1e-15 && narrow - wide < 1e-9 + 1e-15;
  return near(lo, least) && near(-hi, -most)
    ? []
    : [`availability [${lo}, ${hi}] is not [${least}, ${most}] rounded outwards`];
}

/** What really was must lie within the figures, and no verdict may deny it. */
function untruths(scene: Scene, time: Downtime, domain: Judgement): readonly string[] {
  const truth = truthOf(scene);
  if (truth === null) return [];
  const { terms, stepMs } = scene;
  const trueMs = truth.down * stepMs;
  const problems: string[] = [];
  if (trueMs < time.down.loMs || trueMs > time.down.hiMs)
    problems.push(`down [${time.down.loMs}, ${time.down.hiMs}] misses the true ${trueMs}`);
  const days = faultyDays(time.days);
  if (truth.faultyDays < days.lo || truth.faultyDays > days.hi)
    problems.push(`faulty days ${show(days)} miss the true ${truth.faultyDays}`);
  const denied = (name: 'downtime' | 'faults' | 'availability', kept: boolean): void => {
    if (domain[name] === (kept ? 'BREACH' : 'MET'))
      problems.push(`${name} is ${domain[name]}, in truth it was ${kept ? 'kept' : 'missed'}`);
  };
  denied('downtime', trueMs < terms.downUnderMs);
  denied('faults', trueMs <= terms.faultsMaxMs);
  denied('availability', BigInt(time.ofMs - trueMs) * 1_000_000n >= BigInt(terms.availabilityMin) * BigInt(time.ofMs));
  return problems;
}

function show({ lo, hi }: Bounds): string {
  return `[${lo}, ${hi}]`;
}
