import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerValues, parseHeader, stripComments, tidy } from '../../../src/domain/mail/header.ts';

describe('parseHeader', () => {
  it('reads fields in their order, with any line end', () => {
    for (const end of ['\r\n', '\n', '\r']) {
      expect(parseHeader(['Subject: one', 'X-A:two', 'subject:  three '].join(end))).toEqual([
        { name: 'Subject', value: 'one' },
        { name: 'X-A', value: 'two' },
        { name: 'subject', value: 'three' },
      ]);
    }
  });
  it('unfolds by taking out the line ends and nothing else', () => {
    expect(parseHeader('Subject: one\r\n two\r\n\t three\r\nX: y')).toEqual([
      { name: 'Subject', value: 'one two\t three' },
      { name: 'X', value: 'y' },
    ]);
  });
  it('ends at the first empty line', () => {
    expect(parseHeader('A: 1\r\n\r\nB: 2')).toEqual([{ name: 'A', value: '1' }]);
    // One before every field ends nothing.
    expect(parseHeader('\r\n\nB: 2')).toEqual([{ name: 'B', value: '2' }]);
  });
  it('passes over what is no field, with its folded lines', () => {
    expect(parseHeader('From x@y Mon Jan 1\n folded\nno colon\nnocolon\n: none\nb\u00e4d: 1\nA : 1\n\n')).toEqual([
      { name: 'A', value: '1' },
    ]);
    expect(parseHeader(' starts folded\nA: 1')).toEqual([{ name: 'A', value: '1' }]);
  });
  it('never throws, and no value holds a line end', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', ':', ' ', '\t', '\r', '\n', '\0', '\u00ff'), maxLength: 300 }),
        (raw) => {
          for (const { name, value } of parseHeader(raw)) {
            expect(name).toMatch(/^[\x21-\x39\x3b-\x7e]+$/);
            expect(value).not.toMatch(/[\r\n]/);
          }
        },
      ),
    );
  });
  it('gives back any fields that were written and folded', () => {
    const name = fc.stringMatching(/^[A-Za-z-]{1,20}$/);
    const words = fc.array(fc.stringMatching(/^[!-~]{1,20}$/), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(fc.tuple(name, words), { minLength: 1 }), (written) => {
        const raw = written.map(([field, value]) => `${field}: ${value.join('\r\n ')}`).join('\r\n');
        expect(parseHeader(raw)).toEqual(written.map(([field, value]) => ({ name: field, value: value.join(' ') })));
      }),
    );
  });
});

describe('headerValues', () => {
  it('finds every field of a name without regard to case', () => {
    expect(headerValues(parseHeader('A: 1\nB: 2\na: 3'), 'A')).toEqual(['1', '3']);
    expect(headerValues([], 'A')).toEqual([]);
  });
});

describe('stripComments', () => {
  it('takes out nested and quoted parentheses', () => {
    expect(stripComments('a (b (c) \\) d) e')).toBe('a   e');
    expect(stripComments('a (b')).toBe('a ');
    expect(stripComments('a) b')).toBe('a) b');
    expect(stripComments('a () b)(c')).toBe('a   b)');
    expect(stripComments('a \\(b) c')).toBe('a \\  c');
  });
});

describe('tidy', () => {
  it('leaves no control character and nothing longer than the limit', () => {
    expect(tidy(' a\r\n\u0000b\u001b[31m ', 10)).toBe('a b [31m');
    // Cut where a space stands, it does not end with one.
    expect(tidy('ab cd', 3)).toBe('ab');
    // Four times as much is looked at.
    expect([tidy('   a', 1), tidy('    a', 1)]).toEqual(['a', '']);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 20 }), (text, max) => {
        expect(tidy(text, max).length).toBeLessThanOrEqual(max);
        expect(tidy(text, max)).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});
