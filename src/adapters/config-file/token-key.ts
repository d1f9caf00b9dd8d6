/** The key that signs tokens, where the configuration names none: a file in the data folder, made once. */
import { link, mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../../ports.ts';
import { errorCode, readBounded } from './files.ts';
import { KEY_BYTES_MIN, SECRET_BYTES_MAX, withoutLineEnd } from './secrets.ts';

/** As strong as the HMAC-SHA256 it keys (RFC 2104 §3). */
const KEY_BYTES = 32;
const FILE_NAME = 'token.key';

export type Bytes = Pick<Random, 'bytes'>;

export type TokenKey =
  /** `lasting` is on disk; `passing` is known to this process alone, so that no token of another run verifies. */
  | { readonly kind: 'lasting' | 'passing'; readonly key: Uint8Array }
  /** `rule` reads on from the data folder. */
  | { readonly kind: 'fault'; readonly rule: string };

/**
 * Reads the key of a data folder. Where there is none it is made, folder and all, if `create`; a key that is only looked at is passing.
 * Of two processes that make it at once both get the same one, and neither ever reads half of it.
 */
export async function tokenKey(folder: string, random: Bytes, create: boolean): Promise<TokenKey> {
  const found = await readKey(folder);
  if (found !== null) return found;
  if (!create) return { kind: 'passing', key: random.bytes(KEY_BYTES) };
  try {
    await makeKey(folder, random.bytes(KEY_BYTES));
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    return { kind: 'fault', rule: `must be a folder in which ${FILE_NAME} can be made (${code})` };
  }
  return (await readKey(folder)) ?? { kind: 'fault', rule: `must be a folder that keeps ${FILE_NAME}` };
}

async function readKey(folder: string): Promise<TokenKey | null> {
  const content = await readBounded(join(folder, FILE_NAME), SECRET_BYTES_MAX);
  if (!content.ok) {
    return content.reason === 'exists'
      ? null
      : { kind: 'fault', rule: `must hold a ${FILE_NAME} that ${content.reason}` };
  }
  const key = withoutLineEnd(content.bytes);
  if (key.length < KEY_BYTES_MIN)
    return {
      kind: 'fault',
      rule: `must hold a ${FILE_NAME} of at least ${KEY_BYTES_MIN} bytes, has one of ${key.length}`,
    };
  return { kind: 'lasting', key: Uint8Array.from(key) };
}

/** Written and synchronised in a folder of its own, then linked: a link appears whole, and never over another's. */
async function makeKey(folder: string, key: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const workshop = await mkdtemp(join(folder, `${FILE_NAME}.`));
  try {
    const draft = join(workshop, FILE_NAME);
    await using handle = await open(draft, 'wx', 0o600);
    await handle.writeFile(`${Buffer.from(key).toString('base64url')}\n`);
    await handle.sync();
    await link(draft, join(folder, FILE_NAME)).catch(ignoreExisting);
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
  await using entry = await open(folder, 'r');
  await entry.sync();
}

function ignoreExisting(error: unknown): void {
  if (errorCode(error) !== 'EEXIST') throw error;
}
