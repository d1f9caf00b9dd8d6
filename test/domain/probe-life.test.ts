/** The life of a probe: what happened to it, when since it was planned, and how surely that is known. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lifeOf, type ProbeLife } from '../../src/domain/probe-life.ts';
import type { ProbeRecord } from '../../src/domain/record.ts';
import { emptyTimeline, foldEvent } from '../../src/domain/timeline.ts';
import { anyHistory } from './any-history.ts';
import { accepted, at, capture, probe, refused, uncertain, unreachable } from './month-case.ts';

/** Of a window `[lo, hi]`, what the clock's rate and two readings add at either end. */
const around = (lo: number, hi: number) => {
  const error = (seconds: number): number => seconds * 500.5e-6 + 2e-6;
  return {
    earliest: expect.closeTo(Math.max(0, lo - error(lo)), 5),
    latest: expect.closeTo(hi + error(hi), 5),
  };
};
const kinds = ({ events }: ProbeLife) => events.map(({ kind }) => kind);
const event = (record: ProbeRecord, kind: string) => lifeOf(record).events.find((each) => each.kind === kind);

describe('the life of a probe', () => {
  it('begins with its planning, and tells who sent it to whom', () => {
    expect(lifeOf(probe('p', 0, { handover: null }))).toEqual({
      id: 'p',
      plannedAt: '2026-11-09T16:00:00.000Z',
      sender: 's@acme.example',
      recipient: 'probe-0@sink.example',
      peer: null,
      certificateExpiresAt: null,
      stages: [],
      events: [{ kind: 'planned', at: { earliest: 0, latest: 0 } }],
      hops: [],
      header: null,
    });
  });

  it('places its acceptance between the last bytes and the 250, and the stages before that', () => {
    const stages = [
      { name: 'connect', seconds: 0.25 },
      { name: 'data', seconds: 0.5 },
    ] as const;
    const peer = '192.0.2.7:587';
    const handover = { ...accepted(at(9.75), at(10)), stages, peer, certificateExpiresMs: Date.UTC(2027, 0, 1) };
    const record = probe('p', 0, { handover });
    expect(event(record, 'accepted')).toEqual({ kind: 'accepted', at: around(9.75, 10), reply: 'ok' });
    expect(lifeOf(record)).toMatchObject({
      peer,
      certificateExpiresAt: '2027-01-01T00:00:00.000Z',
      stages: [
        { name: 'connect', from: around(9.25, 9.25), seconds: 0.25 },
        { name: 'data', from: around(9.5, 9.5), seconds: 0.5 },
      ],
    });
  });

  it('leaves open when it came out after a reboot, until a clock that was set tells', () => {
    const planned = at(0, { monoUs: 3600e6 });
    const again = (seconds: number, upFor: number) => at(seconds, { boot: 'b', monoUs: upFor * 1e6 });
    const out = again(0, 60);
    const record = probe('p', 0, { planned, handover: accepted(planned), capture: capture(out, out) });
    expect(event(record, 'transferred')?.at).toMatchObject({ latest: null });
    const latest = event({ ...record, clockSet: again(4200, 3600) }, 'transferred')?.at?.latest;
    expect(latest).toBeGreaterThan(4200 - 3540);
    expect(latest).toBeLessThan(4200 - 3540 + 7);
  });

  it('says of one that was not accepted only how early each stage and the end can have been', () => {
    const stages = [
      { name: 'dns', seconds: 0.25 },
      { name: 'connect', seconds: 2 },
    ] as const;
    const life = lifeOf(probe('p', 0, { handover: { ...unreachable('TIMEOUT', 'no answer'), stages } }));
    expect(life.stages.map(({ from }) => from)).toEqual([
      { earliest: 0, latest: null },
      { earliest: 0.25, latest: null },
    ]);
    expect(life.events.at(-1)).toEqual({
      ...{ kind: 'unreachable', at: { earliest: 2.25, latest: null } },
      ...{ stage: 'connect', code: 'TIMEOUT', text: 'no answer' },
    });
    expect(event(probe('p', 0, { handover: refused(550, '5.1.1') }), 'refused')).toEqual({
      kind: 'refused',
      at: { earliest: 0, latest: null },
      reply: { stage: 'rcpt', code: 550, enhanced: '5.1.1', text: 'no' },
    });
    expect(event(probe('p', 0, { handover: uncertain(at(3)) }), 'uncertain')).toMatchObject({
      at: { earliest: around(3, 3).earliest, latest: null },
      code: 'CONNECTION_LOST',
    });
    expect(kinds(lifeOf(probe('p', 0, { handover: null, interrupted: true })))).toEqual(['planned', 'interrupted']);
  });

  it('tells each deferral, and counts the stages of the last attempt from there', () => {
    const refusal = { kind: 'refused', stage: 'rcpt', code: 450, enhanced: null, text: 'later' } as const;
    const deferrals = [
      { at: at(1), refusal },
      { at: at(61, { errorUs: 500_000 }), refusal: { ...refusal, code: 451 }, unkept: 3 },
    ];
    const handover = { ...refused(550, '5.1.1'), stages: [{ name: 'mail', seconds: 1 }] as const };
    const life = lifeOf(probe('p', 0, { deferrals, handover }));
    expect(life.events.slice(1)).toMatchObject([
      { kind: 'deferred', at: around(1, 1), reply: { code: 450, text: 'later' }, unkept: 0 },
      // The reading's own error.
      { kind: 'deferred', at: around(60.5, 61), reply: { code: 451 }, unkept: 3 },
      { kind: 'refused', at: { earliest: expect.closeTo(61.5, 1), latest: null } },
    ]);
    expect(life.stages).toMatchObject([{ from: { earliest: expect.closeTo(60.5, 1), latest: null } }]);
    const noted = { deferrals, handover, turnedAwayAt: at(62) };
    expect(event(probe('p', 0, noted), 'refused'), 'it was noted then').toMatchObject({
      at: { earliest: expect.closeTo(61.5, 1), latest: around(62, 62).latest },
    });
  });

  it('tells the transfer to our sink, and an attempt before it that failed', () => {
    const attempt = { earliest: at(2), latest: at(3) };
    const life = lifeOf(probe('p', 0, { attempt, capture: capture(at(60), at(61)) }));
    expect(life.events.slice(-2)).toEqual([
      { kind: 'attempted', at: around(2, 3) },
      { kind: 'transferred', at: around(60, 61) },
    ]);
  });

  it('tells between which looks it was seen, where, and what its trace says', () => {
    const found = { folder: 'Junk', role: 'junk', uidValidity: '1', uid: 7 } as const;
    const hops = [{ by: 'mx', from: null, at: null, seconds: null }];
    const seen = (earliest: ReturnType<typeof at> | null) =>
      probe('p', 0, { path: 'receive', capture: { earliest, latest: at(5), found, hops } });
    expect(event(seen(at(4)), 'seen')).toEqual({ kind: 'seen', at: around(4, 5), ...found });
    expect(event(seen(null), 'seen'), 'no look proved absence').toMatchObject({ at: around(0, 5) });
    expect(lifeOf(seen(null)).hops).toEqual(hops);
  });

  it('tells a notice, copies, where nobody watched, and that it was given up', () => {
    const notice = { action: 'failed', status: '5.1.1', recipient: 'a@b.example', diagnostic: 'no' } as const;
    const rest = { unseenSince: at(1), absentUntil: at(3), duplicates: ['sink', 'INBOX'], expired: true };
    const life = lifeOf(probe('p', 0, { notice, noticedAt: at(9), ...rest }));
    expect(life.events.slice(2)).toEqual([
      { kind: 'unwatched', at: around(1, 1) },
      { kind: 'absent', at: around(3, 3) },
      { kind: 'notified', at: around(9, 9), ...notice },
      { kind: 'duplicated', at: null, where: 'sink' },
      { kind: 'duplicated', at: null, where: 'INBOX' },
      { kind: 'expired', at: null },
    ]);
    expect(event(probe('p', 0, { notice }), 'notified'), 'by an older version').toMatchObject({ at: null });
  });

  it('is told in order, with windows the right way round, after whatever history', () => {
    fc.assert(
      fc.property(anyHistory, (events) => {
        const state = emptyTimeline();
        const records = new Map<string, ProbeRecord>();
        for (const each of events)
          for (const record of foldEvent(state, each, (id) => records.get(id) ?? null).changed)
            records.set(record.id, record);
        for (const record of records.values()) {
          const life = lifeOf(record);
          const windows = life.events.map((each) => each.at);
          for (const window of [...windows, ...life.stages.map(({ from }) => from)]) {
            expect(window?.earliest ?? 0).toBeGreaterThanOrEqual(0);
            expect(window?.latest ?? Infinity).toBeGreaterThanOrEqual(window?.earliest ?? 0);
          }
          const begins = windows.map((window) => window?.earliest ?? Infinity);
          expect(begins).toEqual(begins.toSorted((one, other) => one - other));
          expect(kinds(life)[0]).toBe('planned');
        }
      }),
    );
  });
});
