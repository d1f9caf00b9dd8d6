/** The figures of a clause, row by row, as the tables of every format for people show them. */
import type { DelayClauseReport } from '../../domain/report/report.ts';
import type { Figure } from '../../domain/report/report-evidence.ts';
import { count, duration, durations, exactPercent, limitText, percent, percents, seconds } from './format.ts';
import type { AvailabilityReport, MeasuredReport } from './pledges.ts';
import type { Label, Words } from './words.ts';

/** Text, empty where there is nothing to say. */
export interface FigureRow {
  readonly label: Label;
  readonly measured: string;
  /** The same as people count time, where it is a minute or more. */
  readonly readable: string;
  readonly raw: string;
  readonly limit: string;
  readonly verdict: string;
}

export function figureRows(clause: MeasuredReport, words: Words): readonly FigureRow[] {
  return clause.kind === 'delay' ? delayRows(clause, words) : availabilityRows(clause, words);
}

function delayRows({ figures, limits, verdicts }: DelayClauseReport, words: Words): readonly FigureRow[] {
  const { raw, breaches, quantiles } = figures;
  const none = { limit: '', verdict: '' };
  const timed = (label: Label, figure: Figure | null, before: Figure | null, rest = none): FigureRow => {
    return { label, measured: seconds(figure), readable: readable(figure, words), raw: seconds(before), ...rest };
  };
  const counted = (label: Label, per: 'message' | 'episode', figure: Figure, before: Figure): FigureRow => {
    const judged = { limit: words.breachLimit(limits.breachesFrom, per), verdict: words.verdict[verdicts.maximum] };
    return {
      label,
      measured: count(figure),
      readable: '',
      raw: count(before),
      ...(limits.countedPer === per ? judged : none),
    };
  };
  const atMost = (limit: number): string => words.atMost(`${limit} s`);
  return [
    timed('average', figures.average, raw.average, {
      limit: atMost(limits.averageSeconds),
      verdict: words.verdict[verdicts.average],
    }),
    timed('maximum', figures.maximum, raw.maximum, { limit: atMost(limits.maximumSeconds), verdict: '' }),
    counted('messages', 'message', breaches.messages, raw.breaches.messages),
    counted('episodes', 'episode', breaches.episodes, raw.breaches.episodes),
    timed('conditionalAverage', figures.conditionalAverage, raw.conditionalAverage),
    timed('p50', quantiles?.p50 ?? null, raw.quantiles?.p50 ?? null),
    timed('p95', quantiles?.p95 ?? null, raw.quantiles?.p95 ?? null),
    timed('p99', quantiles?.p99 ?? null, raw.quantiles?.p99 ?? null),
    timed('bootstrapAverage', figures.bootstrapAverage, null),
  ];
}

function availabilityRows(clause: AvailabilityReport, words: Words): readonly FigureRow[] {
  const { raw, downSeconds, availability } = clause.figures;
  const time = (limit: number): string => limitText(limit, words.units);
  const share: FigureRow = {
    label: 'availability',
    measured: percents(availability),
    readable: '',
    raw: percents(raw.availability),
    limit: words.atLeast(exactPercent(clause.limits.availabilityMin)),
    verdict: words.verdict[clause.verdicts.availability],
  };
  const down = {
    measured: seconds(downSeconds),
    readable: readable(downSeconds, words),
    raw: seconds(raw.downSeconds),
  };
  if (clause.kind === 'connectivity') {
    const limit = words.under(time(clause.limits.downUnderSeconds));
    return [{ label: 'downtime', ...down, limit, verdict: words.verdict[clause.verdicts.downtime] }, share];
  }
  const { figures, limits, verdicts } = clause;
  return [
    {
      label: 'faults',
      ...down,
      limit: words.atMost(time(limits.faultsMaxSeconds)),
      verdict: words.verdict[verdicts.faults],
    },
    {
      label: 'adjustments',
      measured: seconds(figures.adjustmentSeconds),
      readable: readable(figures.adjustmentSeconds, words),
      raw: '',
      limit: words.atMost(time(limits.adjustmentsMaxSeconds)),
      verdict: words.verdict[verdicts.adjustments],
    },
    share,
    { label: 'faultyDays', measured: count(figures.faultyDays), readable: '', raw: '', limit: '', verdict: '' },
  ];
}

/** What else is known of a clause: how far it was measured, and what is left of it. Label and text, in order. */
export function knownOf(clause: MeasuredReport, words: Words): readonly (readonly [Label, string])[] {
  return clause.kind === 'delay' ? delayFacts(clause, words) : availabilityFacts(clause, words);
}

function delayFacts(clause: DelayClauseReport, words: Words): readonly (readonly [Label, string])[] {
  const { figures, coverage, excluded, path } = clause;
  const outcomes = (counts: DelayClauseReport['figures']['outcomes']): string =>
    Object.entries(counts)
      .map(([outcome, number]) => `${words.outcome[outcome as keyof typeof counts]} ${number}`)
      .join(', ');
  const left = words.breachesLeft(count(clause.breachesLeft));
  return [
    ['path', words.path[path]],
    ['probes', outcomes(figures.outcomes)],
    ['spotChecks', outcomes(figures.spotChecks)],
    ['coverage', words.coverage(percent(coverage.ratio), gapText(coverage, words))],
    ['excluded', duration(excluded.seconds, words.units)],
    ...(clause.verdicts.maximum === 'BREACH' ? [] : [['breachesLeft', left] as const]),
  ];
}

function availabilityFacts(clause: AvailabilityReport, words: Words): readonly (readonly [Label, string])[] {
  const { coverage, excluded, limits } = clause;
  const gap = gapText(coverage, words);
  const left: readonly (readonly [Label, string])[] =
    clause.kind === 'connectivity'
      ? [['downtimeLeft', durations(clause.downtimeLeftSeconds, words.units)]]
      : [
          ['faultsLeft', durations(clause.faultsLeftSeconds, words.units)],
          ['adjustmentsLeft', durations(clause.adjustmentsLeftSeconds, words.units)],
        ];
  return [
    ['coverage', words.availabilityCoverage(percent(coverage.ratio), gap, coverage.unmeasured)],
    [
      'resolution',
      coverage.resolutionSeconds === null
        ? words.none
        : words.resolution(duration(coverage.resolutionSeconds, words.units)),
    ],
    ['denominator', words.denominator[limits.denominator]],
    ['excluded', duration(excluded.seconds, words.units)],
    ...left,
  ];
}

/** Rows of `part`, `downtime`, `coverage`. */
export function partRows({ figures }: AvailabilityReport, words: Words): readonly (readonly string[])[] {
  return figures.parts.map(({ part, downSeconds, coverage }) => [
    words.part[part],
    seconds(downSeconds),
    coverage === null ? '–' : percent(coverage),
  ]);
}

function readable(figure: Figure | null, { units }: Words): string {
  return figure === null || Math.max(figure.lo, figure.hi ?? 0) < 60 ? '' : durations(figure, units);
}

function gapText({ longestGapSeconds }: { readonly longestGapSeconds: number }, { units }: Words): string {
  return duration(Math.ceil(longestGapSeconds), units);
}
