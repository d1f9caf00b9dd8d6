/** `ledger` as an auditor runs it, on a ledger at rest and on one that is being written. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { createLog } from '../../src/app.ts';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import { folderWith, SMALL } from '../adapters/config-file/folder.ts';
import { delivered, opened, tamper, temporaryFolder } from '../adapters/sqlite/support.ts';
import { type Finished, run } from '../servers/command.ts';
import { examineOutput } from '../tooling/secrets.ts';
import { launch } from './launch.ts';
import { DRIVING } from './views.ts';

/** A data folder at rest with `probes` probes, three events each. */
async function atRest(probes = 3): Promise<string> {
  const folder = temporaryFolder();
  const ledger = await opened(folder);
  await ledger.append(Array.from({ length: probes }, (_, index) => delivered(`probe-${index}`, 100 * index)).flat());
  await ledger.close();
  return folder;
}

const ledger = (command: string, folder: string, ...args: readonly string[]): Promise<Finished> =>
  run(['ledger', command, '--data', folder, ...args]);

function expectOneLine({ code, stdout, stderr }: Finished, text: string, exitCode = 3): void {
  expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).toMatch(/^mailflow-probe: /);
  expect(stderr).toContain(text);
}

describe('verify', () => {
  it('says how many events there are and the head', async () => {
    const { code, stdout, stderr } = await ledger('verify', await atRest());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^9 events, the chain holds, head [0-9a-f]{64}\nanchors: none, nobody else has signed or stored any of it\n$/,
    );
  });

  it('exits with 2 where the chain holds and a table that figures are read from does not', async () => {
    const folder = await atRest();
    tamper(folder, (db) => db.exec("UPDATE probes SET record = replace(record, 'acme', 'acmf')"));
    const { code, stdout } = await ledger('verify', folder);
    expect(code).toBe(2);
    expect(stdout).toMatch(/the chain holds[^]*\nderived tables: DO NOT HOLD, figures may be wrong: stored .*acmf/);
  });

  it('exits 2 and names the first event that does not hold', async () => {
    const folder = await atRest();
    tamper(folder, (db) => db.exec("UPDATE events SET text = replace(text, 'acme', 'acmf') WHERE seq = 4"));
    expectOneLine(await ledger('verify', folder), 'event 4: the hash does not follow', 2);
  });

  it('lets what somebody wrote into the ledger drive no terminal', async () => {
    const folder = await atRest();
    tamper(folder, (db) => {
      db.exec(
        'DROP INDEX events_rare; DROP INDEX events_kept_header; DROP INDEX events_wall_ms; ALTER TABLE events DROP COLUMN type; ALTER TABLE events DROP COLUMN wall_ms',
      );
      db.prepare('UPDATE events SET text = ? WHERE seq = 4').run('\x1b[2J\x9b31m');
    });
    const { code, stderr } = await ledger('verify', folder);
    expect(code).toBe(2);
    expect(stderr.trimEnd()).not.toMatch(DRIVING);
  });
});

describe('stats', () => {
  it('counts the whole ledger, or a month', async () => {
    const folder = await atRest();
    const all = await ledger('stats', folder);
    expect(all).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(all.stdout)).toMatchObject({ entries: 9, probes: [{ provider: 'acme', count: 3 }] });
    expect(JSON.parse((await ledger('stats', folder, '--month', '2026-11')).stdout)).toMatchObject({ entries: 9 });
    expect(JSON.parse((await ledger('stats', folder, '--month', '2026-10')).stdout)).toMatchObject({ entries: 0 });
  });
});

