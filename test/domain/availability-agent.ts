/**
 * A service that really was up and down, and agents that check it, for the properties of availability. Its outages, and the time
 * between them, are longer than two cells: shorter ones may be missed, as the report says.
 */
import fc from 'fast-check';
import { type AvailabilityCase, type Downtime, measureDowntime } from '../../src/domain/availability/downtime.ts';
import type { AvailabilityFacts, RoundTrip } from '../../src/domain/availability/facts.ts';
import type { Run } from '../../src/domain/availability/run.ts';
import { judgeConnectivity, judgeOperations } from '../../src/domain/availability/verdict.ts';
import type { Denominator } from '../../src/domain/contract-terms.ts';
import type { Verdict } from '../../src/domain/delay/month-verdict.ts';
import { ENDPOINTS, type Endpoint } from '../../src/domain/endpoint.ts';
import { DEFAULT_EXCLUSIONS, EXCLUSION_KINDS, type Exclusion } from '../../src/domain/exclusion.ts';
import { PATHS } from '../../src/domain/probe.ts';
import { instantAt } from './availability-case.ts';

/** Seconds. */
const CELL = 10;
export const LENGTH = 1200;
export const DAYS = [0, 300, 600, 900];

interface Spell {
  readonly from: number;
  readonly to: number;
}

/** When each endpoint was down: some, none, or from before the month until after it. */
const anySpells: fc.Arbitrary<readonly Spell[]> = fc
  .array(
    fc.record({ up: fc.integer({ min: 2 * CELL + 1, max: 500 }), down: fc.integer({ min: 2 * CELL + 1, max: 120 }) }),
    { maxLength: 5 },
  )
  .map((lengths) => {
    let at = -150;
    return lengths.map(({ up, down }) => {
      const from = at + up;
      at = from + down;
      return { from, to: at };
    });
  });
export const anyTruth = fc.tuple(anySpells, anySpells, anySpells);
export type Truth = readonly (readonly Spell[])[];

/** Of one cell: when in it the check takes place and whether a control is healthy beside it; null where there is none. */
const anySight = fc.option(
  fc.record({
    offset: fc.integer({ min: 0, max: CELL - 1 }),
    control: fc.integer({ min: 0, max: 9 }).map((die) => die > 0),
  }),
  {
    freq: 12,
  },
);
const CELLS = LENGTH / CELL + 20;
const FIRST_CELL = -10;
export const anyAgent = fc.array(fc.array(anySight, { minLength: CELLS, maxLength: CELLS }), {
  minLength: 3,
  maxLength: 3,
});
export type Agent = readonly (readonly ({ readonly offset: number; readonly control: boolean } | null)[])[];

interface Check {
  readonly at: number;
  readonly control: boolean;
}

function checksOf(agent: Agent, index: number): readonly Check[] {
  return (agent[index] ?? []).flatMap((sight, cell) =>
    sight === null ? [] : [{ at: (FIRST_CELL + cell) * CELL + sight.offset, control: sight.control }],
  );
}

/** As the fold gathers them (availability/run.ts). */
function runsOf(endpoint: Endpoint, checks: readonly Check[], down: readonly Spell[], now: number): readonly Run[] {
  const runs: Run[] = [];
  for (const { at, control } of checks.toSorted((one, other) => one.at - other.at)) {
    if (at > now) break;
    const fails = down.some(({ from, to }) => from <= at && at < to);
    const kind = fails ? (control ? 'down' : 'doubtful') : 'up';
    const last = runs.at(-1);
    const ms = at * 1000;
    if (last?.kind === kind && ms - last.toMs <= 2 * CELL * 1000)
      runs[runs.length - 1] = { ...last, toMs: ms, checks: last.checks + 1 };
    else
      runs.push({
        provider: 'acme',
        endpoint,
        kind,
        fromMs: ms,
        toMs: ms,
        checks: 1,
        cellMs: CELL * 1000,
        reason: fails ? 'no' : null,
      });
  }
  return runs;
}

interface View {
  readonly extra?: readonly (readonly number[])[];
  readonly exclusions?: readonly Exclusion[];
  readonly trips?: readonly RoundTrip[];
  readonly now?: number;
  readonly denominator?: Denominator;
}

