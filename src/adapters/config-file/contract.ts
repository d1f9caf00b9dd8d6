/** Reads a contract: from a file to its terms, or to everything that is wrong with it. */
import { basename } from 'node:path';
import type { ClauseTerms, ContractTerms } from '../../domain/contract-terms.ts';
import { DEFAULT_EXCLUSIONS } from '../../domain/exclusion.ts';
import { type ClauseFile, type ContractFile, contractJsonSchema, contractSchema } from './contract-schema.ts';
import { openDocument, toProblems } from './document.ts';
import { parseDuration } from './duration.ts';
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
    if (clause.kind !== 'delay') continue;
    const [average, maximum] = [seconds(clause.average_max), seconds(clause.maximum)];
    findings.push(...limitFindings([...at, 'average_max'], average), ...limitFindings([...at, 'maximum'], maximum));
    if (average > maximum)
      findings.push({ path: [...at, 'average_max'], rule: `must be at most maximum, which is ${clause.maximum}` });
    // Past it a missing message is lost, and no lateness is proven any more.
    if (maximum >= finalAfter)
      findings.push({ path: [...at, 'maximum'], rule: `must be less than final_after, which is ${final_after}` });
  }
  return firstOfEach(findings);
}

function limitFindings(path: Finding['path'], limit: number): Finding[] {
  if (limit < 1) return [{ path, rule: 'must be at least 1s' }];
  return limit > LIMIT_MAX_SECONDS ? [{ path, rule: 'must be at most 744h' }] : [];
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
  if (clause.kind === 'attested') return { id, title, remedy, kind: 'attested' };
  return {
    id,
    title,
    remedy,
    kind: 'delay',
    path: clause.path,
    averageMaxSeconds: seconds(clause.average_max),
    maximumSeconds: seconds(clause.maximum),
    breachesFrom: clause.breaches_from,
    countedPer: clause.counted_per,
    lossesInAverage: clause.losses_in_average,
    exclusions: clause.exclusions ?? DEFAULT_EXCLUSIONS.delay,
  };
}

/** The schema has let only durations through. */
function seconds(duration: string): number {
  const parsed = parseDuration(duration);
  if (parsed === null) throw new Error(`${duration} passed the schema and is no duration`);
  return parsed;
}
