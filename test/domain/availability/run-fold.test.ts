/** Checks become runs: what joins, what breaks, and that neither order nor a restart of the fold makes a difference. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Run } from '../../../src/domain/availability/run.ts';
import { applyChange } from '../../../src/domain/availability/run-fold.ts';
import { decode, encode } from '../../../src/domain/codec.ts';
import type { EndpointChecked, LedgerEvent } from '../../../src/domain/event.ts';
import {
  emptyTimeline,
  foldEvent,
  restoreTimeline,
  type StoredTimeline,
  storeTimeline,
} from '../../../src/domain/timeline.ts';
import { at, checked } from '../events.ts';

const down = { kind: 'down', stage: 'connect', code: 'ECONNREFUSED', text: 'refused' } as const;
const up = (seconds: number, over: Partial<EndpointChecked> = {}) => checked(seconds, over);
const failed = (seconds: number, over: Partial<EndpointChecked> = {}) =>
  checked(seconds, { result: down, control: 'healthy', ...over });
const unproven = (seconds: number) => failed(seconds, { control: 'none' });
const throttled = (seconds: number) => checked(seconds, { result: { kind: 'inconclusive', reason: 'too many' } });

/** The runs of one endpoint; the fold forgets all but what is stored after each of `restarts`. */
function runsOf(events: readonly LedgerEvent[], restarts: readonly number[] = []): readonly Run[] {
  let state = emptyTimeline();
  let runs: readonly Run[] = [];
  for (const [index, event] of events.entries()) {
    for (const change of foldEvent(state, event).runs) runs = applyChange(runs, change);
    if (restarts.includes(index)) state = restoreTimeline(decode<StoredTimeline>(encode(storeTimeline(state))), []);
  }
  return runs;
}
/** `up 0-120 x3`, in the test's seconds. */
const told = (runs: readonly Run[]): string[] =>
  runs.map(
    ({ kind, fromMs, toMs, checks }) =>
      `${kind} ${(fromMs - at(0).wallMs) / 1000}-${(toMs - at(0).wallMs) / 1000} x${checks}`,
  );

describe('checks in a row that ended alike are one run', () => {
  test('of good ones, from the first to the last', () => {
    expect(runsOf([up(10), up(70), up(130)])).toEqual([
      {
        provider: 'acme',
        endpoint: 'mx',
        kind: 'up',
        fromMs: at(10).wallMs,
        toMs: at(130).wallMs,
        checks: 3,
        reason: null,
        cellMs: 60_000,
      },
    ]);
  });

  test('of failed ones beside a healthy control, with what the first of them showed', () => {
    const later = failed(40, { result: { ...down, code: 'ETIMEDOUT' } });
    const runs = runsOf([up(10), failed(30), later, up(70)]);
    expect(told(runs)).toEqual(['up 10-10 x1', 'down 30-40 x2', 'up 70-70 x1']);
    expect(runs[1]?.reason).toBe('connect ECONNREFUSED: refused');
  });

  test('a failure without a healthy control is doubtful, and apart from one that is proven', () => {
    expect(told(runsOf([unproven(10), failed(70, { control: 'failed' }), failed(80)]))).toEqual([
      'doubtful 10-70 x2',
      'down 80-80 x1',
    ]);
  });

  test('what the network gave is kept short', () => {
    const [run] = runsOf([failed(0, { result: { ...down, text: 'x'.repeat(5000) } })]);
    expect(run?.reason).toHaveLength(200);
  });
});

describe('a run goes on for two cells and no longer', () => {
  test.each([
    [120, 60, 60, 1],
    // Beyond the clocks' own error, which is 60 ms in 120 s.
    [120.2, 60, 60, 2],
    [120.2, 30, 61, 1],
    [120.2, 61, 30, 1],
    [61, 30, 30, 2],
  ])('a gap of %d s with cells of %d and %d s: %d', (gap, first, second, count) => {
    const runs = runsOf([up(0, { everySeconds: first }), up(gap, { everySeconds: second })]);
    expect(runs).toHaveLength(count);
    expect(runs.at(-1)?.cellMs).toBe(1000 * (count === 1 ? Math.max(first, second) : second));
  });
});

