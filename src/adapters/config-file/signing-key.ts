/** The key that signs the agent's bundles: Ed25519, a file in the data folder, made by the first run. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { join } from 'node:path';
import type { Random, Signer } from '../../ports.ts';
import { errorCode, readBounded } from './files.ts';
import { makeKeyFile } from './key-file.ts';

const FILE_NAME = 'signing.key';
/** PKCS8 PEM of an Ed25519 key is 119 bytes; people may put comments around it. */
const FILE_BYTES_MAX = 65_536;
/** What stands before the 32 bytes of an Ed25519 private key in PKCS8 DER (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SEED_BYTES = 32;

/** The key of a data folder. Where there is none it is made from `random`, folder and all. Rejects, naming the rule. */
export async function makeSigner(folder: string, random: Pick<Random, 'bytes'>): Promise<Signer> {
  const found = await readKey(folder);
  if (found !== null) return signerOf(found);
  const seed = Buffer.concat([PKCS8_PREFIX, random.bytes(SEED_BYTES)]);
  const key = createPrivateKey({ key: seed, format: 'der', type: 'pkcs8' });
  await makeKeyFile(folder, FILE_NAME, key.export({ format: 'pem', type: 'pkcs8' }).toString());
  return readSigner(folder);
}

/** The key of a data folder that has one. Writes nothing. Rejects, naming the rule. */
export async function readSigner(folder: string): Promise<Signer> {
  const found = await readKey(folder);
  if (found === null) throw new Error(`${folder} must hold a ${FILE_NAME}: the first run makes it`);
  return signerOf(found);
}

async function readKey(folder: string): Promise<KeyObject | null> {
  const content = await readBounded(join(folder, FILE_NAME), FILE_BYTES_MAX, 'own-key');
  if (!content.ok) {
    if (content.reason === 'exists') return null;
    throw new Error(`${folder} must hold a ${FILE_NAME} that ${content.reason}`);
  }
  const key = parseKey(content.bytes);
  if (key?.asymmetricKeyType !== 'ed25519')
    throw new Error(`${folder} must hold a ${FILE_NAME} that is an Ed25519 private key in PEM`);
  return key;
}

/** Null for what OpenSSL cannot read. Its error is not passed on: it has no business to quote a key. */
function parseKey(pem: Buffer): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return null;
  }
}

function signerOf(key: KeyObject): Signer {
  return {
    publicKey: createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64'),
    sign: (bytes) => sign(null, bytes, key).toString('base64'),
  };
}

/**
 * A public key as people hand it on, base64 of SPKI DER or PEM, made the former.
 * Null for what is no Ed25519 key.
 */
export function publicKeyOf(text: string): string | null {
  const given = text.trim();
  const read = given.startsWith('-----')
    ? () => createPublicKey(given)
    : () => createPublicKey({ key: Buffer.from(given, 'base64'), format: 'der', type: 'spki' });
  try {
    const key = read();
    return key.asymmetricKeyType === 'ed25519' ? key.export({ format: 'der', type: 'spki' }).toString('base64') : null;
  } catch {
    // Not every error of OpenSSL has a code.
    return null;
  }
}
