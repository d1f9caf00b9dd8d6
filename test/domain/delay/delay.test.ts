/** The delay's interval: it holds the truth, whatever was seen of it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assess, exceedsMaximum, untilBounce } from '../../../src/domain/delay/delay.ts';
import type { LedgerEvent } from '../../../src/domain/event.ts';
import type { FolderRole, Handover, Path } from '../../../src/domain/probe.ts';
import { outcomeOf, type ProbeRecord } from '../../../src/domain/record.ts';
import type { Instant } from '../../../src/domain/time/instant.ts';
import {
  emptyTimeline,
  foldEvent,
  restoreTimeline,
  storeTimeline,
  type TimelineState,
} from '../../../src/domain/timeline.ts';

const at = (seconds: number): Instant => ({
  wallMs: Math.round(1.7e12 + seconds * 1000),
  monoUs: Math.round(1e9 + seconds * 1e6),
  suspendedMs: 0,
  errorUs: 0,
  boot: 'a',
});

const planned = (path: Path, seconds = 0, probe = 'p'): LedgerEvent => ({
  type: 'probe.planned',
  at: at(seconds),
  probe,
  provider: 'acme',
  path,
  kind: 'scheduled',
  sender: 's@acme.example',
  recipient: 'probe-0@sink.example',
});
const rest = { stages: [], peer: null, certificateExpiresMs: null };
const accepted = (lo: number, hi: number, probe = 'p'): LedgerEvent => ({
  type: 'probe.handed-over',
  at: at(hi),
  probe,
  handover: { kind: 'accepted', handedOver: at(lo), acknowledged: at(hi), reply: 'ok', ...rest },
});
const ended = (handover: Handover): LedgerEvent => ({ type: 'probe.handed-over', at: at(1), probe: 'p', handover });
const captured = (earliest: number, latest: number, probe = 'p'): LedgerEvent => ({
  type: 'transfer.captured',
  at: at(latest),
  probe,
  earliest: at(earliest),
  latest: at(latest),
  steps: { accepted: at(earliest), ehlo: 0, mail: 0, rcpt: 0, data: 0 },
  endOfData: at(latest),
  peer: '192.0.2.1:1',
  helo: 'x',
  tls: false,
  reusedConnection: false,
  hops: [],
  signatures: [],
  bodySha256: '',
});
const seen = (absent: number | null, visible: number, role: FolderRole = 'inbox'): LedgerEvent => ({
  type: 'message.seen',
  at: at(visible),
  probe: 'p',
  absent: absent === null ? null : at(absent),
  seen: at(visible),
  folder: 'INBOX',
  role,
  uidValidity: '1',
  uid: 1,
  hops: [],
});
const attempted = (
  earliest: number,
  extra: Partial<Extract<LedgerEvent, { type: 'transfer.attempted' }>> = {},
): LedgerEvent => ({
  type: 'transfer.attempted',
  steps: { accepted: at(earliest), ehlo: 0, mail: 0, rcpt: null, data: null },
  at: at(earliest),
  probe: null,
  provider: 'acme',
  recipients: [],
  earliest: at(earliest),
  latest: at(earliest),
  peer: '192.0.2.1:1',
  code: 0,
  ...extra,
});
const absent = (channel: string, until: number): LedgerEvent => ({
  type: 'absence.proven',
  at: at(until),
  channel,
  until: at(until),
});

function foldAll(events: readonly LedgerEvent[]): { state: TimelineState; record: ProbeRecord } {
  const state = emptyTimeline();
  const records = new Map<string, ProbeRecord>();
  for (const event of events) {
    for (const record of foldEvent(state, event, (id) => records.get(id) ?? null).changed)
      records.set(record.id, record);
  }
  const record = records.get('p');
  if (record === undefined) throw new Error('no probe p');
  return { state, record };
}
function assessed(...events: readonly LedgerEvent[]) {
  const { state, record } = foldAll(events);
  return assess(record, state.absence);
}

/** Increasing seconds with room in between. */
const moments = (count: number) =>
  fc
    .array(fc.double({ min: 0.001, max: 5000, noNaN: true }), { minLength: count, maxLength: count })
    .map((gaps) => gaps.reduce<number[]>((sum, gap) => [...sum, (sum.at(-1) ?? 0) + gap], []));

