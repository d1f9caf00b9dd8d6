/** Each mutant has its places in the source, and is nothing but a change of them. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { MUTANTS, mutated } from './mutants.ts';

it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))('%s has its places', (name, { places }) => {
  expect(places).not.toEqual([]);
  for (const place of places) {
    const text = readFileSync(new URL(`../../${place.file}`, import.meta.url), 'utf8');
    const changed = mutated(name, place, text);
    expect(changed).not.toBe(text);
    expect(changed.length - text.length).toBe(place.to.length - place.from.length);
  }
});

it('refuses a place that is not there, or is there twice', () => {
  const place = { file: 'src/x.ts', from: 'a', to: 'b' };
  expect(() => mutated('m', place, 'x')).toThrow('exactly once, stands there 0 times');
  expect(() => mutated('m', place, 'aa')).toThrow('exactly once, stands there 2 times');
});
