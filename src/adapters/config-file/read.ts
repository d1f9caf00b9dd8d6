/** Reads the configuration: from a file to settings, or to everything that is wrong with it. */
import { dirname, resolve } from 'node:path';
import type { Settings } from '../../domain/settings.ts';
import { buildSettings, dataFolderOf, type Surroundings } from './build.ts';
import { openDocument, type Source, toProblems } from './document.ts';
import { doubtsOf } from './doubts.ts';
import type { Problem } from './problem.ts';
import { checkRules } from './rules.ts';
import type { ConfigFile } from './schema.ts';
import { type Environment, gather } from './secrets.ts';
import { checkShape } from './shape.ts';
import { type Bytes, type KeyFault, retiredKey, type TokenKey, tokenKey } from './token-key.ts';
import { hideSecrets } from './unseen.ts';

export type { Problem } from './problem.ts';
export { redact } from './redact.ts';
export { settingsSchema } from './schema.ts';

/** A probe is waited for that long (domain/expiry.ts). */
const RETIRED_DOUBT = 'holds token.key.retired, which still verifies tokens: take it away five days after the change';

export type ReadResult =
  | { readonly ok: true; readonly settings: Settings; readonly warnings: readonly string[] }
  /** Never empty, in the order of the file. */
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface ReadOptions {
  /** Makes the token key where the data folder has none. Otherwise nothing is written, and such a key holds for this process alone. */
  readonly createKey?: boolean;
}

/**
 * Reads, checks and resolves a configuration file. Relative paths in it start at its own folder.
 * Whatever is wrong with it, a missing file and broken YAML included, is a problem; all are told at once. Only a bug rejects.
 */
export type ReadSettings = (path: string, environment: Environment, options?: ReadOptions) => Promise<ReadResult>;

/** `random` gives the token key, so it has to be the system's. */
export function settingsReader(random: Bytes): ReadSettings {
  return async (path, environment, options = {}) => {
    const opened = await openDocument(path);
    if (!opened.ok) return opened;
    const { source } = opened;
    const { file, draft, findings: misshapen } = checkShape(source.value);
    const folder = resolve(dirname(path));
    const { material, findings: unavailable } = await gather(draft, folder, environment);
    const findings = [...source.findings, ...misshapen, ...checkRules(draft, source.value), ...unavailable];
    if (file === null || findings.length > 0) return { ok: false, problems: toProblems(source, findings) };
    const keyOf = (dataFolder: string, mayCreate: boolean) =>
      tokenKey(dataFolder, random, mayCreate && options.createKey === true);
    return complete(source, file, { material, folder }, keyOf);
  };
}

export type FolderResult =
  | { readonly ok: true; readonly dataFolder: string }
  /** Never empty. */
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Where the ledger lies, by a configuration of which nothing else has to be right: no secret is fetched, nothing is written. */
export async function readDataFolder(path: string): Promise<FolderResult> {
  const opened = await openDocument(path);
  if (!opened.ok) return opened;
  const { draft, findings } = checkShape(opened.source.value);
  const amiss = findings.filter(({ path: [key] }) => key === undefined || key === 'data_folder');
  if (amiss.length > 0) return { ok: false, problems: toProblems(opened.source, amiss) };
  return { ok: true, dataFolder: dataFolderOf(draft, resolve(dirname(path))) };
}

/** The key comes last: nothing is written for a configuration that cannot be used. */
async function complete(
  source: Source,
  file: ConfigFile,
  { material, folder }: Pick<Surroundings, 'material' | 'folder'>,
  keyOf: (dataFolder: string, mayCreate: boolean) => Promise<TokenKey>,
): Promise<ReadResult> {
  const dataFolder = dataFolderOf(file, folder);
  const given = material.get('key');
  const fault = ({ rule }: KeyFault): ReadResult => ({
    ok: false,
    problems: toProblems(source, [{ path: ['data_folder'], rule, value: dataFolder }]),
  });
  const retired = await retiredKey(dataFolder);
  const found =
    given === undefined
      ? await keyOf(dataFolder, retired?.kind !== 'fault')
      : ({ kind: 'lasting', key: Uint8Array.from(given) } as const);
  if (found.kind === 'fault') return fault(found);
  if (retired?.kind === 'fault') return fault(retired);
  const doubts = [...doubtsOf(file)];
  if (found.kind === 'passing') {
    doubts.push({ path: ['data_folder'], rule: 'has no token.key yet, the first run makes it', value: null });
  }
  if (retired !== null) doubts.push({ path: ['data_folder'], rule: RETIRED_DOUBT, value: null });
  const settings = hideSecrets(
    buildSettings(file, { material, key: found.key, retiredKey: retired?.key ?? null, folder }),
  );
  return { ok: true, settings, warnings: toProblems(source, doubts).map(({ message }) => message) };
}
