/** Bundles for tests: a ledger's month in a file, and hands that alter such a file as its keeper could, who has the key. */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readContract } from '../../../src/adapters/config-file/contract.ts';
import { checkSignatures } from '../../../src/adapters/dkim/verify.ts';
import { writeBundle } from '../../../src/adapters/sqlite/bundle.ts';
import { type BundleVerification, verifyBundle } from '../../../src/adapters/sqlite/verify-bundle.ts';
import type { ContractTerms } from '../../../src/domain/contract-terms.ts';
import { type BundleManifest, entryLine, parseEntryLine } from '../../../src/domain/evidence/bundle.ts';
import { chainHash } from '../../../src/domain/evidence/chain.ts';
import type { Signer } from '../../../src/ports.ts';
import { temporaryFolder } from './support.ts';

/** Of tests alone: an Ed25519 key made of one byte repeated. */
export function signerOf(byte: number): Signer {
  const seed = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, byte)]);
  const key = createPrivateKey({ key: seed, format: 'der', type: 'pkcs8' });
  return {
    publicKey: createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64'),
    sign: (bytes) => sign(null, bytes, key).toString('base64'),
  };
}
export const SIGNER = signerOf(1);
export const IDENTITY = {
  agent: 'test',
  contact: 'postmaster@sink.example',
  configuration: '0'.repeat(64),
  publicKey: SIGNER.publicKey,
};

async function contract(): Promise<ContractTerms> {
  const result = await readContract(
    new URL('../../../config/contracts/enterprise-mail-sla.yml', import.meta.url).pathname,
  );
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  // Delay alone: what is judged of availability has tests of its own.
  return { ...result.terms, clauses: result.terms.clauses.filter(({ kind }) => kind === 'delay') };
}

export interface BundleOptions {
  readonly month?: string;
  readonly nowMs?: number;
  readonly providers?: readonly string[];
}

/** The bundle's file, in a folder of its own. */
export async function bundleOf(folder: string, options: BundleOptions = {}): Promise<string> {
  const { month = '2026-11', nowMs = Date.UTC(2026, 11, 10), providers = ['acme'] } = options;
  const terms = await contract();
  const file = join(temporaryFolder(), 'month.bundle');
  let text = '';
  await writeBundle(
    folder,
    {
      agent: 'test',
      version: '1.2.3',
      month,
      configuration: '0'.repeat(64),
      matters: providers.map((provider) => ({ provider, contract: terms, month, nowMs })),
    },
    SIGNER,
    (line) => {
      text += line;
    },
  );
  writeFileSync(file, text);
  return file;
}

export function verified(file: string, key: string | null = null): Promise<BundleVerification> {
  return verifyBundle(file, { key, signatures: checkSignatures, version: '1.2.3' });
}

interface Parts {
  manifest: BundleManifest;
  /** Texts of the events. */
  events: string[];
}

/**
 * The bundle as its keeper would make it anew after a change: the chain hashed again from the first entry, the manifest signed again.
 * `report: 'kept'` leaves the report as it was.
 */
export function forged(file: string, change: (parts: Parts) => void, signer: Signer = SIGNER): string {
  const [first = '', , ...rest] = readFileSync(file, 'utf8').trimEnd().split('\n');
  const parts: Parts = {
    manifest: JSON.parse(first) as BundleManifest,
    events: rest.map((line) => parseEntryLine(line)?.text ?? ''),
  };
  change(parts);
  const { manifest, events } = parts;
  let seq = manifest.chain.firstSeq - 1;
  let hash = manifest.chain.previousHash;
  const lines = events.map((text) => {
    seq += 1;
    hash = chainHash(hash, text);
    return entryLine({ seq, hash, text });
  });
  const chain = { ...manifest.chain, lastSeq: seq, head: hash };
  const line = JSON.stringify({ ...manifest, chain, publicKey: signer.publicKey });
  const copy = join(temporaryFolder(), 'forged.bundle');
  writeFileSync(copy, `${[line, signer.sign(Buffer.from(line)), ...lines].join('\n')}\n`);
  return copy;
}
