/** Any history of a ledger, for properties: it need not make sense. */
import fc from 'fast-check';
import type { LedgerEvent } from '../../../src/domain/event.ts';
import type { Handover, Path } from '../../../src/domain/probe.ts';
import type { Instant } from '../../../src/domain/time/instant.ts';
import { accepted, at, captured, checked, planned } from './support.ts';

const PROVIDERS = ['acme', 'Ünïcode "quoted"'];

export const step = fc.record({
  kind: fc.integer({ min: 0, max: 22 }),
  probe: fc.integer({ min: 0, max: 5 }),
  provider: fc.constantFrom(...PROVIDERS),
  path: fc.constantFrom<Path>('send', 'receive', 'internal'),
  scheduled: fc.boolean(),
  laterSeconds: fc.integer({ min: 0, max: 2400 }),
  rebooted: fc.boolean(),
  text: fc.string({ unit: 'binary', maxLength: 12 }),
});
export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A history that need not make sense: events for unknown, closed and repeated probes included. */
export function historyOf(steps: readonly Step[]): LedgerEvent[] {
  let seconds = 10;
  let boot = 1;
  return steps.map((one) => {
    seconds += one.laterSeconds;
    if (one.rebooted && one.kind === 12) boot += 1;
    return eventOf(one, seconds, at(seconds, `boot-${boot}`));
  });
}

function keeping(isKept: boolean, text: string) {
  return isKept ? { keptHeader: { text, cut: false } } : {};
}

function eventOf(
  { kind, probe: number, provider, path, scheduled, text }: Step,
  seconds: number,
  now: Instant,
): LedgerEvent {
  const probe = `p${number}`;
  const connection = { stages: [], peer: null, certificateExpiresMs: null };
  const handover = (value: Handover): LedgerEvent => ({ type: 'probe.handed-over', at: now, probe, handover: value });
  const refused = { kind: 'refused', stage: 'rcpt', enhanced: null, text } as const;
  const earlier = at(seconds - 700, now.boot);
  const attempt = {
    type: 'transfer.attempted',
    at: now,
    provider,
    earliest: earlier,
    latest: now,
    steps: { accepted: earlier, ehlo: 0, mail: 0, rcpt: null, data: null },
    peer: text,
    code: 451,
  } as const;
  switch (kind) {
    case 0:
    case 1:
    case 2:
      return planned(probe, seconds, { at: now, provider, path, kind: scheduled ? 'scheduled' : 'spot' });
    case 3:
    case 4:
      return handover({ ...accepted(seconds), handedOver: earlier, acknowledged: now, reply: text } as Handover);
    case 5:
      return handover({ ...refused, code: scheduled ? 550 : 421, ...connection });
    case 6:
      return handover({ kind: 'uncertain', handedOver: now, code: 'ECONNRESET', text, ...connection });
    case 7:
      return { ...captured(probe, seconds), at: now, latest: now, ...keeping(scheduled, text) } as LedgerEvent;
    case 8:
      return {
        type: 'message.seen',
        at: now,
        probe,
        absent: scheduled ? earlier : null,
        seen: now,
        folder: text,
        role: 'junk',
        uidValidity: '1',
        uid: 9,
        hops: [],
        ...keeping(!scheduled, text),
      };
    case 9:
    case 10:
      return { type: 'absence.proven', at: now, channel: path === 'send' ? 'sink' : `mailbox:${provider}`, until: now };
    case 11:
      return { ...attempt, probe: scheduled ? probe : null, recipients: scheduled ? [] : ['probe-0@sink.example'] };
    case 12:
      return { type: 'agent.started', at: now, version: '1', unwatchedSince: scheduled ? earlier : null };
    case 13:
      return scheduled ? { type: 'sink.closed', at: now } : { type: 'sink.opened', at: now, address: '127.0.0.1:25' };
    case 14:
      return { type: 'slot.unmeasured', at: now, provider, path, reason: text };
    case 15:
      return scheduled ? { type: 'probe.interrupted', at: now, probe } : { type: 'probe.expired', at: now, probe };
    case 16:
      return {
        type: 'probe.notified',
        at: now,
        probe,
        where: 'sink',
        status: { action: scheduled ? 'failed' : 'delayed', status: null, recipient: null, diagnostic: text },
      };
    case 17:
    case 18: {
      const endpoint = path === 'send' ? 'submission' : path === 'receive' ? 'mx' : 'mailbox';
      const began = scheduled ? now : at(seconds - number * 20, now.boot);
      const down = { kind: 'down', stage: 'connect', code: 'ECONNREFUSED', text } as const;
      const bad = { result: down, control: number > 2 ? 'healthy' : 'none' } as const;
      // Often enough in a row for a run: a check is good five times out of six.
      return checked(0, { at: now, provider, endpoint, began, everySeconds: 1200, ...(number === 3 ? bad : {}) });
    }
    case 19:
      return scheduled
        ? { type: 'check.unmeasured', at: now, provider, endpoint: 'mx', reason: text }
        : { type: 'agent.stopped', at: now };
    case 20: {
      const bounds = { path: scheduled ? path : null, fromMs: now.wallMs, toMs: now.wallMs + 1 };
      const entered = { by: text, evidence: '', note: '' };
      return {
        type: 'exclusion.added',
        at: now,
        exclusion: { id: probe, kind: 'carrier', provider, ...bounds, ...entered },
      };
    }
    case 21:
      return { type: 'exclusion.retracted', at: now, id: probe, by: text, note: '' };
    default:
      return { type: 'probe.duplicated', at: now, probe, where: text };
  }
}
