/** No regular expression of ours can be made slow by who chooses the text: most of them read what comes from the network. */
import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { slowExpressions } from './regular-expressions.ts';

/** Put together at run time, each of constants of the same file and without a repetition inside of another. */
const MADE: Readonly<Record<string, number>> = {
  'src/adapters/config-file/formats.ts': 1,
  'src/domain/mail/message.ts': 1,
  'src/domain/mail/recognise.ts': 1,
};

test('every regular expression in src takes linear time, whatever it is given', () => {
  const made: Record<string, number> = {};
  const slow = globSync('src/**/*.{ts,cjs}').flatMap((path) => {
    const found = slowExpressions(path, readFileSync(path, 'utf8'));
    if (found.made > 0) made[path] = found.made;
    return found.slow;
  });
  expect(slow).toEqual([]);
  expect(made).toEqual(MADE);
});

test.each([
  ['exponential', '/^(?:a+)+$/', 'planted.ts:1 /^(?:a+)+$/ is exponential (Self)'],
  ['quadratic, two repetitions that share a character', '/^a*b?a*$/', 'planted.ts:1 /^a*b?a*$/ is quadratic (Trade)'],
  ['quadratic, tried anew from each place', 'new RegExp("\\\\s+$", "m")', 'planted.ts:1 /\\s+$/m is quadratic (Move)'],
])('one that is %s is found', (_, expression, said) => {
  expect(slowExpressions('planted.ts', `const planted = ${expression};`)).toEqual({ slow: [said], made: 0 });
});

test('one that is made at run time is counted', () => {
  expect(slowExpressions('planted.ts', 'new RegExp(`${a}+$`)')).toEqual({ slow: [], made: 1 });
});
