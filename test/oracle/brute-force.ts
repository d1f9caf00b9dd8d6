/** What can be, by trying all of it: how often a limit was exceeded, in how many episodes, and the least average. */
import type { Interval } from '../../src/domain/interval.ts';

/** What became of a message: late, delivered on time, or neither (it bounced or was lost before it was late). */
export type Answer = 'breach' | 'on-time' | 'nothing';

/** The answers that what was seen of a message allows. */
export type Question = readonly Answer[];

/** Up to this many combinations of answers all of them are gone through. */
export const COMBINATIONS_MAX = 1024;

/** Fewest and most of something. */
export interface Counts {
  readonly messages: Interval;
  readonly episodes: Interval;
}

/**
 * Fewest and most breaches, and episodes of them, over every way to answer the questions, which stand in the order of acceptance.
 * Breaches with no on-time delivery between them are one episode.
 */
export function countAll(questions: readonly Question[]): Counts {
  const messages = { lo: Number.POSITIVE_INFINITY, hi: 0 };
  const episodes = { lo: Number.POSITIVE_INFINITY, hi: 0 };
  const ask = (index: number, breaches: number, begun: number, running: boolean): void => {
    const question = questions[index];
    if (question === undefined) {
      include(messages, breaches);
      include(episodes, begun);
      return;
    }
    for (const answer of question) {
      if (answer === 'breach') ask(index + 1, breaches + 1, running ? begun : begun + 1, true);
      else ask(index + 1, breaches, begun, running && answer === 'nothing');
    }
  };
  ask(0, 0, 0, false);
  return { messages, episodes };
}

/** How many episodes there are with every question answered. */
export function episodesIn(answers: readonly Answer[]): number {
  const told = answers.filter((answer) => answer !== 'nothing');
  return told.filter((answer, index) => answer === 'breach' && told[index - 1] !== 'breach').length;
}

/** The same as `countAll` for any number of questions: after each, every count that is reachable with an episode running or not. */
export function countReachable(questions: readonly Question[]): Counts {
  /** Twice the count, and one more while an episode is running. */
  let reachable = new Set([0]);
  for (const question of questions) {
    const next = new Set<number>();
    for (const state of reachable) {
      const running = state % 2 === 1;
      for (const answer of question) {
        if (answer === 'nothing') next.add(state);
        else if (answer === 'on-time') next.add(running ? state - 1 : state);
        else next.add(running ? state : state + 3);
      }
    }
    reachable = next;
  }
  const counts = [...reachable].map((state) => Math.floor(state / 2));
  const canBe = (answer: Answer) => (question: Question) => question.includes(answer);
  return {
    messages: {
      lo: questions.filter((question) => question.every((answer) => answer === 'breach')).length,
      hi: questions.filter(canBe('breach')).length,
    },
    episodes: { lo: Math.min(...counts), hi: Math.max(...counts) },
  };
}

/**
 * The least of what `figure` says of `sure` together with any subset of `open`, by trying every subset.
 * Infinity if there is nothing to take a figure of.
 */
export function leastOfAll(
  sure: readonly number[],
  open: readonly number[],
  figure: (values: readonly number[]) => number,
): number {
  let least = Number.POSITIVE_INFINITY;
  const chosen = [...sure];
  const walk = (index: number): void => {
    const value = open[index];
    if (value === undefined) {
      if (chosen.length > 0) least = Math.min(least, figure(chosen));
      return;
    }
    walk(index + 1);
    chosen.push(value);
    walk(index + 1);
    chosen.pop();
  };
  walk(0);
  return least;
}

/** The same for a figure that is least, among subsets of one size, for the smallest values. */
export function leastOfSmallest(
  sure: readonly number[],
  open: readonly number[],
  figure: (values: readonly number[]) => number,
): number {
  const smallest = open.toSorted((a, b) => a - b);
  const samples = Array.from({ length: open.length + 1 }, (_, count) => [...sure, ...smallest.slice(0, count)]);
  return Math.min(...samples.filter(({ length }) => length > 0).map(figure));
}

function include(range: { lo: number; hi: number }, value: number): void {
  range.lo = Math.min(range.lo, value);
  range.hi = Math.max(range.hi, value);
}
