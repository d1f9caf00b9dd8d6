/** Builds the package, installs its tarball into an empty folder and runs it there: what a user of npm gets. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const PROJECT = join(import.meta.dirname, '../..');
const SOURCES = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'src',
  'config',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
];
/** A compiler run and an install from a registry, on a small machine. */
const INSTALL_MS_MAX = 240_000;

interface Bom {
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly hashes?: readonly { readonly content: string }[];
  }[];
}
const manifest = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
  version: string;
  dependencies: Readonly<Record<string, string>>;
};
const lock = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8')) as {
  packages: Readonly<Record<string, { readonly integrity: string }>>;
};
let folder: string;
let installed: string;
let command: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'package-'));
  const tree = join(folder, 'tree');
  for (const name of SOURCES) cpSync(join(PROJECT, name), join(tree, name), { recursive: true });
  symlinkSync(join(PROJECT, 'node_modules'), join(tree, 'node_modules'));
  npm(tree, 'pack', '--pack-destination', folder);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'none';

  const home = join(folder, 'home');
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), '{"private":true}');
  npm(home, 'install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, tarball));
  installed = join(home, 'node_modules/mailflow-probe');
  command = join(home, 'node_modules/.bin/mailflow-probe');
}, INSTALL_MS_MAX);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the installed package', () => {
  test('holds the program, its configuration and its papers, and no source or test', () => {
    expect(readdirSync(installed).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'config',
      'dist',
      'package.json',
    ]);
    const files = readdirSync(join(installed, 'dist'), { recursive: true, encoding: 'utf8' });
    expect(files.filter((name) => name.endsWith('.ts'))).toEqual([]);
    expect(existsSync(join(installed, 'config/example.yml'))).toBe(true);
    expect(readFileSync(join(installed, 'LICENSE'), 'utf8')).toContain('Apache License');
  });

  test('says what it is made of, each part with the hash that the lock file has, and nothing of the machine it was built on', () => {
    const text = readFileSync(join(installed, 'dist/sbom.cdx.json'), 'utf8');
    const bom = JSON.parse(text) as Bom;
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'mailflow-probe' } } });
    const listed = new Map(bom.components.map((each) => [`${each.name}@${each.version}`, each.hashes?.[0]?.content]));
    for (const [name, version] of Object.entries(manifest.dependencies)) {
      const integrity = lock.packages[`node_modules/${name}`]?.integrity.replace('sha512-', '') ?? 'none';
      expect([name, listed.get(`${name}@${version}`)]).toEqual([
        name,
        Buffer.from(integrity, 'base64').toString('hex'),
      ]);
    }
    expect([...listed.keys()].filter((each) => each.startsWith('vitest@'))).toEqual([]);
    for (const word of [folder, tmpdir(), hostname(), 'file:', 'serialNumber', 'timestamp'])
      expect(text).not.toContain(word);
  });

  test('says its version', () => {
    const { status, stdout, stderr } = run('--version');
    expect({ status, stdout: stdout.trim(), stderr }).toEqual({ status: 0, stdout: manifest.version, stderr: '' });
  });

  test('measures the three paths of the demo, its ledger in a worker', () => {
    const { status, stdout } = run('demo', '--once', '--format', 'json');
    const { probes } = JSON.parse(stdout) as { probes: { path: string; outcome: string }[] };
    const outcomes = probes.map(({ path, outcome }) => `${path} ${outcome}`).sort();
    expect(outcomes).toEqual(['internal delivered', 'receive delivered', 'send delivered']);
    expect(status).toBe(0);
  });

  test('meets a Node.js that is too old with one line', () => {
    const disguise = join(folder, 'disguise.cjs');
    writeFileSync(
      disguise,
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });",
    );
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--require', disguise, command, '--version'], {
      encoding: 'utf8',
    });
    expect(stdout + stderr).toMatch(
      /^mailflow-probe needs Node\.js >=24, this is .+: install Node\.js 24 or newer, https:\/\/nodejs\.org\n$/,
    );
    expect(status).toBe(3);
  });
});

function run(...args: string[]) {
  return spawnSync(process.execPath, [command, ...args], { cwd: folder, encoding: 'utf8' });
}

/** Runs npm as by hand, without what the `npm test` around this put into the environment. */
function npm(cwd: string, ...args: string[]): void {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm ${args[0]} failed:\n${stdout}${stderr}`);
}
