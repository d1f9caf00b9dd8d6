/** Statuses as an agent would tell them: of a provider that keeps its word, of one that does not, and of one that is hostile. */
import { DEFAULT_EXCLUSIONS } from '../../src/domain/exclusion.ts';
import type { Path, StageTiming } from '../../src/domain/probe.ts';
import type { ProbeLife } from '../../src/domain/probe-life.ts';
import type { ProbeView } from '../../src/domain/probe-view.ts';
import type {
  ClauseStatus,
  DelaySeries,
  ProviderStatus,
  RunningMonth,
  StatusView,
} from '../../src/domain/status-view.ts';

export const NOW_MS = Date.parse('2026-11-28T06:30:00Z');
const HOUR_MS = 3_600_000;
export const HOSTILE = '</script><script>document.title="owned"</script><img src=x onerror=alert(1)>"\'`\u202E&amp;';

const TITLES = {
  connectivity: { en: 'Connectivity', zh: '邮箱联通性' },
  send: { en: 'Send delay', zh: '发送延迟' },
  receive: { en: 'Receive delay', zh: '接收延迟' },
  operations: { en: 'Operations', zh: '运维' },
};
const REMEDY = { en: "The month's service time doubled", zh: '当月服务时间加倍' };

type Figures = ClauseStatus['figures'];

function delayClause(
  id: string,
  path: 'send' | 'receive',
  verdict: ClauseStatus['verdict'],
  figures: Figures,
): ClauseStatus {
  return {
    terms: {
      kind: 'delay',
      id,
      path,
      title: TITLES[path],
      remedy: REMEDY,
      averageMaxSeconds: 60,
      maximumSeconds: 3600,
      breachesFrom: 2,
      countedPer: 'message',
      lossesInAverage: false,
      exclusions: DEFAULT_EXCLUSIONS.delay,
    },
    verdict,
    figures,
  };
}

function otherClauses(
  verdicts: readonly [ClauseStatus['verdict'], ClauseStatus['verdict']],
  down: readonly [number, number],
): readonly [ClauseStatus, ClauseStatus] {
  const month = 30 * 86_400;
  const availability: readonly [number, number] = [1 - down[1] / month, 1 - down[0] / month];
  return [
    {
      terms: {
        kind: 'connectivity',
        id: '1',
        title: TITLES.connectivity,
        remedy: REMEDY,
        downUnderSeconds: 2640,
        availabilityMin: 0.999,
        denominator: 'month',
        exclusions: DEFAULT_EXCLUSIONS.connectivity,
      },
      verdict: verdicts[0],
      figures: {
        downSeconds: down,
        availability,
        downLeftSeconds: [Math.max(0, 2640 - down[1]), Math.max(0, 2640 - down[0])],
        coverage: [0.997, 0.997],
      },
    },
    {
      terms: {
        kind: 'operations',
        id: '3',
        title: TITLES.operations,
        remedy: REMEDY,
        faultsMaxSeconds: 6000,
        adjustmentsMaxSeconds: 6000,
        availabilityMin: 0.9999,
        denominator: 'month',
        faultFreeDaysMin: 360,
        exclusions: DEFAULT_EXCLUSIONS.operations,
      },
      verdict: verdicts[1],
      figures: {
        downSeconds: down,
        availability,
        adjustmentSeconds: [1200, 1200],
        downLeftSeconds: [Math.max(0, 6000 - down[1]), Math.max(0, 6000 - down[0])],
        adjustmentsLeftSeconds: [4800, 4800],
        faultyDays: [0, 1],
        coverage: [0.997, 0.997],
      },
    },
  ];
}

function month(clauses: readonly ClauseStatus[]): RunningMonth {
  const attested = { kind: 'attested', id: '4', title: { en: 'Anti-spam', zh: '反垃圾' }, remedy: REMEDY } as const;
  return {
    month: '2026-11',
    fromMs: Date.parse('2026-10-31T16:00:00Z'),
    toMs: Date.parse('2026-11-30T16:00:00Z'),
    timeZone: 'Asia/Shanghai',
    contract: { en: 'Enterprise mail service-level agreement', zh: '企业邮件服务品质保证书' },
    judgedAt: new Date(NOW_MS - 20_000).toISOString(),
    clauses: [...clauses, { terms: attested, verdict: 'INCONCLUSIVE', figures: {} }],
    exclusionCount: 1,
    exclusions: [
      {
        id: 'abcdefghijklmnop',
        kind: 'agreed-maintenance',
        provider: 'acme',
        path: null,
        fromMs: NOW_MS - 9 * HOUR_MS,
        toMs: NOW_MS - 8 * HOUR_MS,
        by: 'Li Wei',
        evidence: 'TICKET-7',
        note: 'Storage moved',
      },
    ],
  };
}

