/** Whose fault a probe that failed shows: only what the provider answered, or took, speaks against it. */
import { expect, test } from 'vitest';
import type { AvailabilityQuery } from '../../../src/domain/availability/facts.ts';
import { recordAsOf, roundTripOf } from '../../../src/domain/availability/round-trip.ts';
import type { LedgerEvent, ProbeNotified } from '../../../src/domain/event.ts';
import type { Handover, Refusal } from '../../../src/domain/probe.ts';
import type { ProbeRecord } from '../../../src/domain/record.ts';
import { emptyTimeline, foldEvent } from '../../../src/domain/timeline.ts';
import { accepted, at, planned } from '../events.ts';

function ofProbe(...events: readonly LedgerEvent[]): ProbeRecord {
  const state = emptyTimeline();
  const changed = events.flatMap((event) => foldEvent(state, event).changed);
  const record = changed.at(-1);
  if (record === undefined) throw new Error('no probe');
  return record;
}
const tripAsOf = (record: ProbeRecord, query: AvailabilityQuery) => roundTripOf(recordAsOf(record, query));
const rest = { stages: [], peer: null, certificateExpiresMs: null };
const handedOver = (handover: Handover): LedgerEvent => ({
  type: 'probe.handed-over',
  at: at(2),
  probe: 'p',
  handover,
});
const plan = planned('p', 0, { path: 'receive' });
const expired: LedgerEvent = { type: 'probe.expired', at: at(500_000), probe: 'p' };
const lost: Handover = { kind: 'uncertain', handedOver: at(1), code: 'CONNECTION_LOST', text: 'lost', ...rest };
const bounced: ProbeNotified = {
  type: 'probe.notified',
  at: at(60),
  probe: 'p',
  where: 'sink',
  status: { action: 'failed', status: '5.1.1', recipient: null, diagnostic: null },
};

const looked = (seconds: number): LedgerEvent => ({
  type: 'absence.proven',
  at: at(seconds),
  channel: 'mailbox:acme',
  until: at(seconds),
});
/** Our sink, to which its bounce would have come, was reached. */
const heard: LedgerEvent = { ...{ type: 'absence.proven', at: at(432_500) }, channel: 'sink', until: at(432_500) };
/** Something that the mailbox announced never came. */
const unproven: LedgerEvent = { type: 'mailbox.unproven', at: at(30), provider: 'acme', since: at(1) };

const opened = (seconds: number): LedgerEvent => ({ type: 'sink.opened', at: at(seconds), address: 'x' });

test.each<readonly [string, boolean, readonly LedgerEvent[]]>([
  ['a refusal', true, [handedOver({ kind: 'refused', stage: 'rcpt', code: 550, enhanced: null, text: 'no', ...rest })]],
  // Our password may have expired.
  [
    'a refusal of our password',
    false,
    [handedOver({ kind: 'refused', stage: 'auth', code: 535, enhanced: '5.7.8', text: 'no', ...rest })],
  ],
  [
    'what was accepted and was not there when it was given up',
    true,
    [handedOver(accepted(2)), heard, looked(432_500), expired],
  ],
  // Another client may have deleted it before we looked.
  ['what may have come and gone unseen', false, [handedOver(accepted(2)), unproven, heard, looked(432_500), expired]],
  [
    'what was given up though nobody could look any more',
    false,
    [handedOver(accepted(2)), heard, looked(3600), expired],
  ],
  ['what was given up though nothing reached our sink', false, [handedOver(accepted(2)), looked(432_500), expired]],
  // Its bounce, which comes to the sink, may have said that our mailbox was full.
  [
    'what was given up though our sink had been closed meanwhile',
    false,
    [handedOver(accepted(2)), { type: 'sink.closed', at: at(50) }, heard, looked(432_500), expired],
  ],
  [
    'what was given up though our sink had been closed for a while right before',
    false,
    [
      handedOver(accepted(2)),
      { type: 'sink.closed', at: at(420_000) },
      opened(420_010),
      heard,
      looked(432_500),
      expired,
    ],
  ],
  [
    'what was given up long after our sink had been closed for a while',
    true,
    [handedOver(accepted(2)), { type: 'sink.closed', at: at(50) }, opened(60), heard, looked(432_500), expired],
  ],
  [
    'a server out of reach',
    false,
    [handedOver({ kind: 'unreachable', stage: 'connect', code: 'TIMEOUT', text: '', ...rest })],
  ],
  // Our own line may have gone down with the message on it.
  ['a connection lost before the reply', false, [handedOver(lost), expired]],
  ['one whose message bounced', true, [handedOver(lost), bounced]],
])('%s speaks against the provider: %s', (_, byProvider, events) => {
  expect(roundTripOf(ofProbe(plan, ...events))).toMatchObject({ delivered: false, byProvider });
});

