/** Exclusions: what may be entered, and what the timeline knows of those that were. */
import { describe, expect, it } from 'vitest';
import { decodeEvent, encodeEvent } from '../../src/domain/codec.ts';
import { exclusionsFor, exclusionsOf } from '../../src/domain/delay/month-facts.ts';
import type { LedgerEvent } from '../../src/domain/event.ts';
import { DEFAULT_EXCLUSIONS, EXCLUSION_KINDS, type Exclusion } from '../../src/domain/exclusion.ts';
import {
  checkExclusion,
  checkRetraction,
  type ExclusionInput,
  readExclusion,
} from '../../src/domain/exclusion-check.ts';
import type { Instant } from '../../src/domain/time/instant.ts';
import { emptyTimeline, foldEvent, restoreTimeline, storeTimeline } from '../../src/domain/timeline.ts';

const NOV_1 = Date.parse('2026-11-01T00:00:00Z');
const sound: ExclusionInput = {
  kind: 'agreed-maintenance',
  provider: 'acme',
  path: null,
  fromMs: NOV_1,
  toMs: NOV_1 + 3_600_000,
  by: 'Li Wei',
  evidence: 'ticket 4711',
  note: '',
};

describe('readExclusion', () => {
  const { fromMs, toMs, ...said } = sound;
  const read = (from: string, to: string, change = {}) =>
    readExclusion({ ...said, from, to, ...change }, 'Asia/Shanghai');

  it('takes times by the clocks of the zone or with an offset, and says whether any was local', () => {
    const exclusion = { ...said, fromMs, toMs };
    expect(read('2026-11-01T00:00Z', '2026-11-01T01:00Z')).toEqual({ ok: true, exclusion, local: false });
    expect(read('2026-11-01T08:00', '2026-11-01T01:00Z')).toEqual({ ok: true, exclusion, local: true });
    expect(read('2026-11-01T00:00Z', '2026-11-01 09:00')).toEqual({ ok: true, exclusion, local: true });
  });

  it('tells what is wrong with both times alone, else what is wrong with the rest', () => {
    const time = 'must be a time such as 2026-11-03T08:00 or 2026-11-03T08:00:00+08:00, is';
    expect(read('noon', 'one', { by: '' })).toEqual({
      ok: false,
      problems: [`from ${time} "noon"`, `to ${time} "one"`],
    });
    expect(read('2026-11-01T08:00', '2026-11-01T09:00', { by: '' })).toEqual({
      ok: false,
      problems: ['by must not be empty'],
    });
  });
});

describe('checkRetraction', () => {
  it('takes who and why without the space around them, by the rules of what is entered', () => {
    expect(checkRetraction({ by: ' Li Wei', note: 'a slip\n' })).toEqual({
      ok: true,
      said: { by: 'Li Wei', note: 'a slip' },
    });
    expect(checkRetraction({ by: ' ', note: ' ' })).toEqual({
      ok: false,
      problems: ['by must not be empty', 'note must say why, is empty'],
    });
    expect(checkRetraction({ by: 'a\nb', note: 'x'.repeat(501) })).toEqual({
      ok: false,
      problems: [
        'by must be one line without control characters, is "a\\nb"',
        'note must be at most 500 characters, is 501',
      ],
    });
  });
});

