/** The keys of tokens in the data folder: the one that signs, made once where the configuration names none, and one put aside that still verifies. */
import { join } from 'node:path';
import type { Random } from '../../ports.ts';
import { errorCode, readBounded } from './files.ts';
import { makeKeyFile } from './key-file.ts';
import { KEY_BYTES_MIN, SECRET_BYTES_MAX, withoutLineEnd } from './secrets.ts';

/** As strong as the HMAC-SHA256 it keys (RFC 2104 §3). */
const KEY_BYTES = 32;
const FILE_NAME = 'token.key';
/** The key before, put aside by whoever changes it; also where the configuration names the new one. */
const RETIRED_NAME = 'token.key.retired';

export type Bytes = Pick<Random, 'bytes'>;

export type TokenKey =
  /** `lasting` is on disk; `passing` is known to this process alone, so that no token of another run verifies. */
  { readonly kind: 'lasting' | 'passing'; readonly key: Uint8Array } | KeyFault;

/** `rule` reads on from the data folder. */
export interface KeyFault {
  readonly kind: 'fault';
  readonly rule: string;
}

/**
 * Reads the key of a data folder. Where there is none it is made, folder and all, if `create`; a key that is only looked at is passing.
 * Of two processes that make it at once both get the same one, and neither ever reads half of it.
 */
export async function tokenKey(folder: string, random: Bytes, create: boolean): Promise<TokenKey> {
  const found = await readKey(folder, FILE_NAME);
  if (found !== null) return found;
  if (!create) return { kind: 'passing', key: random.bytes(KEY_BYTES) };
  try {
    await makeKeyFile(folder, FILE_NAME, `${Buffer.from(random.bytes(KEY_BYTES)).toString('base64url')}\n`);
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    return { kind: 'fault', rule: `must be a folder in which ${FILE_NAME} can be made (${code})` };
  }
  return (await readKey(folder, FILE_NAME)) ?? { kind: 'fault', rule: `must be a folder that keeps ${FILE_NAME}` };
}

/** The key before, null where there is none. */
export function retiredKey(folder: string): Promise<TokenKey | null> {
  return readKey(folder, RETIRED_NAME);
}

async function readKey(folder: string, name: string): Promise<TokenKey | null> {
  const content = await readBounded(join(folder, name), SECRET_BYTES_MAX, 'own-key');
  if (!content.ok) {
    return content.reason === 'exists' ? null : { kind: 'fault', rule: `must hold a ${name} that ${content.reason}` };
  }
  const key = withoutLineEnd(content.bytes);
  if (key.length < KEY_BYTES_MIN)
    return {
      kind: 'fault',
      rule: `must hold a ${name} of at least ${KEY_BYTES_MIN} bytes, has one of ${key.length}`,
    };
  return { kind: 'lasting', key: Uint8Array.from(key) };
}
