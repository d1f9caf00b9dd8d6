/** Reads a contract: from a file to its terms, or to everything that is wrong with it. */
import { basename } from 'node:path';
import type { ClauseTerms, ContractTerms } from '../../domain/contract-terms.ts';
import { DEFAULT_EXCLUSIONS } from '../../domain/exclusion.ts';
import { type ClauseFile, type ContractFile, contractJsonSchema, contractSchema } from './contract-schema.ts';
import { openDocument, toProblems } from './document.ts';
import { parseDuration } from './duration.ts';
import { parsePercentage } from './percentage.ts';
import type { Finding, Problem } from './problem.ts';
import { findingsOf, firstOfEach, knownKeys, wording } from './shape.ts';

export type ReadContractResult =
  | { readonly ok: true; readonly terms: ContractTerms }
  /** Never empty, in the order of the file. */
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Longest a limit may be, seconds: a month has no more. */
const LIMIT_MAX_SECONDS = 31 * 86_400;

/** The contract is named by its file. A missing file and broken YAML are problems too; only a bug rejects. */
export async function readContract(file: string): Promise<ReadContractResult> {
  const opened = await openDocument(file);
  if (!opened.ok) return opened;
  const { source } = opened;
  const findings = (more: readonly Finding[]) => toProblems(source, [...source.findings, ...more]);
  if (source.value === null)
    return { ok: false, problems: findings([{ path: [], rule: 'must not be empty', value: null }]) };
  const parsed = contractSchema.safeParse(source.value, { error: wording });
  if (!parsed.success) {
    const misshapen = findingsOf(parsed.error.issues, source.value, knownKeys(contractJsonSchema()));
    return { ok: false, problems: findings(firstOfEach(misshapen)) };
  }
  const broken = [...source.findings, ...checkContract(parsed.data)];
  if (broken.length > 0) return { ok: false, problems: toProblems(source, broken) };
  return { ok: true, terms: termsOf(basename(file).replace(/\.ya?ml$/i, ''), parsed.data) };
}

/** What the keys say together, once each by itself is sound. */
function checkContract({ final_after, clauses }: ContractFile): readonly Finding[] {
  const finalAfter = seconds(final_after);
  const findings: Finding[] = limitFindings(['final_after'], finalAfter);
  for (const [index, clause] of clauses.entries()) {
    const at = ['clauses', index] as const;
    const namesake = clauses.findIndex(({ id }) => id === clause.id);
    if (namesake < index) findings.push({ path: [...at, 'id'], rule: `must not be that of clauses[${namesake}]` });
    findings.push(...clauseFindings(clause, at, final_after));
  }
  return firstOfEach(findings);
}

function clauseFindings(clause: ClauseFile, at: Finding['path'], finalAfter: string): readonly Finding[] {
  switch (clause.kind) {
    case 'attested':
      return [];
    case 'delay':
      return delayFindings(clause, at, finalAfter);
    case 'connectivity':
      return [
        ...limitFindings([...at, 'down_under'], seconds(clause.down_under)),
        ...shareFindings([...at, 'availability_min'], clause.availability_min),
      ];
    case 'operations':
      // None at all may be allowed.
      return [
        ...mostFindings([...at, 'faults_max'], seconds(clause.faults_max)),
        ...mostFindings([...at, 'adjustments_max'], seconds(clause.adjustments_max)),
        ...shareFindings([...at, 'availability_min'], clause.availability_min),
      ];
  }
}

function delayFindings(
  clause: Extract<ClauseFile, { kind: 'delay' }>,
  at: Finding['path'],
  finalAfter: string,
): readonly Finding[] {
  const [average, maximum] = [seconds(clause.average_max), seconds(clause.maximum)];
  const findings = [...limitFindings([...at, 'average_max'], average), ...limitFindings([...at, 'maximum'], maximum)];
  if (average > maximum)
    findings.push({ path: [...at, 'average_max'], rule: `must be at most maximum, which is ${clause.maximum}` });
  // Past it a missing message is lost, and no lateness is proven any more.
  if (maximum >= seconds(finalAfter))
    findings.push({ path: [...at, 'maximum'], rule: `must be less than final_after, which is ${finalAfter}` });
  return findings;
}

function limitFindings(path: Finding['path'], limit: number): Finding[] {
  return limit < 1 ? [{ path, rule: 'must be at least 1s' }] : mostFindings(path, limit);
}

function mostFindings(path: Finding['path'], limit: number): Finding[] {
  return limit > LIMIT_MAX_SECONDS ? [{ path, rule: 'must be at most 744h' }] : [];
}

/** A least share of nothing would promise nothing. */
function shareFindings(path: Finding['path'], share: string): Finding[] {
  const value = ratio(share);
  return value > 0 && value <= 1 ? [] : [{ path, rule: 'must be more than 0% and at most 100%' }];
}

function termsOf(name: string, { title, time_zone, final_after, clauses }: ContractFile): ContractTerms {
  return {
    name,
    title,
    timeZone: time_zone,
    finalAfterSeconds: seconds(final_after),
    clauses: clauses.map(clauseOf),
  };
}

function clauseOf(clause: ClauseFile): ClauseTerms {
  const { id, title, remedy = null } = clause;
  const any = { id, title, remedy };
  switch (clause.kind) {
    case 'attested':
      return { ...any, kind: 'attested' };
    case 'delay':
      return {
        ...any,
        kind: 'delay',
        path: clause.path,
        averageMaxSeconds: seconds(clause.average_max),
        maximumSeconds: seconds(clause.maximum),
        breachesFrom: clause.breaches_from,
        countedPer: clause.counted_per,
        lossesInAverage: clause.losses_in_average,
        exclusions: clause.exclusions ?? DEFAULT_EXCLUSIONS.delay,
      };
    case 'connectivity':
      return {
        ...any,
        kind: 'connectivity',
        downUnderSeconds: seconds(clause.down_under),
        availabilityMin: ratio(clause.availability_min),
        denominator: clause.denominator,
        exclusions: clause.exclusions ?? DEFAULT_EXCLUSIONS.connectivity,
      };
    case 'operations':
      return {
        ...any,
        kind: 'operations',
        faultsMaxSeconds: seconds(clause.faults_max),
        adjustmentsMaxSeconds: seconds(clause.adjustments_max),
        availabilityMin: ratio(clause.availability_min),
        denominator: clause.denominator,
        faultFreeDaysMin: clause.fault_free_days_min,
        exclusions: clause.exclusions ?? DEFAULT_EXCLUSIONS.operations,
      };
  }
}

/** The schema has let only durations through. */
function seconds(duration: string): number {
  const parsed = parseDuration(duration);
  if (parsed === null) throw new Error(`${duration} passed the schema and is no duration`);
  return parsed;
}

/** The schema has let only percentages through. */
function ratio(percentage: string): number {
  const parsed = parsePercentage(percentage);
  if (parsed === null) throw new Error(`${percentage} passed the schema and is no percentage`);
  return parsed;
}
