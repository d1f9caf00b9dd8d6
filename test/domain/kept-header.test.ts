/** Whose header is kept, and how much of it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exceedsMaximum } from '../../src/domain/delay/delay.ts';
import type { LedgerEvent } from '../../src/domain/event.ts';
import { headerToKeep, KEPT_HEADER_BYTES_MAX } from '../../src/domain/kept-header.ts';
import { emptyTimeline, foldEvent, storeTimeline } from '../../src/domain/timeline.ts';
import { delivered } from './events.ts';
import { accepted, at, HOUR, probe, refused, uncertain } from './month-case.ts';

const HEADER = 'Received: by mx.acme.example\r\nSubject: probe\r\n';
const arrival = (seconds: number, absent: number | null = seconds) => ({
  earliest: absent === null ? null : at(absent),
  latest: at(seconds),
});

describe('the header of a captured probe', () => {
  const scheduled = probe('p', 0, { handover: accepted(at(10)) });

  it('is kept of a spot check, however quick', () => {
    expect(headerToKeep({ ...scheduled, kind: 'spot' }, arrival(11), HEADER, HOUR)).toEqual({
      text: HEADER,
      cut: false,
    });
  });

  it('is kept of a scheduled one only if it may have taken longer than the maximum', () => {
    expect(headerToKeep(scheduled, arrival(11), HEADER, HOUR)).toBeNull();
    expect(headerToKeep(scheduled, arrival(3600), HEADER, HOUR)).toBeNull();
    expect(headerToKeep(scheduled, arrival(3620), HEADER, HOUR)).toEqual({ text: HEADER, cut: false });
    // Nobody looked for an hour: it may have been there long since.
    expect(headerToKeep(scheduled, arrival(3620, null), HEADER, HOUR)).not.toBeNull();
    expect(headerToKeep(scheduled, arrival(700), HEADER, 600)).not.toBeNull();
  });

  it('is kept of one that came out after its end, and goes by the first attempt where there was one', () => {
    expect(headerToKeep({ ...scheduled, expired: true }, arrival(200 * HOUR), HEADER, HOUR)).not.toBeNull();
    const tried = { ...scheduled, attempt: { earliest: at(12), latest: at(13) } };
    expect(headerToKeep(tried, arrival(5000), HEADER, HOUR)).toBeNull();
  });

  it('goes by when it was planned while nobody knows when it was accepted', () => {
    for (const handover of [null, uncertain(at(10))]) {
      expect(headerToKeep(probe('p', 0, { handover }), arrival(60), HEADER, HOUR)).toBeNull();
      expect(headerToKeep(probe('p', 0, { handover }), arrival(4000), HEADER, HOUR)).not.toBeNull();
    }
    // It was never taken: what turns up has no delay.
    expect(headerToKeep(probe('p', 0, { handover: refused(550, '5.1.1') }), arrival(4000), HEADER, HOUR)).toBeNull();
  });

  it('has a bound, and says where it was cut', () => {
    const long = 'x'.repeat(KEPT_HEADER_BYTES_MAX);
    const keep = (header: string) => headerToKeep({ ...scheduled, kind: 'spot' }, arrival(11), header, HOUR);
    expect(keep(long)).toEqual({ text: long, cut: false });
    expect(keep(`${long}y`)).toEqual({ text: long, cut: true });
  });

  it('is there of every delivery that is ever proven to be a breach, whatever came to be known after it', () => {
    const seconds = fc.integer({ min: 0, max: 3 * HOUR });
    fc.assert(
      fc.property(seconds, seconds, fc.boolean(), (handed, came, isKnown) => {
        const final = accepted(at(handed), at(handed + 1));
        const then = probe('p', 0, { handover: isKnown ? final : null });
        const kept = headerToKeep(then, arrival(came), HEADER, HOUR);
        const capture = { ...arrival(came), found: null, hops: [] };
        expect(kept === null && exceedsMaximum({ ...then, handover: final, capture }, new Map())).toBe(false);
      }),
    );
  });
});

it('the fold remembers nothing of it', () => {
  const events = (text: string | null) =>
    delivered('a', 0)
      .concat(delivered('b', 50).slice(0, 2))
      .map((event): LedgerEvent => {
        if (event.type !== 'transfer.captured' || text === null) return event;
        return { ...event, keptHeader: { text, cut: false } };
      });
  const folded = (text: string | null) => {
    const state = emptyTimeline();
    const changed = events(text).flatMap((event) => foldEvent(state, event).changed);
    return JSON.stringify([storeTimeline(state), [...state.open.values()], changed]);
  };
  expect(folded(HEADER)).toBe(folded(null));
});
