/** How deep checks go, and when each cell's comes. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  type CheckPlan,
  cellAt,
  DEEP_EVERY,
  depthOf,
  FIRST_PLAN,
  momentOf,
  planAfter,
} from '../../src/domain/check-plan.ts';
import type { CheckDepth, CheckResult } from '../../src/domain/endpoint.ts';

const SESSION = { shallow: 'session', deep: 'login' } as const;
const GREETING = { shallow: 'greeting', deep: 'recipient' } as const;
const UP: CheckResult = { kind: 'up' };
const DOWN: CheckResult = { kind: 'down', stage: 'auth', code: '535', text: 'no' };
const NEITHER: CheckResult = { kind: 'inconclusive', reason: 'throttled' };

const uniform = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((draw) => draw / 2 ** 32);
const every = fc.integer({ min: 30, max: 300 });

test('the moment of a cell lies in that cell, at the part of it that was drawn', () => {
  fc.assert(
    fc.property(fc.nat(100_000), every, uniform, (cell, everySeconds, draw) => {
      const moment = momentOf(cell, everySeconds, draw);
      expect(cellAt(moment, everySeconds)).toBe(cell);
      expect(moment / everySeconds - cell).toBeCloseTo(draw, 6);
    }),
  );
});

/** The checks of a server that is always up, one in each cell. */
function checksOf(depths: typeof SESSION | typeof GREETING, everySeconds: number, draws: readonly number[]) {
  let plan: CheckPlan = FIRST_PLAN;
  return draws.map((draw, cell) => {
    const at = momentOf(cell, everySeconds, draw);
    const depth = depthOf(plan, depths, everySeconds, at);
    plan = planAfter(plan, depths, depth, UP, at);
    return { at, depth };
  });
}
const draws = fc.array(uniform, { minLength: 30, maxLength: 60 });
const gaps = (moments: readonly number[]): number[] => moments.slice(1).map((at, index) => at - (moments[index] ?? 0));

describe('while all is well', () => {
  it('logs in first, and then at least every ten minutes', () => {
    fc.assert(
      fc.property(every, draws, (everySeconds, drawn) => {
        const checks = checksOf(SESSION, everySeconds, drawn);
        expect(checks[0]?.depth).toBe('login');
        const logins = checks.filter(({ depth }) => depth === 'login').map(({ at }) => at);
        expect(Math.max(...gaps([...logins, checks.at(-1)?.at ?? 0]))).toBeLessThanOrEqual(DEEP_EVERY);
      }),
    );
  });

  it('mostly asks a kept session: in cells of a minute one login in eight checks or more', () => {
    const checks = checksOf(
      SESSION,
      60,
      Array.from({ length: 800 }, (_, cell) => (cell * 0.618) % 1),
    );
    expect(checks.filter(({ depth }) => depth === 'login').length).toBeLessThanOrEqual(100);
  });

  it('names the recipient first, and then at most every ten minutes, though not much rarer', () => {
    fc.assert(
      fc.property(every, draws, (everySeconds, drawn) => {
        const named = checksOf(GREETING, everySeconds, drawn).filter(({ depth }) => depth === 'recipient');
        expect(named.length).toBeGreaterThan(0);
        const between = gaps(named.map(({ at }) => at));
        expect(Math.min(Number.POSITIVE_INFINITY, ...between)).toBeGreaterThanOrEqual(DEEP_EVERY);
        expect(Math.max(0, ...between)).toBeLessThan(DEEP_EVERY + 2 * everySeconds);
      }),
    );
  });
});

describe('after a failure', () => {
  const depth = (plan: CheckPlan): CheckDepth => depthOf(plan, GREETING, 60, 1000);
  const failed = planAfter({ failing: null, deepAt: 0 }, GREETING, 'recipient', DOWN, 940);

  it('goes as deep as it failed', () => {
    expect(depth(failed)).toBe('recipient');
    expect(depth(planAfter({ failing: null, deepAt: 900 }, GREETING, 'greeting', DOWN, 940))).toBe('greeting');
  });

  it('goes deeper once that is due', () => {
    const since = (deepAt: number) => planAfter({ failing: null, deepAt }, GREETING, 'greeting', DOWN, 940);
    expect([depth(since(401)), depth(since(400))]).toEqual(['greeting', 'recipient']);
  });

  it('that came before what the deep check adds is one of less, and leaves that due', () => {
    const refused: CheckResult = { kind: 'down', stage: 'connect', code: 'ECONNREFUSED', text: '' };
    const plan = planAfter({ failing: null, deepAt: 100 }, GREETING, 'recipient', refused, 940);
    expect(plan).toEqual({ failing: 'greeting', deepAt: 100 });
    expect(depth(plan)).toBe('recipient');
    // A RCPT that is put off says nothing, and comes no more often for it.
    const putOff = planAfter(plan, GREETING, 'recipient', NEITHER, 990);
    expect(depth(putOff)).toBe('greeting');
    expect(planAfter(putOff, GREETING, 'greeting', UP, 1050).failing).toBeNull();
  });

  it('is not content with less', () => {
    expect(depth(planAfter(failed, GREETING, 'greeting', UP, 960))).toBe('recipient');
    expect(planAfter(failed, GREETING, 'recipient', UP, 960)).toEqual({ failing: null, deepAt: 960 });
  });

  it('is content with more', () => {
    const noSession = planAfter({ failing: null, deepAt: 0 }, SESSION, 'session', DOWN, 940);
    expect(noSession.failing).toBe('session');
    expect(planAfter(noSession, SESSION, 'login', UP, 960).failing).toBeNull();
  });

  it('learns nothing from an answer that shows neither', () => {
    expect(planAfter(failed, GREETING, 'recipient', NEITHER, 960).failing).toBe('recipient');
    expect(planAfter({ failing: null, deepAt: 0 }, GREETING, 'recipient', NEITHER, 960)).toEqual({
      failing: null,
      deepAt: 960,
    });
  });
});
