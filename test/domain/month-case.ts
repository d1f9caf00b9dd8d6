/** Records, exclusions and a month to judge them in, for the tests of the verdict. Seconds count from T0. */
import type { DelayClause } from '../../src/domain/contract-terms.ts';
import { type DelayCase, judgeDelay } from '../../src/domain/delay/delay-verdict.ts';
import type { DelayVerdict } from '../../src/domain/delay/month-verdict.ts';
import { DEFAULT_EXCLUSIONS, type Exclusion } from '../../src/domain/exclusion.ts';
import type { Handover } from '../../src/domain/probe.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import type { Instant } from '../../src/domain/time/instant.ts';

/** 10 November 2026, midnight in China. */
export const T0 = Date.parse('2026-11-09T16:00:00Z');
export const HOUR = 3600;

export const at = (seconds: number, change: Partial<Instant> = {}): Instant => ({
  wallMs: Math.round(T0 + seconds * 1000),
  monoUs: Math.round(1e12 + seconds * 1e6),
  suspendedMs: 0,
  errorUs: 0,
  boot: 'a',
  ...change,
});

export const CLAUSE: DelayClause = {
  id: '2a',
  kind: 'delay',
  title: { en: 'Send delay', zh: '发送延迟' },
  remedy: null,
  path: 'send',
  averageMaxSeconds: 60,
  maximumSeconds: 3600,
  breachesFrom: 2,
  countedPer: 'message',
  lossesInAverage: false,
  exclusions: DEFAULT_EXCLUSIONS.delay,
};

const rest = { stages: [], peer: null, certificateExpiresMs: null };
export const accepted = (handedOver: Instant, acknowledged = handedOver): Handover => ({
  kind: 'accepted',
  handedOver,
  acknowledged,
  reply: 'ok',
  ...rest,
});
export const uncertain = (handedOver: Instant): Handover => ({
  kind: 'uncertain',
  handedOver,
  code: 'CONNECTION_LOST',
  text: '',
  ...rest,
});
export const refused = (code: number, enhanced: string): Handover => ({
  kind: 'refused',
  stage: 'rcpt',
  code,
  enhanced,
  text: 'no',
  ...rest,
});
export const unreachable = (code: string, text = ''): Handover => ({
  kind: 'unreachable',
  stage: 'connect',
  code,
  text,
  ...rest,
});
export const capture = (earliest: Instant | null, latest: Instant) => ({ earliest, latest, found: null, hops: [] });

/** A scheduled probe that was handed over at a moment, its 250 read in the same one, and is still missing. */
export function probe(id: string, seconds: number, change: Partial<ProbeRecord> = {}): ProbeRecord {
  return {
    id,
    provider: 'acme',
    path: 'send',
    kind: 'scheduled',
    sender: 's@acme.example',
    recipient: 'probe-0@sink.example',
    planned: at(seconds),
    deferrals: [],
    handover: accepted(at(seconds)),
    interrupted: false,
    attempt: null,
    capture: null,
    notice: null,
    unseenSince: null,
    duplicates: [],
    expired: false,
    absentUntil: null,
    ...change,
  };
}

/** Handed over at a moment, and out exactly so many seconds later. */
export const delivered = (id: string, seconds: number, delay: number, change: Partial<ProbeRecord> = {}) =>
  probe(id, seconds, { capture: capture(at(seconds + delay), at(seconds + delay)), ...change });
/** Proven absent for so many seconds, and known to have bounced after some more. */
export const bounced = (id: string, seconds: number, proven: number, noticed = proven) =>
  probe(id, seconds, {
    notice: { action: 'failed', status: '5.1.1', recipient: null, diagnostic: null },
    noticedAt: at(seconds + noticed),
    absentUntil: at(seconds + proven),
  });
/** Proven absent for so many seconds when it was given up. */
export const lost = (id: string, seconds: number, proven: number) =>
  probe(id, seconds, { expired: true, absentUntil: at(seconds + proven) });

export const exclusion = (from: number, to: number, change: Partial<Exclusion> = {}): Exclusion => ({
  id: `${from}-${to}`,
  kind: 'agreed-maintenance',
  provider: 'acme',
  path: null,
  fromMs: T0 + from * 1000,
  toMs: T0 + to * 1000,
  by: 'Li Wei',
  evidence: '',
  note: '',
  ...change,
});

/** Park–Miller: enough of chance for a bootstrap, the same each time. */
function seeded(seed = 20_261_110): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** The month's verdict; `provenUntil` is up to when a message is proven to have come neither to the sink nor, as a bounce, to the mailbox. */
export function verdictOn(
  records: readonly ProbeRecord[],
  { provenUntil = null, ...change }: Partial<DelayCase> & { readonly provenUntil?: number | null } = {},
): DelayVerdict {
  return judgeDelay({
    clause: CLAUSE,
    provider: 'acme',
    month: '2026-11',
    timeZone: 'Asia/Shanghai',
    records,
    unmeasured: 0,
    exclusions: [],
    absence: new Map(provenUntil === null ? [] : ['sink', 'mailbox:acme'].map((channel) => [channel, at(provenUntil)])),
    random: seeded(),
    ...change,
  });
}
