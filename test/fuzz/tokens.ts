/** Fuzzes what tells our messages from others': no token that the key did not sign is ever taken for one. */
import fc from 'fast-check';
import { findTokens, tokenOf, verifyToken } from '../../src/domain/token.ts';
import { FALSE_TOKEN, ID, KEY, TOKEN } from './mail-samples.ts';
import { fuzzValues, must } from './surface.ts';
import { cook, recipes } from './texts.ts';

const OTHER_KEY = new Uint8Array(32).fill(8);
const TEXT_MAX = 65_536;
/** As `TOKENS_PER_TEXT_MAX`. */
const FOUND_MAX = 16;
const PIECES = [TOKEN, FALSE_TOKEN, TOKEN.toUpperCase(), ID, 'a', '2', '1', 'ſ', 'K', '\u0130', '\0', '\n', '-', '='];

export const fuzzTokens = fuzzValues(
  fc.record({ recipe: recipes, id: fc.stringMatching(/^[a-z2-7]{16}$/), reversed: fc.boolean() }),
  ({ recipe, id, reversed }) => {
    const text = cook(recipe, [TOKEN, FALSE_TOKEN, `X: ${TOKEN}`, tokenOf(id, KEY)], PIECES, TEXT_MAX);
    const keys = reversed ? [KEY, OTHER_KEY] : [OTHER_KEY, KEY];
    for (const word of [text, ...findTokens(text)]) {
      const under = (known: readonly Uint8Array[]) => verifyToken(word, known);
      const isSigned = (key: Uint8Array) => /^[a-z2-7]{32}$/.test(word) && word === tokenOf(word.slice(0, 16), key);
      must(under([KEY]).ok === isSigned(KEY), 'a token was verified that the key did not sign, or one not that it did');
      must(under(keys).ok === (isSigned(KEY) || isSigned(OTHER_KEY)), 'a token was not judged by every key');
      must(!under([]).ok, 'a token was verified by no key');
    }
    const found = findTokens(text);
    must(found.length <= FOUND_MAX && new Set(found).size === found.length, `${found.length} tokens were found`);
  },
);
