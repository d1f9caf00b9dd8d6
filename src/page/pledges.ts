/** Each thing a clause promises, with what was measured of it and how that stands: what the bars and the sentences are drawn from. */
import type { ClauseStatus } from '../domain/status-view.ts';
import {
  countText,
  exactPercent,
  type Figure,
  figureBeside,
  figureText,
  limitText,
  ratioBelow,
  ratioText,
  spanBeside,
} from './format.ts';
import type { Verdict, Words } from './words.ts';

export interface Pledge {
  readonly name: string;
  /** `–` where nothing is known. */
  readonly found: string;
  readonly promised: string;
  /** What may still be spent of it, or what it shows beside; null where there is nothing to say. */
  readonly left: string | null;
  /** Null where it is not judged by itself, as a single delay over the maximum is not yet a breach. */
  readonly verdict: Verdict | null;
  readonly bar: Bar | null;
  /** A sentence for a stranger, null where the promise is not broken. */
  readonly why: string | null;
}
/** `times` is drawn as so many boxes, all else as a bar that fills up to the limit. */
export interface Bar {
  readonly kind: 'filling' | 'times';
  readonly figure: Figure | null;
  readonly limit: number;
}

/** In the contract's order; none of an attested clause. */
export function pledgesOf(clause: ClauseStatus, words: Words): readonly Pledge[] {
  switch (clause.terms.kind) {
    case 'delay':
      return delayPledges(clause, clause.terms, words);
    case 'connectivity':
      return [downtime(clause, clause.terms, words), availability(clause, clause.terms, words)];
    case 'operations':
      return [
        budget(clause, words, {
          name: 'faults',
          figure: 'downSeconds',
          left: 'downLeftSeconds',
          limit: clause.terms.faultsMaxSeconds,
        }),
        budget(clause, words, {
          name: 'adjustments',
          figure: 'adjustmentSeconds',
          left: 'adjustmentsLeftSeconds',
          limit: clause.terms.adjustmentsMaxSeconds,
        }),
        availability(clause, clause.terms, words),
      ];
    case 'attested':
      return [];
  }
}

type TermsOf<Kind> = Extract<ClauseStatus['terms'], { readonly kind: Kind }>;

function delayPledges(clause: ClauseStatus, terms: TermsOf<'delay'>, words: Words): readonly Pledge[] {
  const { pledge, units, why } = words;
  const { path, averageMaxSeconds, maximumSeconds, breachesFrom } = terms;
  const average = figureOf(clause, 'averageSeconds');
  const longest = figureOf(clause, 'maximumSeconds');
  const breaches = figureOf(clause, 'breaches');
  const spare = figureOf(clause, 'breachesLeft');
  // The average of a month that is not over may yet come down: where the clause is not broken it is not settled.
  const averageSoFar = upTo(average, averageMaxSeconds);
  const averageVerdict = averageSoFar === 'BREACH' && clause.verdict !== 'BREACH' ? 'INCONCLUSIVE' : averageSoFar;
  const breachVerdict = below(breaches, breachesFrom);
  return [
    {
      name: pledge.average,
      found: timeText(average, words),
      promised: pledge.atMost(limitText(averageMaxSeconds, units)),
      left: null,
      verdict: averageVerdict,
      bar: { kind: 'filling', figure: average, limit: averageMaxSeconds },
      why:
        averageVerdict === 'BREACH' && average !== null
          ? why.average(path, figureBeside(average, averageMaxSeconds, units), limitText(averageMaxSeconds, units))
          : null,
    },
    {
      name: pledge.maximum,
      found: timeText(longest, words),
      promised: pledge.atMost(limitText(maximumSeconds, units)),
      left: null,
      verdict: null,
      bar: { kind: 'filling', figure: longest, limit: maximumSeconds },
      why: null,
    },
    {
      name: pledge.breaches,
      found: shown(breaches, (figure) => pledge.times(countText(figure)), pledge.noFigure),
      promised: pledge.fewerThan(breachesFrom),
      left: spare === null ? null : spare.hi === 0 ? pledge.spent : pledge.leftTimes(countText(spare)),
      verdict: breachVerdict,
      bar: { kind: 'times', figure: breaches, limit: breachesFrom },
      why:
        breachVerdict === 'BREACH' && breaches !== null
          ? why.breaches(path, countText(breaches), limitText(maximumSeconds, units), String(breachesFrom))
          : null,
    },
  ];
}

