/** Whatever happened, and however much of it was seen: the verdict's figures hold the truth, and nothing but knowledge narrows them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DelayClause } from '../../../src/domain/contract-terms.ts';
import type { DelayFigures, DelayVerdict } from '../../../src/domain/delay/month-verdict.ts';
import type { Exclusion } from '../../../src/domain/exclusion.ts';
import type { Interval } from '../../../src/domain/interval.ts';
import type { ProbeRecord } from '../../../src/domain/record.ts';
import { accepted, at, CLAUSE, capture, delivered, exclusion, probe, uncertain, verdictOn } from '../month-case.ts';

/** Seconds. Small numbers, so that edges are met often; the limits are of the same size. */
const SPAN = 300;
const LOST_AFTER = 1000;
const END = SPAN + LOST_AFTER + 100;
/** Beyond the millisecond and the clock's rate over the whole span. */
const TOLERANCE = 0.002;

/** What really became of a message: seconds from T0. */
interface Truth {
  readonly accepted: number;
  readonly fate: { readonly kind: 'out' | 'bounced'; readonly at: number } | { readonly kind: 'never' };
  /** The connection died before the 250 was read. */
  readonly uncertain: boolean;
}
/** How well an agent sees: everything up to so many seconds off. */
interface Sight {
  readonly handed: number;
  readonly replied: number;
  readonly before: number;
  readonly after: number;
  /** Whether the start of each transfer may have been missed from some moment on. */
  readonly unseenAfter: number | null;
}

const seconds = (max: number) => fc.integer({ min: 0, max: max * 4 }).map((quarters) => quarters / 4);
const anyTruth: fc.Arbitrary<Truth> = fc
  .record({
    accepted: seconds(SPAN),
    fate: fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('out' as const), after: seconds(150) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('bounced' as const), after: seconds(150) }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'never' as const }) },
    ),
    uncertain: fc.integer({ min: 0, max: 9 }).map((die) => die === 0),
  })
  .map(({ fate, ...rest }) => ({
    ...rest,
    fate: fate.kind === 'never' ? fate : { kind: fate.kind, at: rest.accepted + fate.after },
  }));
const anyTruths = fc.array(anyTruth, { minLength: 1, maxLength: 8 });
const anySight: fc.Arbitrary<Sight> = fc.record({
  handed: seconds(3),
  replied: seconds(3),
  before: seconds(20),
  after: seconds(20),
  unseenAfter: fc.option(seconds(40), { freq: 4 }),
});
const anySights = fc.array(anySight, { minLength: 8, maxLength: 8 });
const anyExclusion = fc
  .record({ from: seconds(END), length: seconds(60) })
  .map(({ from, length }) => exclusion(from, from + length));
const anyExclusions = fc.array(anyExclusion, { maxLength: 4 });
const anyClause: fc.Arbitrary<DelayClause> = fc.record({
  id: fc.constant('2a'),
  kind: fc.constant('delay' as const),
  title: fc.constant(CLAUSE.title),
  remedy: fc.constant(null),
  path: fc.constant('send' as const),
  averageMaxSeconds: fc.integer({ min: 5, max: 80 }),
  maximumSeconds: fc.integer({ min: 20, max: 120 }),
  breachesFrom: fc.integer({ min: 1, max: 3 }),
  countedPer: fc.constantFrom('message', 'episode'),
  lossesInAverage: fc.boolean(),
  exclusions: fc.constant(CLAUSE.exclusions),
});

/** Nothing is proven closer to now than an agent's worst sight, or an absence would be claimed of what is already there. */
const lagOf = ({ before, after, replied }: Sight) => before + after + replied;

/** What an agent of this sight knows of a message at a moment. */
function seen(id: string, truth: Truth, sight: Sight, now: number): ProbeRecord {
  const { handed, replied, before, after, unseenAfter } = sight;
  const handedOver = at(truth.accepted - handed);
  const blindFrom = unseenAfter === null ? null : truth.accepted + unseenAfter;
  const blind = blindFrom !== null && blindFrom <= now ? { unseenSince: at(blindFrom) } : {};
  const common: Partial<ProbeRecord> = {
    handover: truth.uncertain ? uncertain(handedOver) : accepted(handedOver, at(truth.accepted + replied)),
    ...blind,
  };
  const { fate } = truth;
  if (fate.kind === 'out' && now >= fate.at + after)
    return probe(id, truth.accepted, { ...common, capture: capture(at(fate.at - before), at(fate.at + after)) });
  if (fate.kind === 'bounced' && now >= fate.at + after) {
    const notice = { action: 'failed', status: null, recipient: null, diagnostic: null } as const;
    const absentUntil = at(fate.at + after - lagOf(sight));
    return probe(id, truth.accepted, { ...common, notice, noticedAt: at(fate.at + after), absentUntil });
  }
  const expiry = truth.accepted + replied + LOST_AFTER;
  if (fate.kind === 'never' && now >= expiry)
    return probe(id, truth.accepted, { ...common, expired: true, absentUntil: at(expiry - lagOf(sight)) });
  return probe(id, truth.accepted, common);
}