const HEALTHY_CLAUSES: readonly ClauseStatus[] = [
  otherClauses(['MET', 'MET'], [0, 130])[0],
  delayClause('2a', 'send', 'MET', {
    averageSeconds: [3.128, 3.164],
    maximumSeconds: [41.2, 41.9],
    breaches: [0, 0],
    breachesLeft: [1, 1],
    coverage: [0.998, 0.998],
  }),
  delayClause('2b', 'receive', 'MET', {
    averageSeconds: [2.71, 3.92],
    maximumSeconds: [71, 73],
    breaches: [0, 0],
    breachesLeft: [1, 1],
    coverage: [0.998, 0.998],
  }),
  otherClauses(['MET', 'MET'], [0, 130])[1],
];
const FAILING_CLAUSES: readonly ClauseStatus[] = [
  otherClauses(['INCONCLUSIVE', 'BREACH'], [1260, 3400])[0],
  delayClause('2a', 'send', 'BREACH', {
    averageSeconds: [74.2, 75.1],
    maximumSeconds: [5400, null],
    breaches: [3, 4],
    breachesLeft: [0, 0],
    coverage: [0.981, 0.981],
  }),
  delayClause('2b', 'receive', 'INCONCLUSIVE', {
    averageSeconds: [31, 68],
    maximumSeconds: [3100, 3900],
    breaches: [0, 1],
    breachesLeft: [0, 1],
    coverage: [0.66, 0.66],
  }),
  otherClauses(['INCONCLUSIVE', 'BREACH'], [1260, 3400])[1],
];

const STAGES: readonly StageTiming[] = [
  { name: 'dns', seconds: 0.004 },
  { name: 'connect', seconds: 0.031 },
  { name: 'tls', seconds: 0.058 },
  { name: 'greeting', seconds: 0.022 },
  { name: 'auth', seconds: 0.19 },
  { name: 'mail', seconds: 0.011 },
  { name: 'rcpt', seconds: 0.017 },
  { name: 'data', seconds: 0.34 },
];

/** `index` counts back from now, two minutes each. */
export function probe(index: number, path: Path, changes: Partial<ProbeView> = {}): ProbeView {
  const planned = NOW_MS - (index + 1) * 120_000;
  const lo = 2.4 + ((index * 7) % 11) / 10;
  return {
    id: idOf(index),
    provider: 'acme',
    path,
    kind: 'scheduled',
    outcome: 'delivered',
    delaySeconds: { lo, hi: lo + 0.031 },
    flags: [],
    plannedAt: new Date(planned).toISOString(),
    acceptedAt: new Date(planned + 700).toISOString(),
    capturedAt: new Date(planned + 700 + lo * 1000).toISOString(),
    folder: path === 'send' ? null : 'INBOX',
    stages: STAGES,
    hops: [],
    duplicates: 0,
    error: null,
    awaiting: null,
    ageSeconds: (NOW_MS - planned) / 1000,
    ...changes,
  };
}

function idOf(index: number): string {
  const digits = 'abcdefghijklmnopqrstuvwxyz234567';
  return `${'a'.repeat(14)}${digits[Math.floor(index / 32) % 32]}${digits[index % 32]}`;
}

function provider(clauses: readonly ClauseStatus[], up: boolean): ProviderStatus {
  const checkedAt = new Date(NOW_MS - 24_000).toISOString();
  return {
    name: 'acme',
    paths: ['send', 'receive', 'internal'],
    month: month(clauses),
    endpoints: [
      { endpoint: 'submission', up: true, seconds: 0.042, checkedAt, certificateExpiresAt: '2027-02-03T00:00:00.000Z' },
      {
        endpoint: 'mx',
        up,
        seconds: up ? 0.12 : null,
        checkedAt,
        certificateExpiresAt: up ? '2027-01-15T00:00:00.000Z' : '2026-12-04T00:00:00.000Z',
      },
      { endpoint: 'mailbox', up: true, seconds: 0.017, checkedAt, certificateExpiresAt: null },
    ],
    waiting: up
      ? [{ path: 'send', count: 1, oldestSeconds: 1.2 }]
      : [
          { path: 'send', count: 25, oldestSeconds: 7512 },
          { path: 'internal', count: 2, oldestSeconds: 599 },
        ],
  };
}

