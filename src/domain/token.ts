/** What makes a message ours: a random probe id and a MAC over it, as one word that survives mail systems. */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/** RFC 4648 §6 in lower case: letters and digits alone, so no mail system quotes, folds or encodes any of it. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
/** 80 bits: no two probes of one agent ever share an id by chance, and 16 characters exactly. */
const ID_BYTES = 10;
const ID_LENGTH = 16;
const TOKEN_LENGTH = 32;
const SHAPE = /^[a-z2-7]{32}$/;
/** Binds the MAC to its purpose, so that nothing else signed with the same key can pass for a token. */
const CONTEXT = 'mailflow-probe/1:';
/** A message of ours holds one token, a report on it a few; each one found costs a MAC. */
const TOKENS_PER_TEXT_MAX = 16;

/** 16 characters of base32. Throws RangeError unless given exactly 10 bytes. */
export function newProbeId(randomBytes: Uint8Array): string {
  if (randomBytes.length !== ID_BYTES) {
    throw new RangeError(`a probe id must be made of ${ID_BYTES} random bytes, got ${randomBytes.length}`);
  }
  return base32(randomBytes);
}

/** The id and the first 80 bits of HMAC-SHA256 over it: 32 characters. Throws RangeError on what is no probe id. */
export function tokenOf(id: string, key: Uint8Array): string {
  if (!/^[a-z2-7]{16}$/.test(id))
    throw new RangeError(`a probe id must be 16 characters of a-z and 2-7, is ${JSON.stringify(id)}`);
  return id + mac(id, key);
}

export type Verified = { readonly ok: true; readonly id: string } | { readonly ok: false };

/** Under any of the keys. Takes equally long for every text, whatever is wrong with it and whichever key it was signed with. */
export function verifyToken(token: string, keys: readonly Uint8Array[]): Verified {
  const id = token.slice(0, ID_LENGTH);
  const given = Buffer.alloc(TOKEN_LENGTH - ID_LENGTH);
  given.write(token.slice(ID_LENGTH, TOKEN_LENGTH), 'latin1');
  let same = false;
  for (const key of keys) {
    const matches = timingSafeEqual(Buffer.from(mac(id, key), 'latin1'), given);
    same = same || matches;
  }
  // The buffer holds bytes: only this tells a letter from one beyond latin1 that shares its low byte.
  return same && SHAPE.test(token) ? { ok: true, id } : { ok: false };
}

/** Distinct words of the token's shape, lower-cased, in order of appearance; none that is part of a longer word. Linear time. */
export function findTokens(text: string): readonly string[] {
  const found = new Set<string>();
  for (const [word] of text.matchAll(/(?<![a-z2-7])[a-z2-7]{32}(?![a-z2-7])/gi)) {
    found.add(word.toLowerCase());
    if (found.size === TOKENS_PER_TEXT_MAX) break;
  }
  return [...found];
}

function mac(id: string, key: Uint8Array): string {
  return base32(
    createHmac('sha256', madeReady(key))
      .update(CONTEXT + id)
      .digest()
      .subarray(0, ID_BYTES),
  );
}

/** From the bytes each time it takes several times as long as the MAC itself. Nobody changes the bytes of a key. */
const READY = new WeakMap<Uint8Array, KeyObject>();

function madeReady(key: Uint8Array): KeyObject {
  const ready = READY.get(key) ?? createSecretKey(key);
  READY.set(key, ready);
  return ready;
}

function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    held += 8;
    while (held >= 5) {
      held -= 5;
      text += ALPHABET.charAt((bits >> held) & 31);
    }
    bits &= (1 << held) - 1;
  }
  return text;
}
