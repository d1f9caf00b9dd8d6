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

describe('a line of the log', () => {
  /** What stands in it as it was written, of one entry. */
  function written(script: string, secrets: readonly string[] = []): string {
    const source = `import { createLog } from './src/adapters/pino/log.ts';
      const log = createLog('info', 'probe-1', ${JSON.stringify(secrets)});\n${script}`;
    const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
      cwd: PROJECT,
      encoding: 'utf8',
    });
    expect(stderr.endsWith('\n')).toBe(true);
    return stderr.slice(0, -1);
  }

  it.each([
    ['line ends', 'one\r\ntwo\nthree\rfour'],
    ['line ends of Unicode', 'one\u0085two\u2028three\u2029four'],
    ['commands to a terminal', '\u001b[2J\u009b2J\u0007\u007f\b'],
    ['a turn of direction', 'a\u202Ecba\u2066\u200F'],
    ['half a character', 'a\uD800b'],
    ['nothing', '\0'],
  ])('stays one line of visible characters with %s in it, wherever that stands', (_, text) => {
    const line = written(`
      const text = ${JSON.stringify(text)};
      const error = new Error(text, { cause: new Error(text) });
      log.warn(text, { text, nested: { list: [text] }, error });`);
    expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202E\u2066\u200F]/u);
    expect(JSON.parse(line)).toMatchObject({ msg: text, text, nested: { list: [text] }, error: { message: text } });
  });

  it('holds none of the secrets, in a message, a field, an error, its stack or its causes', () => {
    const secret = 'correct "horse" battery';
    const line = written(
      `const secret = ${JSON.stringify(secret)};
       const error = new Error('said ' + secret, { cause: new Error(secret) });
       log.error('for ' + secret, { error, login: { password: secret }, list: [secret] });`,
      [secret],
    );
    expect(line).not.toContain('horse');
    expect(JSON.parse(line)).toMatchObject({
      msg: 'for ***',
      error: { message: 'said ***', cause: { message: '***' } },
    });
  });

  it('does not show the half of a secret that a cut would leave', () => {
    const line = written(`log.warn('x'.repeat(1995) + 'a-long-secret');`, ['a-long-secret']);
    expect(line).not.toContain('a-lon');
  });

  it('cuts a text that is too long, and says how long it was', () => {
    const { msg } = JSON.parse(written(`log.warn('x'.repeat(5000));`)) as Entry;
    expect(msg).toBe(`${'x'.repeat(2000)}… (5000 characters)`);
  });

  it.each(['x', '\u0001', '"', '邮'])(
    'of %j alone is no longer than a collector of logs takes in one piece',
    (char) => {
      const line = written(`
      const text = ${JSON.stringify(char)}.repeat(5000);
      log.warn(text, Object.fromEntries(Array.from({ length: 50 }, (_, index) => ['field' + index, text])));`);
      expect(Buffer.byteLength(line)).toBeLessThan(16_384);
      expect(JSON.parse(line)).toMatchObject({ level: 'warn', name: 'probe-1', cut: expect.any(String) });
    },
  );
});