function downtime(clause: ClauseStatus, { downUnderSeconds }: TermsOf<'connectivity'>, words: Words): Pledge {
  const { pledge, units, why } = words;
  const figure = figureOf(clause, 'downSeconds');
  const verdict = below(figure, downUnderSeconds);
  return {
    name: pledge.down,
    found: timeText(figure, words),
    promised: pledge.under(limitText(downUnderSeconds, units)),
    left: leftText(figureOf(clause, 'downLeftSeconds'), words),
    verdict,
    bar: { kind: 'filling', figure, limit: downUnderSeconds },
    why:
      verdict === 'BREACH' && figure !== null
        ? why.down(spanBeside(figure.lo, downUnderSeconds, units), limitText(downUnderSeconds, units))
        : null,
  };
}

interface Budget {
  readonly name: 'faults' | 'adjustments';
  readonly figure: string;
  readonly left: string;
  readonly limit: number;
}

function budget(clause: ClauseStatus, words: Words, { name, figure: named, left, limit }: Budget): Pledge {
  const { pledge, units, why } = words;
  const figure = figureOf(clause, named);
  const verdict = upTo(figure, limit);
  return {
    name: pledge[name],
    found: timeText(figure, words),
    promised: pledge.atMost(limitText(limit, units)),
    left: leftText(figureOf(clause, left), words),
    verdict,
    bar: { kind: 'filling', figure, limit },
    why:
      verdict === 'BREACH' && figure !== null
        ? why[name](spanBeside(figure.lo, limit, units), limitText(limit, units))
        : null,
  };
}

function availability(
  clause: ClauseStatus,
  { availabilityMin }: { readonly availabilityMin: number },
  words: Words,
): Pledge {
  const { pledge, why } = words;
  const figure = figureOf(clause, 'availability');
  const verdict = atLeast(figure, availabilityMin);
  return {
    name: pledge.availability,
    found: shown(figure, ratioText, pledge.noFigure),
    promised: pledge.atLeast(exactPercent(availabilityMin)),
    left: null,
    verdict,
    bar: null,
    why:
      verdict === 'BREACH' && figure !== null
        ? why.availability(ratioBelow(figure, availabilityMin), exactPercent(availabilityMin))
        : null,
  };
}

/** Null where the server names no such figure. */
export function figureOf({ figures }: Pick<ClauseStatus, 'figures'>, name: string): Figure | null {
  const ends = figures[name];
  return ends === undefined ? null : { lo: ends[0] ?? 0, hi: ends[1] };
}

function leftText(left: Figure | null, { pledge, units }: Words): string | null {
  if (left === null) return null;
  return left.hi === 0 ? pledge.spent : pledge.left(figureText(left, units));
}

/** What may be anything is not known. */
function timeText(figure: Figure | null, { pledge, units }: Words): string {
  if (figure === null) return pledge.noFigure;
  return figure.lo === 0 && figure.hi === null ? pledge.unknown : figureText(figure, units);
}

function shown(figure: Figure | null, text: (figure: Figure) => string, otherwise: string): string {
  return figure === null ? otherwise : text(figure);
}

function upTo(figure: Figure | null, limit: number): Verdict {
  if (figure === null) return 'INCONCLUSIVE';
  if (figure.lo > limit) return 'BREACH';
  return figure.hi !== null && figure.hi <= limit ? 'MET' : 'INCONCLUSIVE';
}

function below(figure: Figure | null, limit: number): Verdict {
  if (figure === null) return 'INCONCLUSIVE';
  if (figure.lo >= limit) return 'BREACH';
  return figure.hi !== null && figure.hi < limit ? 'MET' : 'INCONCLUSIVE';
}

function atLeast(figure: Figure | null, limit: number): Verdict {
  if (figure === null) return 'INCONCLUSIVE';
  if (figure.lo >= limit) return 'MET';
  return figure.hi !== null && figure.hi < limit ? 'BREACH' : 'INCONCLUSIVE';
}
