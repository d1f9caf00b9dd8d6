/** A contract file becomes terms, or exactly what is wrong with it; the presets are such files. */
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readContract } from '../../../src/adapters/config-file/contract.ts';
import { parsePercentage } from '../../../src/adapters/config-file/percentage.ts';
import type { ContractTerms, DelayClause } from '../../../src/domain/contract-terms.ts';

const PRESETS = 'config/contracts';
const FIXTURES = 'test/adapters/config-file/contracts';

const PERCENTAGE = 'must be a percentage such as 99.9%, with at most four digits behind the point';

const MESSAGES: Readonly<Record<string, readonly string[]>> = {
  'invalid-availability.yml': [
    'clauses[0].down_under must be a duration such as 30s, 5m or 1h, is 44 (<file>:8)',
    `clauses[0].availability_min ${PERCENTAGE}, is 0.999 (<file>:9)`,
    'clauses[0].denominator must be month or month-less-exclusions, is year (<file>:10)',
    'clauses[0].faults_max is not a known key (<file>:11)',
    'clauses[0].exclusions[1] must be agreed-maintenance, customer-equipment, customer-mistake, customer-neglect, carrier, force-majeure, foreign-system or adjustment, is weather (<file>:12)',
    'clauses[1].down_under is required (<file>:13)',
    `clauses[1].availability_min ${PERCENTAGE}, is 99.99999% (<file>:16)`,
    "clauses[1].denominater is not a known key, did you mean 'denominator'? (<file>:17)",
    'clauses[1].exclusions must be a list, is none (<file>:18)',
    'clauses[2].adjustments_max must be a duration such as 30s, 5m or 1h, is 1.5h (<file>:23)',
    `clauses[2].availability_min ${PERCENTAGE}, is 99,99% (<file>:24)`,
    'clauses[2].fault_free_days_min must be at most 365, is 366 (<file>:26)',
    "clauses[3].adjustment_max is not a known key, did you mean 'adjustments_max'? (<file>:31)",
    `clauses[3].availability_min ${PERCENTAGE}, is -1% (<file>:32)`,
    'clauses[3].fault_free_days_min must be a whole number, is 98% (<file>:34)',
  ],
  'invalid-availability-limits.yml': [
    'clauses[0].down_under must be at least 1s, is 0s (<file>:8)',
    'clauses[0].availability_min must be more than 0% and at most 100%, is 100.0001% (<file>:9)',
    "clauses[1].id must not be that of clauses[0], is '1' (<file>:11)",
    'clauses[1].down_under must be at most 744h, is 745h (<file>:14)',
    'clauses[2].adjustments_max must be at most 744h, is 45000m (<file>:22)',
    'clauses[2].availability_min must be more than 0% and at most 100%, is 0.0000% (<file>:23)',
  ],
  'invalid-empty.yml': ['the file must not be empty (<file>:1)'],
  'invalid-keys.yml': [
    "timezone is not a known key, did you mean 'time_zone'? (<file>:2)",
    'clauses[0].title.zh is required (<file>:7)',
    "clauses[0].breaches_form is not a known key, did you mean 'breaches_from'? (<file>:11)",
    'clauses[1].maximum is not a known key (<file>:17)',
  ],
  'invalid-limits.yml': [
    'clauses[0].average_max must be at most maximum, which is 1h, is 2h (<file>:9)',
    'clauses[1].id must not be that of clauses[0], is 2a (<file>:14)',
    'clauses[1].average_max must be at least 1s, is 0s (<file>:18)',
    'clauses[1].maximum must be less than final_after, which is 120h, is 120h (<file>:19)',
  ],
  'invalid-twice.yml': [
    'time_zone must be given only once (<file>:3)',
    'clauses must have at least one entry, is an empty list (<file>:5)',
  ],
  'invalid-values.yml': [
    'title.zh must not be empty (<file>:1)',
    'time_zone must be a time zone such as Asia/Shanghai, is Asia/Beijing (<file>:2)',
    'final_after must be a duration such as 30s, 5m or 1h, is 5d (<file>:3)',
    "clauses[0].id must be text of letters, digits, dots and hyphens such as '1' or 2a, is 1 (<file>:5)",
    'clauses[1].path must be send, receive or internal, is outbound (<file>:11)',
    'clauses[1].average_max must be a duration such as 30s, 5m or 1h, is 60 (<file>:12)',
    'clauses[1].breaches_from must be at least 1, is 0 (<file>:14)',
    'clauses[1].counted_per must be message or episode, is day (<file>:15)',
    'clauses[1].losses_in_average must be true or false, is sometimes (<file>:16)',
    'clauses[2].kind must be connectivity, delay, operations or attested, is measured (<file>:18)',
    'clauses[3].kind is required (<file>:20)',
  ],
  'invalid-yaml.yml': [
    'the file must be YAML: Flow map in block collection must be sufficiently indented and end with a } (<file>:2)',
  ],
};

test.each(Object.entries(MESSAGES))('%s is told with exactly its messages', async (name, expected) => {
  const path = join(FIXTURES, name);
  const result = await readContract(path);
  const messages = result.ok ? [] : result.problems.map(({ message }) => message.replaceAll(`(${path}`, '(<file>'));
  expect(messages).toEqual(expected);
});

