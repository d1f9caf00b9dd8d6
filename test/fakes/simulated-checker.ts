/** A provider's servers as checks meet them: up, or down in the manner of an outage; reached over a line that may be down too. */
import type { CheckDepth, CheckResult, Endpoint } from '../../src/domain/endpoint.ts';
import { type Instant, spanBetween } from '../../src/domain/time/instant.ts';
import type { CheckedEndpoint } from '../../src/engine/connectivity.ts';
import { type Checker, type CheckReport, type Clock, type Control, SESSION_SECONDS_MAX } from '../../src/ports.ts';

/** `deep`: it answers, but lets nobody in, or takes no recipients. */
export type OutageManner = 'refuses' | 'mute' | 'deep' | 'certificate';

/** Whether a server that is down in this manner was stopped, or started anew: it ends every session. */
export function endsSessions(manner: OutageManner): boolean {
  return manner === 'refuses' || manner === 'certificate';
}

/** What a check can meet, now. */
export interface Reach {
  readonly outage: (endpoint: Endpoint) => OutageManner | null;
  /** How often its server has ended every session so far: a connection that was kept since is lost. */
  readonly breaks: (endpoint: Endpoint) => number;
  /** Whether our own line is down `afterMs` from now. */
  readonly lineDown: (afterMs: number) => boolean;
}

/** Milliseconds that a new connection may take (adapters/smtp-client/checker), a kept one's silence, and a neutral host. */
const VISIT_MS = 18_000;
const SESSION_MS = 5000;
const CONTROL_MS = 5000;
/** Milliseconds that a server takes: so long that a stop of the agent may fall into them. */
const ANSWER_MS = 1500;
/** Milliseconds after a first SYN when it and those that follow are sent (RFC 6298, as Linux does it). */
const SYNS = [0, 1000, 3000, 7000, 15_000];

/** What a client is told, or finds. A server that lets nobody in says so for good: what is temporary at RCPT would tell a check nothing. */
const CODES = { refuses: 'ECONNREFUSED', certificate: 'CERT_HAS_EXPIRED', auth: '535', rcpt: '550' } as const;

export const DEPTHS: Readonly<Record<Endpoint, CheckedEndpoint['depths']>> = {
  submission: { shallow: 'session', deep: 'login' },
  mx: { shallow: 'greeting', deep: 'recipient' },
  mailbox: { shallow: 'session', deep: 'login' },
};

/** A moment, within `limitMs` of now, when a SYN gets through; null if none does. */
function opensAfter({ lineDown }: Reach, limitMs: number): number | null {
  return SYNS.find((after) => after < limitMs && !lineDown(after)) ?? null;
}

export function simulatedControl(reach: Reach, clock: Clock): Control {
  return {
    async healthy(_, signal) {
      const after = opensAfter(reach, CONTROL_MS);
      await clock.sleep(after ?? CONTROL_MS, signal);
      return after !== null && !signal.aborted;
    },
  };
}

export function simulatedChecker(endpoint: Endpoint, reach: Reach, clock: Clock): Checker {
  let kept: { readonly since: Instant; readonly breaks: number } | null = null;
  const isDeepOnly = (result: CheckResult): boolean =>
    result.kind === 'down' && (result.stage === 'auth' || result.stage === 'rcpt');
  const reached = async (limitMs: number, signal: AbortSignal): Promise<CheckResult> => {
    const began = clock.now();
    const how = reach.outage(endpoint);
    const after = opensAfter(reach, limitMs);
    const answered = after !== null && how !== 'mute';
    await clock.sleep(answered ? after + ANSWER_MS : limitMs, signal);
    if (signal.aborted) return { kind: 'inconclusive', reason: 'stopped' };
    // A timer that is due goes before an answer that waits.
    if (!answered || spanBetween(began, clock.now()).lo * 1000 > limitMs)
      return { kind: 'down', stage: 'connect', code: 'TIMEOUT', text: '' };
    if (how === null) return { kind: 'up' };
    if (how === 'certificate') return { kind: 'down', stage: 'tls', code: CODES.certificate, text: '' };
    if (how !== 'deep') return { kind: 'down', stage: 'connect', code: CODES.refuses, text: '' };
    const stage = endpoint === 'mx' ? 'rcpt' : 'auth';
    return { kind: 'down', stage, code: CODES[stage], text: 'nobody is let in' };
  };
  const report = (depth: CheckDepth, began: Instant, result: CheckResult): CheckReport => {
    const seconds = Math.max(0, spanBetween(began, clock.now()).lo);
    return { depth, began, seconds, result, certificateExpiresMs: null };
  };
  /** Young enough, and not ended by its server. */
  const isKept = (now: Instant): boolean =>
    kept !== null && spanBetween(kept.since, now).hi <= SESSION_SECONDS_MAX && kept.breaks === reach.breaks(endpoint);
  return {
    check: async (depth, signal) => {
      let began = clock.now();
      if (depth === 'session' && isKept(began)) {
        const result = await reached(SESSION_MS, signal);
        if (result.kind === 'up' || isDeepOnly(result)) return report('session', began, { kind: 'up' });
        if (signal.aborted) return report('session', began, result);
      }
      kept = null;
      began = clock.now();
      const result = await reached(VISIT_MS, signal);
      if (depth === 'greeting') return report(depth, began, isDeepOnly(result) ? { kind: 'up' } : result);
      const went = depth === 'session' ? 'login' : depth;
      if (went === 'login' && result.kind === 'up') kept = { since: began, breaks: reach.breaks(endpoint) };
      return report(went, began, result);
    },
    async close() {
      kept = null;
    },
  };
}
