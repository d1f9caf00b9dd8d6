/** The further words of the report's page: headings, the sentence at its top, what its charts show. */
import type { Verdict } from '../../domain/delay/month-verdict.ts';

export interface PageWords {
  /** Of `<html>`. */
  readonly lang: string;
  readonly month: (year: number, month: number) => string;
  readonly weekdays: readonly [string, string, string, string, string, string, string];
  readonly zone: (name: string) => string;
  readonly zoneLabel: string;
  /** The month in one sentence; `names` are of the clauses of that verdict. */
  readonly headline: Readonly<Record<Verdict, (names: string) => string>>;
  /** Where no clause is measured. */
  readonly nothingMeasured: string;
  readonly alsoOpen: (names: string) => string;
  readonly owed: (remedy: string) => string;
  readonly provisional: (until: string) => string;
  readonly listed: (names: readonly string[]) => string;
  readonly promised: string;
  readonly verdicts: string;
  readonly clauses: string;
  readonly charts: string;
  readonly evidence: string;
  readonly notMeasured: string;
  readonly nothingOwed: string;
  readonly noBreach: string;
  readonly perMessage: (count: string) => string;
  readonly perEpisode: (count: string) => string;
  readonly known: string;
  readonly dataTable: string;
  /** Of an interval drawn against its limit. */
  readonly gauge: (measured: string, promised: string) => string;
  readonly chart: ChartWords;
}

export interface ChartWords {
  readonly delay: string;
  readonly delayText: (from: string, to: string) => string;
  readonly distribution: string;
  readonly distributionText: string;
  readonly within: (share: string, time: string) => string;
  readonly calendar: string;
  readonly calendarText: string;
  /** Where it would be empty. */
  readonly calendarEmpty: string;
  readonly averageLimit: (figure: string) => string;
  readonly maximumLimit: (figure: string) => string;
  readonly notYet: string;
  readonly range: string;
  readonly uncertain: string;
  readonly median: string;
  readonly band: string;
  readonly exceeded: string;
  readonly mayHaveExceeded: string;
  readonly gap: string;
  readonly excluded: string;
  readonly outageProven: string;
  readonly outagePossible: string;
  readonly day: string;
  readonly hour: string;
  readonly time: string;
  readonly accepted: string;
  readonly lowest: string;
  readonly highest: string;
  readonly share: string;
  readonly noData: string;
}
