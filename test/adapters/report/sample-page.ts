/** Whole months as the agent would have judged them, for the page that people read: one with everything, one without a fault. */
import type { ContractTerms, DelayClause } from '../../../src/domain/contract-terms.ts';
import type { Exclusion } from '../../../src/domain/exclusion.ts';
import {
  buildReport,
  type ClauseReport,
  type ConnectivityClauseReport,
  type OperationsClauseReport,
  type Report,
} from '../../../src/domain/report/report.ts';
import type { ProviderCharts } from '../../../src/domain/report/report-charts.ts';
import { fill, HEALTHY, type Plan } from '../../bench/generate-ledger.ts';
import { CLAUSE } from '../../domain/month-case.ts';
import { MemoryLedger } from '../../fakes/memory-ledger.ts';
import { ATTESTED } from './sample.ts';
import { CONNECTIVITY, OPERATIONS } from './sample-availability.ts';

export interface SamplePage {
  readonly report: Report;
  readonly charts: readonly ProviderCharts[];
}

const REMEDY = {
  en: "The month's service time doubled when the average is missed, or the maximum is exceeded twice or more (两次以上) in the month",
  zh: '平均延迟未达标，或最大延迟当月超过两次以上的，当月服务时间加倍',
};
const SEND: DelayClause = { ...CLAUSE, remedy: REMEDY };
const CONTRACT: ContractTerms = {
  name: 'enterprise-mail-sla',
  title: { en: 'Enterprise mail service-level agreement', zh: '企业邮件服务品质保证书' },
  timeZone: 'Asia/Shanghai',
  finalAfterSeconds: 120 * 3600,
  clauses: [SEND, { ...SEND, id: '2b', title: { en: 'Receive delay', zh: '接收延迟' }, path: 'receive' }],
};

const local = (text: string): number => Date.parse(`2026-11-${text}+08:00`);
const MONTH_END = Date.parse('2026-12-01T00:00:00+08:00');

const EXCLUSIONS: readonly Exclusion[] = [
  {
    id: 'e2abcdefghijklmn',
    kind: 'agreed-maintenance',
    provider: 'acme',
    path: null,
    fromMs: local('15T01:00:00'),
    toMs: local('15T05:30:00'),
    by: 'Li Wei',
    evidence: 'ticket 2026-1107',
    note: 'storage moved, agreed on the 7th',
  },
  {
    id: 'e3abcdefghijklmn',
    kind: 'carrier',
    provider: 'acme',
    path: 'send',
    fromMs: local('20T09:10:00'),
    toMs: local('20T10:00:00'),
    by: '王芳',
    evidence: '工单 88-1120',
    note: '',
  },
];

/** Breaches, pending and lost mail, exclusions, outages, a gap of a day and a half; the month is not over. */
export async function richMonth(): Promise<SamplePage> {
  const perMille = { late: 4, lost: 2, bounced: 4, refused: 3, unmeasured: 2 };
  const plan = { fromMs: local('01T00:00:00'), toMs: local('08T00:00:00'), seed: 7, perMille };
  const nowMs = local('24T12:00:00');
  const rest = { ...plan, fromMs: local('09T12:00:00'), toMs: nowMs, knownUntilMs: nowMs, seed: 8 };
  const { report, charts } = await judged([plan, rest], EXCLUSIONS, nowMs);
  const entries = report.providers[0]?.clauses[0];
  const excluded = entries?.kind === 'delay' ? entries.excluded : CONNECTIVITY.excluded;
  const measured = { ...CONNECTIVITY, excluded };
  return { report: withClauses(report, measured, { ...OPERATIONS, excluded }), charts };
}

/** Final, with every promise kept. */
export async function healthyMonth(): Promise<SamplePage> {
  const plan = { fromMs: local('01T00:00:00'), toMs: MONTH_END, seed: 3, perMille: HEALTHY };
  const { report, charts } = await judged([plan], [], MONTH_END + 120 * 3600 * 1000);
  const none = { lo: 0, hi: 0 };
  const figures = {
    downSeconds: none,
    availability: { lo: 1, hi: 1 },
    raw: { downSeconds: none, availability: { lo: 1, hi: 1 } },
    parts: CONNECTIVITY.figures.parts.map(({ part }) => ({
      part,
      downSeconds: none,
      coverage: part === 'round-trip' ? null : 1,
    })),
  };
  const shared = {
    verdict: 'MET',
    remedy: null,
    coverage: { ratio: 1, longestGapSeconds: 0, unmeasured: 0, resolutionSeconds: 60 },
    excluded: { seconds: 0, entries: [] },
    outages: [],
  } as const;
  const connectivity: ConnectivityClauseReport = {
    ...CONNECTIVITY,
    ...shared,
    figures,
    verdicts: { downtime: 'MET', availability: 'MET' },
    downtimeLeftSeconds: { lo: 2640, hi: 2640 },
  };
  const operations: OperationsClauseReport = {
    ...OPERATIONS,
    ...shared,
    figures: {
      ...figures,
      adjustmentSeconds: none,
      faultyDays: none,
      days: { faultFree: 30, faulty: 0, open: 0, ahead: 0, aheadInDoubt: 0 },
    },
    verdicts: { faults: 'MET', adjustments: 'MET', availability: 'MET' },
    faultsLeftSeconds: { lo: 6000, hi: 6000 },
    adjustmentsLeftSeconds: { lo: 6000, hi: 6000 },
  };
  return { report: withClauses(report, connectivity, operations), charts };
}

async function judged(
  plans: readonly Pick<Plan, 'fromMs' | 'toMs' | 'seed' | 'perMille'>[],
  exclusions: readonly Exclusion[],
  nowMs: number,
): Promise<SamplePage> {
  const ledger = new MemoryLedger();
  const at = { wallMs: local('01T00:00:00'), monoUs: 0, suspendedMs: 0, errorUs: 250, boot: 'x' };
  await ledger.append(exclusions.map((exclusion) => ({ type: 'exclusion.added', at, exclusion })));
  for (const plan of plans)
    await fill(ledger, { provider: 'acme', paths: ['send', 'receive'], everySeconds: 900, ...plan });
  const { report, charts } = await ledger.judge({ provider: 'acme', contract: CONTRACT, month: '2026-11', nowMs });
  return { report: buildReport('2026-11', nowMs, [report]), charts: [charts] };
}

const ATTESTED_TITLES = [
  // As long as the preset's.
  [
    '3-attested',
    'Operations: time to open the web page, billing errors, 7x24 operation',
    '运维：网页打开时间、计费差错、7x24 运维',
  ],
  ['4', 'Anti-spam', '反垃圾'],
  ['5', 'Anti-virus', '防病毒'],
  ['6', 'Anti-intrusion', '防黑客'],
  ['7', 'Backup', '数据备份'],
  ['8', 'Provisioning', '开通'],
  ['9', 'Customer service', '客户服务'],
] as const;

function withClauses(report: Report, connectivity: ClauseReport, operations: ClauseReport): Report {
  const attested = ATTESTED_TITLES.map(([id, en, zh]) => ({ ...ATTESTED, id, title: { en, zh } }));
  return {
    ...report,
    providers: report.providers.map((provider) => {
      return { ...provider, clauses: [connectivity, ...provider.clauses, operations, ...attested] };
    }),
  };
}
