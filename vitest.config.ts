/** How the tests run: in Node, in processes of their own, nothing global, two at a time. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/tooling/secrecy.ts', 'test/tooling/leaks.ts'],
    reporters: ['default', './test/tooling/reporter.ts'],
    // Commands and daemons are started some hundred times: compiled once, each comes up in two thirds of the time.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)) },
    pool: 'forks',
    // Real mail servers run beside the tests; more workers than this starve them on a small machine.
    maxWorkers: 2,
    globals: false,
    testTimeout: 30_000,
    // Starting Postfix and Dovecot, or installing the package, is a hook's work.
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    dangerouslyIgnoreUnhandledErrors: false,
    allowOnly: process.env['CI'] === undefined,
  },
});
