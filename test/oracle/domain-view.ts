/** A scene as the domain is given it: records of exact instants, in no order. */

import type { DelayCase } from '../../src/domain/delay/delay-verdict.ts';
import type { Exclusion } from '../../src/domain/exclusion.ts';
import { ABORTED, type DeliveryStatus, type Handover } from '../../src/domain/probe.ts';
import { channelOf, type ProbeRecord } from '../../src/domain/record.ts';
import type { Instant } from '../../src/domain/time/instant.ts';
import type { Scene, SeenProbe } from './scene.ts';

export function caseOf(scene: Scene): DelayCase {
  const { month, provider, clause, absentUntil } = scene;
  return {
    clause,
    provider,
    month: month.name,
    timeZone: month.timeZone,
    records: scene.probes.map((probe) => recordOf(scene, probe)).toSorted((a, b) => scrambled(a.id) - scrambled(b.id)),
    unmeasured: scene.unmeasuredSlots,
    exclusions: scene.exclusions.map(
      ({ kind, provider: whose, path, from, to }, index): Exclusion => ({
        id: `exclusion${index}`,
        kind,
        provider: whose,
        path,
        fromMs: from * 1000,
        toMs: to * 1000,
        by: 'oracle',
        evidence: '',
        note: '',
      }),
    ),
    absence: new Map(
      absentUntil === null || isFromBoot(scene, absentUntil)
        ? []
        : // Nor was a bounce where it would have gone: to the mailbox, or to the sink.
          (['send', 'receive'] as const).map((path) => [channelOf(path, provider), instantAt(scene, absentUntil)]),
    ),
    random: sequence(),
  };
}

function recordOf(scene: Scene, probe: SeenProbe): ProbeRecord {
  const at = (second: number): Instant => instantAt(scene, second);
  // Nothing is told of a probe by what came before it was planned, be it in the boot before.
  const since = (second: number): Instant => at(Math.max(second, probe.planned));
  const { attempt, capture, notice } = probe;
  // What was proven before the host went down stays with what was on its way.
  const kept = scene.absentUntil !== null && isFromBoot(scene, scene.absentUntil) ? scene.absentUntil : null;
  const isOver = probe.expired || attempt !== null || capture !== null || notice?.action === 'failed';
  const absentUntil = probe.absentUntil ?? (isOver ? null : kept);
  return {
    id: probe.id,
    provider: probe.provider,
    path: probe.path,
    kind: probe.kind,
    sender: 'probe@sink.example',
    recipient: 'probe-0@sink.example',
    planned: at(probe.planned),
    deferrals: [],
    handover: handoverOf(scene, probe),
    interrupted: probe.handover.kind === 'interrupted',
    attempt: attempt && { earliest: since(attempt.earliest), latest: at(attempt.latest) },
    unseenSince: probe.unseenSince === null ? null : since(probe.unseenSince),
    capture: capture && {
      earliest: capture.earliest === null ? null : since(capture.earliest),
      latest: at(capture.latest),
      found: null,
      hops: [],
    },
    notice: notice && statusOf(notice.action),
    ...(notice && { noticedAt: at(notice.at) }),
    duplicates: Array.from({ length: probe.duplicates }, (_, index) => `INBOX/1/${index}`),
    expired: probe.expired,
    absentUntil: absentUntil === null ? null : since(absentUntil),
  };
}

function handoverOf(scene: Scene, { handover }: SeenProbe): Handover | null {
  const connection = { stages: [], peer: null, certificateExpiresMs: null };
  switch (handover.kind) {
    case 'accepted': {
      const { handedOver, acknowledged } = handover;
      return {
        kind: 'accepted',
        handedOver: instantAt(scene, handedOver),
        acknowledged: instantAt(scene, acknowledged),
        reply: '2.0.0 Ok',
        ...connection,
      };
    }
    case 'uncertain': {
      const handedOver = instantAt(scene, handover.handedOver);
      return { kind: 'uncertain', handedOver, code: 'ECONNRESET', text: '', ...connection };
    }
    case 'refused': {
      const [code, enhanced] = handover.throttling ? [450, '4.7.1'] : [550, '5.1.1'];
      return { kind: 'refused', stage: 'rcpt', code, enhanced, text: '', ...connection };
    }
    case 'unreachable':
      return {
        kind: 'unreachable',
        stage: 'connect',
        code: handover.aborted ? ABORTED : 'ECONNREFUSED',
        text: '',
        ...connection,
      };
    case 'interrupted':
    case 'under-way':
      return null;
  }
}

function statusOf(action: 'failed' | 'delayed'): DeliveryStatus {
  return { action, status: null, recipient: null, diagnostic: null };
}

/** Whether it was before the host went down. */
function isFromBoot({ rebootedAt }: Scene, second: number): boolean {
  return rebootedAt !== null && second < rebootedAt;
}

function instantAt({ month, rebootedAt }: Scene, second: number): Instant {
  const again = rebootedAt !== null && second >= rebootedAt;
  const bootedAt = again ? rebootedAt : month.from - 20 * 86_400;
  return {
    wallMs: second * 1000,
    monoUs: (second - bootedAt) * 1e6,
    suspendedMs: 0,
    errorUs: 0,
    boot: again ? 'second' : 'first',
  };
}

function scrambled(id: string): number {
  return (Number(id.slice(1)) * 7919 + 13) % 1009;
}

/** For the bootstrap, which is information and no part of what is compared. */
function sequence(): () => number {
  let last = 1;
  return () => {
    last = (last * 48_271) % 2_147_483_647;
    return last / 2_147_483_647;
  };
}
