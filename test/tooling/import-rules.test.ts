/** Holds src against the import table, and proves on planted violations of every row that the check can see them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkImports, type Findings } from './import-rules.ts';

const PROJECT = join(import.meta.dirname, '../..');
const DEPENDENCIES = [
  'commander',
  'fastify',
  'hoodiecrow-imap',
  'imapflow',
  'nodemailer',
  'pino',
  'prom-client',
  'smtp-server',
  'yaml',
  'zod',
];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-rules-'));
  const dependencies = Object.fromEntries(DEPENDENCIES.map((name) => [name, '1.0.0']));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies, devDependencies: { vitest: '1.0.0' } }));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('src keeps the import table', () => {
  const found = checkImports(PROJECT);
  expect(found.violations).toEqual([]);
  expect(found.files).toBeGreaterThan(0);
  expect(found.imports).toBeGreaterThan(0);
});

describe('an import the table forbids is found', () => {
  test.each([
    ['bin.ts', './cli/run.ts', 'bin may import bin, main, not cli'],
    ['main.ts', './app.ts', 'main may import main, cli, not app'],
    ['main.ts', 'commander', 'main may use no package, not commander'],
    ['app.ts', './cli/run.ts', 'app may import app, ports, domain, engine, adapters, page, not cli'],
    ['app.ts', './demo/relay.ts', 'app may import app, ports, domain, engine, adapters, page, not demo'],
    ['app.ts', 'imapflow', 'imapflow belongs to adapters/imap, not to app'],
    ['ports.ts', './engine/prober.ts', 'ports may import ports, domain, not engine'],
    ['ports.ts', 'node:net', 'ports may import no module of Node, not node:net'],
    ['cli/run.ts', '../adapters/http/server.ts', 'cli may import cli, app, domain, demo, not adapters/http'],
    ['cli/run.ts', '../engine/prober.ts', 'cli may import cli, app, domain, demo, not engine'],
    ['cli/run.ts', 'fastify', 'cli may use commander, not fastify'],
    ['domain/delay.ts', '../ports.ts', 'domain may import domain, not ports'],
    ['domain/delay.ts', 'zod', 'domain may use no package, not zod'],
    ['domain/delay.ts', 'node:crypto', 'domain may import no module of Node, not node:crypto'],
    ['domain/delay.ts', 'fs', 'domain may import no module of Node, not node:fs'],
    ['domain/token.ts', 'node:fs', 'domain may import no module of Node, not node:fs'],
    ['engine/prober.ts', '../adapters/imap/mailbox.ts', 'engine may import engine, ports, domain, not adapters/imap'],
    ['engine/prober.ts', '../app.ts', 'engine may import engine, ports, domain, not app'],
    ['engine/prober.ts', 'pino', 'engine may use no package, not pino'],
    ['engine/prober.ts', 'node:events', 'engine may import no module of Node, not node:events'],
    [
      'adapters/imap/a.ts',
      '../smtp-sink/b.ts',
      'adapters/imap may import adapters/imap, ports, domain, not adapters/smtp-sink',
    ],
    ['adapters/imap/a.ts', '../../engine/b.ts', 'adapters/imap may import adapters/imap, ports, domain, not engine'],
    [
      'adapters/imap/a.ts',
      'nodemailer/lib/smtp-connection',
      'nodemailer belongs to adapters/smtp-client, not to adapters/imap',
    ],
    ['adapters/http/a.ts', 'prom-client', 'prom-client belongs to adapters/prometheus, not to adapters/http'],
    ['adapters/imap/a.ts', 'hoodiecrow-imap', 'hoodiecrow-imap belongs to no adapter, not to adapters/imap'],
    ['adapters/imap/a.ts', 'vitest', 'vitest is not among the dependencies of package.json'],
    ['adapters/imap/a.ts', '@scope/name/deep', '@scope/name is not among the dependencies of package.json'],
    ['page/main.ts', '../app.ts', 'page may import page, domain, not app'],
    ['page/main.ts', '../domain/delay.ts', 'page may import types only from domain'],
    ['page/main.ts', 'node:fs', 'page may import no module of Node, not node:fs'],
    ['demo/relay.ts', '../cli/run.ts', 'demo may import demo, app, ports, domain, not cli'],
    ['demo/relay.ts', 'imapflow', 'demo may use smtp-server, nodemailer, hoodiecrow-imap, not imapflow'],
    ['engine/prober.ts', '../../test/fake.ts', 'src may not import ../../test/fake.ts, which is outside src'],
    ['cli/run.ts', '../../package.json', 'src may not import ../../package.json, which is outside src'],
    ['domain/delay.ts', '../util/x.ts', '../util/x.ts belongs to no room of the house'],
    ['cli/run.ts', 'https://example.org/x.js', 'https://example.org/x.js is neither relative nor a package'],
  ])('%s importing %s', (path, specifier, problem) => {
    expect(plant({ [path]: `import { it } from '${specifier}';\nit();\n` }).violations).toEqual([
      `src/${path}:1 ${problem}`,
    ]);
  });

  test.each([
    ["import type { T } from '../app.ts';", 1],
    ["import { type T } from '../app.ts';", 1],
    ["import '../app.ts';", 1],
    ["import * as app from '../app.ts';", 1],
    ["import app from '../app.ts' with { type: 'json' };", 1],
    ["export { it } from '../app.ts';", 1],
    ["export {} from '../app.ts';", 1],
    ["export * from '../app.ts';", 1],
    ["export type * from '../app.ts';", 1],
    ["\nconst app = await import('../app.ts');", 2],
    ["\n\ntype T = import('../app.ts').T;", 3],
    ["import app = require('../app.ts');", 1],
    ["const app = require('../app.ts');", 1],
    ["import.meta.resolve('../app.ts');", 1],
    ["new Worker(new URL('../app.ts', import.meta.url));", 1],
  ])('in the form %s', (text, line) => {
    const { violations } = plant({ 'engine/prober.ts': text });
    expect(violations).toEqual([`src/engine/prober.ts:${line} engine may import engine, ports, domain, not app`]);
  });

  test('unless its name is computed, which is refused as such', () => {
    const { violations } = plant({ 'engine/prober.ts': "import './a.ts';\nawait import(name);\n", 'engine/a.ts': '' });
    expect(violations).toEqual([
      'src/engine/prober.ts:2 import() must name its module by a plain string, so that it can be checked',
    ]);
  });
});

test('imports the table allows are let through, and counted', () => {
  const found = plant({
    'bin.ts': "import './require-node.cjs';\nawait import('./main.ts');",
    'require-node.cjs': "require('../package.json');\nrequire('node:fs');",
    'main.ts': "import { run } from './cli/run.ts';",
    'cli/run.ts':
      "import 'commander';\nimport 'node:fs';\nimport '../app.ts';\nimport '../demo/relay.ts';\nimport '../domain/token.ts';",
    'app.ts':
      "import './engine/prober.ts';\nimport './adapters/imap/a.ts';\nimport './page/main.ts';\nimport './ports.ts';",
    'ports.ts': "import type { T } from './domain/token.ts';",
    'domain/token.ts': "import { createHmac } from 'node:crypto';\nimport './delay.ts';",
    'domain/delay.ts': 'export const at = (ms: number) => new Date(ms);',
    'engine/prober.ts': "import type { Clock } from '../ports.ts';",
    'adapters/imap/a.ts':
      "import 'imapflow';\nimport 'zod';\nimport 'node:net';\nimport './b.ts';\nsocket.setTimeout(5);",
    'adapters/imap/b.ts': '',
    'page/main.ts': "import type { T } from '../domain/delay.ts';",
    'demo/relay.ts': "import 'smtp-server';\nimport '../app.ts';",
  });
  expect(found).toEqual({ files: 13, imports: 25, violations: [] });
});

describe('time and chance', () => {
  test.each([
    ['Date.now()', 'Date.now'],
    ['new Date()', 'new Date()'],
    ['Date()', 'Date()'],
    ['globalThis.Date.now()', 'Date.now'],
    ["Date['now']()", 'Date.now'],
    ['Math.random()', 'Math.random'],
    ['setTimeout(f, 1)', 'setTimeout()'],
    ['globalThis.setTimeout(f, 1)', 'setTimeout()'],
    ['setInterval(f, 1)', 'setInterval()'],
    ['process.hrtime()', 'process.hrtime'],
    ['process.hrtime.bigint()', 'process.hrtime'],
    ['performance.now()', 'performance.now'],
    ['AbortSignal.timeout(1)', 'AbortSignal.timeout'],
    ['crypto.randomUUID()', 'crypto.randomUUID'],
  ])('%s is found in every room but the clock room', (expression, what) => {
    const text = `import './a.ts';\nexport const x = ${expression};\n`;
    for (const room of ['domain', 'engine', 'cli', 'demo', 'adapters/imap']) {
      const problem = `src/${room}/x.ts:2 ${what}: only adapters/system reads time or draws chance`;
      expect(plant({ [`${room}/x.ts`]: text, [`${room}/a.ts`]: '' }).violations).toEqual([problem]);
      rmSync(join(folder, 'src'), { recursive: true });
    }
    expect(plant({ 'adapters/system/x.ts': text, 'adapters/system/a.ts': '' }).violations).toEqual([]);
  });

  test.each([
    ["import { setTimeout } from 'node:timers/promises';", 'import of node:timers/promises'],
    ["import { performance } from 'node:perf_hooks';", 'import of node:perf_hooks'],
    ["import { randomBytes } from 'node:crypto';", 'import of randomBytes'],
  ])('%s is found', (text, what) => {
    const { violations } = plant({ 'adapters/imap/x.ts': text });
    expect(violations).toEqual([`src/adapters/imap/x.ts:1 ${what}: only adapters/system reads time or draws chance`]);
  });
});

describe('a check that could not read', () => {
  test('fails on no file', () => {
    expect(plant({}).violations).toEqual([
      'src:1 holds no file that could be read',
      'src:1 holds no import that could be read',
    ]);
  });

  test('fails on files without a single import', () => {
    expect(plant({ 'domain/delay.ts': 'export const x = 1;' }).violations).toEqual([
      'src:1 holds no import that could be read',
    ]);
  });

  test('fails on a file that is not TypeScript', () => {
    const { violations } = plant({ 'domain/delay.ts': "import './a.ts';\nexport const = ;\n" });
    expect(violations[0]).toMatch(/^src\/domain\/delay\.ts:2 cannot be parsed: /);
  });

  test('fails on a file outside every room', () => {
    const { violations } = plant({ 'util/x.ts': '', 'adapters/x.ts': '', 'domain/a.ts': "import './b.ts';" });
    expect(violations).toEqual([
      'src/adapters/x.ts:1 belongs to no room of the house',
      'src/util/x.ts:1 belongs to no room of the house',
    ]);
  });
});

function plant(files: Readonly<Record<string, string>>): Findings {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, 'src', path)), { recursive: true });
    writeFileSync(join(folder, 'src', path), text);
  }
  return checkImports(folder);
}
