/** A month's downtime by the provider's own books, and what the report says of it held against that. */
import { DEEP_EVERY } from '../../../src/domain/check-plan.ts';
import type { ConnectivityClause, OperationsClause } from '../../../src/domain/contract-terms.ts';
import { ENDPOINTS, type Endpoint } from '../../../src/domain/endpoint.ts';
import type { Exclusion } from '../../../src/domain/exclusion.ts';
import { PATHS, type Path } from '../../../src/domain/probe.ts';
import { outcomeOf, type ProbeRecord } from '../../../src/domain/record.ts';
import type { ConnectivityClauseReport, OperationsClauseReport } from '../../../src/domain/report/report.ts';
import { daysOf, monthRange } from '../../../src/domain/time/calendar.ts';
import { isoText } from '../../../src/domain/time/instant.ts';
import {
  clip,
  intersect,
  type MsRange,
  normalise,
  type SpanSet,
  subtract,
  totalMs,
} from '../../../src/domain/time/span-set.ts';
import { CHECK_MS_MAX } from '../../../src/ports.ts';
import type { WorldView } from '../simulation.ts';
import type { Outage } from '../truth.ts';
import { bounds, type Claim, placeOf } from './claims.ts';
import { holdVerdict } from './delay.ts';
import type { Findings } from './findings.ts';
import { appliesTo } from './true-delay.ts';
import { type ShownTime, shownBetween, shownWhile } from './wall.ts';

type AvailabilityReport = ConnectivityClauseReport | OperationsClauseReport;
type AvailabilityTerms = ConnectivityClause | OperationsClause;

/** Seconds: the wall clock is read in whole milliseconds, at either end of every span. */
const ROUNDING = 0.1;
/** Who cannot reach an endpoint cannot use these (contract.md, clause 1). */
const USED_BY: Readonly<Record<Endpoint, readonly Path[]>> = {
  submission: ['send', 'internal'],
  mx: ['receive'],
  mailbox: ['receive', 'internal'],
};
/** Two probes of a path that the provider failed, one after the other and no further apart, show it down between them; on `send` our own sink may be at fault. */
const FAILURES_APART_MAX_MS = 30 * 60_000;
const SHOWN_BY_PROBES: readonly Path[] = ['receive', 'internal'];

/** What the clock showed of outages; what was up between two of them for so short a time that no check needs to have seen it may be taken for down. */
function shownOf({ books, checkEverySeconds }: WorldView, outages: readonly MsRange[], nowMs: number): ShownTime {
  const { surely } = shownWhile(books, outages, nowMs);
  const inOrder = [...normalise(outages)];
  const missed = inOrder.flatMap(({ fromMs: toMs }, index): readonly MsRange[] => {
    const fromMs = inOrder[index - 1]?.toMs ?? Number.NEGATIVE_INFINITY;
    return toMs - fromMs < 2 * checkEverySeconds * 1000 ? [{ fromMs, toMs }] : [];
  });
  return { surely, ever: shownWhile(books, [...inOrder, ...missed], nowMs).ever };
}

/** Seconds: what may be claimed to be down at most, and what must be left open at least. */
interface TrueDown {
  readonly loMost: number;
  readonly hiLeast: number;
}

export function holdAvailability(view: WorldView, claim: Claim, clause: AvailabilityReport, findings: Findings): void {
  const terms = view.contracts.get(claim.provider)?.clauses.find(({ id }) => id === clause.id);
  if (terms?.kind !== 'connectivity' && terms?.kind !== 'operations')
    return findings.say(`clause ${clause.id} is not in the contract`);
  const place = placeOf(claim, clause);
  const truth = new MonthTruth(view, claim, terms);
  const hold = (what: string, figure: { lo: number; hi: number | null }, { loMost, hiLeast }: TrueDown): void => {
    const { lo, hi } = bounds(figure);
    findings.hold(lo <= loMost + ROUNDING, () => `${place}: ${what} down for at least ${lo} s, was for ${loMost} s`);
    findings.hold(hi >= hiLeast - ROUNDING, () => `${place}: ${what} down for at most ${hi} s, was for ${hiLeast} s`);
  };
  const down = truth.down(truth.stripped());
  hold('all', clause.figures.downSeconds, down);
  hold('all, before exclusions,', clause.figures.raw.downSeconds, truth.down(truth.raw()));
  for (const { part, downSeconds } of clause.figures.parts)
    hold(part, downSeconds, truth.down(part === 'round-trip' ? truth.roundTrips() : truth.stripped([part], [])));
  holdLimits(place, clause, down, truth, findings);
  if (clause.kind === 'operations') holdDays(place, clause, truth, findings);
}

