/** What a clause promises, one by one, beside what was measured of it: the first thing of the report that people look for. */
import type { Verdict } from '../../domain/delay/month-verdict.ts';
import type { ClauseReport, ConnectivityClauseReport, OperationsClauseReport } from '../../domain/report/report.ts';
import type { Figure } from '../../domain/report/report-evidence.ts';
import { count, durations, exactPercent, limitText, percents, seconds } from './format.ts';
import type { PageWords } from './page-words.ts';
import type { Words } from './words.ts';

export type AttestedReport = Extract<ClauseReport, { readonly kind: 'attested' }>;
export type MeasuredReport = Exclude<ClauseReport, AttestedReport>;
export type AvailabilityReport = ConnectivityClauseReport | OperationsClauseReport;

export interface Pledge {
  readonly name: string;
  readonly promised: string;
  readonly measured: string;
  readonly verdict: Verdict;
  /** To be drawn; null where nothing was measured. */
  readonly figure: Figure | null;
  readonly limit: number;
  /** On which side of the limit the promise is kept. */
  readonly kept: 'below' | 'above';
}

export function isMeasuredClause(clause: ClauseReport): clause is MeasuredReport {
  return clause.kind !== 'attested';
}

export function pledgesOf(clause: MeasuredReport, words: Words, page: PageWords): readonly Pledge[] {
  const { units, label, atMost, under } = words;
  const time = (limit: number): string => limitText(limit, units);
  switch (clause.kind) {
    case 'delay': {
      const { figures, limits, verdicts } = clause;
      const byMessage = limits.countedPer === 'message';
      const exceeded = byMessage ? figures.breaches.messages : figures.breaches.episodes;
      return [
        {
          name: label.average,
          promised: atMost(time(limits.averageSeconds)),
          measured: seconds(figures.average),
          verdict: verdicts.average,
          figure: figures.average,
          limit: limits.averageSeconds,
          kept: 'below',
        },
        {
          name: words.longerThan(time(limits.maximumSeconds)),
          promised: words.breachLimit(limits.breachesFrom, limits.countedPer),
          measured: (byMessage ? page.perMessage : page.perEpisode)(count(exceeded)),
          verdict: verdicts.maximum,
          figure: exceeded,
          limit: limits.breachesFrom - 1,
          kept: 'below',
        },
      ];
    }
    case 'connectivity': {
      const { limits, verdicts, figures } = clause;
      const promised = under(time(limits.downUnderSeconds));
      return [
        timePledge(label.downtime, promised, verdicts.downtime, figures.downSeconds, limits.downUnderSeconds, words),
        availabilityPledge(clause, words),
      ];
    }
    case 'operations': {
      const { limits, verdicts, figures } = clause;
      const { faultsMaxSeconds: faults, adjustmentsMaxSeconds: adjustments } = limits;
      return [
        timePledge(label.faults, atMost(time(faults)), verdicts.faults, figures.downSeconds, faults, words),
        timePledge(
          label.adjustments,
          atMost(time(adjustments)),
          verdicts.adjustments,
          figures.adjustmentSeconds,
          adjustments,
          words,
        ),
        availabilityPledge(clause, words),
      ];
    }
  }
}

function timePledge(
  name: string,
  promised: string,
  verdict: Verdict,
  figure: Figure,
  limit: number,
  { units }: Words,
): Pledge {
  return { name, promised, measured: durations(figure, units), verdict, figure, limit, kept: 'below' };
}

function availabilityPledge({ limits, verdicts, figures }: AvailabilityReport, { label, atLeast }: Words): Pledge {
  return {
    name: label.availability,
    promised: atLeast(exactPercent(limits.availabilityMin)),
    measured: percents(figures.availability),
    verdict: verdicts.availability,
    figure: figures.availability,
    limit: limits.availabilityMin,
    kept: 'above',
  };
}
