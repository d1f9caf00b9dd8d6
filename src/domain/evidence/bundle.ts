/** A bundle: a month's report with everything it takes to recompute it elsewhere, one JSON line after the other. */
import type { ContractTerms } from '../contract-terms.ts';
import type { ProviderReport } from '../report/report.ts';

/** Names the layout, so that another layout is another format. */
export const BUNDLE_FORMAT = 'mailflow-probe bundle 1';

/**
 * The first line. The second is the base64 of the Ed25519 signature over exactly the bytes of the first, by `publicKey`; each further
 * one is an entry of the chain. What the chain's hashes and the signature do not cover is not in the file.
 */
export interface BundleManifest {
  readonly format: typeof BUNDLE_FORMAT;
  readonly agent: string;
  readonly version: string;
  /** `2026-11`. */
  readonly month: string;
  /** RFC 3339 in UTC: the moment that the report speaks of. */
  readonly exportedAt: string;
  /** Lower-case hex SHA-256 of the agent's configuration without its secrets. */
  readonly configuration: string;
  /** What each provider was judged by. */
  readonly contracts: Readonly<Record<string, ContractTerms>>;
  readonly report: readonly ProviderReport[];
  readonly chain: BundleChain;
  /** DKIM keys that were seen before the first entry of the bundle, and may be needed for an anchor within it. */
  readonly keys: readonly BundledKey[];
  /** Base64 of the SPKI DER. */
  readonly publicKey: string;
}
/** Which entries follow: from `firstSeq` to `lastSeq` without a hole; none if `lastSeq` is less. */
export interface BundleChain {
  readonly firstSeq: number;
  /** The hash that the first entry follows. */
  readonly previousHash: string;
  readonly lastSeq: number;
  /** The last entry's hash. */
  readonly head: string;
}
/** The entry that says so, and what it says. */
export interface BundledKey {
  readonly seq: number;
  readonly domain: string;
  readonly selector: string;
  readonly record: string;
}

export interface RawEntry {
  readonly seq: number;
  /** Lower-case hex. */
  readonly hash: string;
  /** The event's text, as it was hashed. */
  readonly text: string;
}

/** An entry as a line, without its line feed. */
export function entryLine({ seq, hash, text }: RawEntry): string {
  return `{"seq":${seq},"hash":"${hash}","event":${text}}`;
}

/** Null for what `entryLine` does not write. */
export function parseEntryLine(line: string): RawEntry | null {
  const [, seq, hash, text] = /^\{"seq":([1-9]\d{0,14}),"hash":"([0-9a-f]{64})","event":(.*)\}$/s.exec(line) ?? [];
  return seq === undefined || hash === undefined || text === undefined ? null : { seq: Number(seq), hash, text };
}

export interface Difference {
  /** `[0].clauses[2].figures.average.hi`; empty for the whole. */
  readonly path: string;
  readonly one: unknown;
  readonly other: unknown;
}

/** The first place where two values of JSON differ, in the order of the first one's keys; null if they are the same. */
export function firstDifference(one: unknown, other: unknown, path = ''): Difference | null {
  if (!isTree(one) || !isTree(other) || Array.isArray(one) !== Array.isArray(other))
    return Object.is(one, other) ? null : { path, one, other };
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const deeper = Array.isArray(one) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    const found = firstDifference(valueAt(one, key), valueAt(other, key), deeper);
    if (found !== null) return found;
  }
  return null;
}

function isTree(value: unknown): value is object {
  return value !== null && typeof value === 'object';
}

function valueAt(tree: object, key: string): unknown {
  return Object.hasOwn(tree, key) ? (tree as Readonly<Record<string, unknown>>)[key] : undefined;
}