describe('checkExclusion', () => {
  it('takes every kind, one path or all, and texts without the space around them', () => {
    for (const kind of EXCLUSION_KINDS)
      expect(checkExclusion({ ...sound, kind })).toEqual({ ok: true, exclusion: { ...sound, kind } });
    expect(checkExclusion({ ...sound, path: 'send', by: ' Li Wei\n' })).toEqual({
      ok: true,
      exclusion: { ...sound, path: 'send' },
    });
  });

  it.each<[string, Partial<ExclusionInput>, string]>([
    [
      'an unknown kind',
      { kind: 'holiday' },
      'kind must be one of agreed-maintenance, customer-equipment, customer-mistake, customer-neglect, carrier, force-majeure, foreign-system, adjustment, is "holiday"',
    ],
    [
      'a provider that cannot be a label',
      { provider: 'Acme Mail' },
      'provider must be the name of one, at most 63 lower-case letters and digits with hyphens between, is "Acme Mail"',
    ],
    ['an unknown path', { path: 'outbound' }, 'path must be one of send, receive, internal or none, is "outbound"'],
    [
      'an end at its start',
      { toMs: NOV_1 },
      'to must be after from, is 2026-11-01T00:00:00.000Z and from is 2026-11-01T00:00:00.000Z',
    ],
    [
      'more than a leap year',
      { toMs: NOV_1 + 366 * 86_400_000 + 1 },
      'to must be at most 366 days after from, is 2027-11-02T00:00:00.001Z and from is 2026-11-01T00:00:00.000Z',
    ],
    [
      'a time that is none',
      { fromMs: Number.NaN },
      'from must be a time in the years 1000 to 9999, in whole milliseconds, is NaN',
    ],
    ['nobody who entered it', { by: ' ' }, 'by must not be empty'],
    ['a long note', { note: 'x'.repeat(501) }, 'note must be at most 500 characters, is 501'],
    ['long evidence', { evidence: 'x'.repeat(501) }, 'evidence must be at most 500 characters, is 501'],
    [
      'an escape sequence',
      { note: 'a\u001b[2Jb' },
      'note must be one line without control characters, is "a\\u001b[2Jb"',
    ],
  ])('refuses %s', (_what, change, problem) => {
    expect(checkExclusion({ ...sound, ...change })).toEqual({ ok: false, problems: [problem] });
  });

  it('takes providers and times up to their bounds, and none beyond', () => {
    const first = (change: Partial<ExclusionInput>) => {
      const result = checkExclusion({ ...sound, ...change });
      return result.ok ? null : result.problems[0]?.split(' ')[0];
    };
    for (const provider of ['a', '9', 'a-b', 'x'.repeat(63)]) expect(first({ provider })).toBeNull();
    for (const provider of ['-a', 'a-', 'A', 'x'.repeat(64), 'a.b', ' a', 'a\n'])
      expect(first({ provider })).toBe('provider');
    const [least, most] = [Date.UTC(1000, 0, 1), Date.UTC(10_000, 0, 1)];
    expect(first({ fromMs: least, toMs: least + 1 })).toBeNull();
    expect(first({ fromMs: least - 1, toMs: least + 1 })).toBe('from');
    expect(first({ fromMs: most - 2, toMs: most - 1 })).toBeNull();
    expect(first({ fromMs: most - 1, toMs: most })).toBe('to');
    expect(first({ fromMs: NOV_1 + 0.5 })).toBe('from');
    for (const note of ['a\u2028b', 'a\u2029b', 'a\nb', 'a\u0085b']) expect(first({ note })).toBe('note');
    expect(checkExclusion({ ...sound, evidence: ' x ', note: ' y\n' })).toEqual({
      ok: true,
      exclusion: { ...sound, evidence: 'x', note: 'y' },
    });
  });

  it('shows of a value no more than helps to find it', () => {
    const problem = (provider: string) => {
      const result = checkExclusion({ ...sound, provider });
      return result.ok ? '' : result.problems[0];
    };
    expect(problem('A'.repeat(60))).toContain(`is "${'A'.repeat(60)}"`);
    expect(problem('A'.repeat(61))).toContain(`is "${'A'.repeat(60)}…"`);
  });

  it('takes the longest that is allowed', () => {
    const longest = { ...sound, toMs: NOV_1 + 366 * 86_400_000, note: 'x'.repeat(500) };
    expect(checkExclusion(longest).ok).toBe(true);
  });

  it('tells all that is wrong at once', () => {
    const result = checkExclusion({ ...sound, kind: '', provider: '', by: '', toMs: 0 });
    expect(result.ok ? [] : result.problems.map((problem) => problem.split(' ')[0])).toEqual([
      'kind',
      'provider',
      'to',
      'by',
    ]);
  });
});

