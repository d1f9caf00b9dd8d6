/** What an error that ends a command comes to. */
import { expect, test } from 'vitest';
import { LedgerRefused } from '../../src/app.ts';
import { ExitWith, endingOf, endWith, isPassing } from '../../src/cli/exit.ts';

test('an ending that was asked for is itself', () => {
  expect(endingOf(new ExitWith(2, ['one', 'two']))).toMatchObject({ exitCode: 2, lines: ['one', 'two'] });
  expect(() => endWith(1)).toThrow(ExitWith);
  expect(() => endWith(0)).not.toThrow();
});

test('a failure of the world is one line and 3', () => {
  expect(endingOf(new Error('the port is taken'))).toEqual({ exitCode: 3, lines: ['the port is taken'] });
  const nameless = Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' });
  expect(endingOf(nameless)).toEqual({ exitCode: 3, lines: ['ECONNREFUSED'] });
});

test('a bug says so, with its stack', () => {
  const { exitCode, lines } = endingOf(new TypeError('x is not a function'));
  expect(exitCode).toBe(70);
  expect(lines[0]).toBe('this is a bug: TypeError: x is not a function');
  expect(lines[1]).toContain('ending.test.ts');
  expect(endingOf('thrown text')).toEqual({ exitCode: 70, lines: ['this is a bug: thrown text'] });
});

test('a failure to close does not hide the failure before it', () => {
  const both = new SuppressedError(new Error('closing failed'), new ExitWith(2, ['late']));
  expect(endingOf(both)).toEqual({ exitCode: 2, lines: ['late', 'closing failed'] });
});

test.each(['FOLDER_HELD', 'DISK_FULL', 'BUSY'])('%s passes, be it the ledger or the folder that says so', (code) => {
  expect(isPassing(Object.assign(new Error('not now'), { code }))).toBe(true);
});

test('a ledger that takes nothing may take something later; what a person has to mend does not pass', () => {
  expect(isPassing(new LedgerRefused(new Error('disk full')))).toBe(true);
  for (const code of ['DAMAGED', 'READ_ONLY', 'TOO_NEW', 'EADDRINUSE'])
    expect(isPassing(Object.assign(new Error('not at all'), { code }))).toBe(false);
  expect(isPassing(new ExitWith(3, ['the configuration is wrong']))).toBe(false);
});