test('a lost internal message speaks against nobody: its bounce would have gone to the same mailbox, which may be full', () => {
  const internal = planned('p', 0, { path: 'internal' });
  const lost = ofProbe(internal, handedOver(accepted(2)), looked(432_500), expired);
  expect(roundTripOf(lost)).toMatchObject({ delivered: false, byProvider: false });
  const returned = ofProbe(internal, handedOver(accepted(2)), bounced);
  expect(roundTripOf(returned)).toMatchObject({ delivered: false, byProvider: true });
});

const deferred = (stage: 'rcpt' | 'data'): LedgerEvent => ({
  ...{ type: 'probe.deferred', at: at(1), probe: 'p', attempt: 1, retryAfterSeconds: 300 },
  refusal: { kind: 'refused', stage, code: 451, enhanced: '4.3.0', text: 'filter unavailable' },
});
const seen: LedgerEvent = {
  ...{ type: 'message.seen', at: at(9), probe: 'p', absent: at(8), seen: at(9), folder: 'INBOX', role: 'inbox' },
  ...{ uidValidity: '1', uid: 1, hops: [] },
};
const turnedAway = (refusal: Pick<Refusal, 'stage' | 'code' | 'enhanced'>): LedgerEvent =>
  handedOver({ kind: 'refused', text: 'no', ...refusal, ...rest });

test.each<readonly [string, boolean | null, readonly LedgerEvent[]]>([
  ['put off after DATA and taken later', false, [deferred('data'), handedOver(accepted(2)), seen]],
  ['put off after DATA so far', false, [deferred('data')]],
  [
    'put off at RCPT, which may be greylisting, and taken later',
    true,
    [deferred('rcpt'), handedOver(accepted(2)), seen],
  ],
  ['put off at RCPT so far', null, [deferred('rcpt')]],
  ['throttled, perhaps', false, [turnedAway({ stage: 'data', code: 451, enhanced: '4.7.1' })]],
  ['turned away at the login for its credentials', false, [turnedAway({ stage: 'auth', code: 535, enhanced: null })]],
  ['turned away from our full mailbox', null, [turnedAway({ stage: 'rcpt', code: 552, enhanced: '5.2.2' })]],
])('one that was %s came through when it was sent: %s; it proves nothing', (_, delivered, events) => {
  const trip = roundTripOf(ofProbe(plan, ...events));
  expect(trip).toMatchObject({ delivered, byProvider: false });
  expect(trip.reason === null).toBe(delivered !== false);
});

test('of a probe planned after the range only what was known once the range is final counts', () => {
  const range = (toSeconds: number, finalSeconds: number) => ({
    ...{ provider: 'acme', fromMs: at(-9).wallMs },
    ...{ toMs: at(toSeconds).wallMs, finalMs: at(finalSeconds).wallMs },
  });
  const late = ofProbe(plan, handedOver(accepted(2)), seen);
  expect(tripAsOf(late, range(0, 10)).delivered).toBe(true);
  expect(tripAsOf(late, range(0, 9)).delivered).toBeNull();
  expect(tripAsOf(late, range(1, 5)).delivered).toBe(true);
  const returned = ofProbe(plan, handedOver(accepted(2)), bounced);
  expect(tripAsOf(returned, range(0, 60))).toMatchObject({ delivered: null, byProvider: false });
  expect(tripAsOf(returned, range(0, 61))).toMatchObject({ delivered: false, byProvider: true });
});

test('one that was put off until after the range was final counts for what was known by then', () => {
  const range = (finalSeconds: number) => ({
    ...{ provider: 'acme', fromMs: at(-9).wallMs },
    ...{ toMs: at(0).wallMs, finalMs: at(finalSeconds).wallMs },
  });
  // Put off at 1 s, over at 2 s.
  const final = turnedAway({ stage: 'rcpt', code: 550, enhanced: '5.1.1' });
  const putOff = ofProbe(plan, deferred('data'));
  const turned = ofProbe(plan, deferred('data'), final);
  const taken = ofProbe(plan, deferred('data'), handedOver(accepted(2)), seen);
  const given = ofProbe(plan, deferred('data'), handedOver(lost), expired);
  expect(tripAsOf(turned, range(3))).toMatchObject({
    delivered: false,
    byProvider: true,
    reason: 'refused at rcpt: 550 5.1.1 no',
  });
  const soFar = { delivered: false, byProvider: false, reason: 'deferred at data: 451 4.3.0 filter unavailable' };
  for (const record of [putOff, turned, taken, given]) {
    expect(tripAsOf(record, range(2))).toMatchObject(soFar);
    expect(tripAsOf(record, range(1))).toMatchObject({ delivered: null, byProvider: false, reason: null });
  }
  const late = ofProbe(plan, deferred('rcpt'), final);
  expect(tripAsOf(late, range(2)), 'it may have been greylisted').toMatchObject({ delivered: null });
  // What its sender heard first is not what became of it.
  const told: LedgerEvent = { ...bounced, at: at(3), status: { ...bounced.status, action: 'delayed' } };
  const warned = ofProbe(plan, handedOver(accepted(2)), told, seen);
  expect(tripAsOf(warned, range(9))).toMatchObject({ delivered: null });
  expect(tripAsOf(warned, range(10))).toMatchObject({ delivered: true });
});