describe('a clause without exclusions of its own', () => {
  const kept = (clause: keyof typeof DEFAULT_EXCLUSIONS) =>
    EXCLUSION_KINDS.filter((kind) => !DEFAULT_EXCLUSIONS[clause].includes(kind));
  it("holds against the provider what contract.md's a to g do not name for it", () => {
    expect(kept('delay')).toEqual(['adjustment']);
    expect(kept('connectivity')).toEqual(['foreign-system', 'adjustment']);
    expect(kept('operations')).toEqual(['foreign-system']);
  });
});

const at: Instant = { wallMs: NOV_1, monoUs: 1, suspendedMs: 0, errorUs: 0, boot: 'a' };
const exclusion = (id: string): Exclusion => ({
  id,
  kind: 'carrier',
  provider: 'acme',
  path: null,
  fromMs: NOV_1,
  toMs: NOV_1 + 1000,
  by: 'Li Wei',
  evidence: '',
  note: '',
});
const added = (id: string): LedgerEvent => ({ type: 'exclusion.added', at, exclusion: exclusion(id) });
const retracted = (id: string): LedgerEvent => ({
  type: 'exclusion.retracted',
  at,
  id,
  by: 'Wang Fang',
  note: 'wrong day',
});

function fold(...events: readonly LedgerEvent[]) {
  const state = emptyTimeline();
  for (const event of events) expect(foldEvent(state, event).changed).toEqual([]);
  return state;
}

describe('the timeline', () => {
  it('holds the exclusions in force', () => {
    expect([...fold(added('one'), added('two')).exclusions]).toEqual([
      ['one', exclusion('one')],
      ['two', exclusion('two')],
    ]);
    expect([...fold(added('one'), added('two'), retracted('one')).exclusions.keys()]).toEqual(['two']);
  });

  it('passes over the retraction of one it does not know', () => {
    expect(fold(added('one'), retracted('other')).exclusions.size).toBe(1);
  });

  it('keeps them when it is stored and restored', () => {
    const state = fold(added('one'), added('two'), retracted('one'));
    expect(restoreTimeline(structuredClone(storeTimeline(state)), [])).toEqual(state);
  });

  it('is restored from what was stored before there were any', () => {
    const { exclusions: _, ...older } = storeTimeline(fold());
    expect(restoreTimeline(older, [])).toEqual({ ...emptyTimeline(), begun: true });
  });

  it('tells those of a provider and of a route, by their beginning', () => {
    const given: readonly Exclusion[] = [
      { ...exclusion('late'), fromMs: NOV_1 + 5 },
      { ...exclusion('sending'), path: 'send', fromMs: NOV_1 + 1 },
      { ...exclusion('receiving'), path: 'receive', fromMs: NOV_1 + 3 },
      { ...exclusion('theirs'), provider: 'other' },
      { ...exclusion('early'), fromMs: NOV_1 - 5 },
    ];
    const state = fold(...given.map((each): LedgerEvent => ({ type: 'exclusion.added', at, exclusion: each })));
    const ids = (exclusions: readonly Exclusion[]) => exclusions.map(({ id }) => id);
    expect(ids(exclusionsFor(state, 'acme'))).toEqual(['early', 'sending', 'receiving', 'late']);
    expect(ids(exclusionsOf(state, { provider: 'acme', path: 'send' }))).toEqual(['early', 'sending', 'late']);
    expect(ids(exclusionsOf(state, { provider: 'acme', path: 'internal' }))).toEqual(['early', 'late']);
    expect(ids(exclusionsFor(state, 'other'))).toEqual(['theirs']);
  });

  it('gets back from the ledger what was entered', () => {
    for (const event of [added('one'), retracted('one')]) expect(decodeEvent(encodeEvent(event))).toEqual(event);
  });
});