describe('what disturbs the clocks breaks a run', () => {
  test.each([
    ['a step', { wallMs: at(60).wallMs + 500 }],
    ['a step back', { wallMs: at(60).wallMs - 500 }],
    ['a suspend', { suspendedMs: 1000, wallMs: at(60).wallMs + 1000 }],
    ['a reboot', { boot: 'boot-two', monoUs: 7 }],
  ])('%s', (_, clock) => {
    expect(runsOf([up(0), up(60, { began: { ...at(60), ...clock } })])).toHaveLength(2);
  });

  test('a restart of the agent does not', () => {
    const restart: LedgerEvent = { type: 'agent.started', at: at(30), version: '1', unwatchedSince: at(20) };
    expect(runsOf([up(0), restart, up(60)])).toHaveLength(1);
  });
});

test('a check that showed neither neither breaks a run nor makes it longer nor begins one', () => {
  expect(told(runsOf([throttled(0), up(30), throttled(60), up(110), throttled(150)]))).toEqual(['up 30-110 x2']);
  expect(told(runsOf([up(0), throttled(60), throttled(120), up(180)]))).toEqual(['up 0-0 x1', 'up 180-180 x1']);
});

test('a slow failure that is recorded after a quick check that began later splits what was presumed', () => {
  expect(told(runsOf([up(0), up(60), up(120), failed(90), failed(121), up(180)]))).toEqual([
    'up 0-60 x2',
    'down 90-90 x1',
    'up 120-120 x1',
    'down 121-121 x1',
    'up 180-180 x1',
  ]);
});

describe('a good run that ends', () => {
  const login = { endpoint: 'mailbox', depth: 'login' } as const;
  const session = { endpoint: 'mailbox', depth: 'session' } as const;
  const recipient = { depth: 'recipient' } as const;

  test('ends with its last login, though a kept session was answered meanwhile', () => {
    const minutes = [60, 120, 180, 240].map((seconds) => up(seconds, session));
    const runs = runsOf([up(0, login), up(30, login), ...minutes, failed(300, login), failed(305, login)]);
    expect(told(runs)).toEqual(['up 0-30 x6', 'down 300-305 x2']);
  });

  test('does so after any number of settled checks, whatever the fold forgets in between', () => {
    const minutes = [60, 120, 180, 240, 300, 360, 420, 480].map((seconds) => up(seconds, session));
    const events = [up(0, session), up(10, login), ...minutes, failed(540, login), failed(545, login), up(600, login)];
    const expected = ['up 0-10 x10', 'down 540-545 x2', 'up 600-600 x1'];
    expect(told(runsOf(events))).toEqual(expected);
    expect(told(runsOf(events, [3, 6, 9, 11]))).toEqual(expected);
  });

  test('does so whatever ended it: an outage that nobody saw may have begun meanwhile', () => {
    const before = [up(0, login), up(60, session), up(120, session)];
    const later = [
      failed(180, { ...login, control: 'failed' }),
      up(600, login),
      up(180, { ...login, began: at(180, 'b') }),
    ];
    for (const end of later) expect(told(runsOf([...before, end]))[0]).toBe('up 0-0 x3');
    expect(told(runsOf([up(0, session), up(60, session), up(600, login)]))[0]).toBe('up 0-0 x2');
  });

  test('does so also while nothing has ended it yet, and goes on with the next login', () => {
    const before = [up(0, login), up(60, session), up(120, session)];
    expect(told(runsOf(before))).toEqual(['up 0-0 x3']);
    expect(told(runsOf([...before, up(180, login), up(240, session)]))).toEqual(['up 0-180 x5']);
  });

  test('is never shortened by a check that comes later: a month that was closed in between would have claimed too much', () => {
    const check = fc.record({
      gap: fc.constantFrom(30, 60, 120, 121, 4000),
      make: fc.constantFrom(
        (seconds: number) => up(seconds, login),
        (seconds: number) => up(seconds, session),
        (seconds: number) => failed(seconds, login),
        (seconds: number) => failed(seconds, { ...login, control: 'none' }),
      ),
    });
    fc.assert(
      fc.property(fc.array(check, { minLength: 2, maxLength: 20 }), fc.nat(20), (checks, cut) => {
        let seconds = 0;
        const events = checks.map(({ gap, make }) => {
          seconds += gap;
          return make(seconds);
        });
        const good = (runs: readonly Run[]) => runs.filter(({ kind }) => kind === 'up');
        const after = good(runsOf(events));
        for (const { fromMs, toMs } of good(runsOf(events.slice(0, cut))))
          expect(after.some((run) => run.fromMs <= fromMs && toMs <= run.toMs)).toBe(true);
      }),
    );
  });

  test('ends, at an MX, with the last recipient it took, or with its last greeting if none was ever named', () => {
    expect(told(runsOf([up(0, recipient), up(60), up(120), failed(180)]))[0]).toBe('up 0-0 x3');
    expect(told(runsOf([up(0), up(60), up(120), failed(180)]))[0]).toBe('up 0-120 x3');
    // Taken in an earlier run, not in this one.
    const again = [up(0, recipient), failed(60), up(120), up(180), failed(240)];
    expect(told(runsOf(again))).toEqual(['up 0-0 x1', 'down 60-60 x1', 'up 120-120 x2', 'down 240-240 x1']);
  });
});

