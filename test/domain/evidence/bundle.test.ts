/** Lines of a bundle, and where two reports differ. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { entryLine, firstDifference, parseEntryLine } from '../../../src/domain/evidence/bundle.ts';
import { canonicalText } from '../../../src/domain/evidence/canonical.ts';

it('an entry is read as it was written, whatever its text', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e14 }), fc.json(), (seq, text) => {
      const entry = { seq, hash: 'ab'.repeat(32), text };
      expect(parseEntryLine(entryLine(entry))).toEqual(entry);
    }),
  );
  for (const line of [
    '',
    '{}',
    '{"seq":0,"hash":"","event":{}}',
    ` ${entryLine({ seq: 1, hash: 'ab'.repeat(32), text: '{}' })}`,
    `${entryLine({ seq: 1, hash: 'ab'.repeat(32), text: '{}' })} `,
  ])
    expect(parseEntryLine(line)).toBeNull();
});

it.each([
  [{ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }, { path: 'a[1].b', one: 2, other: 3 }],
  [{ a: 1 }, { a: 1, b: null }, { path: 'b', one: undefined, other: null }],
  [[1, 2], [1], { path: '[1]', one: 2, other: undefined }],
  [[], {}, { path: '', one: [], other: {} }],
  [{ a: null }, { a: {} }, { path: 'a', one: null, other: {} }],
  [{ x: 0 }, { x: -0 }, { path: 'x', one: 0, other: -0 }],
  // A key that objects inherit is none of their own.
  [{}, JSON.parse('{"__proto__":1}') as object, { path: '__proto__', one: undefined, other: 1 }],
])('the first difference of %j and %j is named', (one, other, difference) => {
  expect(firstDifference(one, other)).toEqual(difference);
});

it('JSON differs from itself nowhere, and from a copy with another value somewhere', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      const copy: unknown = JSON.parse(JSON.stringify(one));
      const same = JSON.parse(JSON.stringify(one)) as unknown;
      expect(firstDifference(copy, same)).toBeNull();
      const equal = canonicalText(one) === canonicalText(other);
      const [a, b]: unknown[] = [JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other))];
      expect(firstDifference(a, b) === null).toBe(equal);
    }),
  );
});

it('canonical text does not depend on the order of keys', () => {
  expect(canonicalText({ b: 1, a: [{ d: null, c: 'x' }] })).toBe('{"a":[{"c":"x","d":null}],"b":1}');
  expect(canonicalText({ a: [{ c: 'x', d: null }], b: 1 })).toBe('{"a":[{"c":"x","d":null}],"b":1}');
});
