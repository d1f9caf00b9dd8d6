/**
 * Checks DKIM signatures (RFC 6376, RFC 8463) with keys that are given. Small enough to be our own: the libraries that do it bring
 * resolvers, public suffix lists and parsers of other formats along, none of which an offline check of a plain message needs.
 */
import { createHash, type KeyObject, verify } from 'node:crypto';
import type { SignatureFinding } from '../../domain/evidence/anchor.ts';
import type { KeysOf, ReceivedMessage } from '../../ports.ts';
import { canonicalBody, canonicalField, type Form, fieldName, rawFields } from './canonical.ts';
import { type KeyType, readKey } from './key.ts';
import { parseTags } from './tags.ts';

/** A provider signs once or twice, a gateway once more. */
const SIGNATURES_MAX = 8;
const FIELD = 'dkim-signature';
/** A name of DNS: it is looked up and shown. */
const DNS_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*$/;

interface Signature {
  readonly domain: string;
  readonly selector: string;
  readonly type: KeyType;
  readonly headerForm: Form;
  readonly bodyForm: Form;
  /** Names of the fields that are signed, lower case. */
  readonly fields: readonly string[];
  readonly bodyHash: string;
  readonly proof: Buffer;
  readonly signedMs: number | null;
}

/** Meets the port `SignatureCheck`. */
export function checkSignatures(message: ReceivedMessage, keysOf: KeysOf): readonly SignatureFinding[] {
  const fields = rawFields(message.header);
  return fields
    .filter((field) => fieldName(field) === FIELD)
    .slice(0, SIGNATURES_MAX)
    .map((field) => {
      const signature = readSignature(field);
      if (typeof signature === 'string') return { domain: '', selector: '', signedMs: null, problem: signature };
      const { domain, selector, signedMs } = signature;
      return { domain, selector, signedMs, problem: problemOf(signature, field, fields, message.body, keysOf) };
    });
}

/** The signature, or why it cannot be used. `x=`, when it expires, is for who delivers: it is checked here years later. */
function readSignature(field: string): Signature | string {
  const tags = parseTags(field.slice(field.indexOf(':') + 1));
  if (tags === null || tags.get('v') !== '1') return 'the signature is not one of version 1';
  const type = ALGORITHMS.get(tags.get('a') ?? '');
  if (type === undefined) return 'the signature is by another algorithm than rsa-sha256 and ed25519-sha256';
  // What follows the signed part of a body could be anything.
  if (tags.has('l')) return 'the signature covers a part of the body only';
  const [headerForm = '', bodyForm = 'simple'] = (tags.get('c') ?? 'simple').split('/');
  if (!isForm(headerForm) || !isForm(bodyForm)) return 'the signature is of an unknown canonical form';
  const domain = (tags.get('d') ?? '').toLowerCase();
  const selector = (tags.get('s') ?? '').toLowerCase();
  if (!DNS_NAME.test(domain) || !DNS_NAME.test(selector)) return 'the signature names no domain and selector';
  const fields = (tags.get('h') ?? '').toLowerCase().split(':');
  if (!fields.includes('from')) return 'the signature does not cover the sender';
  const time = /^\d{1,12}$/.exec(tags.get('t') ?? '');
  return {
    domain,
    selector,
    type,
    headerForm,
    bodyForm,
    fields,
    bodyHash: tags.get('bh') ?? '',
    proof: Buffer.from(tags.get('b') ?? '', 'base64'),
    signedMs: time === null ? null : Number(time[0]) * 1000,
  };
}

const ALGORITHMS: ReadonlyMap<string, KeyType> = new Map([
  ['rsa-sha256', 'rsa'],
  ['ed25519-sha256', 'ed25519'],
]);

function isForm(text: string): text is Form {
  return text === 'simple' || text === 'relaxed';
}

/** Why it proves nothing; null if it holds with one of the keys. */
function problemOf(
  signature: Signature,
  field: string,
  all: readonly string[],
  body: string,
  keysOf: KeysOf,
): string | null {
  const hash = sha256(canonicalBody(body, signature.bodyForm)).toString('base64');
  if (hash !== signature.bodyHash) return 'the body is not the one that was signed';
  const records = keysOf(signature.domain, signature.selector);
  if (records.length === 0) return 'its key is not known';
  const signed = signedHeader(signature, field, all);
  let problem = 'the header is not the one that was signed';
  for (const record of records) {
    const key = readKey(record, signature.type);
    if (!key.ok) problem = `its key ${key.problem}`;
    else if (holds(signature, signed, key.key)) return null;
    else problem = 'the header is not the one that was signed';
  }
  return problem;
}

/** §3.7: the named fields, of several alike the last one first, then the signature's own field without its proof. */
function signedHeader({ fields, headerForm }: Signature, own: string, all: readonly string[]): string {
  const left = new Map<string, string[]>();
  for (const field of all) {
    const alike = left.get(fieldName(field));
    if (alike === undefined) left.set(fieldName(field), [field]);
    else alike.push(field);
  }
  const named = fields.flatMap((name) => left.get(name)?.pop() ?? []);
  const colon = own.indexOf(':') + 1;
  const bare = own.slice(0, colon) + own.slice(colon).replace(/(^|;)([ \t\r\n]*b[ \t\r\n]*=)[^;]*/, '$1$2');
  return [...named, bare].map((field) => canonicalField(field, headerForm)).join('\r\n');
}

function holds({ type, proof }: Signature, signed: string, key: KeyObject): boolean {
  // RFC 8463 §3: Ed25519 signs the hash, RSA with PKCS#1 v1.5 hashes by itself.
  return type === 'rsa'
    ? verify('sha256', Buffer.from(signed, 'latin1'), key, proof)
    : verify(null, sha256(signed), key, proof);
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'latin1').digest();
}