export function caseOf(truth: Truth, agent: Agent, view: View = {}): AvailabilityCase {
  const { extra = [], exclusions = [], trips = [], now = LENGTH + 60, denominator = 'month' } = view;
  const facts: AvailabilityFacts = {
    runs: ENDPOINTS.flatMap((endpoint, index) => {
      const more = (extra[index] ?? []).map((at) => ({ at, control: true }));
      const known = checksOf(agent, index);
      const added = more.filter(({ at }) => !known.some((check) => check.at === at));
      return runsOf(endpoint, [...known, ...added], truth[index] ?? [], now);
    }),
    roundTrips: trips,
    served: [],
    unmeasured: { submission: 0, mx: 0, mailbox: 0 },
    exclusions,
    endpoints: ENDPOINTS,
    head: { seq: 1, hash: '' },
  };
  const range = (from: number, to: number) => ({ fromMs: from * 1000, toMs: to * 1000 });
  return {
    facts,
    kinds: DEFAULT_EXCLUSIONS.operations,
    denominator,
    month: range(0, LENGTH),
    days: DAYS.map((from) => range(from, from + 300)),
    nowMs: now * 1000,
  };
}
export const seen = (truth: Truth, agent: Agent, view: View = {}): Downtime =>
  measureDowntime(caseOf(truth, agent, view));

export const anyTerms = fc.record({
  downUnderSeconds: fc.integer({ min: 1, max: 400 }),
  availabilityMin: fc.integer({ min: 500, max: 1000 }).map((parts) => parts / 1000),
  faultsMaxSeconds: fc.integer({ min: 0, max: 400 }),
  adjustmentsMaxSeconds: fc.constant(60),
});
type Terms = typeof anyTerms extends fc.Arbitrary<infer T> ? T : never;

export function verdictsOn(time: Downtime, terms: Terms): readonly Verdict[] {
  const { downtime, availability, verdict } = judgeConnectivity(terms, time);
  const operations = judgeOperations(terms, time, 0);
  return [downtime, availability, verdict, operations.faults, operations.availability, operations.verdict];
}

export const anyExclusion: fc.Arbitrary<Exclusion> = fc
  .record({
    kind: fc.constantFrom(...EXCLUSION_KINDS),
    path: fc.option(fc.constantFrom(...PATHS), { freq: 2 }),
    from: fc.integer({ min: -100, max: LENGTH }),
    length: fc.integer({ min: 1, max: 400 }),
  })
  .map(({ kind, path, from, length }) => {
    const entered = { by: 'Li Wei', evidence: '', note: '' };
    return {
      id: `${from}`,
      kind,
      provider: 'acme',
      path,
      fromMs: from * 1000,
      toMs: (from + length) * 1000,
      ...entered,
    };
  });
export const anyExclusions = fc.array(anyExclusion, { maxLength: 4 });

/** Probes with distinct moments; each is known to have failed or been delivered some time after it was planned. */
export const anyTrips = fc
  .uniqueArray(
    fc.record({
      path: fc.constantFrom(...PATHS),
      at: fc.integer({ min: -100, max: LENGTH }),
      delivered: fc.boolean(),
      byProvider: fc.boolean(),
      knownAfter: fc.integer({ min: 0, max: 600 }),
    }),
    { selector: ({ at }) => at, maxLength: 10 },
  )
  .map((trips) => trips.toSorted((one, other) => one.at - other.at));
export type Trips = typeof anyTrips extends fc.Arbitrary<infer T> ? T : never;

export function tripsAt(trips: Trips, now: number): readonly RoundTrip[] {
  return trips
    .filter(({ at }) => at <= now)
    .map(({ path, at, delivered, byProvider, knownAfter }) => {
      const known = at + knownAfter <= now;
      const failed = known && !delivered;
      return {
        probe: `p${at}`,
        path,
        planned: instantAt(at * 1000),
        delivered: known ? delivered : null,
        byProvider: failed && byProvider,
        isCovered: false,
        reason: failed ? 'lost' : null,
      };
    });
}

/** Second by second, with an endpoint's time taken out where all paths that need it are excluded. */
export function trueDown(
  truth: Truth,
  exclusions: readonly Exclusion[],
): { readonly seconds: number; readonly days: number } {
  const needs = [['send', 'internal'], ['receive'], ['receive', 'internal']];
  const down = Array.from({ length: LENGTH }, (_, second) =>
    truth.some((spells, index) => {
      const excused = needs[index]?.every((need) =>
        exclusions.some(
          ({ kind, path, fromMs, toMs }) =>
            DEFAULT_EXCLUSIONS.operations.includes(kind) &&
            (path === null || path === need) &&
            fromMs <= second * 1000 &&
            second * 1000 < toMs,
        ),
      );
      return excused === false && spells.some(({ from, to }) => from <= second && second < to);
    }),
  );
  return {
    seconds: down.filter(Boolean).length,
    days: DAYS.filter((from) => down.slice(from, from + 300).includes(true)).length,
  };
}