test('a good check that comes late splits a fault', () => {
  expect(told(runsOf([failed(0), failed(60), up(30)]))).toEqual(['down 0-0 x1', 'up 30-30 x1', 'down 60-60 x1']);
});

test('one that comes far too late makes the run that it contradicts doubtful, and one that agrees is counted', () => {
  const hour = Array.from({ length: 60 }, (_, minute) => up(minute * 60));
  expect(told(runsOf([...hour, up(601)]))).toEqual(['up 0-3540 x61']);
  // The last four checks are not settled yet, and stand for themselves.
  expect(told(runsOf([...hour, failed(601), up(3600)]))).toEqual(['doubtful 0-3300 x57', 'up 3360-3600 x5']);
});

test('one that contradicts a long good run takes away what comes after it, and what may have gone before it unseen', () => {
  const hours = Array.from({ length: 120 }, (_, minute) => up(minute * 60));
  // Twice two cells and the ten minutes between two logins.
  expect(told(runsOf([...hours, failed(3600.5)]))).toEqual([
    'up 0-2160.5 x116',
    'doubtful 3600.5-6900 x1',
    'up 6960-7140 x4',
  ]);
  const later = [...hours, failed(7200), ...Array.from({ length: 9 }, (_, minute) => up(7260 + minute * 60))];
  const untouched = runsOf(later).slice(1);
  expect(told(runsOf([...later, failed(3600.5)]).slice(0, 2))).toEqual(['up 0-2160.5 x120', 'doubtful 3600.5-7140 x1']);
  expect(runsOf([...later, failed(3600.5)]).slice(2)).toEqual(untouched);
});

test('one that contradicts a long fault leaves what lies before it', () => {
  const hours = Array.from({ length: 120 }, (_, minute) => failed(minute * 60));
  expect(told(runsOf([...hours, up(3600.5)]))).toEqual([
    'down 0-3480.5 x116',
    'doubtful 3600.5-6900 x1',
    'down 6960-7140 x4',
  ]);
  expect(told(runsOf([...hours, up(100)]))).toEqual(['doubtful 0-6900 x117', 'down 6960-7140 x4']);
});

