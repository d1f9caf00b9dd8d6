/** The report's words in its two languages; the Chinese ones are the contract's own. */

import type { Denominator } from '../../domain/contract-terms.ts';
import type { Verdict } from '../../domain/delay/month-verdict.ts';
import type { ExclusionKind } from '../../domain/exclusion.ts';
import type { Path } from '../../domain/probe.ts';
import type { Outcome } from '../../domain/record.ts';
import type { ReportStatus, ServicePart } from '../../domain/report/report.ts';
import type { BreachEvidence } from '../../domain/report/report-evidence.ts';
import type { Language, Units } from './format.ts';
import type { PageWords } from './page-words.ts';
import { PAGE_EN } from './page-words-en.ts';
import { PAGE_ZH } from './page-words-zh.ts';
import { EN } from './words-en.ts';
import { ZH } from './words-zh.ts';

export interface Words {
  readonly title: string;
  readonly status: Readonly<Record<ReportStatus, string>>;
  readonly verdict: Readonly<Record<Verdict, string>>;
  readonly path: Readonly<Record<Path, string>>;
  readonly outcome: Readonly<Record<Outcome, string>>;
  readonly kind: Readonly<Record<ExclusionKind, string>>;
  readonly certainty: Readonly<Record<BreachEvidence['certainty'], string>>;
  readonly label: Readonly<Record<Label, string>>;
  readonly part: Readonly<Record<ServicePart, string>>;
  readonly denominator: Readonly<Record<Denominator, string>>;
  readonly units: Units;
  /** Between a label and what it stands for. */
  readonly colon: string;
  readonly none: string;
  readonly allPaths: string;
  /** What is exceeded by being more than this. */
  readonly atMost: (figure: string) => string;
  readonly breachLimit: (times: number, per: 'message' | 'episode') => string;
  readonly atLeast: (figure: string) => string;
  /** What is missed by reaching this. */
  readonly under: (figure: string) => string;
  readonly longerThan: (figure: string) => string;
  readonly coverage: (share: string, longestGap: string) => string;
  readonly breachesLeft: (times: string) => string;
  readonly availabilityCoverage: (share: string, longestGap: string, unmeasured: number) => string;
  readonly resolution: (figure: string) => string;
  /** Between two moments; null is not known. */
  readonly between: (after: string | null, by: string | null) => string;
  /** Where the list of breaches is cut. */
  readonly omitted: (count: number) => string;
  /** How it was measured and how far it may be wrong, a sentence each. */
  readonly method: readonly string[];
}

/** What stands in front of a figure or in a table's head. */
export type Label =
  | 'month'
  | 'generated'
  | 'finalAt'
  | 'contract'
  | 'clause'
  | 'verdict'
  | 'remedy'
  | 'figure'
  | 'measured'
  | 'raw'
  | 'limit'
  | 'average'
  | 'conditionalAverage'
  | 'bootstrapAverage'
  | 'maximum'
  | 'messages'
  | 'episodes'
  | 'p50'
  | 'p95'
  | 'p99'
  | 'path'
  | 'probes'
  | 'spotChecks'
  | 'coverage'
  | 'excluded'
  | 'breachesLeft'
  | 'reason'
  | 'exclusions'
  | 'kind'
  | 'from'
  | 'to'
  | 'by'
  | 'evidence'
  | 'note'
  | 'breaches'
  | 'outcome'
  | 'accepted'
  | 'arrived'
  | 'delay'
  | 'rawDelay'
  | 'flags'
  | 'envelope'
  | 'server'
  | 'reply'
  | 'notice'
  | 'folder'
  | 'hops'
  | 'method'
  | 'downtime'
  | 'availability'
  | 'faults'
  | 'adjustments'
  | 'faultyDays'
  | 'downtimeLeft'
  | 'faultsLeft'
  | 'adjustmentsLeft'
  | 'denominator'
  | 'resolution'
  | 'part'
  | 'outages'
  | 'certainty'
  | 'began'
  | 'ended'
  | 'lasted'
  | 'checks';

export function pageWordsOf(language: Language): PageWords {
  return language === 'zh' ? PAGE_ZH : PAGE_EN;
}

export function wordsOf(language: Language): Words {
  return language === 'zh' ? ZH : EN;
}
