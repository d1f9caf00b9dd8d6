/** The log as another process reads it: a child writes entries to its standard error. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const PROJECT = join(import.meta.dirname, '../../..');

/** Runs `script` with `log` at hand in a process of its own. */
function run(script: string, level = 'info', stderr: 'pipe' | number = 'pipe') {
  const source = `import { createLog } from './src/adapters/pino/log.ts';\nconst log = createLog('${level}', 'probe-1');\n${script}`;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: PROJECT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', stderr],
  });
}

interface Entry {
  readonly msg: string;
  readonly time: string;
  readonly error?: { readonly stack: string };
}

function entries(script: string, level?: string): Entry[] {
  const { stdout, stderr, status } = run(script, level);
  expect({ stdout, status }, stderr).toEqual({ stdout: '', status: 0 });
  return stderr
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Entry);
}

describe('the log', () => {
  it('writes one JSON line an entry to standard error, with level, time, name and fields', () => {
    const [entry, ...rest] = entries(`log.info('started\\nnow', { http: 'http://127.0.0.1:9825', routes: 3 });`);
    expect(rest).toEqual([]);
    expect(entry).toMatchObject({
      level: 'info',
      name: 'probe-1',
      msg: 'started\nnow',
      http: 'http://127.0.0.1:9825',
      routes: 3,
    });
    expect(entry!.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('leaves out what is below its level', () => {
    const logged = entries(`for (const level of ['debug', 'info', 'warn', 'error']) log[level](level);`, 'warn');
    expect(logged.map(({ msg }) => msg)).toEqual(['warn', 'error']);
  });

  it('tells an error with its code and its whole chain of causes, wherever it stands', () => {
    const [entry] = entries(`
      const inner = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      log.error('a request failed', {
        error: new Error('outer', { cause: new TypeError('middle', { cause: inner }) }),
        also: new AggregateError([inner], 'all failed'),
      });`);
    expect(entry).toMatchObject({
      error: {
        name: 'Error',
        message: 'outer',
        cause: {
          name: 'TypeError',
          message: 'middle',
          cause: { message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' },
        },
      },
      also: { message: 'all failed', errors: [{ code: 'ECONNREFUSED' }] },
    });
    expect(entry!.error!.stack).toContain('outer');
  });

  it('ends a circle of causes', () => {
    const [entry] = entries(`
      const error = new Error('self');
      error.cause = error;
      log.error('failed', { error });`);
    expect(entry).toMatchObject({ error: { message: 'self', cause: { message: 'self' } } });
  });

  it('never throws on odd values', () => {
    const logged = entries(`
      const circle = {};
      circle.self = circle;
      log.warn('circle', { circle });
      log.warn('bigint', { big: 10n, deep: { big: 11n } });
      log.warn('others', { none: undefined, nan: NaN, symbol: Symbol('s'), fn() {}, nothing: null });
      log.warn('hostile', { value: { toJSON() { throw new Error('no'); } }, thrown: 'a string' });
      log.warn('no fields');`);
    expect(logged.map(({ msg }) => msg)).toEqual(['circle', 'bigint', 'others', 'hostile', 'no fields']);
    expect(logged[1]).toMatchObject({ big: 10, deep: { big: 11 } });
  });

  it.skipIf(!existsSync('/dev/full'))('goes on without a word where standard error takes nothing', () => {
    const full = openSync('/dev/full', 'w');
    try {
      const { stdout, status } = run(
        `for (let index = 0; index < 100; index += 1) log.error('lost', { index });
         process.stdout.write('still running');`,
        'info',
        full,
      );
      expect({ stdout, status }).toEqual({ stdout: 'still running', status: 0 });
    } finally {
      closeSync(full);
    }
  });
});
