/** The command tells what is wrong with what it was asked for, and runs what it was asked for. */
import { expect, it } from 'vitest';
import { type CommandOptions, parseOptions } from './options.ts';

function options(...args: readonly string[]): CommandOptions {
  const parsed = parseOptions(args);
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  return parsed.options;
}

function problems(...args: readonly string[]): readonly string[] {
  const parsed = parseOptions(args);
  return parsed.ok ? [] : parsed.problems;
}

it('runs one stormy month of each seed unless told otherwise', () => {
  expect(options('--seeds', '3..7', '--jobs', '2')).toEqual({
    ...{ seeds: { from: 3, to: 7 }, months: 1, weather: 'stormy', trace: null, jobs: 2, mutant: null },
  });
  const all = ['--seed', '9', '--months', '12', '--weather', 'steady', '--only', 'kill, outage', '--until-hours', '5'];
  expect(options(...all, '--jobs', '1', '--trace', '-', '--mutant', 'late-twice')).toEqual({
    ...{ seeds: { from: 9, to: 9 }, months: 12, weather: 'steady', only: ['kill', 'outage'], untilMs: 5 * 3_600_000 },
    ...{ trace: '-', jobs: 1, mutant: 'late-twice' },
  });
});

it('takes no kind of fault at all for a calm world', () => {
  expect(options('--seed', '1', '--only', '').only).toEqual([]);
});

it.each([
  [['--seed', 'x'], '--seed must be a whole number from 0 to 4294967295, is "x"'],
  [['--seeds', '5'], 'either --seed N or --seeds A..B must be given, is "5"'],
  [['--seeds', '5..3'], '--seeds must not end before it begins, is 5..3'],
  [['--seed', '1', '--seeds', '1..2'], 'either --seed N or --seeds A..B must be given, both are given'],
  [['--seed', '1', '--months', '0'], '--months must be a whole number from 1 to 120, is "0"'],
  [['--seed', '1', '--jobs', '1.5'], '--jobs must be a whole number from 1 to 64, is "1.5"'],
  [['--seed', '1', '--until-hours', '0'], '--until-hours must be a whole number from 1 to 89280, is "0"'],
  [['--seed', '1', '--weather', 'fair'], '--weather must be one of stormy, steady, is "fair"'],
  [['--seeds', '1..2', '--trace', '-'], '--trace must come with a single seed, is with 1..2'],
])('refuses %j', (args, problem) => {
  expect(problems(...args)).toEqual([problem]);
});

it('names the kinds of faults and the mutants that there are', () => {
  expect(problems('--seed', '1', '--only', 'kill,rain').join()).toMatch(
    /^--only must name kinds .*kill.*, names "rain"$/,
  );
  expect(problems('--seed', '1', '--mutant', 'x').join()).toMatch(
    /^--mutant must be one of all, .*late-twice.*, is "x"$/,
  );
  expect(problems('--speed', '1').join()).toContain("'--speed'");
});
