/** A month's delays worked out from the provider's own books, and what the report says of them held against that. */
import { monthInstant, monthInstantMs } from '../../../src/domain/delay/month-facts.ts';
import { OUTCOMES, type Outcome, outcomeOf, type ProbeRecord } from '../../../src/domain/record.ts';
import type { DelayClauseReport, ReportSummary } from '../../../src/domain/report/report.ts';
import { monthRange } from '../../../src/domain/time/calendar.ts';
import { normalise, type SpanSet } from '../../../src/domain/time/span-set.ts';
import type { WorldView } from '../simulation.ts';
import { bounds, type Claim, placeOf } from './claims.ts';
import type { Findings } from './findings.ts';
import { appliesTo, NEVER, strippedDelay, type TrueDelay, trueDelayOf } from './true-delay.ts';

/** Seconds: figures are told to the microsecond, and the sum of many is rounded once. */
const ROUNDING = 1e-4;

/** One scheduled probe of the month that the provider took. */
interface Sample {
  readonly fate: 'delivered' | 'lost' | 'bounced';
  readonly raw: TrueDelay;
  readonly stripped: TrueDelay;
}

/** Every count of the clause, as the records have it now. */
export function holdCounts(view: WorldView, claim: Claim, clause: DelayClauseReport, findings: Findings): void {
  const members = membersOf(view, claim, clause);
  const counts = countOf(members.filter(({ kind }) => kind === 'scheduled'));
  counts.unmeasured += slotsMissed(view, claim, clause);
  const spots = countOf(members.filter(({ kind }) => kind === 'spot'));
  const { outcomes, spotChecks } = clause.figures;
  for (const outcome of OUTCOMES) {
    findings.hold(
      outcomes[outcome] === counts[outcome],
      () => `${placeOf(claim, clause)}: ${outcomes[outcome]} ${outcome}, the records have ${counts[outcome]}`,
    );
    findings.hold(
      spotChecks[outcome] === spots[outcome],
      () => `${placeOf(claim, clause)}: ${spotChecks[outcome]} spot checks ${outcome}, there are ${spots[outcome]}`,
    );
  }
}

/** Call once all that was pending is known: no figure may have claimed what came out otherwise. */
export function holdDelays(view: WorldView, claim: Claim, clause: DelayClauseReport, findings: Findings): void {
  const place = placeOf(claim, clause);
  const excluded = excludedFrom(view, claim, clause);
  const samples = membersOf(view, claim, clause)
    .filter(({ kind }) => kind === 'scheduled')
    // A clock that is set back after the claim makes more probes of the month.
    .filter(({ id }) => (view.books.messages.get(id)?.begunMs ?? 0) <= claim.nowMs)
    .flatMap((record) => sampleOf(view, record, excluded) ?? []);
  const { limits, verdicts, figures } = clause;
  const unstripped = samples.map((sample) => ({ ...sample, stripped: sample.raw }));
  const settled = figures.outcomes.pending === 0;
  const { average, breaches } = holdSummary(place, figures, samples, limits, settled, findings);
  holdSummary(`${place}, before exclusions`, figures.raw, unstripped, limits, settled, findings);
  if (average !== null) {
    const limit = limits.averageSeconds;
    holdVerdict(`${place}, average`, verdicts.average, average.loMost > limit, average.hiLeast > limit, findings);
  }
  const { loMost, hiLeast } = limits.countedPer === 'message' ? breaches.messages : breaches.episodes;
  const from = limits.breachesFrom;
  holdVerdict(`${place}, maximum`, verdicts.maximum, loMost >= from, hiLeast >= from, findings);
}

/** `mayBreach`: a breach may be claimed; `mustNotMeet`: it was broken, and that it was met may not be claimed. */
export function holdVerdict(
  what: string,
  verdict: string,
  mayBreach: boolean,
  mustNotMeet: boolean,
  findings: Findings,
): void {
  findings.hold(verdict !== 'BREACH' || mayBreach, () => `${what}: BREACH, and was kept`);
  findings.hold(verdict !== 'MET' || !mustNotMeet, () => `${what}: MET, and was broken`);
}