function judged(
  truths: readonly Truth[],
  sights: readonly Sight[],
  now: number,
  clause: DelayClause,
  exclusions: readonly Exclusion[],
): DelayVerdict {
  const used = sights.slice(0, truths.length);
  const records = truths.map((truth, index) => seen(`p${index}`, truth, used[index]!, now));
  return verdictOn(records, { clause, exclusions, provenUntil: now - Math.max(...used.map(lagOf)) });
}

/** Seconds of a delay that no exclusion covers, quarter by quarter. */
function stripped(from: number, to: number, exclusions: readonly Exclusion[]): number {
  let quarters = 0;
  for (let quarter = from * 4; quarter < to * 4; quarter += 1) {
    const ms = at(quarter / 4).wallMs;
    if (!exclusions.some(({ fromMs, toMs }) => fromMs <= ms && ms < toMs)) quarters += 1;
  }
  return quarters / 4;
}

/** A never-received message is nobody's: it was uncertain, and no trace of it came. */
const counts = ({ uncertain: unsure, fate }: Truth) => !(unsure && fate.kind === 'never');

interface Answer {
  readonly average: number | null;
  readonly messages: number;
  readonly episodes: number;
}

function answer(truths: readonly Truth[], clause: DelayClause, exclusions: readonly Exclusion[]): Answer {
  const endOf = ({ accepted: from, fate }: Truth) => (fate.kind === 'never' ? from + LOST_AFTER : fate.at);
  const delays = truths
    .filter(({ fate }) => fate.kind === 'out')
    .map((truth) => stripped(truth.accepted, endOf(truth), exclusions));
  const lossCounts = clause.lossesInAverage && truths.some((truth) => truth.fate.kind === 'never' && counts(truth));
  const [messages, episodes] = truths
    .map((truth, index) => ({ truth, index }))
    .filter(({ truth }) => counts(truth))
    .sort((one, other) => one.truth.accepted - other.truth.accepted || one.index - other.index)
    .reduce(
      ([breaches, runs, within], { truth }) => {
        const [raw, left] = [endOf(truth) - truth.accepted, stripped(truth.accepted, endOf(truth), exclusions)];
        if (left > clause.maximumSeconds) return [breaches + 1, within === 1 ? runs : runs + 1, 1] as const;
        return [breaches, runs, truth.fate.kind === 'out' && raw <= clause.maximumSeconds ? 0 : within] as const;
      },
      [0, 0, 0] as readonly [number, number, number],
    );
  // A loss that counts is without bound, and so is the average.
  const average = lossCounts ? Number.POSITIVE_INFINITY : delays.reduce((sum, each) => sum + each, 0) / delays.length;
  return { average: delays.length === 0 && !lossCounts ? null : average, messages, episodes };
}

const holds = ({ lo, hi }: Interval, truth: number) => lo <= truth + TOLERANCE && truth <= hi + TOLERANCE;
const within = (inner: Interval | null, outer: Interval | null) =>
  inner === null || outer === null || (inner.lo >= outer.lo - 1e-9 && inner.hi <= outer.hi + 1e-9);

/** Sooner than the last message is accepted there is more to come; here all of them are on their way. */
const moments = [SPAN + 10, SPAN + 60, SPAN + 200, END + 200];
const RUNS = { numRuns: 250 };

