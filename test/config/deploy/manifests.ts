/** What the tests of config/deploy share: the files as data, and the agent's own check of a configuration found in one of them. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import type { ReadResult } from '../../../src/adapters/config-file/read.ts';
import { folderWith, readSettings } from '../../adapters/config-file/folder.ts';

export const DEPLOY = 'config/deploy';

export const textOf = (file: string): string => readFileSync(join(DEPLOY, file), 'utf8');

/** As Docker and Kubernetes read it: YAML 1.1, where 0440 is octal and `<<` merges. */
export const yamlOf = <T>(text: string): T => parse(text, { version: '1.1', merge: true }) as T;

/** Every document of a file; throws with the first mistake. */
export function documentsOf<T>(file: string): readonly T[] {
  return parseAllDocuments(textOf(file), { version: '1.1' }).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as T;
  });
}

/** What a deployment gives the agent besides its configuration. */
export interface Given {
  /** Absolute folder of the secrets in the configuration; null where they are named from its own. */
  readonly secretsFolder: string | null;
  /** Names of the secrets' files in that folder, or paths from the configuration's. */
  readonly secrets: readonly string[];
  /** Names of the environment variables that are set. */
  readonly environment: readonly string[];
}

/** Holds a secret's place: long enough for a key, and one line. */
const ANY_SECRET = 'anything of sixteen bytes and more';

/** Reads a configuration as `config check` does, with the secrets and variables that the deployment gives and no other. */
export async function checkAsGiven(text: string, { secretsFolder, secrets, environment }: Given): Promise<ReadResult> {
  const from = secretsFolder === null ? '' : 'secrets/';
  const folder = await folderWith({
    'mailflow-probe.yml': secretsFolder === null ? text : text.replaceAll(`${secretsFolder}/`, from),
    ...Object.fromEntries(secrets.map((name) => [`${from}${name}`, ANY_SECRET])),
  });
  const variables = Object.fromEntries(environment.map((name) => [name, ANY_SECRET]));
  return readSettings(join(folder, 'mailflow-probe.yml'), variables);
}

/** The base names of the secrets' files, and the variables, that a configuration asks for. */
export function secretsAskedFor(value: unknown): {
  readonly files: ReadonlySet<string>;
  readonly env: ReadonlySet<string>;
} {
  const files = new Set<string>();
  const env = new Set<string>();
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, inner] of Object.entries(node)) {
      if (typeof inner !== 'string') walk(inner);
      else if (key === 'file' || key.endsWith('_file')) files.add(basename(inner));
      else if (key === 'env') env.add(inner);
    }
  };
  walk(value);
  return { files, env };
}

/** Variables that the program itself, or Node.js, heeds whatever the configuration says. */
export const PROGRAM_VARIABLES: ReadonlySet<string> = new Set(['MAILFLOW_CONFIG', 'NODE_ENV']);