/** Seconds: a kept session is good, and shows nothing of these, until the next login. */
const SHOWN_BY_LOGINS = new Set<Outage['how']>(['deep', 'certificate']);
const RENEWED_AFTER = DEEP_EVERY + CHECK_MS_MAX / 1000;

/**
 * One by one what sums may hide, where most of a month was not measured at all: no run of good checks spans an outage that it cannot
 * have missed, and no run that proves downtime reaches beyond one. Call when the last outage is long over.
 */
export function holdRuns(view: WorldView, findings: Findings): void {
  const missable = (how: Outage['how']): number =>
    (2 * view.checkEverySeconds + 1 + (SHOWN_BY_LOGINS.has(how) ? RENEWED_AFTER : 0)) * 1000;
  for (const provider of view.contracts.keys()) {
    for (const endpoint of ENDPOINTS) {
      const all = view.books.outages.filter((each) => each.provider === provider && each.endpoint === endpoint);
      const nowMs = view.nowMs();
      const { ever } = shownOf(view, all, nowMs);
      const shown = shownWhile(view.books, [{ fromMs: 0, toMs: nowMs }], nowMs).ever;
      const long = all.filter(({ how, fromMs, toMs }) => toMs - fromMs > missable(how));
      const { surely } = shownWhile(view.books, long, nowMs);
      for (const run of runsOf(view, provider, endpoint)) {
        const name = `${provider} ${endpoint}, checks from ${isoText(run.fromMs)} to ${isoText(run.toMs)}`;
        const good = totalMs(clip(surely, run)) / 1000;
        // What a clock that is set forward leaves out is nobody's: by less than a step it is not told from a slewed one.
        const outside = totalMs(intersect(subtract([run], ever), shown)) / 1000;
        if (run.kind === 'up') findings.hold(good <= ROUNDING, () => `${name}: good, and it was down for ${good} s`);
        if (run.kind === 'down' && run.checks > 1)
          findings.hold(outside <= ROUNDING, () => `${name}: failed, and it was up for ${outside} s`);
      }
    }
  }
}

function runsOf(
  view: WorldView,
  provider: string,
  endpoint: Endpoint,
): readonly (MsRange & { kind: string; checks: number })[] {
  const rows = view.ledger.db.prepare(
    'SELECT from_ms, to_ms, kind, checks FROM runs WHERE provider = ? AND endpoint = ?',
  );
  return rows.all(provider, endpoint).map((row) => ({
    fromMs: Number(row['from_ms']),
    toMs: Number(row['to_ms']),
    kind: String(row['kind']),
    checks: Number(row['checks']),
  }));
}