describe('the figures', () => {
  it('hold the truth at every moment, and what is known later lies within what was known before', () => {
    fc.assert(
      fc.property(anyTruths, anySights, anyClause, anyExclusions, (truths, sights, clause, exclusions) => {
        const { average, messages, episodes } = answer(truths, clause, exclusions);
        let before: DelayFigures | null = null;
        for (const now of moments) {
          const { figures } = judged(truths, sights, now, clause, exclusions);
          const { excluded } = figures;
          expect(average === null || holds(excluded.average!, average)).toBe(true);
          // The sight orders messages that were accepted almost together otherwise than they were.
          expect(holds(excluded.breaches.messages, messages)).toBe(true);
          expect(!distinct(truths) || holds(excluded.breaches.episodes, episodes)).toBe(true);
          for (const kind of ['excluded', 'raw'] as const) {
            expect(within(figures[kind].average, before?.[kind].average ?? null)).toBe(true);
            expect(within(figures[kind].breaches.messages, before?.[kind].breaches.messages ?? null)).toBe(true);
            expect(within(figures[kind].breaches.episodes, before?.[kind].breaches.episodes ?? null)).toBe(true);
            expect(within(figures[kind].quantiles?.p50 ?? null, before?.[kind].quantiles?.p50 ?? null)).toBe(true);
            expect(within(figures[kind].quantiles?.p99 ?? null, before?.[kind].quantiles?.p99 ?? null)).toBe(true);
            expect(within(figures[kind].maximum, before?.[kind].maximum ?? null)).toBe(true);
          }
          before = figures;
        }
      }),
      RUNS,
    );
  });

  it('of any two agents never prove both a breach and its absence, at any two moments', () => {
    fc.assert(
      fc.property(
        anyTruths,
        anySights,
        anySights,
        anyClause,
        anyExclusions,
        (truths, one, other, clause, exclusions) => {
          fc.pre(distinct(truths));
          const verdicts = [one, other].flatMap((sights) =>
            moments.map((now) => judged(truths, sights, now, clause, exclusions)),
          );
          for (const part of ['average', 'maximum', 'verdict'] as const) {
            const said = new Set(verdicts.map((verdict) => verdict[part]));
            expect(said.has('BREACH') && said.has('MET')).toBe(false);
          }
        },
      ),
      RUNS,
    );
  });

  it('are worse for the provider in nothing once more is excluded', () => {
    fc.assert(
      fc.property(
        anyTruths,
        anySights,
        anyClause,
        anyExclusions,
        anyExclusion,
        fc.constantFrom(...moments),
        (truths, sights, clause, exclusions, more, now) => {
          const before = judged(truths, sights, now, clause, exclusions);
          const after = judged(truths, sights, now, clause, [...exclusions, more]);
          const rank = { MET: 0, INCONCLUSIVE: 1, BREACH: 2 };
          for (const part of ['average', 'maximum', 'verdict'] as const)
            expect(rank[after[part]]).toBeLessThanOrEqual(rank[before[part]]);
          const [was, is] = [before.figures.excluded, after.figures.excluded];
          expect(noWorse(is.average, was.average)).toBe(true);
          expect(noWorse(is.maximum, was.maximum)).toBe(true);
          expect(noWorse(is.breaches.messages, was.breaches.messages)).toBe(true);
          expect(noWorse(is.breaches.episodes, was.breaches.episodes)).toBe(true);
          for (const quantile of ['p50', 'p95', 'p99'] as const)
            expect(noWorse(is.quantiles?.[quantile], was.quantiles?.[quantile])).toBe(true);
          expect(after.figures.raw).toEqual(before.figures.raw);
        },
      ),
      RUNS,
    );
  });

  it('are the same in whatever order the records and exclusions come', () => {
    const shuffled = <T>(all: readonly T[]) => fc.shuffledSubarray([...all], { minLength: all.length });
    fc.assert(
      fc.property(
        anyTruths.chain((truths) => fc.tuple(fc.constant(truths), shuffled(truths.map((_, index) => index)))),
        anySights,
        anyExclusions.chain((all) => fc.tuple(fc.constant(all), shuffled(all))),
        ([truths, order], sights, [exclusions, mixed]) => {
          const records = truths.map((truth, index) => seen(`p${index}`, truth, sights[index]!, SPAN + 60));
          const plain = verdictOn(records, { exclusions, provenUntil: 100 });
          expect(
            verdictOn(
              order.map((index) => records[index]!),
              { exclusions: mixed, provenUntil: 100 },
            ),
          ).toEqual(plain);
        },
      ),
      RUNS,
    );
  });
});

/** Far enough apart that no agent mistakes their order. */
function distinct(truths: readonly Truth[]): boolean {
  const times = truths.map((truth) => truth.accepted).sort((one, other) => one - other);
  return times.every((time, index) => index === 0 || time - (times[index - 1] ?? time) > 6);
}

function noWorse(is: Interval | null | undefined, was: Interval | null | undefined): boolean {
  if (is === null || is === undefined || was === null || was === undefined) return true;
  return is.lo <= was.lo + 1e-9 && is.hi <= was.hi + 1e-9;
}

it('a month of 45,000 probes is judged in well under a second of work', () => {
  const month = Array.from({ length: 45_000 }, (_, index) =>
    index % 500 === 0 ? probe(`p${index}`, index * 40) : delivered(`p${index}`, index * 40, (index % 90) + 1),
  );
  const exclusions = Array.from({ length: 50 }, (_, index) => exclusion(index * 20_000, index * 20_000 + 3000));
  const { figures } = verdictOn(month, { exclusions, provenUntil: 45_000 * 40 });
  expect(figures.outcomes).toMatchObject({ delivered: 44_910, pending: 90 });
});
