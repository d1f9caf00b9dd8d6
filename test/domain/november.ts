/** November 2026 in China as a ledger on the disk holds it: what was checked and probed, and what the report says. Seconds count from the month's beginning. */
import type { EndpointChecked, LedgerEvent } from '../../src/domain/event.ts';
import type { Handover, Path, Refusal } from '../../src/domain/probe.ts';
import type { Judgement } from '../../src/domain/report/judge.ts';
import type { ClauseReport, Matter } from '../../src/domain/report/report.ts';
import type { Instant } from '../../src/domain/time/instant.ts';
import type { Ledger } from '../../src/ports.ts';
import { opened, temporaryFolder } from '../adapters/sqlite/support.ts';
import { CONTRACT } from '../fakes/contract.ts';

export const MINUTE = 60;
export const HOUR = 3600;
export const DAY = 86_400;
export const MONTH = '2026-11';
/** Where the month ends, and where its report is final. */
export const END = 30 * DAY;
export const FINAL = END + 120 * HOUR;
export const FROM_MS = Date.parse('2026-10-31T16:00:00Z');

/** Every clock in step; `wallAhead` is by how many seconds the wall clock is wrong then. */
export function at(seconds: number, wallAhead = 0): Instant {
  return {
    wallMs: FROM_MS + Math.round((seconds + wallAhead) * 1000),
    monoUs: 40 * DAY * 1e6 + Math.round(seconds * 1e6),
    suspendedMs: 0,
    errorUs: 0,
    boot: 'one',
  };
}

export const DOWN = {
  result: { kind: 'down', stage: 'connect', code: 'ECONNREFUSED', text: '' },
  control: 'healthy',
} as const;

/** A login that worked, unless `over` says otherwise. */
export function check(seconds: number, over: Partial<EndpointChecked> = {}, wallAhead = 0): EndpointChecked {
  return {
    ...{ type: 'endpoint.checked', at: at(seconds + 1, wallAhead), provider: 'acme', endpoint: 'submission' },
    ...{ depth: 'login', kind: 'scheduled', began: at(seconds, wallAhead), seconds: 0.1 },
    ...{ result: { kind: 'up' }, control: null, everySeconds: 60 },
    ...over,
  };
}

/** A check every ten minutes, which is its cell. */
export function checks(
  from: number,
  to: number,
  over: Partial<EndpointChecked> = {},
  wallAhead = 0,
): EndpointChecked[] {
  const cell = 10 * MINUTE;
  return Array.from({ length: Math.floor((to - from) / cell) + 1 }, (_, index) =>
    check(from + index * cell, { everySeconds: cell, ...over }, wallAhead),
  );
}

const REST = { stages: [], peer: '192.0.2.7:25', certificateExpiresMs: null };
function planned(probe: string, seconds: number, path: Path, wallAhead = 0): LedgerEvent {
  return {
    ...{ type: 'probe.planned', at: at(seconds, wallAhead), probe, provider: 'acme', path, kind: 'scheduled' },
    ...{ sender: 'probe@agent.example', recipient: 'probe-0@sink.example' },
  };
}
function handedOver(probe: string, seconds: number, handover: Handover, wallAhead: number): LedgerEvent {
  return { type: 'probe.handed-over', at: at(seconds, wallAhead), probe, handover };
}
/** For good. */
const NO: Refusal = { kind: 'refused', stage: 'rcpt', code: 554, enhanced: '5.3.0', text: 'no' };
/** A probe that the provider refuses. */
export function refused(
  probe: string,
  seconds: number,
  path: Path = 'receive',
  wallAhead = 0,
  refusal: Refusal = NO,
): LedgerEvent[] {
  return [planned(probe, seconds, path, wallAhead), handedOver(probe, seconds + 1, { ...refusal, ...REST }, wallAhead)];
}
export function accepted(probe: string, seconds: number, path: Path = 'receive', wallAhead = 0): LedgerEvent[] {
  const taken = at(seconds + 1, wallAhead);
  const handover: Handover = { kind: 'accepted', handedOver: taken, acknowledged: taken, reply: 'ok', ...REST };
  return [planned(probe, seconds, path, wallAhead), handedOver(probe, seconds + 1, handover, wallAhead)];
}
/** A probe that is in the mailbox `delay` seconds after it was accepted. */
export function delivered(probe: string, seconds: number, delay = 1, wallAhead = 0): LedgerEvent[] {
  const seen = at(seconds + 1 + delay, wallAhead);
  return [
    ...accepted(probe, seconds, 'receive', wallAhead),
    {
      ...{ type: 'message.seen', at: seen, probe, absent: seen, seen, folder: 'INBOX', role: 'inbox' },
      ...{ uidValidity: '1', uid: 1, hops: [] },
    },
  ];
}

export async function ledgerOf(...events: readonly LedgerEvent[]): Promise<Ledger> {
  const ledger = await opened(temporaryFolder());
  for (let first = 0; first < events.length; first += 5000) await ledger.append(events.slice(first, first + 5000));
  return ledger;
}

export function matter(now: number, month = MONTH): Matter {
  return { provider: 'acme', contract: CONTRACT, month, nowMs: FROM_MS + now * 1000 };
}

/** As of a second, by what the ledger holds. */
export function judged(ledger: Pick<Ledger, 'judge'>, now = FINAL + DAY, month = MONTH): Promise<Judgement> {
  return ledger.judge(matter(now, month));
}

export function clause<K extends ClauseReport['kind']>({ report }: Judgement, id: string, kind: K) {
  const found = report.clauses.find((each) => each.id === id);
  if (found?.kind !== kind) throw new Error(`no clause ${id} of kind ${kind}`);
  return found as Extract<ClauseReport, { kind: K }>;
}
