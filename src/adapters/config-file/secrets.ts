/** Fetches what a configuration refers to, secrets and PEM files, and says which of it cannot be used. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { decodeUtf8, errorCode, readBounded } from './files.ts';
import { type Finding, type KeyPath, keyName, show } from './problem.ts';
import type { ConfigFile } from './schema.ts';
import type { Draft } from './shape.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Bytes. As long as the MAC the key is for has bits of use: the token carries 80 of them. */
export const KEY_BYTES_MIN = 16;
/** No password, token or key is longer. */
export const SECRET_BYTES_MAX = 65_536;
/** The authorities of a whole system fit. */
const PEM_BYTES_MAX = 4_194_304;
/** RFC 8301 §3.2: receivers do not trust shorter ones. */
const DKIM_KEY_BITS_MIN = 1024;

/** What was fetched, by the name of the key that referred to it. */
export type Material = ReadonlyMap<string, Buffer>;

type Kind = 'word' | 'key' | 'certificates' | 'private-key' | 'dkim-key';
type Origin = { readonly file: string } | { readonly env: string };
interface Reference {
  readonly path: KeyPath;
  readonly kind: Kind;
  readonly origin: Origin;
}

/** Looks up every reference of a draft. Relative paths start at `folder`. */
export async function gather(
  draft: Draft<ConfigFile>,
  folder: string,
  environment: Environment,
): Promise<{ readonly material: Material; readonly findings: readonly Finding[] }> {
  const material = new Map<string, Buffer>();
  const findings: Finding[] = [];
  for (const { path, kind, origin } of references(draft)) {
    const content = await fetch(origin, kind, folder, environment);
    const fault = content.ok ? faultOf(kind, content.bytes) : content;
    if (fault !== null) findings.push({ path: placeOf(path, kind, origin), ...fault });
    else if (content.ok) material.set(keyName(path), content.bytes);
  }
  findings.push(...pairFault(material));
  return { material, findings };
}

function references({ key, http, sink, providers = [] }: Draft<ConfigFile>): readonly Reference[] {
  const found: Reference[] = [];
  const secret = (
    path: KeyPath,
    kind: Kind,
    from: { file?: string | undefined; env?: string | undefined } | undefined,
  ) => {
    if (from?.file !== undefined) found.push({ path, kind, origin: { file: from.file } });
    else if (from?.env !== undefined) found.push({ path, kind, origin: { env: from.env } });
  };
  const pem = (path: KeyPath, kind: Kind, file: string | undefined) => secret(path, kind, { file });

  secret(['key'], 'key', key);
  secret(['http', 'token'], 'word', http?.token);
  secret(['http', 'metrics', 'token'], 'word', http?.metrics?.token);
  pem(['sink', 'tls', 'cert_file'], 'certificates', sink?.tls?.cert_file);
  pem(['sink', 'tls', 'key_file'], 'private-key', sink?.tls?.key_file);
  for (const [index, provider] of providers.entries()) {
    for (const part of ['submission', 'mx', 'mailbox'] as const) {
      const at = ['providers', index, part] as const;
      pem([...at, 'ca_file'], 'certificates', provider?.[part]?.ca_file);
      if (part === 'mx') pem([...at, 'dkim', 'key_file'], 'dkim-key', provider?.mx?.dkim?.key_file);
      else secret([...at, 'password'], 'word', provider?.[part]?.password);
    }
  }
  return found;
}

type Fault = Pick<Finding, 'rule' | 'value'>;
type Fetched = { readonly ok: true; readonly bytes: Buffer } | ({ readonly ok: false } & Fault);

async function fetch(origin: Origin, kind: Kind, folder: string, environment: Environment): Promise<Fetched> {
  if ('env' in origin) {
    const value = Object.hasOwn(environment, origin.env) ? environment[origin.env] : undefined;
    if (value === undefined)
      return { ok: false, rule: 'must name an environment variable that is set', value: show(origin.env) };
    if (value === '')
      return { ok: false, rule: 'must name an environment variable that is not empty', value: show(origin.env) };
    return { ok: true, bytes: Buffer.from(value) };
  }
  const isText = kind === 'word' || kind === 'key';
  const keeping = kind === 'certificates' ? 'open' : 'secret';
  const bytesMax = isText ? SECRET_BYTES_MAX : PEM_BYTES_MAX;
  const content = await readBounded(resolve(folder, origin.file), bytesMax, keeping);
  if (!content.ok) return { ok: false, rule: `must name a file that ${content.reason}`, value: show(origin.file) };
  const bytes = isText ? withoutLineEnd(content.bytes) : content.bytes;
  return bytes.length === 0
    ? { ok: false, rule: 'must name a file that is not empty', value: show(origin.file) }
    : { ok: true, bytes };
}

/** Files end in a line end that nobody meant as part of the secret. */
export function withoutLineEnd(bytes: Buffer): Buffer {
  const end = bytes.at(-1) === 0x0a ? bytes.length - 1 : bytes.length;
  return bytes.subarray(0, end > 0 && end < bytes.length && bytes[end - 1] === 0x0d ? end - 1 : end);
}

/** Why what was fetched cannot be used. Its content is never shown. */
function faultOf(kind: Kind, bytes: Buffer): Fault | null {
  switch (kind) {
    case 'key':
      return bytes.length < KEY_BYTES_MIN
        ? { rule: `must hold at least ${KEY_BYTES_MIN} bytes`, value: `${bytes.length} bytes` }
        : null;
    case 'word': {
      const text = decodeUtf8(bytes);
      // A line end in the middle would end a protocol's command.
      return text === null || /\p{Cc}/u.test(text) ? { rule: 'must hold one line of UTF-8 text', value: null } : null;
    }
    case 'certificates':
      return attempt(() => new X509Certificate(bytes)) === null
        ? { rule: 'must name a PEM file of certificates' }
        : null;
    case 'private-key':
      return attempt(() => createPrivateKey(bytes)) === null
        ? { rule: 'must name a PEM file of an unencrypted private key' }
        : null;
    case 'dkim-key': {
      const key = attempt(() => createPrivateKey(bytes));
      const bits = key?.asymmetricKeyType === 'rsa' ? (key.asymmetricKeyDetails?.modulusLength ?? 0) : 0;
      return bits < DKIM_KEY_BITS_MIN
        ? { rule: `must name a PEM file of an RSA private key of at least ${DKIM_KEY_BITS_MIN} bits` }
        : null;
    }
  }
}

function pairFault(material: Material): readonly Finding[] {
  const certificate = material.get('sink.tls.cert_file');
  const key = material.get('sink.tls.key_file');
  if (certificate === undefined || key === undefined) return [];
  const matches = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  return matches
    ? []
    : [
        {
          path: ['sink', 'tls', 'key_file'],
          rule: 'must name the private key of the certificate in sink.tls.cert_file',
        },
      ];
}

/** Null for what OpenSSL cannot read; it says so by throwing an error with a code. */
function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return null;
  }
}

/** A secret is named by its `file` or `env`, a PEM file by its own key. */
function placeOf(path: KeyPath, kind: Kind, origin: Origin): KeyPath {
  if (kind !== 'word' && kind !== 'key') return path;
  return [...path, 'env' in origin ? 'env' : 'file'];
}