describe('the delay of a captured probe', () => {
  it('holds the true delay wherever reception and start of transfer fell within their bounds', () => {
    fc.assert(
      fc.property(
        moments(4),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        ([a = 0, b = 0, c = 0, d = 0], u, v) => {
          const reception = a + (b - a) * u;
          const start = c + (d - c) * v;
          const { delay, outcome } = assessed(planned('send'), accepted(a, b), captured(c, d));
          expect(outcome).toBe('delivered');
          expect(delay!.lo).toBeLessThanOrEqual(start - reception + 1e-5);
          expect(delay!.hi).toBeGreaterThanOrEqual(start - reception - 1e-5);
        },
      ),
    );
  });

  it('is the same whether the capture or the reply was learnt first', () => {
    const inOrder = assessed(planned('send'), accepted(1, 2), captured(3, 4));
    expect(assessed(planned('send'), captured(3, 4), accepted(1, 2))).toEqual(inOrder);
  });

  it('is zero and flagged, never negative, when the transfer began before the 250', () => {
    const { delay, flags } = assessed(planned('send'), captured(1.5, 1.6), accepted(1, 2));
    expect(delay!.lo).toBe(0);
    expect(delay!.hi).toBeCloseTo(0.6, 2);
    expect(flags).toContain('before-acceptance');
  });

  it('counts nothing of the time before the 250, such as a content filter that holds it', () => {
    const { delay } = assessed(planned('send'), accepted(0, 3), captured(3, 3.01));
    expect(delay!.lo).toBe(0);
  });

  it('has a lower bound of zero when no look proved absence', () => {
    expect(assessed(planned('receive'), accepted(1, 2), seen(null, 50)).delay!.lo).toBe(0);
  });

  it('is flagged where it was found in Junk or Trash, and measured all the same', () => {
    const found = (role: FolderRole) => assessed(planned('receive'), accepted(1, 2), seen(40, 50, role));
    const { delay } = found('inbox');
    expect((['inbox', 'other', 'junk', 'trash'] as const).map((role) => found(role).flags)).toEqual([
      [],
      [],
      ['junk'],
      ['trash'],
    ]);
    expect(found('trash').delay).toEqual(delay);
  });

  it('is flagged as unwatched only if it may have come out unseen before it was seen', () => {
    const plain = assessed(planned('send'), accepted(0, 0.1), captured(900, 901));
    expect(plain.flags).toEqual([]);
    expect(
      assessed(planned('send'), accepted(0, 0.1), attempted(1000, { provider: 'acme' }), captured(900, 901)).flags,
    ).toEqual([]);
  });

  it('is flagged with what disturbed the clocks, and where no reply told when it was accepted', () => {
    const stepped = captured(3, 4);
    const record = (event: LedgerEvent) => assessed(planned('send'), accepted(1, 2), event);
    const latest = { ...at(4), wallMs: at(4).wallMs + 5000 };
    expect(record({ ...stepped, latest } as LedgerEvent).flags).toEqual(['clock-stepped']);
    const lost = ended({ kind: 'uncertain', handedOver: at(1), code: 'CONNECTION_LOST', text: '', ...rest });
    expect(assessed(planned('send'), lost, captured(3, 4))).toMatchObject({
      delay: { lo: 0, hi: expect.closeTo(3, 1) },
      flags: ['acceptance-unknown'],
    });
  });

  it('is none of a message that was refused, which is flagged with nothing', () => {
    const no = ended({ kind: 'refused', stage: 'rcpt', code: 550, enhanced: null, text: 'no', ...rest });
    const { state, record } = foldAll([planned('send'), no, captured(8000, 8001)]);
    expect(assess(record, state.absence)).toEqual({ outcome: 'failed', delay: null, flags: [] });
    expect(exceedsMaximum(record, state.absence)).toBe(false);
  });

  it('keeps the first capture when another follows', () => {
    expect(assessed(planned('send'), accepted(1, 2), captured(3, 4), captured(30, 40))).toEqual(
      assessed(planned('send'), accepted(1, 2), captured(3, 4)),
    );
  });
});

