/** What is installed, by the lock file and by the packages themselves. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly license?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
/** By the folder of the package; our own has none. */
export type Lock = Readonly<Record<string, Locked>>;

/** What is wrong with a lock file that is all that says what gets installed. */
export function lockProblems(lock: Lock): readonly string[] {
  return Object.entries(lock).flatMap(([folder, { integrity, resolved, link }]) => {
    if (folder === '') return [];
    const problems: string[] = [];
    if (link === true) problems.push(`${folder} is a link`);
    if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '')) problems.push(`${folder} has no SHA-512`);
    if (resolved !== undefined) problems.push(`${folder} comes from ${resolved}`);
    return problems;
  });
}

/** The licence that a package names; old ones have a list. Empty if it names none. */
export function licenceOf(folder: string): string {
  const { license, licenses } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    license?: string | { readonly type: string };
    licenses?: readonly { readonly type: string }[];
  };
  if (typeof license === 'string') return license;
  return license?.type ?? licenses?.map(({ type }) => type).join(' OR ') ?? '';
}

/** Bytes of the package's own files. */
export function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? sum : sum + sizeOf(path);
    return entry.isFile() ? sum + statSync(path).size : sum;
  }, 0);
}

/** How many other packages come with one, as far as they are for this machine. */
export function companionsOf(folder: string, lock: Lock): number {
  const seen = new Set<string>();
  const visit = (at: string): void => {
    if (seen.has(at)) return;
    seen.add(at);
    const { dependencies, optionalDependencies } = lock[at] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const found = resolve(at, name, lock);
      if (found !== null && existsSync(found)) visit(found);
    }
  };
  visit(folder);
  return seen.size - 1;
}

/** As Node.js looks for it: in the nearest node_modules up from there. */
function resolve(from: string, name: string, lock: Lock): string | null {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const folder = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (folder in lock) return folder;
    if (at === '') return null;
  }
}

export interface Line {
  readonly name: string;
  readonly licence: string;
  readonly megabytes: number;
  readonly brings: number;
}

/** The lines of a table of `src/DEPENDENCIES.md`, by the heading above it. */
export function tableBelow(heading: string, text: string): readonly Line[] {
  const section = text.slice(text.indexOf(`\n## ${heading}\n`)).slice(1);
  const end = section.indexOf('\n## ');
  return [...section.slice(0, end < 0 ? undefined : end).matchAll(/^\| `([^`]+)` \|(.*)\|$/gm)].map(
    ([, name = '', rest = '']) => {
      const [licence = '', megabytes, brings] = rest.split(' | ').slice(-3);
      return { name, licence: licence.trim(), megabytes: Number(megabytes), brings: Number(brings) };
    },
  );
}
