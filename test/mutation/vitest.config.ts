/** How mutants are put to the test: by what states the domain's behaviour, alike in every run. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/mutation/domain-tests.ts'],
    setupFiles: ['test/mutation/setup.ts'],
    // Ten thousand months say hardly more of a mutant than as many as these.
    env: { ORACLE_MONTHS: '400' },
    pool: 'threads',
    testTimeout: 30_000,
  },
});