describe('export', () => {
  it('prints a JSON line for each event', async () => {
    const folder = await atRest();
    const { code, stdout, stderr } = await ledger('export', folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('writes the same to a new file of its owner alone, and never over another', async () => {
    const folder = await atRest();
    const file = join(temporaryFolder(), 'export.jsonl');
    expect(await ledger('export', folder, '-o', file)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readFileSync(file, 'utf8')).toBe((await ledger('export', folder)).stdout);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(file, 'mine');
    expectOneLine(
      await ledger('export', folder, '-o', file),
      `--output must name a new file in a folder that can be written, is ${file} (EEXIST)`,
    );
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expectOneLine(await ledger('export', folder, '-o', '/nonexistent/file'), 'is /nonexistent/file (ENOENT)');
  });

  it('leaves no file behind when there is nothing to export', async () => {
    const file = join(temporaryFolder(), 'export.jsonl');
    expectOneLine(await ledger('export', '/nonexistent', '-o', file), 'there must be a ledger');
    expect(existsSync(file)).toBe(false);
  });

  it('ends in silence when its reader has had enough', async () => {
    // More than a pipe holds.
    const { process: child, ended } = await launch(['ledger', 'export', '--data', await atRest(400)]);
    await once(child.stdout!, 'data');
    child.stdout!.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });

  test.runIf(existsSync('/dev/full'))('does not pass over a full disk', async () => {
    const command = `exec "$0" "$@" > /dev/full`;
    const folder = await atRest();
    const { status, stderr } = spawnSync(
      'sh',
      [
        '-c',
        command,
        process.execPath,
        join(import.meta.dirname, '../../src/main.ts'),
        'ledger',
        'export',
        '--data',
        folder,
      ],
      { encoding: 'utf8' },
    );
    examineOutput('ledger export', stderr);
    expectOneLine({ code: status, stdout: '', stderr }, 'cannot write to standard output: ENOSPC');
  });
});

describe('backup', () => {
  it('makes a copy that can be verified, and never over another file', async () => {
    const folder = await atRest();
    const copy = join(temporaryFolder(), 'copy.db');
    expect(await ledger('backup', folder, copy)).toEqual({
      code: 0,
      stdout: `${copy}: 9 events, the chain holds\n`,
      stderr: '',
    });
    expect((await ledger('verify', copy)).stdout).toBe((await ledger('verify', folder)).stdout);
    expectOneLine(await ledger('backup', folder, copy), `a backup must be a new file, ${copy} exists`);
    expectOneLine(await ledger('backup', folder, '/nonexistent/copy.db'), '/nonexistent/copy.db');
  });

  it('keeps a copy of a broken ledger, exits 2 and says which event', async () => {
    const folder = await atRest();
    tamper(folder, (db) => db.exec("UPDATE events SET text = replace(text, 'acme', 'acmf') WHERE seq = 7"));
    const copy = join(temporaryFolder(), 'copy.db');
    expectOneLine(await ledger('backup', folder, copy), 'the copy does not hold: event 7: ', 2);
    expect(existsSync(copy)).toBe(true);
  });
});

it.each([
  ['verify', []],
  ['stats', []],
  ['export', []],
  ['backup', ['copy.db']],
])('%s says where a ledger is missed', async (command, more) => {
  const empty = temporaryFolder();
  expectOneLine(await ledger(command, empty, ...more), `there must be a ledger at ${join(empty, 'ledger.db')}`);
  expect(readdirSync(empty)).toEqual([]);
});

it('says what is no folder, no ledger, and no month', async () => {
  expectOneLine(
    await ledger('verify', '/nonexistent'),
    'there must be a ledger at /nonexistent: the daemon creates it',
  );
  expectOneLine(await ledger('verify', ''), '--data must name a folder, is empty');
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'ledger.db'), 'not a database, but long enough to have a header of one'.repeat(10));
  expectOneLine(await ledger('export', folder), 'must be an SQLite database');
  for (const [command, month] of [
    ['stats', '2026-13'],
    ['export', 'nonsense'],
  ] as const)
    expectOneLine(
      await ledger(command, folder, '--month', month),
      `--month must be a month such as 2026-11, is "${month}"`,
    );
});

describe('with a configuration', () => {
  it('finds the data folder, and writes nothing', async () => {
    const folder = await atRest();
    const config = join(await folderWith({ 'mailflow.yml': `data_folder: ${folder}\n${SMALL}` }), 'mailflow.yml');
    expect(await run(['ledger', 'verify', '-c', config])).toMatchObject({ code: 0, stderr: '' });
    // What reads an SQLite file in WAL mode shares these two.
    expect(readdirSync(folder).filter((name) => !/-(shm|wal)$/.test(name))).toEqual(['ledger.db']);
  });

  it('needs no secret', async () => {
    const text = `data_folder: ${await atRest()}\nkey: { env: NOT_SET }\n${SMALL}`;
    const config = join(await folderWith({ 'mailflow.yml': text }), 'mailflow.yml');
    expect(await run(['ledger', 'verify', '-c', config])).toMatchObject({ code: 0, stderr: '' });
  });

  it('does not make the data folder of a daemon that never ran', async () => {
    const folder = await folderWith({ 'mailflow.yml': SMALL });
    expectOneLine(await run(['ledger', 'verify', '-c', join(folder, 'mailflow.yml')]), 'there must be a ledger');
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });
});

describe('of a running agent', () => {
  let demo: Demo;
  let folder: string;
  let temporary: string;
  const before = process.env['TMPDIR'];

  beforeAll(async () => {
    temporary = mkdtempSync(join(tmpdir(), 'mailflow-live-'));
    process.env['TMPDIR'] = temporary;
    try {
      demo = await startDemo({
        delays: { send: 0, receive: 0, internal: 0 },
        every: null,
        listen: { host: '127.0.0.1', port: 0 },
        log: createLog('error', 'test'),
      });
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
    folder = join(temporary, readdirSync(temporary)[0]!);
    await demo.agent.ready(10_000);
    const id = await demo.agent.control.check('demo', 'internal');
    expect(await demo.agent.control.settled(id, 10_000)).toMatchObject({ assessment: { outcome: 'delivered' } });
  });
  afterAll(async () => {
    await demo.close();
    rmSync(temporary, { recursive: true, force: true });
  });

  it('is verified, counted, exported and copied', async () => {
    expect((await ledger('verify', folder)).stdout).toMatch(/^\d+ events, the chain holds, head /);
    const { stdout: counted } = await ledger('stats', folder);
    expect(JSON.parse(counted)).toMatchObject({
      probes: [{ provider: 'demo', path: 'internal', kind: 'spot', outcome: 'delivered' }],
    });
    const { code, stdout } = await ledger('export', folder);
    expect(code).toBe(0);
    expect(stdout).toContain('"type":"message.seen"');
    const copy = join(temporaryFolder(), 'copy.db');
    expect(await ledger('backup', folder, copy)).toMatchObject({ code: 0, stderr: '' });
    expect(await ledger('verify', copy)).toMatchObject({ code: 0 });
  });
});
