/** How deep the next check of an endpoint goes and when it is due: one in each cell, deep ones rarely, and while it fails at least as deep as it failed. */
import { CHECK_DEPTHS, type CheckDepth, type CheckResult } from './endpoint.ts';

/** Seconds. A login is renewed at least so often, or nobody would notice that it has become impossible; RCPT, which looks like harvesting, comes at most so often. */
export const DEEP_EVERY = 600;

/** What an endpoint can be checked at; both alike where there is but one. */
export interface Depths {
  readonly shallow: CheckDepth;
  readonly deep: CheckDepth;
}

/** What the checks so far ask of the next one. */
export interface CheckPlan {
  /** The depth that failed and was not reached since; null while all is well. */
  readonly failing: CheckDepth | null;
  /** When a check last went deep, by the clock of `depthOf`; null if none did, as after a start: what failed before it is not forgotten. */
  readonly deepAt: number | null;
}
export const FIRST_PLAN: CheckPlan = { failing: null, deepAt: null };

/** Seconds from the beginning of the first cell to the one check of cell `cell` (0, 1, 2 …); `uniform` is in [0, 1). */
export function momentOf(cell: number, everySeconds: number, uniform: number): number {
  return (cell + uniform) * everySeconds;
}

/** The cell that is under way `seconds` after the beginning of the first. */
export function cellAt(seconds: number, everySeconds: number): number {
  return Math.floor(seconds / everySeconds);
}

/** Of a scheduled check at `now`, seconds. */
export function depthOf(
  { failing, deepAt }: CheckPlan,
  { shallow, deep }: Depths,
  everySeconds: number,
  now: number,
): CheckDepth {
  const age = deepAt === null ? Number.POSITIVE_INFINITY : now - deepAt;
  // The scheduled check after this one comes less than two cells later.
  const due = deep === 'login' ? age + 2 * everySeconds > DEEP_EVERY : age >= DEEP_EVERY;
  // Due while less fails as well: what answers again may have taken nobody's mail in for as long.
  return due ? deep : (failing ?? shallow);
}

/**
 * After a check of `depth` that began at `now`, seconds. One that showed neither changes nothing of what is known. One that did not come as
 * far as what it was to show failed at less: it goes that far again as soon as it can, and no more often for it.
 */
export function planAfter(
  plan: CheckPlan,
  { shallow, deep }: Depths,
  depth: CheckDepth,
  result: CheckResult,
  now: number,
): CheckPlan {
  const { kind } = result;
  const isEarly = kind === 'down' && EARLY_STAGES.has(result.stage);
  const deepAt = depth === deep && !isEarly ? now : plan.deepAt;
  const reached = plan.failing !== null && rank(depth) >= rank(plan.failing);
  const down = isEarly ? shallow : depth;
  const failing = kind === 'down' ? down : kind === 'up' && reached ? null : plan.failing;
  return { failing, deepAt };
}

/** Before a login, and before an envelope. */
const EARLY_STAGES: ReadonlySet<string> = new Set(['dns', 'connect', 'tls', 'greeting']);

function rank(depth: CheckDepth): number {
  return CHECK_DEPTHS.indexOf(depth);
}