const PATH_CYCLE: readonly Path[] = ['send', 'receive', 'internal'];

export function healthy(): StatusView {
  return {
    at: new Date(NOW_MS).toISOString(),
    version: '0.1.0',
    ready: true,
    problems: {},
    acting: 'free',
    providers: [provider(HEALTHY_CLAUSES, true)],
    inFlight: [
      probe(0, 'send', {
        id: 'inflight23456722',
        outcome: 'pending',
        delaySeconds: null,
        awaiting: 'capture',
        capturedAt: null,
        ageSeconds: 1.2,
        plannedAt: new Date(NOW_MS - 1200).toISOString(),
      }),
    ],
    inFlightCount: 1,
    recent: Array.from({ length: 40 }, (_, index) => probe(index, PATH_CYCLE[index % 3]!)),
  };
}

/** As the agent tells it before it has judged for the first time. */
export function unjudged(): StatusView {
  const providers = healthy().providers.map(({ month: running, ...rest }) => {
    const clauses = running!.clauses.map(({ terms }) => ({ terms, verdict: null, figures: {} }));
    return { ...rest, month: { ...running!, judgedAt: null, clauses } };
  });
  return { ...healthy(), providers };
}

export function failing(): StatusView {
  const refused = (index: number, path: Path): ProbeView =>
    probe(index, path, {
      outcome: 'failed',
      delaySeconds: null,
      acceptedAt: null,
      capturedAt: null,
      error: 'refused at rcpt: 550 5.7.1 Client host blocked by policy, see https://acme.example/policy',
      stages: STAGES.slice(0, 7),
    });
  const late = (index: number): ProbeView => probe(index, 'send', { delaySeconds: { lo: 4211, hi: 4219.5 } });
  const waiting = (index: number, seconds: number): ProbeView =>
    probe(index, 'send', {
      id: `pending2345672${'abcdefg'[index] ?? 'z'}2`,
      outcome: 'pending',
      delaySeconds: { lo: seconds, hi: null },
      awaiting: 'capture',
      capturedAt: null,
      ageSeconds: seconds,
      plannedAt: new Date(NOW_MS - seconds * 1000).toISOString(),
    });
  return {
    ...healthy(),
    acting: 'token',
    providers: [provider(FAILING_CLAUSES, false)],
    problems: { 'mailbox acme': 'connect ETIMEDOUT 203.0.113.7:993' },
    inFlight: [waiting(1, 7512), waiting(2, 1261), waiting(3, 34)],
    inFlightCount: 27,
    recent: Array.from({ length: 40 }, (_, index) => {
      if (index % 7 === 1) return refused(index, 'receive');
      if (index % 9 === 3) return late(index);
      if (index === 4) return probe(index, 'send', { kind: 'spot' });
      return probe(index, PATH_CYCLE[index % 3]!);
    }),
  };
}

/** Whatever others have a say in holds markup. */
export function hostile(): StatusView {
  const base = failing();
  const [first] = base.providers;
  const { month: running } = first!;
  const named = { en: HOSTILE, zh: HOSTILE };
  return {
    ...base,
    version: HOSTILE,
    problems: { [HOSTILE]: HOSTILE },
    providers: [
      {
        ...first!,
        name: HOSTILE,
        month: {
          ...running!,
          contract: named,
          clauses: running!.clauses.map((clause) => ({
            ...clause,
            terms: { ...clause.terms, id: HOSTILE, title: named, remedy: named },
          })),
          exclusions: running!.exclusions.map((each) => ({ ...each, by: HOSTILE, evidence: HOSTILE, note: HOSTILE })),
        },
      },
    ],
    inFlight: base.inFlight.map((each) => ({ ...each, provider: HOSTILE, error: HOSTILE })),
    recent: base.recent.map((each) => ({ ...each, provider: HOSTILE, error: HOSTILE, folder: HOSTILE })),
  };
}

