/** A contract with every kind of clause, its limits those of `enterprise-mail-sla`. */
import type { ContractTerms } from '../../src/domain/contract-terms.ts';
import { DEFAULT_EXCLUSIONS } from '../../src/domain/exclusion.ts';

const named = (id: string) => ({ id, title: { en: id, zh: id }, remedy: null });
const delay = {
  kind: 'delay',
  averageMaxSeconds: 60,
  maximumSeconds: 3600,
  breachesFrom: 2,
  countedPer: 'message',
  lossesInAverage: false,
  exclusions: DEFAULT_EXCLUSIONS.delay,
} as const;

export const CONTRACT: ContractTerms = {
  name: 'test',
  title: { en: 'Test', zh: '测试' },
  timeZone: 'Asia/Shanghai',
  finalAfterSeconds: 432_000,
  clauses: [
    {
      ...named('1'),
      kind: 'connectivity',
      downUnderSeconds: 2640,
      availabilityMin: 0.999,
      denominator: 'month',
      exclusions: DEFAULT_EXCLUSIONS.connectivity,
    },
    { ...named('2a'), ...delay, path: 'send' },
    { ...named('2b'), ...delay, path: 'receive' },
    {
      ...named('3'),
      kind: 'operations',
      faultsMaxSeconds: 6000,
      adjustmentsMaxSeconds: 6000,
      availabilityMin: 0.9999,
      denominator: 'month',
      faultFreeDaysMin: 360,
      exclusions: DEFAULT_EXCLUSIONS.operations,
    },
    { ...named('9'), kind: 'attested' },
  ],
};