describe('a probe whose handover is not known', () => {
  it('has no delay while nothing shows that it was handed over', () => {
    expect(assessed(planned('send'))).toEqual({ outcome: 'pending', delay: null, flags: [] });
  });

  it.each<[string, LedgerEvent]>([
    ['it was tried at our sink', attempted(9, { probe: 'p' })],
    ['it was captured', captured(9, 9)],
  ])('may have been accepted at any time since it was planned once %s', (_what, event) => {
    const { delay, flags } = assessed(planned('send', 2), event);
    expect(delay).toEqual({ lo: 0, hi: expect.closeTo(7, 1) });
    expect(flags).toEqual(['acceptance-unknown']);
  });

  it('may have been accepted once the agent was interrupted', () => {
    const interrupted: LedgerEvent = { type: 'probe.interrupted', at: at(9), probe: 'p' };
    expect(assessed(planned('send'), interrupted).delay).toEqual({ lo: 0, hi: Number.POSITIVE_INFINITY });
  });
});

describe('the time until a bounce', () => {
  const notified = (action: 'failed' | 'delayed'): LedgerEvent => ({
    ...{ type: 'probe.notified', at: at(9), probe: 'p', where: 'sink' },
    status: { action, status: null, recipient: null, diagnostic: null },
  });
  it('lasts from the earliest acceptance to the reading of the notice', () => {
    const { record } = foldAll([planned('send'), accepted(1, 2), notified('failed')]);
    expect(untilBounce(record)).toEqual({ from: at(1), to: at(9), set: null });
  });

  it('is none of a message that is only delayed, was never accepted, or of whose notice the time is not known', () => {
    const of = (...events: readonly LedgerEvent[]) => untilBounce(foldAll([planned('send'), ...events]).record);
    expect(of(accepted(1, 2), notified('delayed'))).toBeNull();
    expect(of(notified('failed'))).toBeNull();
    const { noticedAt: _, ...older } = foldAll([planned('send'), accepted(1, 2), notified('failed')]).record;
    expect(untilBounce(older)).toBeNull();
  });
});

describe('an attempt at the sink', () => {
  it('starts the transfer even though it failed', () => {
    const { delay } = assessed(
      planned('send'),
      accepted(0, 0.1),
      attempted(10, { probe: 'p', latest: at(10.1) }),
      captured(900, 901),
    );
    expect(delay!.lo).toBeCloseTo(9.9, 1);
    expect(delay!.hi).toBeCloseTo(10.1, 1);
  });

  it('settles the delay before the message is there, so that no breach is claimed and taken back', () => {
    const events = [
      planned('send'),
      accepted(0, 0.1),
      attempted(2, { probe: 'p', latest: at(2.1) }),
      absent('sink', 4000),
    ];
    const waiting = foldAll(events);
    expect(outcomeOf(waiting.record)).toBe('pending');
    expect(exceedsMaximum(waiting.record, waiting.state.absence)).toBe(false);
    const { delay } = assess(waiting.record, waiting.state.absence);
    expect(assessed(...events, captured(4100, 4101)).delay).toEqual(delay);
  });

  it('after the capture is of another copy', () => {
    const plain = assessed(planned('send'), accepted(0, 0.1), captured(10, 11));
    expect(assessed(planned('send'), accepted(0, 0.1), captured(10, 11), attempted(20, { probe: 'p' }))).toEqual(plain);
  });

  it('only lowers the bound when it cannot be attributed', () => {
    const { delay, flags } = assessed(planned('send'), accepted(0, 0.1), attempted(10), captured(900, 901));
    expect(delay!.lo).toBeCloseTo(9.9, 1);
    expect(delay!.hi).toBeGreaterThan(900);
    expect(flags).toContain('unwatched');
  });

  it('of another provider or for another recipient changes nothing', () => {
    const plain = assessed(planned('send'), accepted(0, 0.1), captured(900, 901));
    expect(
      assessed(planned('send'), accepted(0, 0.1), attempted(10, { provider: 'other' }), captured(900, 901)),
    ).toEqual(plain);
    expect(
      assessed(
        planned('send'),
        accepted(0, 0.1),
        attempted(10, { recipients: ['probe-3@sink.example'] }),
        captured(900, 901),
      ),
    ).toEqual(plain);
  });
});

