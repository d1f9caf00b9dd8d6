/** Every port has a suite, and everything that meets it anywhere passes that suite: a fake that is let off it proves nothing. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseSync } from 'oxc-parser';
import { expect, test } from 'vitest';

const PROJECT = join(import.meta.dirname, '../..');
const PLACES = 'src/{adapters,demo}/**/*.ts test/{fakes,simulation}/**/*.ts'.split(' ');

/** Interfaces with methods that promise the engine nothing, each with what holds them instead. */
const WITHOUT_SUITE: Readonly<Record<string, string>> = {
  Signer: 'one implementation; bundles are verified with its public key',
  Log: 'is told things and answers nothing',
  KeyLookup: 'one implementation, tested against a DNS server; elsewhere DNS has no keys',
  SinkListener: 'the engine answers it',
  Observer: 'is told things and answers nothing',
  Scoreboard: 'is told things and answers nothing',
  AgentControl: 'the engine answers it',
  Reports: 'the app answers it',
  Inquiries: 'the app answers it',
  StatusBoard: 'the engine answers it',
  ExclusionDesk: 'the engine answers it',
};

/** `SinkListener` becomes `sink-listener`. */
const fileOf = (port: string): string => port.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
const read = (path: string): string => readFileSync(join(PROJECT, path), 'utf8');

/** Exported interfaces of ports.ts that have a method. */
function ports(): readonly string[] {
  const { program, errors } = parseSync('ports.ts', read('src/ports.ts'));
  expect(errors).toEqual([]);
  return program.body.flatMap((statement) => {
    const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : null;
    if (declared?.type !== 'TSInterfaceDeclaration') return [];
    const hasMethod = declared.body.body.some(({ type }) => type === 'TSMethodSignature');
    return hasMethod ? [declared.id.name] : [];
  });
}

/** What a file imports of the project, by path. */
function importsOf(path: string): readonly string[] {
  const { module } = parseSync(path, read(path));
  return module.staticImports
    .map(({ moduleRequest }) => moduleRequest.value)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => relative(PROJECT, resolve(PROJECT, path, '..', specifier)));
}

/** Files that say of something of theirs that others can get at that it is the port. */
function implementationsOf(port: string): readonly string[] {
  const says = new RegExp(
    [
      `implements [^{]*\\b${port}\\b`,
      `^\\): ${port} \\{`,
      `^(?:export (?:async )?function |  )\\w[^\\n#]*\\): ${port} \\{`,
      `^export const \\w+: ${port} =`,
    ].join('|'),
    'm',
  );
  return PLACES.flatMap((place) => globSync(place, { cwd: PROJECT })).filter((path) => says.test(read(path)));
}

const withSuite = ports().filter((port) => !Object.hasOwn(WITHOUT_SUITE, port));

test('the ports without a suite are ports', () => {
  expect(ports()).toEqual(expect.arrayContaining(Object.keys(WITHOUT_SUITE)));
  expect(withSuite).toContain('Ledger');
});

test.each(withSuite)('%s has a suite, and whatever implements it is run through it', (port) => {
  const [suite, run] = ['', '.test'].map((part) => `test/contract/${fileOf(port)}${part}.ts`) as [string, string];
  expect([suite, run].filter((path) => !existsSync(join(PROJECT, path)))).toEqual([]);
  const imported = importsOf(run);
  // Some are made by what the tests of an adapter share.
  const shared = imported.filter((path) => path.startsWith('test/adapters/')).flatMap(importsOf);
  const known = new Set([...imported, ...shared]);
  const implementations = implementationsOf(port);
  expect(implementations.length).toBeGreaterThan(0);
  expect(implementations.filter((path) => !known.has(path))).toEqual([]);
});
