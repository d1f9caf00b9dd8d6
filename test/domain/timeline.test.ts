/** What each event says of the probes that are open: of which it says something, and of which it says nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LedgerEvent, MessageSeen, TransferAttempted, TransferCaptured } from '../../src/domain/event.ts';
import { checkpointOf } from '../../src/domain/evidence/checkpoint.ts';
import type { Path } from '../../src/domain/probe.ts';
import { DUPLICATES_MAX, type ProbeRecord } from '../../src/domain/record.ts';
import type { Instant } from '../../src/domain/time/instant.ts';
import { emptyTimeline, foldEvent, isSilenced, type TimelineState } from '../../src/domain/timeline.ts';
import { checked } from './events.ts';
import { accepted, at, exclusion, probe, refused } from './month-case.ts';

const planned = (id: string, seconds: number, change: Partial<ProbeRecord> = {}): LedgerEvent => {
  const { provider, path, kind, sender, recipient } = probe(id, seconds, change);
  return { type: 'probe.planned', at: at(seconds), probe: id, provider, path, kind, sender, recipient };
};
const handedOver = (id: string, seconds: number): LedgerEvent => ({
  ...{ type: 'probe.handed-over', at: at(seconds), probe: id, handover: accepted(at(seconds)) },
});
const sent = (id: string, seconds: number, change: Partial<ProbeRecord> = {}) => [
  planned(id, seconds, change),
  handedOver(id, seconds),
];
const captured = (id: string, seconds: number): TransferCaptured => ({
  ...{ type: 'transfer.captured', at: at(seconds), probe: id, earliest: at(seconds), latest: at(seconds) },
  ...{ steps: { accepted: at(seconds), ehlo: 0, mail: 0, rcpt: 0, data: 0 }, endOfData: at(seconds) },
  ...{ peer: '192.0.2.1:1', helo: 'x', tls: false, reusedConnection: false, hops: [], signatures: [], bodySha256: '' },
});
const attempted = (seconds: number, change: Partial<TransferAttempted> = {}): LedgerEvent => ({
  ...{ type: 'transfer.attempted', at: at(seconds), probe: null, provider: 'acme', recipients: [] },
  ...{ earliest: at(seconds), latest: at(seconds + 1), peer: '192.0.2.1:1', code: 0 },
  steps: { accepted: at(seconds), ehlo: 0, mail: 0, rcpt: null, data: null },
  ...change,
});
const seen = (id: string, seconds: number, folder = 'INBOX'): MessageSeen => ({
  ...{ type: 'message.seen', at: at(seconds), probe: id, absent: at(seconds - 1), seen: at(seconds) },
  ...{ folder, role: 'inbox', uidValidity: '1', uid: 1, hops: [] },
});
const absent = (channel: string, until: number): LedgerEvent => ({
  ...{ type: 'absence.proven', at: at(until), channel, until: at(until) },
});
const closed = (seconds: number): LedgerEvent => ({ type: 'sink.closed', at: at(seconds) });
const opened = (seconds: number): LedgerEvent => ({ type: 'sink.opened', at: at(seconds), address: 'x' });
const silent = (since: number, until: number): LedgerEvent => ({
  ...{ type: 'sink.unproven', at: at(until), since: at(since) },
});
const started = (unwatchedSince: Instant | null): LedgerEvent => ({
  ...{ type: 'agent.started', at: at(1000), version: '1', unwatchedSince },
});

/** Records as they are last known, closed ones included. */
function fold(...events: readonly LedgerEvent[]) {
  const state = emptyTimeline();
  const records = new Map<string, ProbeRecord>();
  const changes = events.map((event) => {
    const { changed } = foldEvent(state, event, (id) => records.get(id) ?? null);
    for (const record of changed) records.set(record.id, record);
    return changed.map(({ id }) => id);
  });
  return { state, record: (id: string) => records.get(id)!, changed: changes.at(-1) };
}
const unseen = ({ state }: { readonly state: TimelineState }) =>
  Object.fromEntries([...state.open.values()].map((record) => [record.id, record.unseenSince]));

