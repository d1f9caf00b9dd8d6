import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, encode, encodeEach } from '../../src/domain/codec.ts';

const AT = { wallMs: 1, monoUs: 2, suspendedMs: 3, errorUs: 4, boot: 'b' };
const instants = fc.record({
  wallMs: fc.integer(),
  monoUs: fc.integer(),
  suspendedMs: fc.integer(),
  errorUs: fc.integer(),
  boot: fc.string(),
});
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    instants,
    fc.jsonValue({ maxDepth: 1 }),
    fc.array(tie('value')),
    fc.dictionary(fc.string(), tie('value')),
  ),
})).value;

/** The format, as plainly as it can be said: what is written is hashed, so that not a byte of it may change. */
function plainly(value: unknown): string {
  return JSON.stringify(value, (_key, item) =>
    item !== null && typeof item === 'object' && 'monoUs' in item && 'boot' in item
      ? ['@', item.wallMs, item.monoUs, item.suspendedMs, item.errorUs, item.boot]
      : item,
  );
}

describe('encode', () => {
  it('writes an instant as a list, wherever it stands, and leaves the rest and its order as they are', () => {
    expect(encode({ b: [AT, { at: AT }], a: undefined, 2: null, 1: 'x' })).toBe(
      '{"1":"x","2":null,"b":[["@",1,2,3,4,"b"],{"at":["@",1,2,3,4,"b"]}]}',
    );
  });

  it('writes every value as JSON itself would with instants replaced, and does not touch what it is given', () => {
    fc.assert(
      fc.property(values, (value) => {
        const before = structuredClone(value);
        expect(encode(value)).toBe(plainly(value));
        expect(value).toEqual(before);
      }),
    );
  });

  it('keeps a key that JavaScript has a meaning of its own for', () => {
    const text = '{"__proto__":{"at":["@",1,2,3,4,"b"]},"constructor":1}';
    expect(encode(decode(text))).toBe(text);
  });
});

describe('encodeEach', () => {
  it('writes what encode writes of the list, the first time and again', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(instants, fc.dictionary(fc.string(), values))), (items) => {
        expect(encodeEach(items)).toBe(encode(items));
        expect(encodeEach(items.toReversed())).toBe(encode(items.toReversed()));
      }),
    );
  });
});

describe('decode', () => {
  it.each<readonly [string, unknown]>([
    ['a list of five', ['@', 1, 2, 3, 4]],
    ['a list of seven', ['@', 1, 2, 3, 4, 'b', 5]],
    ['another mark', ['#', 1, 2, 3, 4, 'b']],
    ['texts', ['@', '1', '2', '3', '4', 'b']],
    ...[1, 2, 3, 4].map((index) => [`one text, at ${index}`, ['@', 1, 2, 3, 4, 'b'].with(index, 'x')] as const),
    ['what is no list', { length: 6, 0: '@', 1: 1, 2: 2, 3: 3, 4: 4, 5: 'b' }],
  ])('takes nothing for an instant that is none: %s', (_, value) => {
    expect(decode(JSON.stringify({ value }))).toEqual({ value });
  });

  it('gives every other value back as it was, null and what is only a part of an instant included', () => {
    for (const value of [null, 'x', 0, false, { monoUs: 1 }, { boot: 'b' }, [null, [], {}], { at: null, list: [AT] }])
      expect(decode(encode(value))).toEqual(value);
  });

  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(encode(decode(encode(value)))).toBe(encode(value));
      }),
    );
  });
});