function holdLimits(
  place: string,
  clause: AvailabilityReport,
  down: TrueDown,
  truth: MonthTruth,
  findings: Findings,
): void {
  const { limits } = clause;
  const ofSeconds = truth.ofSeconds(limits.denominator);
  const share = (seconds: number): boolean => seconds > (1 - limits.availabilityMin) * ofSeconds;
  // A hair at the limit is the agent's to judge, who counts in whole milliseconds.
  const judge = (what: string, verdict: string, broken: (seconds: number) => boolean): void =>
    holdVerdict(
      `${place}, ${what}`,
      verdict,
      broken(down.loMost + ROUNDING),
      broken(down.hiLeast - ROUNDING),
      findings,
    );
  judge('availability', clause.verdicts.availability, share);
  if (clause.kind === 'connectivity') {
    const { downUnderSeconds } = clause.limits;
    judge('downtime', clause.verdicts.downtime, (seconds) => seconds >= downUnderSeconds);
    return;
  }
  const { faultsMaxSeconds, adjustmentsMaxSeconds } = clause.limits;
  judge('faults', clause.verdicts.faults, (seconds) => seconds > faultsMaxSeconds);
  const adjusted = truth.adjustedSeconds();
  findings.hold(
    Math.abs(clause.figures.adjustmentSeconds.lo - adjusted) < ROUNDING,
    () => `${place}: ${clause.figures.adjustmentSeconds.lo} s of adjustments, were ${adjusted} s`,
  );
  const broken = adjusted > adjustmentsMaxSeconds;
  holdVerdict(`${place}, adjustments`, clause.verdicts.adjustments, broken, broken, findings);
}

/** A day proven to have a fault had one, and one without had none. */
function holdDays(place: string, clause: OperationsClauseReport, truth: MonthTruth, findings: Findings): void {
  const { ever, surely } = truth.stripped();
  const { faulty, faultFree } = clause.figures.days;
  const days = truth.days();
  const mayHave = days.filter((day) => totalMs(clip(ever, day)) > 0).length;
  const without = days.filter((day) => totalMs(clip(surely, day)) <= ROUNDING * 1000).length;
  findings.hold(faulty <= mayHave, () => `${place}: ${faulty} days with a fault, were ${mayHave}`);
  findings.hold(
    faultFree <= without || !truth.complete,
    () => `${place}: ${faultFree} days without a fault, were ${without}`,
  );
}

/** Between two failed probes. */
interface Hull extends MsRange {
  /** Whether the agent knew of both when it was done, by a clock that was not set. */
  readonly isTold: boolean;
}

/** One provider's month so far. */
class MonthTruth {
  readonly #view: WorldView;
  readonly #claim: Claim;
  readonly #terms: AvailabilityTerms;
  readonly #elapsed: MsRange;
  readonly #shown: Readonly<Record<Endpoint, ShownTime>>;

  constructor(view: WorldView, claim: Claim, terms: AvailabilityTerms) {
    this.#view = view;
    this.#claim = claim;
    this.#terms = terms;
    const { fromMs, toMs } = monthRange(claim.month, claim.report.timeZone);
    this.#elapsed = { fromMs, toMs: Math.min(toMs, Math.max(fromMs, claim.wallMs)) };
    const shown = (endpoint: Endpoint): ShownTime => {
      const outages = view.books.outages.filter(
        (each) => each.provider === claim.provider && each.endpoint === endpoint,
      );
      return shownOf(view, outages, claim.nowMs);
    };
    this.#shown = { submission: shown('submission'), mx: shown('mx'), mailbox: shown('mailbox') };
  }

  /** Whether all that was down must be in the upper bound: no outage is shorter than what is noticed, and none may yet be. */
  get complete(): boolean {
    return this.#view.outagesCannotBeMissed && this.#claim.when !== 'provisional';
  }

