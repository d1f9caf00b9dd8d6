/**
 * The tests that mutants are put to, as one file: examples before what draws at random, which a mutant that an example finds
 * need not wait for. In files of their own each would cost every mutant that survives a worker and its imports.
 */
import { globSync } from 'node:fs';
import { resolve } from 'node:path';

/** Fewer are quicker where they say all that is to be said of what is mutated. */
const TESTS = process.env['MUTATION_TESTS'] ?? 'test/domain/**/*.test.ts,test/oracle/**/*.test.ts';
const THOROUGH = /\/oracle\/|-properties\.test\.ts$|route-standing\.test\.ts$/;

const files = [...new Set(TESTS.split(',').flatMap((glob) => globSync(glob).toSorted()))];
const [examples, thorough] = [
  files.filter((file) => !THOROUGH.test(file)),
  files.filter((file) => THOROUGH.test(file)),
];
for (const file of [...examples, ...thorough]) await import(resolve(file));
