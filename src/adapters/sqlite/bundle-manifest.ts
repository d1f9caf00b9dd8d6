/** The first two lines of a bundle: what it says of itself, and whether the signature over that holds. */
import { createPublicKey, verify } from 'node:crypto';
import { BUNDLE_FORMAT, type BundledKey, type BundleManifest } from '../../domain/evidence/bundle.ts';
import { type Line, textOf } from './bundle-lines.ts';
import { LedgerError } from './failure.ts';

/** One thing that was checked: whether it holds, and what was found in one line. */
export interface Part {
  readonly ok: boolean;
  readonly says: string;
}

export interface Opening {
  /** Null where the first line cannot be read. */
  readonly manifest: BundleManifest | null;
  readonly signature: Part;
}

/** How every bundle begins. */
const BEGINNING = Buffer.from(`{"format":"${BUNDLE_FORMAT}"`);

/** Throws NOT_A_BUNDLE for a file that does not even look like one. `pinned`: the key it must be signed by. */
export function openManifest(
  file: string,
  first: Line | undefined,
  second: Line | undefined,
  pinned: string | null,
): Opening {
  if (first === undefined || !looksLikeBundle(first, second))
    throw new LedgerError(
      'NOT_A_BUNDLE',
      `${file} must be a bundle that ledger export wrote: its first line is no manifest`,
    );
  const text = textOf(first.bytes);
  const proof = second?.bytes.toString('latin1') ?? '';
  const manifest = text === null ? null : parseManifest(text);
  if (manifest === null)
    return { manifest, signature: { ok: false, says: `line 1 is no manifest of ${BUNDLE_FORMAT}: it was altered` } };
  const { publicKey } = manifest;
  if (!isSigned(first.bytes, proof, publicKey) || second?.whole !== true)
    return { manifest, signature: { ok: false, says: 'line 2 does not sign line 1: one of them was altered' } };
  if (pinned !== null && pinned !== publicKey)
    return { manifest, signature: { ok: false, says: `the key must be ${pinned}, is ${publicKey}` } };
  return { manifest, signature: { ok: true, says: `holds, by the key ${publicKey}` } };
}

/** One byte of its beginning may have been altered, be it into a line feed: then it is a bundle still, and said to be altered. */
function looksLikeBundle(first: Line, second: Line | undefined): boolean {
  const bytes = Buffer.concat([first.bytes, Buffer.from('\n'), second?.bytes ?? Buffer.alloc(0)]);
  return BEGINNING.filter((byte, index) => byte !== bytes[index]).length <= 1;
}

/** As deep as it is used before the report is compared with what comes out. */
function parseManifest(text: string): BundleManifest | null {
  const manifest = parse(text) as BundleManifest | null;
  if (manifest === null || typeof manifest !== 'object' || manifest.format !== BUNDLE_FORMAT) return null;
  const { agent, version, month, exportedAt, configuration, publicKey, chain, contracts, keys } = manifest;
  const texts = [agent, version, month, exportedAt, configuration, publicKey, chain?.previousHash, chain?.head];
  const numbers = [chain?.firstSeq, chain?.lastSeq];
  const sound =
    texts.every((value) => typeof value === 'string') &&
    numbers.every((value) => Number.isSafeInteger(value)) &&
    typeof contracts === 'object' &&
    contracts !== null &&
    Array.isArray(keys) &&
    keys.every(isKey);
  return sound ? manifest : null;
}

function isKey(key: BundledKey | null): boolean {
  return [key?.domain, key?.selector, key?.record].every((value) => typeof value === 'string');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isSigned(bytes: Buffer, proof: string, publicKey: string): boolean {
  const signature = Buffer.from(proof, 'base64');
  // Base64 has several texts for the same bytes; only the one that was written is taken.
  if (signature.toString('base64') !== proof) return false;
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ed25519' && verify(null, bytes, key, signature);
  } catch {
    // No key at all, then.
    return false;
  }
}