/** One probe for each path, and one of another provider, all on their way. */
const ON_THEIR_WAY = [
  ...sent('send', 1),
  ...sent('receive', 2, { path: 'receive' }),
  ...sent('internal', 3, { path: 'internal' }),
  ...sent('other', 4, { provider: 'other' }),
];
const NOTHING = { send: null, receive: null, internal: null, other: null };

describe('a sink that was closed', () => {
  it('may have been tried by whatever was on its way to it, from the earliest closing on', () => {
    const gone = fold(...ON_THEIR_WAY, closed(50), closed(60));
    expect(unseen(gone)).toEqual({ ...NOTHING, send: at(50), other: at(50) });
    expect(gone.state.sinkClosedSince).toEqual(at(50));
    expect(fold(...ON_THEIR_WAY, started(at(40))).state.sinkClosedSince).toEqual(at(40));
    expect(unseen(fold(...ON_THEIR_WAY, started(at(40))))).toEqual({ ...NOTHING, send: at(40), other: at(40) });
  });

  const start = (instant: Instant): LedgerEvent => ({
    ...{ type: 'agent.started', at: instant, version: '1', unwatchedSince: null },
  });
  const sentAt = (instant: Instant): readonly LedgerEvent[] => ON_THEIR_WAY.map((event) => ({ ...event, at: instant }));
  const unproven = (since: Instant, until: Instant): LedgerEvent => ({ type: 'sink.unproven', at: until, since });

  it('stays unseen since then over a boot, though the clock was ahead then and was put back', () => {
    const since = at(2010, { monoUs: 30e6 });
    const next = at(1000, { boot: 'next', monoUs: 64e6 });
    const before = [start(at(1990, { monoUs: 10e6 })), ...sentAt(at(2000, { monoUs: 20e6 }))];
    const all = [...before, unproven(since, at(900, { monoUs: 700e6 })), start(next)];
    expect(unseen(fold(...all, { type: 'sink.closed', at: next }))).toEqual({ ...NOTHING, send: since, other: since });
  });

  it('is unseen since it was planned at the earliest, though the clock was ahead in the boot before', () => {
    const since = at(2000);
    const planning = at(400, { boot: 'next', monoUs: 20e6 });
    const all = [start(at(1990)), start(at(390, { boot: 'next', monoUs: 10e6 })), ...sentAt(planning)];
    const told = fold(...all, unproven(since, at(500, { boot: 'next', monoUs: 120e6 })));
    expect(unseen(told)).toEqual({ ...NOTHING, send: planning, other: planning });
    expect(told.record('receive').bounceGap?.since).toEqual(planning);
  });

  const gaps = (...events: readonly LedgerEvent[]) =>
    ['send', 'receive', 'internal'].map((id) => fold(...events).record(id)?.bounceGap ?? null);

  it('may have missed the bounce of what was on its way to a mailbox, or was sent meanwhile', () => {
    expect(gaps(...ON_THEIR_WAY)).toEqual([null, null, null]);
    expect(gaps(...ON_THEIR_WAY, closed(50))).toEqual([null, { since: at(50), until: null }, null]);
    expect(gaps(closed(0), ...ON_THEIR_WAY)).toEqual([null, { since: at(2), until: null }, null]);
    expect(gaps(...ON_THEIR_WAY, started(at(40)))).toEqual([null, { since: at(40), until: null }, null]);
    expect(gaps(closed(0), opened(1), ...ON_THEIR_WAY)).toEqual([null, null, null]);
  });

  it('hears bounces again once it is open, from a host that remembers it as down later', () => {
    expect(gaps(...ON_THEIR_WAY, closed(50), opened(60))[1]).toEqual({ since: at(50), until: at(60) });
    const receive = (seconds: number) => sent('receive', seconds, { path: 'receive' });
    const remembered = [planned('p', 0), closed(1), opened(2)];
    expect(gaps(...remembered, ...receive(3))[1]).toEqual({ since: at(3), until: at(2) });
    expect(gaps(...remembered, ...receive(30_000))[1]).toBeNull();
    expect(gaps(planned('p', 0), closed(1), ...receive(3))[1]).toEqual({ since: at(3), until: null });
  });

  it('missed bounces as well while it was silent for too long', () => {
    expect(gaps(...ON_THEIR_WAY, silent(10, 700))).toEqual([null, { since: at(10), until: at(700) }, null]);
    // That nothing was on its way before shows nothing of the sink; outages of ours that are short are taken for none.
    expect(gaps(...sent('receive', 1, { path: 'receive' }), ...sent('send', 500), silent(10, 700))[1]).toBeNull();
    expect(gaps(...sent('receive', 1, { path: 'receive' }), silent(10, 700))[1]).toEqual({
      since: at(10),
      until: at(700),
    });
    expect(gaps(...sent('receive', 1, { path: 'receive' }), silent(10, 100))[1]).toBeNull();
  });

  it('was there all along where the agent started anew and had missed nothing', () => {
    const again = fold(...ON_THEIR_WAY, started(null));
    expect(unseen(again)).toEqual(NOTHING);
    expect([again.state.sinkClosedSince, again.state.doubts.size]).toEqual([null, 0]);
  });

  it('is doubted to be known as back by each provider that had something for it, bounces included', () => {
    const doubts = (path: Path) => [...fold(...sent('p', 1, { path }), closed(50), opened(60)).state.doubts];
    expect(doubts('send')).toEqual([['acme', at(60)]]);
    expect(doubts('receive')).toEqual([['acme', at(60)]]);
    expect(doubts('internal')).toEqual([]);
  });

  it('is not doubted by a provider that had nothing on its way, unless it gets something meanwhile', () => {
    expect(fold(closed(50), opened(60)).state.doubts.size).toBe(0);
    expect([...fold(closed(50), planned('p', 55), opened(60)).state.doubts]).toEqual([['acme', at(60)]]);
    expect(fold(closed(50), planned('p', 55, { path: 'receive' }), opened(60)).state.doubts.size).toBe(0);
    expect(fold(closed(50), opened(60), planned('p', 61)).state.doubts.size).toBe(0);
  });

  it('keeps the time at which it was back first while the doubt lasts', () => {
    const { state } = fold(...sent('p', 1), closed(50), opened(60), opened(70));
    expect([...state.doubts]).toEqual([['acme', at(60)]]);
    expect(state.sinkClosedSince).toBeNull();
  });

  it('leaves what is sent in doubt unseen from the beginning, on its own path and provider', () => {
    const doubtful = [...sent('old', 1), closed(50), opened(60)];
    const later = [
      planned('send', 70),
      planned('receive', 71, { path: 'receive' }),
      planned('other', 72, { provider: 'other' }),
    ];
    expect(unseen(fold(...doubtful, ...later))).toEqual({ old: at(50), send: at(70), receive: null, other: null });
  });

  it.each([
    // By a clock that may be off by 500.5 ppm an hour is over after 3602 s.
    ['one planned an hour after it was back passes within the minute', 3662, 3721, false],
    ['one takes longer', 3662, 3723, true],
    ['one was planned within that hour, when another host may still remember', 3661, 3662, true],
    ['one was planned before it was back', 55, 62, true],
  ])('is known as back once %s', (_what, plannedAt, out, doubted) => {
    const before = plannedAt < 60 ? [planned('q', plannedAt)] : [];
    const after = plannedAt < 60 ? [] : [planned('q', plannedAt)];
    const events = [...sent('p', 1), closed(50), ...before, opened(60), ...after];
    expect(fold(...events, captured('q', out)).state.doubts.has('acme')).toBe(doubted);
  });

  it('stays doubted while it is closed, whatever of its silence is told meanwhile', () => {
    expect([...fold(...sent('p', 1), closed(50), silent(40, 51)).state.doubts]).toEqual([['acme', null]]);
  });

  it('stays doubted while it is closed, however promptly something passes', () => {
    const { state } = fold(...sent('p', 1), closed(50), planned('q', 55), captured('q', 56));
    expect([...state.doubts]).toEqual([['acme', null]]);
  });
});