/** Delays of a route every two minutes, with some of everything where `bad`. */
export function series(fromMs: number, toMs: number, points: number, bad: boolean): DelaySeries {
  const last = Math.min(toMs, NOW_MS + 86_400_000);
  const probes = Math.max(0, Math.floor((last - fromMs) / 120_000));
  const count = Math.min(points, probes);
  const each = count === 0 ? 0 : (last - fromMs) / count;
  const perBucket = count === 0 ? 0 : Math.max(1, Math.round(probes / count));
  const gap = { fromMs: NOW_MS - 5 * HOUR_MS, toMs: NOW_MS - 4.3 * HOUR_MS };
  const buckets = Array.from({ length: count }, (_, index) => {
    const from = fromMs + index * each;
    const wave = 2.6 + Math.sin(index / 9) + ((index * 37) % 17) / 12;
    const slow = bad && index % 23 > 18 ? 40 : 1;
    const exceeded = bad && index % 61 === 30 ? 1 : 0;
    const failed = bad && index % 41 === 12 ? 1 : 0;
    const high = exceeded > 0 ? 4300 : wave * slow * (perBucket > 1 ? 2.2 : 1);
    return {
      fromMs: from,
      toMs: perBucket === 1 ? from : from + each,
      count: perBucket,
      unmeasured: 0,
      lowest: failed > 0 && perBucket === 1 ? null : wave * (perBucket > 1 ? 0.6 : slow),
      median: failed > 0 && perBucket === 1 ? null : exceeded > 0 && perBucket === 1 ? 4300 : wave * slow,
      highest:
        failed > 0 && perBucket === 1
          ? null
          : { lo: high, hi: exceeded > 0 ? null : high * (index % 5 === 0 ? 1.9 : 1.02) },
      delivered: { count: perBucket - failed, sumLo: (perBucket - failed) * wave * (exceeded > 0 ? 1 : slow) },
      pending: 0,
      lost: 0,
      failed,
      exceeded,
      probe: idOf(index),
    };
  }).filter(({ fromMs: at }) => at < gap.fromMs || at > gap.toMs);
  return { fromMs, toMs, buckets, gaps: [gap] };
}

/** Bytes as latin1: among them UTF-8, what is none, and what would like to be markup. */
const SAMPLE_HEADER = [
  'Received: from mx1.acme.example (mx1.acme.example [203.0.113.25])',
  '\tby relay.acme.example with ESMTPS; Sat, 28 Nov 2026 14:13:41 +0800',
  'Subject: =?utf-8?B?5o6i6ZKI?= \u00e9 \u00e6\u008e\u00a2',
  `X-Long: ${'a'.repeat(1200)}end`,
  `X-Hostile: ${HOSTILE.replace('\u202E', '\u00e2\u0080\u00ae')}\u0000\u001b[31m`,
  '',
].join('\r\n');

export function lifeOfSample(view: ProbeView): ProbeLife {
  return {
    id: view.id,
    plannedAt: view.plannedAt,
    sender: 'probe@corp.example',
    recipient: 'probe-3@probe.example.net',
    peer: '203.0.113.25:587',
    certificateExpiresAt: '2027-02-03T00:00:00.000Z',
    stages: STAGES.map(({ name, seconds }, index) => {
      const before = 900 + STAGES.slice(0, index).reduce((sum, each) => sum + each.seconds, 0) - 0.02;
      return { name, seconds, from: { earliest: before, latest: before + 0.001 } };
    }),
    events: [
      { kind: 'planned', at: { earliest: 0, latest: 0 } },
      {
        kind: 'deferred',
        at: { earliest: 0.8, latest: 0.81 },
        reply: { stage: 'rcpt', code: 451, enhanced: '4.7.1', text: 'Greylisted, come again in 15 minutes' },
        unkept: 0,
      },
      { kind: 'accepted', at: { earliest: 900.31, latest: 900.65 }, reply: '250 2.0.0 Ok: queued as 4XyZ1k2m3' },
      { kind: 'transferred', at: { earliest: 902.1, latest: 960.4 } },
      { kind: 'duplicated', at: null, where: 'sink' },
    ],
    hops: [
      { by: 'mx1.acme.example', from: 'probe.example.net', at: '2026-11-28T06:13:00.000Z', seconds: null },
      { by: 'relay.acme.example', from: 'mx1.acme.example', at: '2026-11-28T06:13:41.000Z', seconds: 41 },
    ],
    header: { text: SAMPLE_HEADER, cut: false },
  };
}