describe('a good run that lets nobody in anew', () => {
  const greeting = (seconds: number) => up(seconds, { depth: 'greeting' });
  const named = (seconds: number, over: Partial<EndpointChecked> = {}) => up(seconds, { depth: 'recipient', ...over });
  const greylisted = { result: { kind: 'inconclusive', reason: 'asked to come again' } } as const;
  /** A greeting every minute, and every ten minutes a recipient instead. */
  const asChecked = (minutes: number, later: (seconds: number) => EndpointChecked) =>
    Array.from({ length: minutes }, (_, minute) => (minute % 10 > 0 ? greeting(minute * 60) : later(minute * 60)));

  test('goes on over one that is greylisted', () => {
    const once = asChecked(41, (seconds) => named(seconds, seconds === 1200 ? greylisted : {}));
    expect(told(runsOf(once))).toEqual(['up 0-2400 x40']);
  });

  test.each([[[]], [[5, 40, 200]]])(
    'ends with the last time it did, where each later one is asked to come again, until somebody is (restarts: %j)',
    (restarts) => {
      // 451 to every recipient from the second until the 360th minute.
      const refused = (seconds: number) => seconds > 60 && seconds < 360 * 60;
      const hours = asChecked(381, (seconds) => named(seconds, refused(seconds) ? greylisted : {}));
      expect(told(runsOf(hours, restarts))).toEqual(['up 0-0 x23', 'doubtful 1500-21540 x302', 'up 21600-22800 x21']);
    },
  );

  test('is doubtful from then on, also for a clock that is put back into that time and for checks that fail in it', () => {
    const hours = asChecked(120, (seconds) => named(seconds, seconds > 0 ? greylisted : {}));
    const back = Array.from({ length: 30 }, (_, minute) => greeting(7200 + minute * 60)).map((check) => ({
      ...check,
      began: { ...check.began, wallMs: check.began.wallMs - 3600_000 },
    }));
    const kinds = (events: readonly EndpointChecked[]) => runsOf(events).map(({ kind }) => kind);
    expect(kinds([...hours, ...back])).toEqual(['up', 'doubtful']);
    expect(kinds([...hours, failed(7200), greeting(7260), greeting(7320), named(7380)])).toEqual([
      'up',
      'doubtful',
      'down',
      'doubtful',
      'up',
    ]);
  });
});

test('one from before the settled run casts doubt on the run of old that holds it, and makes none', () => {
  const old = Array.from({ length: 3 }, (_, minute) => up(minute * 60));
  const settled = [...old, failed(180), ...Array.from({ length: 9 }, (_, minute) => up(240 + minute * 60))];
  expect(told(runsOf([...settled, failed(90)]))).toEqual(['doubtful 0-120 x4', 'down 180-180 x1', 'up 240-720 x9']);
  expect(told(runsOf([...settled, up(90)]))).toEqual(['up 0-120 x4', 'down 180-180 x1', 'up 240-720 x9']);
  expect(runsOf([...settled, failed(150)])).toEqual(runsOf(settled));
});

test('after the wall clock was set back nothing is presumed of the time it shows twice', () => {
  const back = (seconds: number) => ({ ...at(seconds), wallMs: at(seconds - 150).wallMs });
  const again = [200, 260].map((seconds) => failed(0, { began: back(seconds) }));
  expect(told(runsOf([up(0), up(60), up(120), up(180), ...again]))).toEqual([
    'up 0-0 x1',
    'down 50-50 x1',
    'up 60-60 x1',
    'down 110-110 x1',
    'up 120-180 x2',
  ]);
});

test('two checks of one moment that contradict each other show neither', () => {
  for (const events of [
    [up(0), failed(0)],
    [failed(0), up(0)],
  ])
    expect(told(runsOf(events))).toEqual(['doubtful 0-0 x2']);
});

test('two checks of one moment are one, with the longer cell, the deeper look, and a reason that does not depend on their order', () => {
  const twins = (one: EndpointChecked, other: EndpointChecked, ...later: readonly EndpointChecked[]) => {
    const [runs, reversed] = [runsOf([one, other, ...later]), runsOf([other, one, ...later])];
    expect(runs).toEqual(reversed);
    return runs;
  };
  expect(twins(failed(0), failed(0, { everySeconds: 300, result: { ...down, code: 'EARLY' } }))).toEqual([
    expect.objectContaining({ kind: 'down', checks: 2, cellMs: 300_000, reason: 'connect EARLY: refused' }),
  ]);
  expect(twins(failed(0), up(0))).toEqual([expect.objectContaining({ reason: 'connect ECONNREFUSED: refused' })]);
  // A login among them holds the run up to there, though it ends with a kept session.
  const login = { endpoint: 'mailbox', depth: 'login' } as const;
  const kept = { endpoint: 'mailbox', depth: 'session' } as const;
  const runs = twins(up(60, login), up(60, kept), up(0, login), up(120, kept), failed(180, { endpoint: 'mailbox' }));
  expect(told(runs)[0]).toBe('up 0-60 x4');
});

