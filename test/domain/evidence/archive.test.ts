/** What an archive must name, and what holds together what it left. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { keptHash, missingIn } from '../../../src/domain/evidence/archive.ts';
import { chainHash, contentHash, GENESIS } from '../../../src/domain/evidence/chain.ts';

test.each([
  ['one that has all of it, and the checkpoint after it', [[1, 11]], null],
  ['one that has no checkpoint', [[1, 10]], 11],
  ['none', [], 1],
  ['one that begins later', [[2, 11]], 1],
  [
    'two that follow each other',
    [
      [1, 5],
      [6, 11],
    ],
    null,
  ],
  [
    'two that have some in common',
    [
      [1, 8],
      [4, 11],
    ],
    null,
  ],
  [
    'two with a hole between them',
    [
      [1, 5],
      [7, 11],
    ],
    6,
  ],
  [
    'a short one after one that has all',
    [
      [1, 12],
      [3, 4],
    ],
    null,
  ],
  [
    'two, of which the first ends too early and the second begins before it',
    [
      [1, 5],
      [1, 3],
    ],
    6,
  ],
] as const)('what goes must be in bundles: %s', (_, spans, missing) => {
  const bundles = spans.map(([firstSeq, lastSeq]) => ({ month: '2026-10', sha256: '', firstSeq, lastSeq }));
  const upTo = { seq: 10, hash: '' };
  expect(missingIn({ bundles, upTo }, 0)).toBe(missing);
  // After an earlier one, from there on.
  const later = bundles.map((each) => ({ ...each, firstSeq: each.firstSeq + 40, lastSeq: each.lastSeq + 40 }));
  expect(missingIn({ bundles: later, upTo: { seq: 50, hash: '' } }, 40)).toBe(missing === null ? null : missing + 40);
});

test('the hash of what is kept is another for any other number, hash, text or order', () => {
  const [one, two] = [
    { seq: 1, hash: 'aa', text: '{"a":1}' },
    { seq: 7, hash: 'bb', text: '{"b":2}' },
  ];
  const hashes = [
    [],
    [one],
    [one, two],
    [two, one],
    [{ ...one, seq: 2 }, two],
    [{ ...one, hash: 'ab' }, two],
    [{ ...one, text: '{}' }, two],
  ].map(keptHash);
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(keptHash([])).toBe(GENESIS);
});

test('the chain is SHA-256 over the hash before, a line feed and the text, and of plain data over its canonical text', () => {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  expect(chainHash('ab', '{"a":1}')).toBe(sha256('ab\n{"a":1}'));
  expect(GENESIS).toBe(sha256('mailflow-probe ledger 1'));
  expect(contentHash({ b: 1, a: 2 })).toBe(sha256('{"a":2,"b":1}'));
});