describe('a sink that heard nothing', () => {
  it('may have missed, of a provider whose connections it turned away, what was that provider’s alone', () => {
    const turnedAway: LedgerEvent = { type: 'sink.unproven', at: at(120), since: at(110), provider: 'other' };
    const { record, state } = fold(...sent('a', 0), ...sent('b', 0, { provider: 'other' }), turnedAway);
    expect([record('a').unseenSince, record('b').unseenSince]).toEqual([null, at(110)]);
    expect([...state.doubts]).toEqual([['other', at(120)]]);
  });

  it('may have missed what was on its way to it, and is doubted from the end of the silence', () => {
    const quiet = fold(...ON_THEIR_WAY, silent(100, 800));
    expect(unseen(quiet)).toEqual({ ...NOTHING, send: at(100), other: at(100) });
    expect([...quiet.state.doubts]).toEqual([
      ['acme', at(800)],
      ['other', at(800)],
    ]);
    expect(quiet.changed).toEqual(['send', 'receive', 'other']);
    expect(unseen(fold(...ON_THEIR_WAY, silent(100, 800), silent(900, 1600)))['send']).toEqual(at(100));
  });

  it('was silent for too long after ten minutes, though a probe was on its way only at their end', () => {
    // 600 s by a clock that may be off by 500.5 ppm are 599.6998 s and two readings.
    const silenced = (sent: number, since: number, until: number, path: Path = 'send') =>
      isSilenced(probe('p', sent, { path }), at(since), at(until));
    expect([silenced(0, 100, 699), silenced(0, 100, 700)]).toEqual([false, true]);
    expect([silenced(690, 100, 699), silenced(690, 100, 700)]).toEqual([false, true]);
    expect(silenced(0, 100, 9000, 'receive')).toBe(false);
  });
});