test('every broken contract is in the table, and nothing but them', async () => {
  expect((await readdir(FIXTURES)).sort()).toEqual(Object.keys(MESSAGES).sort());
});

async function termsOf(path: string): Promise<ContractTerms> {
  const result = await readContract(path);
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.terms;
}

const delayClauses = ({ clauses }: ContractTerms) =>
  clauses.filter((clause): clause is DelayClause => clause.kind === 'delay');

const clauseOf = (terms: ContractTerms, id: string) => terms.clauses.find((clause) => clause.id === id);

test('the preset holds the nine clauses of the contract, with its limits, remedies and zone', async () => {
  const terms = await termsOf(join(PRESETS, 'enterprise-mail-sla.yml'));
  expect(terms).toMatchObject({
    name: 'enterprise-mail-sla',
    title: { zh: '企业邮件服务品质保证书' },
    timeZone: 'Asia/Shanghai',
    finalAfterSeconds: 120 * 3600,
  });
  expect(terms.clauses.map(({ id }) => id)).toEqual(['1', '2a', '2b', '3', '3-attested', '4', '5', '6', '7', '8', '9']);
  expect(terms.clauses.filter(({ remedy }) => remedy === null).map(({ id }) => id)).toEqual(['6', '9']);
  const limits = {
    averageMaxSeconds: 60,
    maximumSeconds: 3600,
    breachesFrom: 2,
    countedPer: 'message',
    lossesInAverage: false,
  };
  expect(delayClauses(terms)).toMatchObject([
    { id: '2a', path: 'send', title: { zh: '发送延迟' }, ...limits },
    { id: '2b', path: 'receive', title: { zh: '接收延迟' }, ...limits },
  ]);
});

test('its clauses on availability leave out what the contract leaves out, adjustments in the one that limits them', async () => {
  const terms = await termsOf(join(PRESETS, 'enterprise-mail-sla.yml'));
  const agreed = [
    'agreed-maintenance',
    'customer-equipment',
    'customer-mistake',
    'customer-neglect',
    'carrier',
    'force-majeure',
  ];
  expect(clauseOf(terms, '1')).toMatchObject({
    kind: 'connectivity',
    title: { zh: '邮箱联通性' },
    downUnderSeconds: 44 * 60,
    availabilityMin: 0.999,
    denominator: 'month',
    exclusions: agreed,
  });
  expect(clauseOf(terms, '3')).toMatchObject({
    kind: 'operations',
    title: { zh: '运维' },
    faultsMaxSeconds: 6000,
    adjustmentsMaxSeconds: 6000,
    availabilityMin: 0.9999,
    denominator: 'month',
    faultFreeDaysMin: 360,
    exclusions: [...agreed, 'adjustment'],
  });
  expect(clauseOf(terms, '3-attested')).toMatchObject({ kind: 'attested', remedy: { zh: '当月服务时间加倍' } });
});

test('a second preset has other numbers in every place', async () => {
  const terms = await termsOf(join(PRESETS, 'example-strict.yml'));
  expect(terms).toMatchObject({ name: 'example-strict', timeZone: 'Europe/Berlin' });
  for (const clause of delayClauses(terms)) {
    expect(clause).toMatchObject({
      averageMaxSeconds: 30,
      maximumSeconds: 600,
      breachesFrom: 1,
      countedPer: 'episode',
      lossesInAverage: true,
    });
  }
  expect(delayClauses(terms).map(({ path }) => path)).toEqual(['send', 'receive']);
  expect(clauseOf(terms, 'S3')).toMatchObject({
    kind: 'connectivity',
    downUnderSeconds: 300,
    availabilityMin: 0.9999,
    denominator: 'month-less-exclusions',
    exclusions: ['agreed-maintenance', 'customer-equipment', 'force-majeure'],
  });
  expect(clauseOf(terms, 'S4')).toMatchObject({
    kind: 'operations',
    faultsMaxSeconds: 600,
    adjustmentsMaxSeconds: 3600,
    availabilityMin: 0.9995,
    denominator: 'month-less-exclusions',
    faultFreeDaysMin: 363,
    exclusions: ['adjustment'],
  });
});

test('a percentage becomes the nearest ratio, so that a limit is what it says', () => {
  expect(['99.9%', '99.99%', '100%', '7.0007%', '0.0001%'].map(parsePercentage)).toEqual([
    0.999, 0.9999, 1, 0.070007, 0.000001,
  ]);
  expect(['99.9', '99.99999%', '.5%', '1000%', '99.9 %', '-1%'].map(parsePercentage)).toEqual(Array(6).fill(null));
});

test('every preset reads, and has no two clauses of one name', async () => {
  for (const file of await readdir(PRESETS)) {
    const { clauses } = await termsOf(join(PRESETS, file));
    expect(new Set(clauses.map(({ id }) => id)).size).toBe(clauses.length);
  }
});

test('a contract is named by its file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mailflow-contract-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await copyFile(join(PRESETS, 'example-strict.yml'), join(folder, 'our-own.yaml'));
  expect((await termsOf(join(folder, 'our-own.yaml'))).name).toBe('our-own');
});

test('a contract that does not exist is a problem', async () => {
  const result = await readContract('no/such.yml');
  expect(result).toMatchObject({
    ok: false,
    problems: [{ message: 'the file must be one that exists (no/such.yml)' }],
  });
});