const step = fc.record({
  gapMs: fc.oneof(fc.integer({ min: 1, max: 130_000 }), fc.constantFrom(60_000, 120_000)),
  shown: fc.constantFrom('up', 'up', 'up', 'down', 'doubtful', 'neither'),
  cell: fc.constantFrom(30, 60),
  disturbed: fc.constantFrom<'no' | 'step' | 'reboot'>('no', 'no', 'no', 'no', 'no', 'step', 'reboot'),
});

/** Clocks are set on, never back. */
const checksArbitrary = fc.array(step, { maxLength: 40 }).map((steps) => {
  let [seconds, boot, aheadMs] = [0, 1, 0];
  return steps.map(({ gapMs, shown, cell, disturbed }): EndpointChecked => {
    seconds += gapMs / 1000;
    if (disturbed === 'step') aheadMs += 700;
    if (disturbed === 'reboot') boot += 1;
    const sound = at(seconds, `boot-${boot}`);
    const over = { began: { ...sound, wallMs: Math.round(sound.wallMs) + aheadMs }, everySeconds: cell };
    if (shown === 'neither') return { ...throttled(0), ...over };
    return shown === 'up' ? up(0, over) : failed(0, { ...over, control: shown === 'down' ? 'healthy' : 'none' });
  });
});

test('any order of arrival within five checks, and any restarts of the fold, give the same runs', () => {
  fc.assert(
    fc.property(checksArbitrary, fc.array(fc.nat(40)), fc.infiniteStream(fc.nat(1000)), (checks, restarts, keys) => {
      const shuffled = Array.from({ length: Math.ceil(checks.length / 5) }, (_, index) =>
        checks
          .slice(5 * index, 5 * index + 5)
          .map((check) => ({ check, key: keys.next().value ?? 0 }))
          .sort((one, other) => one.key - other.key)
          .map(({ check }) => check),
      ).flat();
      expect(runsOf(shuffled, restarts)).toEqual(runsOf(checks));
    }),
    { numRuns: 500 },
  );
});

test('runs never overlap, whatever comes when, and hold each check that showed something once', () => {
  const any = fc.record({
    seconds: fc.integer({ min: 0, max: 2000 }),
    ok: fc.boolean(),
    boot: fc.constantFrom('a', 'b'),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 60 }), (given) => {
      const runs = runsOf(given.map(({ seconds, ok, boot }) => (ok ? up : failed)(0, { began: at(seconds, boot) })));
      for (const [index, run] of runs.entries()) {
        expect(run.fromMs).toBeLessThanOrEqual(run.toMs);
        expect(run.fromMs).toBeGreaterThan(runs[index - 1]?.toMs ?? Number.NEGATIVE_INFINITY);
      }
      expect(runs.reduce((sum, { checks }) => sum + checks, 0)).toBeLessThanOrEqual(given.length);
    }),
    { numRuns: 500 },
  );
});

test('no run spans a check that contradicts it, in any order within five', () => {
  fc.assert(
    fc.property(checksArbitrary, (checks) => {
      for (const run of runsOf(checks)) {
        const within = checks.filter(({ began }) => began.wallMs >= run.fromMs && began.wallMs <= run.toMs);
        const kinds = within
          .filter(({ result }) => result.kind !== 'inconclusive')
          .map(({ result, control }) => (result.kind === 'up' ? 'up' : control === 'healthy' ? 'down' : 'doubtful'));
        expect(new Set(kinds)).toEqual(new Set([run.kind]));
        expect(kinds).toHaveLength(run.checks);
      }
    }),
    { numRuns: 300 },
  );
});
