/** Histories of a ledger around the end of a month that need not make sense: late, repeated and unknown probes included. */
import fc from 'fast-check';
import type { LedgerEvent } from '../../src/domain/event.ts';
import { EXCLUSION_KINDS } from '../../src/domain/exclusion.ts';
import type { Handover } from '../../src/domain/probe.ts';
import type { Instant } from '../../src/domain/time/instant.ts';

/** The end of November in China. */
const EDGE_MS = Date.parse('2026-11-30T16:00:00Z');

const step = fc.record({
  what: fc.integer({ min: 0, max: 18 }),
  probe: fc.oneof(fc.nat(3), fc.nat(9)),
  provider: fc.constantFrom('acme', 'acme', 'acme', 'other'),
  path: fc.constantFrom('send', 'send', 'receive'),
  coin: fc.boolean(),
  laterSeconds: fc.oneof({ weight: 5, arbitrary: fc.nat(90) }, { weight: 1, arbitrary: fc.nat(9000) }),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Begins half a day before the month ends. */
export const anyHistory: fc.Arbitrary<readonly LedgerEvent[]> = fc
  .array(step, { minLength: 1, maxLength: 80 })
  .map((steps) => {
    let seconds = -43_200;
    return steps.map((one) => {
      seconds += one.laterSeconds;
      return eventOf(one, seconds);
    });
  });

export function at(seconds: number): Instant {
  return {
    wallMs: EDGE_MS + seconds * 1000,
    monoUs: 1e12 + seconds * 1e6,
    suspendedMs: 0,
    errorUs: 250,
    boot: 'one',
  };
}

function eventOf({ what, probe: number, provider, path, coin }: Step, seconds: number): LedgerEvent {
  const [now, earlier, probe] = [at(seconds), at(seconds - 700), `p${number}`];
  const rest = { stages: [], peer: null, certificateExpiresMs: null };
  const handover = (value: Handover): LedgerEvent => ({ type: 'probe.handed-over', at: now, probe, handover: value });
  const steps = { accepted: earlier, ehlo: 0, mail: 0, rcpt: 0, data: 0 };
  switch (what) {
    case 0:
    case 1:
    case 2:
      return {
        ...{ type: 'probe.planned', at: now, probe, provider, path, kind: number === 9 ? 'spot' : 'scheduled' },
        ...{ sender: 's@acme.example', recipient: `probe-${number % 2}@sink.example` },
      };
    case 3:
    case 4:
    case 5:
      return handover({ kind: 'accepted', handedOver: at(seconds - 1), acknowledged: now, reply: 'ok', ...rest });
    case 6:
      return coin
        ? handover({ kind: 'uncertain', handedOver: now, code: 'ECONNRESET', text: '', ...rest })
        : handover({ kind: 'refused', stage: 'rcpt', code: 550, enhanced: null, text: 'no', ...rest });
    case 7:
    case 8:
      return {
        ...{ type: 'transfer.captured', at: now, probe, earliest: at(seconds - 2), latest: now, steps, endOfData: now },
        ...{ peer: '192.0.2.9', helo: 'out', tls: true, reusedConnection: false, hops: [], signatures: [] },
        bodySha256: '',
      };
    case 9:
      return {
        ...{ type: 'message.seen', at: now, probe, absent: coin ? earlier : null, seen: now, folder: 'INBOX' },
        ...{ role: 'inbox', uidValidity: '1', uid: 1, hops: [] },
      };
    case 10:
      return { type: 'absence.proven', at: now, channel: path === 'send' ? 'sink' : `mailbox:${provider}`, until: now };
    case 11:
      return {
        ...{ type: 'transfer.attempted', at: now, probe: coin ? probe : null, provider, recipients: [] },
        ...{ earliest: earlier, latest: now, steps, peer: '192.0.2.9', code: 451 },
      };
    case 12:
      return { type: 'agent.started', at: now, version: '1', unwatchedSince: number === 0 ? earlier : null };
    case 13:
      // After it every probe is doubted until one passes promptly, and nothing more would be proven of any.
      return number === 0
        ? { type: 'sink.closed', at: now }
        : { type: 'sink.opened', at: now, address: '127.0.0.1:25' };
    case 14:
      return coin
        ? { type: 'sink.unproven', at: now, since: earlier, ...(number === 0 ? { provider } : {}) }
        : { type: 'mailbox.unproven', at: now, provider, since: earlier };
    case 15:
      if (number === 0) return { type: 'probe.timed', at: now, probe };
      return coin ? { type: 'probe.interrupted', at: now, probe } : { type: 'probe.expired', at: now, probe };
    case 16:
      return {
        ...{ type: 'probe.notified', at: now, probe, where: 'sink' },
        status: { action: coin ? 'failed' : 'delayed', status: null, recipient: null, diagnostic: null },
      };
    case 17:
      return { type: 'slot.unmeasured', at: now, provider, path, reason: 'late' };
    default:
      if (!coin) return { type: 'exclusion.retracted', at: now, id: probe, by: 'Li Wei', note: '' };
      return {
        type: 'exclusion.added',
        at: now,
        exclusion: {
          ...{ id: probe, provider, path: number < 5 ? null : path, by: 'Li Wei', evidence: '', note: '' },
          kind: EXCLUSION_KINDS[number % EXCLUSION_KINDS.length] ?? 'carrier',
          fromMs: earlier.wallMs,
          toMs: now.wallMs + number * 1000,
        },
      };
  }
}
