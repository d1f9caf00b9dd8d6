/** How mutants are put to the test: by what states the domain's behaviour, the quick before the thorough, alike in every run. */
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders; fewer than these are quicker where a few of them say all that is to be said of what is mutated. */
const TESTS = process.env['MUTATION_TESTS'] ?? 'test/domain,test/oracle';
/** Files that draw at random; a mutant that an example finds need not wait for them. */
const THOROUGH = /\/test\/oracle\/|-properties\.test\.ts$|route-standing\.test\.ts$/;

class ExamplesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => Number(THOROUGH.test(moduleId));
    return files.toSorted((one, other) => rank(one) - rank(other) || (one.moduleId < other.moduleId ? -1 : 1));
  }
}

export default defineConfig({
  test: {
    environment: 'node',
    include: TESTS.split(',').map((folder) => `${folder}/**/*.test.ts`),
    setupFiles: ['test/mutation/setup.ts'],
    // Ten thousand months say no more of a mutant than as many as these.
    env: { ORACLE_MONTHS: '1000' },
    pool: 'threads',
    sequence: { sequencer: ExamplesFirst },
    testTimeout: 30_000,
  },
});