describe('a message that was gone from a mailbox before it was read', () => {
  const gone = (since: Instant | null): LedgerEvent => ({
    ...{ type: 'mailbox.unproven', at: at(90), provider: 'acme', since },
  });
  const waiting = [
    ...ON_THEIR_WAY,
    ...sent('theirs', 5, { path: 'receive', provider: 'other' }),
    planned('found', 6, { path: 'receive' }),
    seen('found', 7),
  ];
  it('may have been any that is awaited in that mailbox, since the last proof of absence', () => {
    const expected = { ...NOTHING, theirs: null, found: null, receive: at(80), internal: at(80) };
    expect(unseen(fold(...waiting, gone(at(80))))).toEqual(expected);
    expect(unseen(fold(...waiting, gone(at(80)), gone(at(85))))).toEqual(expected);
  });
  it('or since they were planned, where absence was never proven', () => {
    expect(unseen(fold(...waiting, gone(null)))).toMatchObject({ receive: at(2), internal: at(3), found: null });
  });
});

describe('an attempt at the sink', () => {
  it('that names nobody may have been for anything that its sender had on its way, from the earliest on', () => {
    const events = [...ON_THEIR_WAY, attempted(50)];
    expect(unseen(fold(...events))).toEqual({ ...NOTHING, send: at(50) });
    expect(unseen(fold(...events, attempted(40)))['send']).toEqual(at(40));
    expect(unseen(fold(...events, attempted(60)))['send']).toEqual(at(50));
  });
  it('that names a recipient was for those who share it', () => {
    const events = [...ON_THEIR_WAY, ...sent('sharer', 5, { recipient: 'probe-1@sink.example' })];
    const recipients = ['probe-1@sink.example', 'probe-2@sink.example'];
    expect(unseen(fold(...events, attempted(50, { recipients })))).toEqual({ ...NOTHING, sharer: at(50) });
  });
  it('of a probe is the first that counts, and none after the capture or the end', () => {
    const first = attempted(50, { probe: 'send' });
    const { record } = fold(...ON_THEIR_WAY, first, attempted(60, { probe: 'send' }));
    expect(record('send').attempt).toEqual({ earliest: at(50), latest: at(51) });
    expect(fold(planned('p', 0), captured('p', 1), attempted(5, { probe: 'p' })).record('p').attempt).toBeNull();
    const failed: LedgerEvent = {
      ...{ type: 'probe.handed-over', at: at(1), probe: 'p', handover: refused(550, '5.1.1') },
    };
    expect(fold(planned('p', 0), failed, attempted(5, { probe: 'p' })).record('p').attempt).toBeNull();
  });
  it('says nothing of a message on its way to a mailbox, though it be named', () => {
    const named = attempted(5, { probe: 'p' });
    expect(fold(planned('p', 0, { path: 'receive' }), named).record('p').attempt).toBeNull();
    expect(fold(planned('p', 0, { path: 'internal' }), named).record('p').attempt).toBeNull();
  });
});

