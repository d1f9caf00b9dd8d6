/** Bundles on the command line: `ledger export --month` writes one, `ledger verify BUNDLE` checks one. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import {
  type Anchors,
  type BundleVerification,
  checkSignatures,
  configurationDigest,
  publicKeyOf,
  readSigner,
  VERSION,
  verifyBundle,
  writeBundle,
} from '../app.ts';
import type { BundleManifest } from '../domain/evidence/bundle.ts';
import { EXIT_USAGE, ExitWith } from './exit.ts';
import { readMonth } from './month.ts';
import { now } from './now.ts';
import { print, writeNewFile } from './output.ts';
import { plain } from './plain.ts';
import { mattersOf } from './report.ts';
import { loadSettings } from './settings.ts';

export interface BundleArguments {
  readonly config: string;
  readonly month: string;
  readonly data?: string;
  readonly provider?: string;
  readonly output?: string;
}

/** Writes to a new file, whole or not at all, or to standard output. */
export async function exportBundle(options: BundleArguments): Promise<void> {
  const month = readMonth(options.month);
  if (options.data !== undefined)
    throw new ExitWith(EXIT_USAGE, [
      '--month writes a bundle, which takes the configuration: --data cannot go with it',
    ]);
  const { settings } = await loadSettings(options.config, 'write-nothing');
  const { agent, dataFolder } = settings;
  const matters = await mattersOf(settings, month, now().wallMs, options);
  const configuration = configurationDigest(settings);
  const request = { agent, version: VERSION, month, configuration, matters };
  const signer = await readSigner(dataFolder);
  if (options.output !== undefined) {
    let written: BundleManifest | null = null;
    await writeNewFile(options.output, async (write) => {
      written = await writeBundle(dataFolder, request, signer, write);
    });
    await print(`${options.output}: ${writtenLine(written)}\n`);
    return;
  }
  await writeBundle(dataFolder, request, signer, async (text) => {
    if ((await print(text)) === 'gone') throw new ExitWith(0);
  });
}

function writtenLine(manifest: BundleManifest | null): string {
  if (manifest === null) throw new Error('a bundle was written without a manifest');
  const { month, chain, publicKey } = manifest;
  return `${month}, entries ${chain.firstSeq} to ${chain.lastSeq}, signed by the key ${publicKey}`;
}

/** Reads nothing but the file, and the key if that is in one. */
export function checkBundle(file: string, key: string | undefined): Promise<BundleVerification> {
  return verifyBundle(file, {
    key: key === undefined ? null : readKey(key),
    signatures: checkSignatures,
    version: VERSION,
  });
}

function readKey(text: string): string {
  const given = statSync(text, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(text, 'utf8') : text;
  // Its public key would do; but who is asked for a key and hands over this one hands over the signature.
  if (given.includes('PRIVATE KEY'))
    throw new ExitWith(EXIT_USAGE, [
      '--key must be the public key, is a private one: that must not leave its data folder',
    ]);
  const key = publicKeyOf(given);
  if (key !== null) return key;
  throw new ExitWith(EXIT_USAGE, [
    `--key must be an Ed25519 public key, PEM file or base64, is ${JSON.stringify(text)}`,
  ]);
}

/** A line for each part. */
export function bundleLines({ bundle, anchors, ...parts }: BundleVerification): readonly string[] {
  const about =
    bundle === null ? [] : [`bundle: ${bundle.month} by agent ${bundle.agent}, exported ${bundle.exportedAt}`];
  const named = (['signature', 'key', 'chain', 'verdict'] as const).map((name) => {
    const { ok, says } = parts[name];
    return `${name}: ${ok || says.startsWith('not looked for') ? '' : 'DOES NOT HOLD: '}${says}`;
  });
  const rest = anchors === null ? [] : anchorLines(anchors);
  return [...about, ...named, ...rest].map((line) => plain(line));
}

/** Who has anchored how much, what fails, and the keys to compare. */
export function anchorLines({ anchoredBy, before, failed, failures, keys }: Anchors): readonly string[] {
  const lines = anchoredBy.map(({ provider, by, count, first, last, longestStretch: { afterSeq, toSeq } }) => {
    const stretch = `longest stretch without one: ${toSeq - afterSeq} entries, after ${afterSeq} up to ${toSeq}`;
    const how = by.startsWith('d=') ? `signed by ${by}` : `stored in the ${by}`;
    return `anchors: ${count} ${how} (${provider}), the first up to entry ${first.seq} at ${first.at}, the last up to entry ${last.seq} at ${last.at}; ${stretch}`;
  });
  if (before > 0) lines.push(`anchors: ${before} of entries before the first one here`);
  lines.push(...failures.map(({ where, reason }) => `anchors: DOES NOT HOLD: ${where}: ${reason}`));
  if (failed > failures.length) lines.push(`anchors: DOES NOT HOLD: ${failed - failures.length} more`);
  lines.push(
    ...keys.map(({ domain, selector, record }) => {
      const digest = createHash('sha256').update(record).digest('hex');
      return `anchors: key ${selector}._domainkey.${domain}, TXT record with SHA-256 ${digest}`;
    }),
  );
  return lines.length === 0 ? ['anchors: none, nobody else has signed or stored any of it'] : lines;
}