  /** Nobody knows of the time since the last login, which may be so long ago, whether anybody was let in. */
  get #known(): MsRange {
    if (this.#claim.when !== 'provisional') return this.#elapsed;
    const unknownMs = (DEEP_EVERY + 3 * this.#view.checkEverySeconds) * 1000;
    return { ...this.#elapsed, toMs: Math.max(this.#elapsed.fromMs, this.#elapsed.toMs - unknownMs) };
  }

  down({ surely, ever }: ShownTime): TrueDown {
    return {
      loMost: totalMs(clip(ever, this.#elapsed)) / 1000,
      hiLeast: this.#view.outagesCannotBeMissed ? totalMs(clip(surely, this.#known)) / 1000 : 0,
    };
  }

  raw(): ShownTime {
    return together([
      ...ENDPOINTS.map((endpoint) => this.#shown[endpoint]),
      ...SHOWN_BY_PROBES.map((path) => this.#failed(path)),
    ]);
  }

  /** Of these endpoints, and of what failed probes of these paths may show. */
  stripped(endpoints: readonly Endpoint[] = ENDPOINTS, paths: readonly Path[] = SHOWN_BY_PROBES): ShownTime {
    return together([
      ...endpoints.map((endpoint) => without(this.#shown[endpoint], this.#excused(USED_BY[endpoint]))),
      ...paths.map((path) => without(this.#failed(path), this.#excused([path]))),
    ]);
  }

  roundTrips(): ShownTime {
    return this.stripped([], SHOWN_BY_PROBES);
  }

  days(): readonly MsRange[] {
    return daysOf(this.#claim.month, this.#claim.report.timeZone).map(({ fromMs, toMs }) => ({
      fromMs,
      toMs: Math.min(toMs, this.#elapsed.toMs),
    }));
  }

  /** What availability is a share of. */
  ofSeconds(denominator: 'month' | 'month-less-exclusions'): number {
    const month = normalise([monthRange(this.#claim.month, this.#claim.report.timeZone)]);
    return totalMs(denominator === 'month' ? month : subtract(month, this.#excused(PATHS))) / 1000;
  }

  adjustedSeconds(): number {
    const { provider, exclusions, month, report } = this.#claim;
    const adjustments = exclusions.filter((each) => each.provider === provider && each.kind === 'adjustment');
    return totalMs(clip(normalise(adjustments), monthRange(month, report.timeZone))) / 1000;
  }

  /** Where every one of the paths is excluded. */
  #excused(paths: readonly Path[]): SpanSet {
    const { provider, exclusions } = this.#claim;
    const kinds = this.#terms.exclusions;
    return paths
      .map((path) => normalise(exclusions.filter((each: Exclusion) => appliesTo({ provider, path, kinds }, each))))
      .reduce(intersect);
  }

  /** Between two scheduled probes of the path in a row, both failed by the provider and by no doing of ours: near each other they may prove it down, and however far apart it may not be taken for up. */
  #failed(path: Path): ShownTime {
    const known = this.#failures.get(path) ?? this.#findFailed(path);
    this.#failures.set(path, known);
    return known;
  }
  readonly #failures = new Map<Path, ShownTime>();

  #findFailed(path: Path): ShownTime {
    const { books, ledger } = this.#view;
    // In the order in which they were planned, whatever the wall clock showed.
    const trips = [...ledger.records()]
      .filter(
        (record) => record.provider === this.#claim.provider && record.path === path && record.kind === 'scheduled',
      )
      .filter((record) => outcomeOf(record) !== 'unmeasured');
    const failed = ({ id }: ProbeRecord): boolean => {
      const truth = books.messages.get(id);
      return (truth?.failure ?? null) !== null && truth?.ours !== true;
    };
    const hulls = trips.flatMap((trip, index): readonly Hull[] => {
      const next = trips[index + 1];
      if (next === undefined || !failed(trip) || !failed(next)) return [];
      const ended = [trip, next].every((record) => outcomeOf(record) === 'failed');
      const between = [trip, next].map(({ id }) => books.messages.get(id)?.begunMs ?? 0) as [number, number];
      const { stepped } = shownBetween(books, { fromMs: between[0], toMs: between[1] });
      return [{ fromMs: trip.planned.wallMs, toMs: next.planned.wallMs, isTold: ended && !stepped }];
    });
    return {
      surely: normalise(hulls.filter(({ isTold }) => isTold)),
      ever: normalise(hulls.filter(({ fromMs, toMs }) => toMs - fromMs <= FAILURES_APART_MAX_MS)),
    };
  }
}

function together(times: readonly ShownTime[]): ShownTime {
  return {
    surely: normalise(times.flatMap(({ surely }) => surely)),
    ever: normalise(times.flatMap(({ ever }) => ever)),
  };
}

function without({ surely, ever }: ShownTime, excused: SpanSet): ShownTime {
  return { surely: subtract(surely, excused), ever: subtract(ever, excused) };
}
