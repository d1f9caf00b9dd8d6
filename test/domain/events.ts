/** Events with plausible content: of one provider, seconds after the beginning of the test's time. */
import type { EndpointChecked, LedgerEvent, ProbePlanned } from '../../src/domain/event.ts';
import type { Handover } from '../../src/domain/probe.ts';
import type { Instant } from '../../src/domain/time/instant.ts';

const EPOCH_MS = Date.UTC(2026, 10, 3, 8, 0, 0);

/** `seconds` after the beginning of the test's time. */
export function at(seconds: number, boot = 'boot-one'): Instant {
  return {
    wallMs: EPOCH_MS + seconds * 1000,
    monoUs: 5_000_000_000 + seconds * 1e6,
    suspendedMs: 0,
    errorUs: 250,
    boot,
  };
}

export function planned(probe: string, seconds: number, over: Partial<ProbePlanned> = {}): ProbePlanned {
  const addresses = { sender: 'probe@agent.example', recipient: 'probe-0@sink.example' };
  return {
    type: 'probe.planned',
    at: at(seconds),
    probe,
    provider: 'acme',
    path: 'send',
    kind: 'scheduled',
    ...addresses,
    ...over,
  };
}

export function accepted(seconds: number): Handover {
  const stages = [
    { name: 'connect', seconds: 0.012 },
    { name: 'data', seconds: 0.2 },
  ] as const;
  const connection = { stages, peer: '192.0.2.7:587', certificateExpiresMs: null };
  return {
    kind: 'accepted',
    handedOver: at(seconds - 1),
    acknowledged: at(seconds),
    reply: '2.0.0 Ok: queued as 4ZÄ𝄞',
    ...connection,
  };
}

export function handedOver(probe: string, seconds: number): LedgerEvent {
  return { type: 'probe.handed-over', at: at(seconds), probe, handover: accepted(seconds) };
}

export function captured(probe: string, seconds: number): LedgerEvent {
  return {
    ...{
      type: 'transfer.captured',
      at: at(seconds),
      probe,
      earliest: at(seconds - 2),
      latest: at(seconds - 1),
      steps: { accepted: at(seconds - 2), ehlo: 0.1, mail: 0.2, rcpt: 0.3, data: 0.4 },
      endOfData: at(seconds),
    },
    ...{ peer: '192.0.2.9', helo: 'out.acme.example', tls: true, reusedConnection: false },
    hops: [{ by: 'mx.acme.example', from: 'agent.example', at: '2026-11-03T08:00:00Z', seconds: null }],
    signatures: ['DKIM-Signature: v=1; a=rsa-sha256; d=acme.example; s=one; bh=YWJj; b=ZGVm'],
    bodySha256: 'ab'.repeat(32),
  };
}

/** A probe that was planned, accepted and captured: three events. */
export function delivered(probe: string, seconds: number): LedgerEvent[] {
  return [planned(probe, seconds), handedOver(probe, seconds + 2), captured(probe, seconds + 10)];
}

/** A check that began then and showed nothing wrong, unless `over` says otherwise; recorded a second later. */
export function checked(seconds: number, over: Partial<EndpointChecked> = {}): EndpointChecked {
  return {
    type: 'endpoint.checked',
    at: at(seconds + 1),
    provider: 'acme',
    endpoint: 'mx',
    depth: 'greeting',
    kind: 'scheduled',
    began: at(seconds),
    seconds: 0.1,
    result: { kind: 'up' },
    control: null,
    everySeconds: 60,
    ...over,
  };
}
