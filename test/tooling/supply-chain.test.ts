/** What the agent takes from others is what `src/DEPENDENCIES.md` says, is pinned, and runs nothing when it is installed. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { companionsOf, type Lock, licenceOf, lockProblems, sizeOf, tableBelow } from './supply-chain.ts';

const DOCUMENT = readFileSync('src/DEPENDENCIES.md', 'utf8');
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
};
const lock = (JSON.parse(readFileSync('package-lock.json', 'utf8')) as { readonly packages: Lock }).packages;
const TABLES = [
  ['At run time', manifest.dependencies],
  ['For development', manifest.devDependencies],
] as const;

describe.each(TABLES)('the table "%s"', (heading, dependencies) => {
  const lines = tableBelow(heading, DOCUMENT);
  test('has a line for every dependency and for nothing else, in their order', () => {
    expect(lines.map(({ name }) => name)).toEqual(Object.keys(dependencies));
  });
  test.each(lines)('is right about $name', ({ name, licence, megabytes, brings }) => {
    const folder = `node_modules/${name}`;
    expect(licence).toBe(licenceOf(folder));
    const size = sizeOf(folder) / 1e6;
    expect([megabytes, Math.abs(megabytes - size) <= Math.max(0.1 * size, 0.05)]).toEqual([megabytes, true]);
    expect(brings).toBe(companionsOf(folder, lock));
  });
});

test('every dependency is one exact version', () => {
  for (const [, dependencies] of TABLES)
    for (const [name, version] of Object.entries(dependencies))
      expect([name, version]).toEqual([name, lock[`node_modules/${name}`]?.version]);
});

test('the lock file has a hash of every package, and takes none from an address of its own', () => {
  expect(Object.keys(lock).length).toBeGreaterThan(100);
  expect(lockProblems(lock)).toEqual([]);
});

test.each([
  ['no hash', { version: '1.0.0' }, 'node_modules/x has no SHA-512'],
  ['a weak hash', { integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }, 'node_modules/x has no SHA-512'],
  ['a Git address', { resolved: 'git+ssh://git@example.com/x.git#1' }, 'node_modules/x comes from git+ssh://'],
  ['an address without TLS', { resolved: 'http://example.com/x.tgz' }, 'node_modules/x comes from http://'],
  ['a link', { link: true }, 'node_modules/x is a link'],
])('a lock file in which a package has %s is told of', (_, locked, said) => {
  expect(lockProblems({ '': {}, 'node_modules/x': locked }).join('\n')).toContain(said);
});

test('no package but the pinned runtime runs a script when it is installed', () => {
  expect(Object.entries(lock).flatMap(([folder, { hasInstallScript }]) => (hasInstallScript ? [folder] : []))).toEqual([
    'node_modules/node',
  ]);
  expect(manifest.allowScripts).toEqual({ node: true });
});

test('what is installed has licences of the list, what goes with the agent those of its first line', () => {
  const [runtime = '', development = ''] = DOCUMENT.slice(DOCUMENT.indexOf('## Licences')).match(/^- .*$/gm) ?? [];
  const allowed = (line: string) =>
    new Set(
      line
        .replace(/^[^:]*: /, '')
        .replaceAll(/ \(used under [^)]*\)/g, '')
        .split(', ')
        .map((each) => each.replaceAll('`', '')),
    );
  const [atRunTime, any] = [allowed(runtime), new Set([...allowed(runtime), ...allowed(development)])];
  const strangers = Object.entries(lock).flatMap(([folder, { dev }]) => {
    if (folder === '' || !existsSync(folder)) return [];
    const licence = licenceOf(folder);
    return (dev === true ? any : atRunTime).has(licence) ? [] : [`${folder}: ${licence}`];
  });
  expect(strangers).toEqual([]);
});
