/** The two clauses on availability with something of everything, made by hand. */
import type {
  ConnectivityClauseReport,
  OperationsClauseReport,
  OutageReport,
} from '../../../src/domain/report/report.ts';

const exact = (value: number) => ({ lo: value, hi: value });

/** Submission refused connections for about 34 minutes on the 12th, 14:03 in Shanghai. */
export const OUTAGE: OutageReport = {
  part: 'submission',
  path: null,
  certainty: 'proven',
  beganAfter: '2026-11-12T06:02:11.000Z',
  beganBy: '2026-11-12T06:03:04.000Z',
  endedAfter: '2026-11-12T06:36:40.000Z',
  endedBy: '2026-11-12T06:37:29.000Z',
  seconds: { lo: 2016, hi: 2118 },
  rawSeconds: { lo: 2017, hi: 2119 },
  checks: 35,
  reason: 'connect ECONNREFUSED: connection refused',
};

/** One failed round trip that had no good one before it, and none since. */
export const OPEN_OUTAGE: OutageReport = {
  part: 'round-trip',
  path: 'receive',
  certainty: 'possible',
  beganAfter: null,
  beganBy: '2026-11-23T12:00:00.000Z',
  endedAfter: '2026-11-23T12:30:00.000Z',
  endedBy: null,
  seconds: { lo: 0, hi: null },
  rawSeconds: { lo: 0, hi: null },
  checks: 1,
  reason: '550 5.7.1 rejected',
};

const FIGURES = {
  downSeconds: { lo: 2016, hi: 3318.5 },
  availability: { lo: 0.998719, hi: 0.999223 },
  raw: { downSeconds: { lo: 2017, hi: 3319.5 }, availability: { lo: 0.998718, hi: 0.999222 } },
  parts: [
    { part: 'submission', downSeconds: { lo: 2016, hi: 2118 }, coverage: 0.999876 },
    { part: 'mx', downSeconds: exact(0), coverage: 0.9913 },
    { part: 'mailbox', downSeconds: { lo: 0, hi: 1200.5 }, coverage: 0.98 },
    { part: 'round-trip', downSeconds: { lo: 0, hi: null }, coverage: null },
  ],
} as const;

const SHARED = {
  remedy: null,
  coverage: { ratio: 0.979876, longestGapSeconds: 1201, unmeasured: 21, resolutionSeconds: 120 },
  excluded: { seconds: 1800, entries: [] },
  outages: [OUTAGE, OPEN_OUTAGE],
} as const;

export const CONNECTIVITY: ConnectivityClauseReport = {
  kind: 'connectivity',
  id: '1',
  title: { en: 'Connectivity', zh: '邮箱联通性' },
  verdict: 'INCONCLUSIVE',
  verdicts: { downtime: 'INCONCLUSIVE', availability: 'INCONCLUSIVE' },
  figures: FIGURES,
  limits: { downUnderSeconds: 2640, availabilityMin: 0.999, denominator: 'month' },
  downtimeLeftSeconds: { lo: 0, hi: 624 },
  ...SHARED,
};

export const OPERATIONS: OperationsClauseReport = {
  kind: 'operations',
  id: '3',
  title: { en: 'Operations', zh: '运维' },
  verdict: 'BREACH',
  verdicts: { faults: 'MET', adjustments: 'MET', availability: 'BREACH' },
  figures: {
    ...FIGURES,
    adjustmentSeconds: exact(5400),
    faultyDays: { lo: 1, hi: 2 },
    days: { faultFree: 22, faulty: 1, open: 1, ahead: 6, aheadInDoubt: 0 },
  },
  limits: {
    faultsMaxSeconds: 6000,
    adjustmentsMaxSeconds: 6000,
    availabilityMin: 0.9999,
    denominator: 'month-less-exclusions',
  },
  faultsLeftSeconds: { lo: 2681.5, hi: 3984 },
  adjustmentsLeftSeconds: exact(600),
  ...SHARED,
  remedy: { en: "The month's service time doubled", zh: '当月服务时间加倍' },
};
