/** What must hold of availability whatever happens to a service, and however an agent sees it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureDowntime } from '../../../src/domain/availability/downtime.ts';
import { outagesOf } from '../../../src/domain/availability/outages.ts';
import type { Run } from '../../../src/domain/availability/run.ts';
import {
  anyAgent,
  anyExclusion,
  anyExclusions,
  anyTerms,
  anyTrips,
  anyTruth,
  caseOf,
  DAYS,
  LENGTH,
  seen,
  tripsAt,
  trueDown,
  verdictsOn,
} from '../availability-agent.ts';

const RUNS = { numRuns: 300 };

describe('downtime', () => {
  it('holds the truth, in seconds and in days', () => {
    fc.assert(
      fc.property(anyTruth, anyAgent, anyExclusions, (truth, agent, exclusions) => {
        const { down, days } = seen(truth, agent, { exclusions });
        const { seconds, days: faulty } = trueDown(truth, exclusions);
        expect(down.loMs).toBeLessThanOrEqual(seconds * 1000);
        expect(down.hiMs).toBeGreaterThanOrEqual(seconds * 1000);
        expect(days.faulty).toBeLessThanOrEqual(faulty);
        expect(days.faulty + days.open).toBeGreaterThanOrEqual(faulty);
        expect(days.faulty + days.open + days.faultFree).toBe(DAYS.length);
      }),
      RUNS,
    );
  });

  it('of any two agents is never judged a breach by one and met by the other', () => {
    fc.assert(
      fc.property(
        anyTruth,
        anyAgent,
        anyAgent,
        anyExclusions,
        anyTerms,
        fc.constantFrom('month', 'month-less-exclusions'),
        (truth, one, other, exclusions, terms, denominator) => {
          const [ours, theirs] = [one, other].map((agent) =>
            verdictsOn(seen(truth, agent, { exclusions, denominator }), terms),
          );
          for (const [index, verdict] of (ours ?? []).entries())
            expect(new Set([verdict, theirs?.[index]]).isSupersetOf(new Set(['BREACH', 'MET']))).toBe(false);
        },
      ),
      RUNS,
    );
  });

  it('is known no worse with more checks', () => {
    const extra = fc.array(fc.integer({ min: -100, max: LENGTH + 60 }), { maxLength: 40 });
    fc.assert(
      fc.property(anyTruth, anyAgent, fc.tuple(extra, extra, extra), anyTrips, (truth, agent, more, trips) => {
        const known = { trips: tripsAt(trips, LENGTH + 60) };
        const [few, many] = [seen(truth, agent, known), seen(truth, agent, { ...known, extra: more })];
        expect(many.down.loMs).toBeGreaterThanOrEqual(few.down.loMs);
        expect(many.down.hiMs).toBeLessThanOrEqual(few.down.hiMs);
        expect(many.coverage.unknownMs).toBeLessThanOrEqual(few.coverage.unknownMs);
      }),
      RUNS,
    );
  });

  it('is no worse for the provider in anything once more is excluded', () => {
    const rank = { MET: 0, INCONCLUSIVE: 1, BREACH: 2 };
    fc.assert(
      fc.property(
        anyTruth,
        anyAgent,
        anyExclusions,
        anyExclusion,
        anyTrips,
        anyTerms,
        (truth, agent, exclusions, more, trips, terms) => {
          const known = { trips: tripsAt(trips, LENGTH + 60) };
          const before = seen(truth, agent, { ...known, exclusions });
          const after = seen(truth, agent, { ...known, exclusions: [...exclusions, more] });
          expect(after.down.loMs).toBeLessThanOrEqual(before.down.loMs);
          expect(after.down.hiMs).toBeLessThanOrEqual(before.down.hiMs);
          expect(after.days.faulty).toBeLessThanOrEqual(before.days.faulty);
          expect(after.days.faultFree).toBeGreaterThanOrEqual(before.days.faultFree);
          expect([after.raw, after.coverage]).toEqual([before.raw, before.coverage]);
          const was = verdictsOn(before, terms);
          for (const [index, verdict] of verdictsOn(after, terms).entries())
            expect(rank[verdict]).toBeLessThanOrEqual(rank[was[index] ?? verdict]);
        },
      ),
      RUNS,
    );
  });

  it('that is proven stays so: no breach is taken back by a later check, or by mail that arrives after all', () => {
    const moments = [0, 300, 700, 1000, LENGTH, LENGTH + 60, LENGTH + 700];
    fc.assert(
      fc.property(anyTruth, anyAgent, anyTrips, anyTerms, (truth, agent, trips, terms) => {
        let [provenMs, broken] = [0, [] as readonly boolean[]];
        for (const now of moments) {
          const time = seen(truth, agent, { now, trips: tripsAt(trips, now) });
          expect(time.down.loMs).toBeGreaterThanOrEqual(provenMs);
          expect(time.down.hiMs).toBeGreaterThanOrEqual(time.down.loMs);
          const breaches = verdictsOn(time, terms).map((verdict) => verdict === 'BREACH');
          for (const [index, was] of broken.entries()) expect(breaches[index] || !was).toBe(true);
          [provenMs, broken] = [time.down.loMs, breaches];
        }
      }),
      RUNS,
    );
  });

  it('and its outages are the same in whatever order runs and exclusions come', () => {
    fc.assert(
      fc.property(
        anyTruth,
        anyAgent,
        anyExclusions,
        anyTrips,
        fc.infiniteStream(fc.nat()),
        (truth, agent, exclusions, trips, keys) => {
          const given = caseOf(truth, agent, { exclusions, trips: tripsAt(trips, LENGTH + 60) });
          const mixed = <T>(all: readonly T[]): readonly T[] =>
            all
              .map((each) => [each, keys.next().value ?? 0] as const)
              .toSorted(([, one], [, other]) => one - other)
              .map(([each]) => each);
          const { runs, exclusions: entered } = given.facts;
          const facts = {
            ...given.facts,
            runs: mixed(runs),
            exclusions: mixed(entered),
          };
          const [plain, shuffled] = [measureDowntime(given), measureDowntime({ ...given, facts })];
          expect(shuffled).toEqual(plain);
          expect(outagesOf(shuffled.parts, shuffled.elapsed)).toEqual(outagesOf(plain.parts, plain.elapsed));
        },
      ),
      RUNS,
    );
  });

  it('of each outage lies within that of its part, and together they are all of its proven time', () => {
    fc.assert(
      fc.property(anyTruth, anyAgent, anyExclusions, (truth, agent, exclusions) => {
        const time = seen(truth, agent, { exclusions });
        const outages = outagesOf(time.parts, time.elapsed);
        for (const { part, down } of time.figures) {
          const own = outages.filter((outage) => outage.part === part);
          const sum = (end: 'loMs' | 'hiMs') => own.reduce((total, outage) => total + outage.down[end], 0);
          expect(sum('loMs')).toBe(down.loMs);
          expect(sum('hiMs')).toBeLessThanOrEqual(down.hiMs);
        }
      }),
      RUNS,
    );
  });
});

it('a month of flapping, 50,000 runs, is measured with its outages in little work', () => {
  const runs = Array.from({ length: 50_000 }, (_, index): Run => {
    const kind = index % 2 === 0 ? 'up' : 'down';
    const fromMs = index * 50_000;
    return {
      provider: 'acme',
      endpoint: 'mx',
      kind,
      fromMs,
      toMs: fromMs + 50_000,
      checks: 2,
      cellMs: 30_000,
      reason: null,
    };
  });
  const month = { fromMs: 0, toMs: 50_000 * 50_000 };
  const facts = { ...caseOf([[], [], []], [[], [], []]).facts, runs, endpoints: ['mx'] as const };
  const time = measureDowntime({ facts, kinds: [], denominator: 'month', month, days: [month], nowMs: month.toMs });
  expect(time.down).toEqual({ loMs: 25_000 * 50_000, hiMs: 25_000 * 50_000 });
  expect(outagesOf(time.parts, time.elapsed)).toHaveLength(25_000);
});