/** In the true order of acceptance, whatever the wall clock showed. */
function membersOf(view: WorldView, claim: Claim, { path }: DelayClauseReport): readonly ProbeRecord[] {
  const { fromMs, toMs } = monthRange(claim.month, claim.report.timeZone);
  const records = [...view.ledger.records()];
  // They come in the order of planning.
  const boots = [...new Set(records.map(({ planned }) => planned.boot))];
  const nth = (record: ProbeRecord): number => boots.indexOf(monthInstant(record).boot);
  return records
    .filter((record) => record.provider === claim.provider && record.path === path)
    .filter((record) => monthInstantMs(record) >= fromMs && monthInstantMs(record) < toMs)
    .sort((one, other) => nth(one) - nth(other) || monthInstant(one).monoUs - monthInstant(other).monoUs);
}

function countOf(records: readonly ProbeRecord[]): Record<Outcome, number> {
  const counts: Record<Outcome, number> = { pending: 0, delivered: 0, failed: 0, lost: 0, unmeasured: 0 };
  for (const record of records) counts[outcomeOf(record)] += 1;
  return counts;
}

/** From the events themselves. */
function slotsMissed(view: WorldView, claim: Claim, { path }: DelayClauseReport): number {
  const { fromMs, toMs } = monthRange(claim.month, claim.report.timeZone);
  const row = view.ledger.db
    .prepare(
      `SELECT count(*) AS count FROM events WHERE json_extract(text, '$.type') = 'slot.unmeasured' AND wall_ms >= ? AND wall_ms < ?
       AND json_extract(text, '$.provider') = ? AND json_extract(text, '$.path') = ?`,
    )
    .get(fromMs, toMs, claim.provider, path);
  return Number(row?.['count']);
}

function excludedFrom(view: WorldView, { provider, exclusions }: Claim, { id, path }: DelayClauseReport): SpanSet {
  const terms = view.contracts.get(provider)?.clauses.find((clause) => clause.id === id);
  const kinds = terms?.kind === 'delay' ? terms.exclusions : [];
  return normalise(exclusions.filter((exclusion) => appliesTo({ provider, path, kinds }, exclusion)));
}

/** Null for one that has no delay. A bounced one was under way until the bounce, and may have been late by then. */
function sampleOf(view: WorldView, record: ProbeRecord, excluded: SpanSet): Sample | null {
  const truth = view.books.messages.get(record.id);
  const nowMs = view.nowMs();
  switch (outcomeOf(record)) {
    case 'delivered':
      return {
        fate: 'delivered',
        raw: trueDelayOf(truth, nowMs),
        stripped: strippedDelay(view.books, truth, nowMs, excluded),
      };
    case 'lost':
    case 'failed': {
      const fate = outcomeOf(record) === 'lost' ? 'lost' : 'bounced';
      if (fate === 'bounced' && record.notice?.action !== 'failed') return null;
      if (truth === undefined || (truth.readyMs === null && truth.bouncedMs === null))
        return { fate, raw: NEVER, stripped: NEVER };
      // The provider was ready and could not reach us, or somebody deleted it: no claim may hold more against it than it took, nor less.
      return { fate, raw: trueDelayOf(truth, nowMs), stripped: strippedDelay(view.books, truth, nowMs, excluded) };
    }
    case 'pending':
    case 'unmeasured':
      return null;
  }
}

interface TrueSummary {
  readonly average: TrueDelay | null;
  readonly breaches: { readonly messages: TrueDelay; readonly episodes: TrueDelay };
}

