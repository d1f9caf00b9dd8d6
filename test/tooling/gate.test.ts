/** Proves that the test command itself tells the truth: totals, skips, real servers, and what is left open. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const PROJECT = join(import.meta.dirname, '../..');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gate-'));
  mkdirSync(join(folder, 'test/tooling'), { recursive: true });
  const tools = ['leaks', 'reporter', 'secrecy', 'secrets'].map((name) => `test/tooling/${name}.ts`);
  for (const file of ['vitest.config.ts', 'package.json', ...tools]) {
    copyFileSync(join(PROJECT, file), join(folder, file));
  }
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the test command', () => {
  test('ends with the totals alone on the last line, after what ran against real servers', async () => {
    const { status, lines } = await run(`
      test('one', () => {});
      describe('a suite (with Postfix and Dovecot)', () => { describe('inner', () => { test('two', () => {}); }); });
      describe('a suite (with promtool)', () => { test('three', () => {}); test('four', () => {}); });`);
    expect(lines.slice(-2)).toEqual([
      '3 tests ran against real servers and tools, 1 with Postfix and Dovecot, 2 with promtool',
      '4 passed, 0 failed',
    ]);
    expect(status).toBe(0);
  });

  test('names what did not run and why', async () => {
    const { status, lines } = await run(`
      test('one', () => {});
      test('by itself', (context) => context.skip('needs a moon'));
      test.skip('without a word', () => {});
      describe.skip('suite', { meta: { skippedBecause: 'SKIPPED: no server' } }, () => { test('a', () => {}); test('b', () => {}); });`);
    expect(lines.slice(-6)).toEqual([
      'NOT RUN, 4 skipped:',
      '  1 of test/planted.test.ts: "by itself" needs a moon',
      '  1 of test/planted.test.ts: "without a word" gives no reason',
      '  2 of test/planted.test.ts: SKIPPED: no server',
      '0 tests ran against real servers and tools',
      '1 passed, 0 failed, 4 skipped',
    ]);
    expect(status).toBe(0);
  });

  test.each([
    ['a failing test', "test('two', () => { throw new Error('no'); });", '1 passed, 1 failed'],
    ['a file that cannot be loaded', "await import('./absent.ts');", '0 passed, 1 failed'],
    [
      'a setup that fails',
      "describe('s', () => { beforeAll(() => { throw new Error('no'); }); test('two', () => {}); });",
      '1 passed, 1 failed, 1 skipped',
    ],
    [
      'a rejection nobody handles',
      "test('two', async () => { void Promise.reject(new Error('no')); await new Promise(setImmediate); });",
      '2 passed, 1 failed',
    ],
  ])('counts %s as failed', async (_name, text, last) => {
    const { status, lines } = await run(`test('one', () => {});\n${text}`);
    expect(lines.at(-1)).toBe(last);
    expect(status).toBe(1);
  });

  test('fails a file that leaves a worker, a child process and a server behind, and says who opened them', async () => {
    const { status, lines, errors } = await run(`test('one', async () => {
      new Worker('setInterval(() => {}, 1000)', { eval: true }).unref();
      spawn('sleep', ['10']).unref();
      await new Promise((done) => net.createServer().listen(0, '127.0.0.1', done).unref());
    });`);
    expect(errors).toMatch(/"WORKER opened at .*planted\.test\.ts:6:/);
    expect(errors).toMatch(/"PROCESSWRAP opened at .*planted\.test\.ts:7:/);
    expect(errors).toContain('"TCPSERVERWRAP');
    expect(lines.at(-1)).toBe('1 passed, 1 failed');
    expect(status).toBe(1);
  });
});

/** Runs one planted test file by the project's own configuration. */
async function run(text: string): Promise<{ status: number; lines: string[]; errors: string }> {
  const imports = `import { spawn } from 'node:child_process';
import net from 'node:net';
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, test } from 'vitest';
`;
  writeFileSync(join(folder, 'test/planted.test.ts'), imports + text);
  const vitest = join(PROJECT, 'node_modules/vitest/vitest.mjs');
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [vitest, 'run'],
      { cwd: folder, env: { ...ownEnvironment(), NO_COLOR: '1' } },
      (_error, stdout, errors) =>
        resolve({ status: child.exitCode ?? -1, lines: stdout.trimEnd().split('\n'), errors }),
    );
  });
}

/** Without what this run's vitest tells its own processes. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST$|FORCE_COLOR|NODE_ENV)/.test(name)),
  );
}
