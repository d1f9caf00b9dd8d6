/** A report with something of everything, for the tests of its formats. */
import type { AttestedClauseReport, DelayClauseReport, Report } from '../../../src/domain/report/report.ts';
import type { BreachEvidence } from '../../../src/domain/report/report-evidence.ts';

const exact = (value: number) => ({ lo: value, hi: value });
const summary = {
  average: { lo: 61.2504, hi: 63.1 },
  conditionalAverage: exact(5),
  maximum: { lo: 7200, hi: null },
  breaches: { messages: { lo: 2, hi: 3 }, episodes: exact(1) },
  quantiles: { p50: exact(4), p95: exact(12.5), p99: { lo: 3600, hi: null } },
};

export const BREACH: BreachEvidence = {
  probe: 'k7q2abcdefgh2345',
  certainty: 'proven',
  outcome: 'lost',
  acceptedAt: '2026-11-10T00:00:00.000Z',
  arrivedAt: null,
  delaySeconds: { lo: 7200, hi: null },
  rawDelaySeconds: { lo: 9000, hi: null },
  flags: ['unwatched'],
  sender: 'probe@agent.example',
  recipient: 'probe-0@sink.example',
  server: '192.0.2.7:587',
  reply: '2.0.0 Ok: queued as 4F',
  notice: null,
  folder: null,
  hops: [
    { by: 'smtp.acme.example', from: null, at: '2026-11-10T00:00:01Z', seconds: null },
    { by: 'out.acme.example', from: null, at: '2026-11-10T00:00:02Z', seconds: 1 },
  ],
};

export const DELAY: DelayClauseReport = {
  kind: 'delay',
  id: '2a',
  title: { en: 'Send delay', zh: '发送延迟' },
  path: 'send',
  verdict: 'BREACH',
  verdicts: { average: 'BREACH', maximum: 'BREACH' },
  remedy: { en: "The month's service time doubled", zh: '当月服务时间加倍' },
  figures: {
    ...summary,
    raw: { ...summary, average: exact(70) },
    outcomes: { delivered: 100, pending: 0, failed: 1, lost: 2, unmeasured: 3 },
    spotChecks: { delivered: 1, pending: 0, failed: 0, lost: 0, unmeasured: 0 },
    bootstrapAverage: { lo: 50, hi: null },
  },
  limits: {
    averageSeconds: 60,
    maximumSeconds: 3600,
    breachesFrom: 2,
    countedPer: 'message',
    lossesInAverage: false,
  },
  breachesLeft: exact(0),
  coverage: { measured: 103, unmeasured: 3, ratio: 0.999999, longestGapSeconds: 301 },
  excluded: {
    seconds: 3600,
    entries: [
      {
        id: 'e2abcdefghijklmn',
        kind: 'carrier',
        path: null,
        from: '2026-11-10T00:00:00.000Z',
        to: '2026-11-10T01:00:00.000Z',
        by: 'Li Wei',
        evidence: 'ticket 7',
        note: '',
      },
    ],
  },
  breaches: [BREACH],
};

export const ATTESTED: AttestedClauseReport = {
  kind: 'attested',
  id: '9',
  title: { en: 'Customer service', zh: '客户服务' },
  verdict: 'INCONCLUSIVE',
  remedy: null,
  reason: { en: 'Nothing has been entered.', zh: '尚未录入。' },
};

export function sample(clauses: Report['providers'][number]['clauses'] = [DELAY, ATTESTED]): Report {
  return {
    month: '2026-11',
    timeZone: 'Asia/Shanghai',
    status: 'provisional',
    generatedAt: '2026-12-01T00:00:00.000Z',
    providers: [
      {
        provider: 'acme',
        contract: 'enterprise-mail-sla',
        contractTitle: { en: 'Agreement', zh: '企业邮件服务品质保证书' },
        timeZone: 'Asia/Shanghai',
        from: '2026-10-31T16:00:00.000Z',
        to: '2026-11-30T16:00:00.000Z',
        status: 'provisional',
        finalAt: '2026-12-05T16:00:00.000Z',
        clauses,
        closed: null,
      },
    ],
  };
}
