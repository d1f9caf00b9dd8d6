/** A probe as people and programs see it, and how a spot check went. */
import { describe, expect, it } from 'vitest';
import { assess } from '../../src/domain/delay/delay.ts';
import { errorOf, judgeSpot, type ProbeView, type ViewInput, viewProbe } from '../../src/domain/probe-view.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import { accepted, at, capture, delivered, probe, refused, uncertain, unreachable } from './month-case.ts';

const view = (record: ProbeRecord, change: Partial<ViewInput> = {}): ProbeView =>
  viewProbe({
    ...{ record, assessment: assess(record, new Map()), doing: null, ageSeconds: 7.123456789, obstacle: null },
    ...change,
  });
const deferral = {
  at: at(1),
  refusal: { kind: 'refused', stage: 'rcpt', code: 450, enhanced: '4.2.0', text: 'no' } as const,
};

describe('a view', () => {
  it('shows the delay to the microsecond, open while the message is missing, and none where there is none', () => {
    // 10 s by a clock that may be off by 500.5 ppm, and two readings.
    expect(view(delivered('p', 0, 10)).delaySeconds).toEqual({ lo: 9.994993, hi: 10.005007 });
    expect(view(probe('p', 0)).delaySeconds).toEqual({ lo: 0, hi: null });
    expect(view(probe('p', 0, { handover: refused(550, '5.1.1') })).delaySeconds).toBeNull();
  });

  it('shows when the message was planned, accepted and captured, and where', () => {
    const found = { folder: 'Junk', role: 'junk', uidValidity: '1', uid: 7 } as const;
    const hops = [{ by: 'mx', from: null, at: null, seconds: null }];
    const stages = [{ name: 'dns', seconds: 0.1 }] as const;
    const record = probe('p', 0, {
      handover: { ...accepted(at(1), at(2)), stages },
      capture: { earliest: at(3), latest: at(4), found, hops },
      duplicates: ['sink', 'sink'],
      notice: { action: 'delayed', status: null, recipient: null, diagnostic: null },
    });
    expect(view(record)).toMatchObject({
      plannedAt: '2026-11-09T16:00:00.000Z',
      acceptedAt: '2026-11-09T16:00:02.000Z',
      capturedAt: '2026-11-09T16:00:04.000Z',
      folder: 'Junk',
      flags: ['junk'],
      duplicates: 2,
      ageSeconds: 7.123457,
      awaiting: null,
      error: null,
      stages,
      hops,
    });
    expect(view(probe('p', 0, { handover: uncertain(at(1)) }))).toMatchObject({ acceptedAt: null, capturedAt: null });
    expect(view(probe('p', 0, { handover: null }))).toMatchObject({ stages: [], hops: [], folder: null });
  });

  it.each<[ProbeView['awaiting'], Partial<ProbeRecord>, Partial<ViewInput>]>([
    ['dns', { handover: null }, {}],
    ['rcpt', { handover: null }, { doing: 'rcpt' }],
    ['retry', { handover: null, deferrals: [deferral] }, {}],
    ['mail', { handover: null, deferrals: [deferral] }, { doing: 'mail' }],
    ['capture', { handover: null, interrupted: true }, { doing: 'rcpt' }],
    ['capture', {}, {}],
    [null, { capture: capture(at(1), at(2)) }, { doing: 'rcpt' }],
  ])('awaits %s of %j with %j', (awaiting, change, input) => {
    expect(view(probe('p', 0, change), input).awaiting).toBe(awaiting);
  });

  it('names what stands in the way only while the probe is pending and nothing of its own went wrong', () => {
    const obstacle = 'mailbox: cannot log in';
    expect(view(probe('p', 0), { obstacle }).error).toBe(obstacle);
    expect(view(delivered('p', 0, 1), { obstacle }).error).toBeNull();
    expect(view(probe('p', 0, { handover: uncertain(at(0)) }), { obstacle }).error).toContain('CONNECTION_LOST');
  });
});

describe('a spot check', () => {
  const judged = (outcome: ProbeView['outcome'], delaySeconds: ProbeView['delaySeconds']) =>
    judgeSpot({ ...view(probe('p', 0)), outcome, delaySeconds });
  it('is in time if it surely kept the limit of the average, and late otherwise', () => {
    expect(judged('delivered', { lo: 1, hi: 60 })).toBe('in-time');
    expect(judged('delivered', { lo: 1, hi: 60.000001 })).toBe('late');
    expect(judged('delivered', { lo: 61, hi: 62 })).toBe('late');
    expect(judged('delivered', { lo: 1, hi: null })).toBe('late');
  });
  it('is missing while it is pending, and failed whenever it ended otherwise', () => {
    expect(judged('pending', { lo: 1, hi: null })).toBe('missing');
    expect(judged('lost', { lo: 1, hi: 2 })).toBe('failed');
    expect(judged('failed', null)).toBe('failed');
    expect(judged('unmeasured', { lo: 1, hi: 2 })).toBe('failed');
    expect(judged('delivered', null)).toBe('failed');
  });
});

describe('what went wrong', () => {
  const bounce = { action: 'failed', status: '5.1.1', recipient: null, diagnostic: '550 no such user' } as const;
  it.each<[string | null, Partial<ProbeRecord>]>([
    [null, {}],
    ['refused at rcpt: 550 5.1.1 no', { handover: refused(550, '5.1.1') }],
    ['refused at rcpt: 550 no', { handover: refused(550, '') }],
    ['connect: TIMEOUT: no answer', { handover: unreachable('TIMEOUT', 'no answer') }],
    ['bounced: 5.1.1 550 no such user', { notice: bounce }],
    ['bounced: 550 no such user', { notice: { ...bounce, status: null } }],
    [null, { notice: { ...bounce, action: 'delayed' } }],
    ['not seen for 120 h', { expired: true }],
    ['bounced: 5.1.1 550 no such user', { expired: true, notice: bounce }],
    ['the connection ended before the reply to the data: CONNECTION_LOST', { handover: uncertain(at(0)) }],
    [null, { handover: uncertain(at(0)), capture: capture(at(1), at(2)) }],
    ['deferred at rcpt: 450 4.2.0 no', { handover: null, deferrals: [deferral] }],
    [null, { deferrals: [deferral] }],
  ])('is %j', (expected, change) => {
    expect(errorOf(probe('p', 0, change))).toBe(expected);
  });
});