describe('a probe that is still missing', () => {
  it('is late by as much as its absence is proven, and a breach past one hour', () => {
    const sent = [planned('receive'), accepted(0, 1), absent('sink', 3700)];
    const before = foldAll([...sent, absent('mailbox:acme', 3600)]);
    expect(exceedsMaximum(before.record, before.state.absence)).toBe(false);
    const after = foldAll([...sent, absent('mailbox:acme', 3700)]);
    expect(exceedsMaximum(after.record, after.state.absence)).toBe(true);
    expect(assess(after.record, after.state.absence).delay!.hi).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    ['send', 'sink', 'mailbox:acme'],
    ['receive', 'mailbox:acme', 'sink'],
  ] as const)('of %s is not proven missing where its bounce may have come unheard', (path, there, bounceTo) => {
    const missing = [planned(path), accepted(0, 1), absent(there, 9000)];
    expect(assessed(...missing).delay!.lo).toBe(0);
    const { lo } = assessed(...missing, absent(bounceTo, 5001)).delay!;
    expect(lo).toBeGreaterThan(4990);
    expect(lo).toBeLessThanOrEqual(5000);
  });

  it('is not proven missing by what was seen of another mailbox or the sink', () => {
    expect(
      assessed(planned('receive'), accepted(0, 1), absent('sink', 9000), absent('mailbox:other', 9000)).delay!.lo,
    ).toBe(0);
  });

  it('is no later once it bounced, however long others stay away', () => {
    const bounce: LedgerEvent = {
      type: 'probe.notified',
      at: at(9),
      probe: 'p',
      where: 'sink',
      status: { action: 'failed', status: '5.1.1', recipient: null, diagnostic: null },
    };
    const { record, state } = foldAll([planned('receive'), accepted(0, 1), bounce, absent('mailbox:acme', 9000)]);
    expect(exceedsMaximum(record, state.absence)).toBe(false);
  });

  it('stays a breach when it is lost, or bounces at last', () => {
    for (const end of [
      { type: 'probe.expired', at: at(432_000), probe: 'p' },
      {
        type: 'probe.notified',
        at: at(9000),
        probe: 'p',
        where: 'sink',
        status: { action: 'failed', status: '5.4.7', recipient: null, diagnostic: null },
      },
    ] as const satisfies readonly LedgerEvent[]) {
      const sent = [planned('receive'), accepted(0, 1), absent('sink', 8000), absent('mailbox:acme', 8000)];
      const { record } = foldAll([...sent, end]);
      expect(exceedsMaximum(record, new Map())).toBe(true);
    }
  });
});