describe('what is told of a probe', () => {
  const status = (action: 'failed' | 'delayed') => ({ action, status: null, recipient: null, diagnostic: null });
  const notified = (seconds: number, action: 'failed' | 'delayed'): LedgerEvent => ({
    ...{ type: 'probe.notified', at: at(seconds), probe: 'p', where: 'sink', status: status(action) },
  });
  it('by a notice counts while its outcome is open', () => {
    const { record } = fold(...sent('p', 0), notified(5, 'delayed'), notified(9, 'failed'), notified(20, 'delayed'));
    expect(record('p')).toMatchObject({ notice: status('failed'), noticedAt: at(9) });
    expect(fold(...sent('p', 0), captured('p', 3), notified(9, 'failed')).record('p').notice).toBeNull();
  });
  it('by copies is kept up to a bound', () => {
    const copies = Array.from({ length: DUPLICATES_MAX + 3 }, (_, index): LedgerEvent => {
      return { type: 'probe.duplicated', at: at(10 + index), probe: 'p', where: `sink ${index}` };
    });
    expect(fold(...sent('p', 0), copies[0]!, copies[1]!).record('p').duplicates).toEqual(['sink 0', 'sink 1']);
    const { duplicates } = fold(...sent('p', 0), ...copies).record('p');
    expect([duplicates.length, duplicates[0], duplicates.at(-1)]).toEqual([16, 'sink 0', 'sink 15']);
  });
  it('by refusals for now is kept in their order', () => {
    const reply = { kind: 'refused', stage: 'rcpt', code: 450, enhanced: '4.2.0', text: 'no' } as const;
    const deferred = (seconds: number): LedgerEvent => ({
      ...{ type: 'probe.deferred', at: at(seconds), probe: 'p', attempt: 1, refusal: reply, retryAfterSeconds: 60 },
    });
    expect(fold(planned('p', 0), deferred(1), deferred(9)).record('p').deferrals).toEqual([
      { at: at(1), refusal: reply },
      { at: at(9), refusal: reply },
    ]);
  });
  it('by refusals for days on end keeps the first, the first after DATA and the last, and how many are not kept', () => {
    const before = fc.array(fc.constant('rcpt' as const), { minLength: 1, maxLength: 15 });
    const after = fc.array(fc.constantFrom('rcpt', 'data', 'data'), { maxLength: 15 });
    fc.assert(
      fc.property(
        fc.tuple(before, after).map((both) => both.flat()),
        (stages) => {
          const deferred = stages.map(
            (stage, index): LedgerEvent => ({
              ...{ type: 'probe.deferred', at: at(index + 1), probe: 'p', attempt: index + 1, retryAfterSeconds: 1 },
              refusal: { kind: 'refused', stage, code: 450, enhanced: null, text: `no ${index}` },
            }),
          );
          const { deferrals } = fold(planned('p', 0), ...deferred).record('p');
          const texts = deferrals.map(({ refusal }) => refusal.text);
          const all = stages.map((_, index) => `no ${index}`);
          const dataAt = stages.indexOf('data');
          expect(deferrals.length).toBeLessThanOrEqual(11);
          expect(texts.slice(0, 9)).toEqual(all.slice(0, 9));
          expect(texts.at(-1)).toBe(all.at(-1));
          expect(texts).toEqual(expect.arrayContaining(dataAt < 0 ? [] : [`no ${dataAt}`]));
          let place = -1;
          for (const { unkept = 0, refusal } of deferrals) {
            place += unkept + 1;
            expect(refusal.text, 'in its place').toBe(`no ${place}`);
          }
        },
      ),
    );
  });
  it('by a second copy in a mailbox changes nothing', () => {
    const { record } = fold(planned('p', 0, { path: 'receive' }), seen('p', 5), seen('p', 9, 'Junk'));
    expect(record('p').capture).toMatchObject({ earliest: at(4), latest: at(5), found: { folder: 'INBOX' } });
  });
  it('that is not known changes nothing', () => {
    expect(fold(captured('p', 5)).changed).toEqual([]);
    expect(foldEvent(emptyTimeline(), captured('p', 5)).changed).toEqual([]);
  });
});