function holdSummary(
  place: string,
  claimed: ReportSummary,
  samples: readonly Sample[],
  { maximumSeconds, lossesInAverage }: DelayClauseReport['limits'],
  settled: boolean,
  findings: Findings,
): TrueSummary {
  const delivered = samples.filter(({ fate }) => fate === 'delivered').map(({ stripped }) => stripped);
  const arrivedOrNot = samples.filter(({ fate }) => fate !== 'bounced').map(({ stripped }) => stripped);
  const averaged = lossesInAverage ? arrivedOrNot : delivered;
  const average = averaged.length === 0 ? null : both(averaged, mean);
  const largest = samples.length === 0 ? null : largestOf(samples, maximumSeconds);
  const messages = both(
    samples.map(({ stripped }) => stripped),
    (values) => values.filter((value) => value > maximumSeconds).length,
  );
  const episodes = episodesOf(samples, maximumSeconds);
  const hold = (what: string, figure: { lo: number; hi: number | null } | null, truth: TrueDelay | null): void => {
    if (figure === null || truth === null) return;
    const { lo, hi } = bounds(figure);
    findings.hold(lo <= truth.loMost + ROUNDING, () => `${place}: ${what} at least ${lo}, was ${truth.loMost}`);
    findings.hold(hi >= truth.hiLeast - ROUNDING, () => `${place}: ${what} at most ${hi}, was ${truth.hiLeast}`);
  };
  hold('average', claimed.average, average);
  // It speaks of what was delivered by then.
  if (settled)
    hold('conditional average', claimed.conditionalAverage, delivered.length === 0 ? null : both(delivered, mean));
  hold('maximum', claimed.maximum, largest);
  hold('breaches by message', claimed.breaches.messages, messages);
  hold('breaches by episode', claimed.breaches.episodes, episodes);
  for (const [name, percent] of [
    ['p50', 50],
    ['p95', 95],
    ['p99', 99],
  ] as const)
    if (arrivedOrNot.length > 0)
      hold(
        name,
        claimed.quantiles?.[name] ?? null,
        both(arrivedOrNot, (values) => quantile(values, percent)),
      );
  return { average, breaches: { messages, episodes } };
}

/** The same figure of what may be claimed at most, and of what must be claimed at least. */
function both(delays: readonly TrueDelay[], figure: (values: readonly number[]) => number): TrueDelay {
  return { loMost: figure(delays.map(({ loMost }) => loMost)), hiLeast: figure(delays.map(({ hiLeast }) => hiLeast)) };
}

/** Of one that bounced only whether it was late by then must be told. */
function largestOf(samples: readonly Sample[], maximumSeconds: number): TrueDelay {
  const told = ({ fate, stripped: { hiLeast } }: Sample): number =>
    fate === 'bounced' && hiLeast <= maximumSeconds ? 0 : hiLeast;
  return {
    loMost: Math.max(...samples.map(({ stripped }) => stripped.loMost)),
    hiLeast: Math.max(...samples.map(told)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** By the nearest rank. */
function quantile(values: readonly number[], percent: number): number {
  const ordered = [...values].sort((one, other) => one - other);
  return ordered[Math.ceil((percent * values.length) / 100) - 1] ?? Number.NaN;
}

/** Breaches with no delivery on time between them; the most that may be claimed and the least that must, over all that is not certain. */
function episodesOf(samples: readonly Sample[], maximumSeconds: number): TrueDelay {
  /** Fewest and most episodes so far, by whether the last that counts was a breach. */
  let states = new Map<boolean, { fewest: number; most: number }>([[false, { fewest: 0, most: 0 }]]);
  for (const sample of samples) {
    const next = new Map<boolean, { fewest: number; most: number }>();
    const reach = (inside: boolean, fewest: number, most: number): void => {
      const known = next.get(inside);
      next.set(inside, {
        fewest: Math.min(fewest, known?.fewest ?? fewest),
        most: Math.max(most, known?.most ?? most),
      });
    };
    for (const [inside, { fewest, most }] of states)
      for (const kind of kindsOf(sample, maximumSeconds)) {
        if (kind === 'breach') reach(true, inside ? fewest : fewest + 1, inside ? most : most + 1);
        else reach(kind === 'neither' && inside, fewest, most);
      }
    states = next;
  }
  const all = [...states.values()];
  return {
    loMost: Math.max(...all.map(({ most }) => most)),
    hiLeast: Math.min(...all.map(({ fewest }) => fewest)),
  };
}

function kindsOf(
  { fate, raw, stripped }: Sample,
  maximumSeconds: number,
): ReadonlySet<'breach' | 'on time' | 'neither'> {
  const other = fate === 'delivered' ? null : ('neither' as const);
  return new Set(
    (['loMost', 'hiLeast'] as const).map((end) => {
      if (stripped[end] > maximumSeconds) return 'breach';
      return other ?? (raw[end] <= maximumSeconds ? 'on time' : 'neither');
    }),
  );
}
