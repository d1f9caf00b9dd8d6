/** Reads every import of src and holds it against the import table; as a program, prints what breaks it and exits 1. */
import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import {
  builtinProblem,
  CLOCK_ROOM,
  MANIFEST,
  packageProblem,
  type Room,
  roomOf,
  roomProblem,
} from './import-table.ts';
import { type Reference, readSource } from './read-source.ts';

export interface Findings {
  readonly files: number;
  readonly imports: number;
  /** One line each: `src/file.ts:12 rule broken`. */
  readonly violations: readonly string[];
}

/** Checks `src` of a project folder. A run that read no file or no import proves nothing, and is a violation itself. */
export function checkImports(project: string): Findings {
  const src = join(project, 'src');
  const paths = globSync('**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}', { cwd: src }).map(toPosix).sort();
  const declared = dependencies(project);
  const violations: string[] = [];
  let imports = 0;
  for (const path of paths) {
    const room = roomOf(path);
    if (room === undefined) violations.push(`src/${path}:1 belongs to no room of the house`);
    const source = readSource(path, readFileSync(join(src, path), 'utf8'));
    imports += source.imports.length;
    violations.push(...source.problems.map(({ line, text }) => `src/${path}:${line} ${text}`));
    if (room === undefined) continue;
    for (const reference of source.imports) {
      const problem = importProblem(room, path, reference, declared);
      if (problem !== undefined) violations.push(`src/${path}:${reference.line} ${problem}`);
    }
    if (room !== CLOCK_ROOM && room !== 'page') {
      violations.push(
        ...source.clocks.map(
          ({ line, text }) => `src/${path}:${line} ${text}: only ${CLOCK_ROOM} reads time or draws chance`,
        ),
      );
    }
  }
  if (paths.length === 0) violations.push('src:1 holds no file that could be read');
  if (imports === 0) violations.push('src:1 holds no import that could be read');
  return { files: paths.length, imports, violations };
}

function importProblem(
  room: Room,
  path: string,
  { specifier, typesOnly }: Reference,
  declared: readonly string[],
): string | undefined {
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier);
    if (room === 'bin' && target === MANIFEST) return undefined;
    if (target.startsWith('..')) return `src may not import ${specifier}, which is outside src`;
    const to = roomOf(target);
    return to === undefined ? `${specifier} belongs to no room of the house` : roomProblem(room, to, typesOnly);
  }
  if (isBuiltin(specifier))
    return builtinProblem(room, path, specifier.startsWith('node:') ? specifier : `node:${specifier}`);
  if (specifier.startsWith('/') || specifier.startsWith('#') || specifier.includes(':'))
    return `${specifier} is neither relative nor a package`;
  return packageProblem(room, packageName(specifier), declared);
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function dependencies(project: string): string[] {
  const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
    readonly dependencies?: object;
  };
  return Object.keys(manifest.dependencies ?? {});
}

function toPosix(path: string): string {
  return path.replaceAll('\\', '/');
}

if (import.meta.main) {
  const { files, imports, violations } = checkImports(join(import.meta.dirname, '../..'));
  for (const violation of violations) process.stderr.write(`${violation}\n`);
  process.stdout.write(`import table: ${imports} imports in ${files} files, ${violations.length} violations\n`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