describe('absence', () => {
  it('is proven up to the latest of what was said, each channel for itself', () => {
    const { state } = fold(absent('sink', 10), absent('mailbox:acme', 20), absent('sink', 5));
    expect(Object.fromEntries(state.absence)).toEqual({ sink: at(10), 'mailbox:acme': at(20) });
  });
  const expired = (seconds: number): LedgerEvent => ({ type: 'probe.expired', at: at(seconds), probe: 'p' });
  const absentBoth = (until: number) => [absent('sink', until), absent('mailbox:acme', until)];

  it('is kept with a probe as it was when the probe closed without being seen', () => {
    const end = [...sent('p', 0), ...absentBoth(10), expired(20)];
    expect(fold(...end).record('p').absentUntil).toEqual(at(10));
    expect(fold(...end, ...absentBoth(90), expired(100)).record('p').absentUntil).toEqual(at(10));
    expect(fold(...sent('p', 0), expired(20)).record('p').absentUntil).toBeNull();
    expect(
      fold(...sent('p', 0, { path: 'receive' }), absent('sink', 10), expired(20)).record('p').absentUntil,
    ).toBeNull();
    expect(fold(...sent('p', 0), ...absentBoth(10), captured('p', 20)).record('p').absentUntil).toBeNull();
  });

  it('of one on its way to the sink goes as far as its bounce was not there either', () => {
    const until = (...proofs: LedgerEvent[]) => fold(...sent('p', 0), ...proofs, expired(20)).record('p').absentUntil;
    expect(until(absent('sink', 10))).toBeNull();
    expect(until(absent('mailbox:acme', 10))).toBeNull();
    expect(until(absent('sink', 10), absent('mailbox:acme', 5))).toEqual(at(5));
    expect(until(absent('sink', 10), absent('mailbox:acme', 15))).toEqual(at(10));
  });

  it('ends with a notice of which nobody can tell whether it was a bounce', () => {
    const notified = (action: 'unclear' | 'delayed'): LedgerEvent => ({
      ...{ type: 'probe.notified', at: at(7), probe: 'p', where: 'mailbox' },
      status: { action, status: null, recipient: null, diagnostic: null },
    });
    const until = (action: 'unclear' | 'delayed') =>
      fold(...sent('p', 0), ...absentBoth(5), notified(action), ...absentBoth(10), expired(20)).record('p').absentUntil;
    expect([until('unclear'), until('delayed')]).toEqual([at(5), at(10)]);
  });

  it('is kept with what is on its way when the host goes down, and says nothing of what is planned after it', () => {
    // The clock was two hours ahead before, so what is proven after it came earlier by that.
    const ahead = at(7200 + 60, { monoUs: 60e6 });
    const proven = (channel: string): LedgerEvent => ({ type: 'absence.proven', at: ahead, channel, until: ahead });
    const rebooted: LedgerEvent = {
      ...{ type: 'agent.started', at: at(120, { boot: 'next', monoUs: 5e6 }), version: '1', unwatchedSince: null },
    };
    const { state, record } = fold(...sent('p', 0), proven('sink'), proven('mailbox:acme'), rebooted);
    expect(record('p').absentUntil).toEqual(ahead);
    expect([...state.absence]).toEqual([]);
    expect(foldEvent(state, rebooted).changed).toEqual([]);
    // Nor does a proof up to before the boot, which comes after it.
    const late: LedgerEvent = {
      ...{ type: 'absence.proven', channel: 'sink' },
      at: at(130, { boot: 'next' }),
      until: ahead,
    };
    foldEvent(state, late);
    expect([...state.absence]).toEqual([]);
  });
});

