/** How long a message truly took, and how much of that counts. */
import type { Exclusion } from '../../../src/domain/exclusion.ts';
import { overlapMs, type SpanSet } from '../../../src/domain/time/span-set.ts';
import type { Books, MessageTruth } from '../truth.ts';
import { shownBetween } from './wall.ts';

/**
 * Seconds, Infinity for what never came out. What stood in the way between the provider's being ready and our being able to see it
 * is neither claimed nor left out: a lower bound may claim at most the one, an upper bound must claim at least the other.
 */
export interface TrueDelay {
  readonly loMost: number;
  readonly hiLeast: number;
}
export const NEVER: TrueDelay = { loMost: Number.POSITIVE_INFINITY, hiLeast: Number.POSITIVE_INFINITY };

/** As far as it is known now: of a message that is under way, no bound may claim that it is there, nor that it took longer than so far. */
export function trueDelayOf(truth: MessageTruth | undefined, nowMs: number): TrueDelay {
  if (truth === undefined || truth.failure === 'lost') return NEVER;
  const { receivedMs, readyMs, accessibleMs, bouncedMs } = truth;
  // Passed on before it was wholly received: once it is, its delay is none.
  if (receivedMs === null) return readyMs === null ? NEVER : { loMost: 0, hiLeast: 0 };
  const [ready, accessible] = [readyMs ?? bouncedMs, accessibleMs ?? bouncedMs];
  return { loMost: seconds(receivedMs, ready ?? nowMs), hiLeast: seconds(receivedMs, accessible ?? nowMs) };
}

/**
 * With what is excluded taken out, by what the wall clock showed. Where it was set meanwhile, which part of the time was excluded is a
 * matter of taste: then a claim may take out all that can have been, or nothing.
 */
export function strippedDelay(
  books: Books,
  truth: MessageTruth | undefined,
  nowMs: number,
  excluded: SpanSet,
): TrueDelay {
  const raw = trueDelayOf(truth, nowMs);
  if (excluded.length === 0 || truth === undefined || truth.receivedMs === null || truth.failure === 'lost') return raw;
  const coveredUntil = (toMs: number): number =>
    overlapMs(excluded, shownBetween(books, { fromMs: truth.receivedMs ?? toMs, toMs })) / 1000;
  const untilMs = truth.accessibleMs ?? truth.bouncedMs ?? nowMs;
  const { stepped } = shownBetween(books, { fromMs: truth.receivedMs, toMs: untilMs });
  return {
    loMost: stepped ? raw.loMost : Math.max(0, raw.loMost - coveredUntil(truth.readyMs ?? truth.bouncedMs ?? nowMs)),
    hiLeast: Math.max(0, raw.hiLeast - coveredUntil(untilMs)),
  };
}

/** A message's delay before its reception is over counts as none. */
function seconds(fromMs: number, toMs: number): number {
  return Math.max(0, toMs - fromMs) / 1000;
}

/** What the exclusions of one provider leave out of a path, for a clause that leaves out these kinds. */
export function appliesTo(
  { provider, path, kinds }: { readonly provider: string; readonly path: string; readonly kinds: readonly string[] },
  exclusion: Exclusion,
): boolean {
  return (
    exclusion.provider === provider &&
    (exclusion.path === null || exclusion.path === path) &&
    kinds.includes(exclusion.kind)
  );
}
