/** A DKIM key, as its TXT record gives it (RFC 6376 §3.6.1, RFC 8463 §4.2). */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { parseTags } from './tags.ts';

/** RFC 8301 §3.2: shorter ones prove nothing. */
const RSA_BITS_MIN = 1024;
/** What stands before the 32 bytes of an Ed25519 public key in SPKI DER (RFC 8410 §4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

export type KeyType = 'rsa' | 'ed25519';
export type DkimKey = { readonly ok: true; readonly key: KeyObject } | { readonly ok: false; readonly problem: string };

/** Whether a TXT record is meant to be a DKIM key: other records may stand beside it. */
export function isKeyRecord(record: string): boolean {
  return parseTags(record)?.has('p') === true;
}

export function readKey(record: string, type: KeyType): DkimKey {
  const tags = parseTags(record);
  const data = tags?.get('p');
  if (tags === null || data === undefined || (tags.get('v') ?? 'DKIM1') !== 'DKIM1') return fault('is no DKIM key');
  if (data === '') return fault('was revoked');
  if ((tags.get('k') ?? 'rsa') !== type) return fault(`is not one for ${type}`);
  if (!(tags.get('h') ?? 'sha256').split(':').includes('sha256')) return fault('is not one for sha256');
  const bytes = Buffer.from(data, 'base64');
  const key = type === 'rsa' ? rsaKey(bytes) : ed25519Key(bytes);
  if (key === null) return fault('cannot be read');
  const bits = key.asymmetricKeyDetails?.modulusLength ?? RSA_BITS_MIN;
  return bits < RSA_BITS_MIN ? fault(`has ${bits} bits only`) : { ok: true, key };
}

/** SPKI, or as some publish it the bare RSAPublicKey that RFC 6376 speaks of. */
function rsaKey(der: Buffer): KeyObject | null {
  for (const type of ['spki', 'pkcs1'] as const) {
    const key = attempt(() => createPublicKey({ key: der, format: 'der', type }));
    if (key?.asymmetricKeyType === 'rsa') return key;
  }
  return null;
}

function ed25519Key(bytes: Buffer): KeyObject | null {
  if (bytes.length !== 32) return null;
  return attempt(() => createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes]), format: 'der', type: 'spki' }));
}

function fault(problem: string): DkimKey {
  return { ok: false, problem };
}

/** Null for what OpenSSL cannot read. */
function attempt(read: () => KeyObject): KeyObject | null {
  try {
    return read();
  } catch {
    return null;
  }
}