describe('a reading of the clock once it is set', () => {
  const HOUR = 3600;
  const again = (seconds: number, upFor: number) => at(seconds, { boot: 'next', monoUs: upFor * 1e6 });
  const out = again(700, 60);
  const seen: LedgerEvent = { ...captured('p', 700), earliest: out, latest: out };
  const timed = (by: Instant): LedgerEvent => ({ type: 'probe.timed', at: by, probe: 'p' });
  const clockSet = (...events: readonly LedgerEvent[]) => {
    const state = emptyTimeline();
    let last: ProbeRecord | null = null;
    for (const event of events) last = foldEvent(state, event, () => last).changed.at(-1) ?? last;
    return last?.clockSet;
  };

  it('stays with a probe that came out in the same boot before', () => {
    const set = again(4300, HOUR);
    expect(clockSet(...sent('p', 0), seen, timed(set))).toEqual(set);
    expect(clockSet(...sent('p', 0), seen, timed(set), timed(again(9000, 2 * HOUR)))).toEqual(set);
  });

  it.each([
    ['it may not be set yet', again(4299, HOUR - 1)],
    ['it is of another boot', at(4300, { boot: 'other', monoUs: HOUR * 1e6 })],
  ])('says nothing where %s', (_, by) => {
    expect(clockSet(...sent('p', 0), seen, timed(by))).toBeUndefined();
  });

  it('nor of one that came out without a reboot, or has not come out', () => {
    expect(clockSet(...sent('p', 0), captured('p', 60), timed(again(4300, HOUR)))).toBeUndefined();
    expect(clockSet(...sent('p', 0), timed(again(4300, HOUR)))).toBeUndefined();
  });

  it('dates what was sent before the clock of its boot was set, and is awaited', () => {
    const early = { ...planned('p', 0), at: at(0, { monoUs: 60e6 }) } as LedgerEvent;
    const expired: LedgerEvent = { type: 'probe.expired', at: at(20), probe: 'p' };
    const set = again(4300, HOUR);
    expect(clockSet(early, timed(again(700, 60)))).toBeUndefined();
    expect(clockSet(early, timed(set), timed(again(9000, 2 * HOUR)))).toEqual(set);
    expect(clockSet(early, expired, timed(set))).toBeUndefined();
  });
});

describe('a check', () => {
  it('changes the run of its own endpoint, and nothing where it showed neither', () => {
    const { state } = fold(checked(1), checked(2, { endpoint: 'submission', depth: 'login' }), checked(3));
    expect([...state.checks.values()].map(({ endpoint, recent }) => [endpoint, recent.length])).toEqual([
      ['mx', 2],
      ['submission', 1],
    ]);
    const runs = (event: LedgerEvent) => foldEvent(state, event).runs.map((change) => change.runs.length);
    expect(runs(checked(4))).toEqual([1]);
    expect(runs(checked(5, { result: { kind: 'inconclusive', reason: 'greylisted' } }))).toEqual([]);
    expect(foldEvent(state, checked(6)).changed).toEqual([]);
  });
});

describe('a checkpoint at the beginning', () => {
  const before = [
    ...[...ON_THEIR_WAY, absent('sink', 10), closed(20), checked(1)],
    { type: 'exclusion.added', at: at(30), exclusion: exclusion(0, 10) } as const,
  ];
  it('is all that the events before it would have said, its open probes and runs as changes', () => {
    const { state } = fold(...before);
    const loaded = emptyTimeline();
    const { changed, runs } = foldEvent(loaded, checkpointOf(state, at(99)));
    expect(loaded).toEqual(state);
    expect(changed.map(({ id }) => id)).toEqual(['send', 'receive', 'internal', 'other']);
    expect(runs.map((each) => each.runs.length)).toEqual([1]);
  });
});