describe('outcomeOf', () => {
  const refused = (code: number, enhanced: string | null): Handover => ({
    kind: 'refused',
    stage: 'rcpt',
    code,
    enhanced,
    text: 'no',
    ...rest,
  });
  const bounced: LedgerEvent = {
    type: 'probe.notified',
    at: at(5),
    probe: 'p',
    where: 'sink',
    status: { action: 'failed', status: '5.1.1', recipient: null, diagnostic: null },
  };
  const outcome = (...events: LedgerEvent[]) => outcomeOf(foldAll([planned('send'), ...events]).record);
  const expired: LedgerEvent = { type: 'probe.expired', at: at(432_001), probe: 'p' };

  it.each<[string, string, LedgerEvent[]]>([
    ['pending', 'nothing has ended', []],
    ['failed', 'it was refused', [ended(refused(550, '5.1.1'))]],
    ['unmeasured', 'we were throttled, which is our doing', [ended(refused(450, '4.7.1'))]],
    [
      'failed',
      'the server could not be reached',
      [ended({ kind: 'unreachable', stage: 'connect', code: 'ECONNREFUSED', text: '', ...rest })],
    ],
    [
      'unmeasured',
      'the agent gave it up',
      [ended({ kind: 'unreachable', stage: 'connect', code: 'ABORTED', text: '', ...rest })],
    ],
    ['lost', 'it was accepted and never seen', [accepted(0, 1), expired]],
    [
      'failed',
      'the connection was lost after the data and it was never seen',
      [ended({ kind: 'uncertain', handedOver: at(0), code: 'CONNECTION_LOST', text: '', ...rest }), expired],
    ],
    [
      'unmeasured',
      'the agent was interrupted and it was never seen',
      [{ type: 'probe.interrupted', at: at(9), probe: 'p' }, expired],
    ],
    ['lost', 'it arrives after it was given up', [accepted(0, 1), expired, captured(432_100, 432_101)]],
    ['failed', 'it bounced and arrives all the same', [accepted(0, 1), bounced, captured(6, 7)]],
    ['delivered', 'a bounce comes after it was seen', [accepted(0, 1), captured(2, 3), bounced]],
    ['failed', 'it was refused and arrives all the same', [ended(refused(550, null)), captured(5, 6)]],
  ])('is %s when %s', (expected, _when, events) => {
    expect(outcome(...events)).toBe(expected);
  });
});

describe('the fold', () => {
  it('comes out the same when it is stored and restored after any event', () => {
    const started: LedgerEvent = { type: 'agent.started', at: at(50), version: '0', unwatchedSince: at(40) };
    const events: LedgerEvent[] = [
      planned('send'),
      accepted(0, 1),
      planned('receive', 2, 'q'),
      accepted(2, 3, 'q'),
      attempted(4),
      absent('sink', 20),
      started,
    ];
    events.push(
      { type: 'sink.opened', at: at(51), address: 'x' },
      planned('send', 52, 'r'),
      accepted(52, 53, 'r'),
      captured(54, 55, 'r'),
      captured(60, 61),
    );
    for (let cut = 1; cut < events.length; cut += 1) {
      let state = emptyTimeline();
      for (const event of events.slice(0, cut)) foldEvent(state, event);
      state = restoreTimeline(structuredClone(storeTimeline(state)), structuredClone([...state.open.values()]));
      for (const event of events.slice(cut)) foldEvent(state, event);
      const whole = emptyTimeline();
      for (const event of events) foldEvent(whole, event);
      expect(state).toEqual(whole);
    }
  });

  it('ends the same whether or not late knowledge finds the closed record', () => {
    const late: LedgerEvent[] = [
      captured(9000, 9001),
      {
        type: 'probe.notified',
        at: at(9002),
        probe: 'p',
        where: 'sink',
        status: { action: 'failed', status: null, recipient: null, diagnostic: null },
      },
      attempted(9003, { probe: 'p' }),
    ];
    const ends: LedgerEvent[][] = [
      [accepted(0, 1), captured(2, 3)],
      [accepted(0, 1), { type: 'probe.expired', at: at(432_001), probe: 'p' }],
      [accepted(0, 1), late[1]!],
      [ended({ kind: 'refused', stage: 'rcpt', code: 550, enhanced: null, text: 'no', ...rest })],
    ];
    for (const end of ends) {
      const before = assessed(planned('send'), ...end);
      for (const event of late) expect(assessed(planned('send'), ...end, event)).toEqual(before);
    }
  });

  it('lets go of a probe once its outcome is final', () => {
    expect(foldAll([planned('send'), accepted(0, 1), captured(2, 3)]).state.open.size).toBe(0);
    expect(foldAll([planned('send'), captured(2, 3)]).state.open.size).toBe(1);
  });
});
