/** `config` as a user runs it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, test } from 'vitest';
import { folderWith, SMALL } from '../adapters/config-file/folder.ts';
import { run } from '../servers/command.ts';

const ROUTES =
  'routes: [{ provider: acme, path: send, every: 2m }]\nconnectivity: { control: ["control.example.net:443"] }\n';

test('a good configuration is said to be one, and nothing is written', async () => {
  const folder = await folderWith({ 'mailflow.yml': SMALL + ROUTES });
  const before = await readdir(folder);
  const file = join(folder, 'mailflow.yml');
  const { code, stdout, stderr } = await run(['config', 'check', '-c', file]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${file}: no problem found\n` });
  expect(stderr).toMatch(/^mailflow-probe: warning: data_folder has no token\.key yet, the first run makes it .*\n$/);
  expect(await readdir(folder)).toEqual(before);
});

test('the file may be named by the environment', async () => {
  const file = join(await folderWith({ 'mailflow.yml': SMALL + ROUTES }), 'mailflow.yml');
  expect(await run(['config', 'check'], { MAILFLOW_CONFIG: file })).toMatchObject({ code: 0 });
});

test('every problem is told at once, a line each with file and line, and ends in 3', async () => {
  const routes =
    'routes:\n  - { provider: acme, path: up, every: 2m }\n  - { provider: nobody, path: send, every: 1s }\n';
  const file = join(await folderWith({ 'mailflow.yml': SMALL + routes }), 'mailflow.yml');
  const { code, stdout, stderr } = await run(['config', 'check', '-c', file]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  const lines = stderr.trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines.map((line) => /\((.*):(\d+)\)$/.exec(line)?.slice(1))).toEqual([
    [file, '6'],
    [file, '7'],
    [file, '7'],
  ]);
  for (const line of lines) expect(line).toMatch(/^mailflow-probe: routes\[[01]\]\.(path|provider|every) /);
});

it.each([['config', 'check'], ['check'], ['run'], ['ledger', 'verify']])(
  'a missing configuration is one clear line: %s %s',
  async (...command) => {
    const args = command.filter((word) => word !== undefined);
    const { code, stdout, stderr } = await run([...args, '-c', '/nonexistent/mailflow.yml']);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr.split('\n')[0]).toBe('mailflow-probe: the file must be one that exists (/nonexistent/mailflow.yml)');
  },
);

test('--print shows what the configuration amounts to, without a secret', async () => {
  const secrets = ['correct-horse-battery', 'a-bearer-of-tidings', 'sixteen-bytes-and-more'];
  const text = `key: { env: KEY }
http: { token: { file: token } }
sink: { hostname: probe.example.org }
providers:
  - name: acme
    submission: { host: smtp.acme.example, username: probe@acme.example, password: { env: PASSWORD }, from: probe@acme.example }
${ROUTES}`;
  const folder = await folderWith({ 'mailflow.yml': text, token: `${secrets[1]}\n` });
  const { code, stdout, stderr } = await run(['config', 'check', '--print', '-c', join(folder, 'mailflow.yml')], {
    KEY: secrets[2],
    PASSWORD: secrets[0],
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({
    http: { token: '(set)' },
    providers: [{ submission: { password: '(set)' } }],
  });
  for (const secret of secrets) expect(stdout).not.toContain(secret);
});

test('schema prints JSON Schema', async () => {
  const { code, stdout, stderr } = await run(['config', 'schema']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ type: 'object', properties: { providers: { type: 'array' } } });
});
