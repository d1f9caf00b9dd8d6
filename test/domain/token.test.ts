import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findTokens, newProbeId, tokenOf, verifyToken } from '../../src/domain/token.ts';

const KEY = new TextEncoder().encode('a key of 16 bytes or more');
const idBytes = fc.uint8Array({ minLength: 10, maxLength: 10 });

describe('newProbeId', () => {
  it('is the base32 of RFC 4648 in lower case', () => {
    expect(newProbeId(new TextEncoder().encode('foobarfoob'))).toBe('mzxw6ytbojtg633c');
    expect(newProbeId(new Uint8Array(10))).toBe('aaaaaaaaaaaaaaaa');
    expect(newProbeId(new Uint8Array(10).fill(255))).toBe('7777777777777777');
  });
  it('differs for different bytes', () => {
    fc.assert(
      fc.property(idBytes, idBytes, (a, b) => {
        expect(newProbeId(a) === newProbeId(b)).toBe(Buffer.compare(a, b) === 0);
      }),
    );
  });
  it('refuses any other number of bytes', () => {
    expect(() => newProbeId(new Uint8Array(9))).toThrow(
      new RangeError('a probe id must be made of 10 random bytes, got 9'),
    );
  });
});

describe('tokenOf', () => {
  it('is the id and 80 bits of HMAC-SHA256 over "mailflow-probe/1:" and the id', () => {
    // printf 'mailflow-probe/1:aaaaaaaaaaaaaaaa' | openssl dgst -sha256 -hmac 'a key of 16 bytes or more' -binary | head -c 10 | base32
    expect(tokenOf('aaaaaaaaaaaaaaaa', KEY)).toBe('aaaaaaaaaaaaaaaak4as6rw3lmmsbm7n');
  });
  it('refuses what is no probe id', () => {
    expect(() => tokenOf('AAAAAAAAAAAAAAAA', KEY)).toThrow(RangeError);
    expect(() => tokenOf('', KEY)).toThrow(RangeError);
    for (const longer of ['aaaaaaaaaaaaaaaaa', 'Aaaaaaaaaaaaaaaaa', 'aaaaaaaaaaaaaaaaA'])
      expect(() => tokenOf(longer, KEY), longer).toThrow(RangeError);
  });
});

describe('verifyToken', () => {
  it('gives back the id of every token made with the same key, and refuses it under another', () => {
    fc.assert(
      fc.property(idBytes, fc.uint8Array({ minLength: 16, maxLength: 64 }), (bytes, key) => {
        const id = newProbeId(bytes);
        expect(verifyToken(tokenOf(id, key), [key])).toEqual({ ok: true, id });
        expect(verifyToken(tokenOf(id, key), [Uint8Array.of(...key, 1)])).toEqual({ ok: false });
      }),
    );
  });
  it('refuses a token with any one character changed', () => {
    const token = tokenOf(newProbeId(new Uint8Array(10).fill(7)), KEY);
    for (let at = 0; at < token.length; at++) {
      const other = token.charAt(at) === 'a' ? 'b' : 'a';
      expect(verifyToken(token.slice(0, at) + other + token.slice(at + 1), [KEY])).toEqual({ ok: false });
    }
  });
  it('refuses a character beyond latin1 that shares its low byte with the right one', () => {
    const token = tokenOf(newProbeId(new Uint8Array(10).fill(7)), KEY);
    const alias = token.slice(0, 31) + String.fromCharCode(token.charCodeAt(31) + 0x100);
    expect(verifyToken(alias, [KEY])).toEqual({ ok: false });
  });
  it('refuses text of any length without throwing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        expect(verifyToken(text, [KEY])).toEqual({ ok: false });
      }),
    );
    expect(verifyToken(`${tokenOf('aaaaaaaaaaaaaaaa', KEY)}a`, [KEY])).toEqual({ ok: false });
  });
});

describe('findTokens', () => {
  const token = 'abcdefghijklmnopqrstuvwxyz234567';
  it('finds a token wherever it is not part of a longer word', () => {
    expect(findTokens(`<${token}@example.org>`)).toEqual([token]);
    expect(findTokens(`1${token}0 ${token}`)).toEqual([token]);
    expect(findTokens(token.toUpperCase())).toEqual([token]);
    expect(findTokens(`a${token}`)).toEqual([]);
    expect(findTokens(`${token}7`)).toEqual([]);
    expect(findTokens(token.slice(1))).toEqual([]);
  });
  it('gives each once, in order, and stops at 16', () => {
    const many = Array.from({ length: 40 }, (_, n) => newProbeId(new Uint8Array(10).fill(n)).repeat(2));
    expect(findTokens([...many, ...many].join(' '))).toEqual(many.slice(0, 16));
  });
  it('finds a token of ours between any other text', () => {
    fc.assert(
      fc.property(idBytes, fc.string(), fc.string(), (bytes, before, after) => {
        const ours = tokenOf(newProbeId(bytes), KEY);
        expect(findTokens(`${before.slice(0, 200)}\n${ours}\n${after}`)).toContain(ours);
      }),
    );
  });
  it('reads a megabyte of one letter in linear time', () => {
    expect(findTokens('a'.repeat(1_000_000))).toEqual([]);
  });
});
