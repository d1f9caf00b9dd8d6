/** Each mutant has its place in the source, and is nothing but a change of it. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { MUTANTS, mutated } from './mutants.ts';

it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))('%s has one place', (_, mutant) => {
  const text = readFileSync(new URL(`../../${mutant.file}`, import.meta.url), 'utf8');
  const changed = mutated(mutant, text);
  expect(changed).not.toBe(text);
  expect(changed.length - text.length).toBe(mutant.to.length - mutant.from.length);
});

it('refuses a place that is not there, or is there twice', () => {
  const [mutant] = MUTANTS;
  if (mutant === undefined) throw new Error('there must be mutants');
  expect(() => mutated(mutant, 'x')).toThrow('exactly once, stands there 0 times');
  expect(() => mutated(mutant, mutant.from.repeat(2))).toThrow('exactly once, stands there 2 times');
});
