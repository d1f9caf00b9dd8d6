/** Files of what was archived: where they are, and whether they are what the ledger says of them. */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { archivedBundles } from '../app.ts';
import type { ArchivedBundle } from '../domain/event.ts';

export interface ArchivedFiles {
  /** How many the ledger names. */
  readonly bundles: number;
  /** A line for each that is not there as it was written. */
  readonly missing: readonly string[];
}

/** What a folder has of all that were ever archived. */
export async function archivedFiles(dataFolder: string, folder: string): Promise<ArchivedFiles> {
  const bundles = await archivedBundles(dataFolder);
  const missing: string[] = [];
  for (const bundle of bundles) {
    const why = await whyNotThere(folder, bundle);
    if (why !== null) missing.push(why);
  }
  return { bundles: bundles.length, missing };
}

export function bundleFile(folder: string, month: string): string {
  return join(folder, `${month}.bundle`);
}

/** Null if the folder has it, byte for byte. */
export async function whyNotThere(folder: string, { month, sha256 }: ArchivedBundle): Promise<string | null> {
  const file = bundleFile(folder, month);
  const rule = `${file} must be the bundle with sha256 ${sha256}`;
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return `${rule}, there is no such file`;
  try {
    const found = await sha256Of(file);
    return found === sha256 ? null : `${rule}, has ${found}`;
  } catch (error) {
    return `${rule}, cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
