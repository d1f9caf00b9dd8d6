/** Nothing that the agent answers, writes or hands on has one of its secrets in it. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Agent } from '../../src/app.ts';
import { PATHS } from '../../src/domain/probe.ts';
import { monthOf } from '../../src/domain/time/calendar.ts';
import { run } from '../servers/command.ts';
import { keepKeysOf, secretIn } from '../tooling/secrets.ts';
import { configured, daemonOf, TOKEN } from './configured.ts';

const SCRAPE_TOKEN = 'let-the-test-in';
const SCRAPE = { authorization: `Bearer ${SCRAPE_TOKEN}` };
const PLACES = ['/', '/metrics', '/healthz', '/readyz', '/api/v1/status', '/api/v1/verdicts', '/api/v1/exclusions'];

async function get({ url }: Agent, place: string): Promise<string> {
  return (await fetch(new URL(place, url ?? ''), { headers: SCRAPE })).text();
}

/** One probe on each path, and all that is said of them over HTTP. */
async function answersOf(agent: Agent): Promise<readonly string[]> {
  const answers: string[] = [];
  for (const path of PATHS) {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` };
    const posted = await fetch(new URL('/api/v1/probes', agent.url ?? ''), {
      ...{ method: 'POST', headers },
      body: JSON.stringify({ path }),
    });
    const { id } = (await posted.json()) as { id: string };
    for (const place of [`/api/v1/probes/${id}?wait=20`, `/api/v1/probes/${id}/life`, `/probes/${id}`])
      answers.push(await get(agent, place));
    expect(answers.at(-3)).toContain('"delivered"');
  }
  for (const place of PLACES) answers.push(await get(agent, place));
  return answers;
}

it('in answers, ledger, exports and the configuration as printed', { timeout: 240_000 }, async () => {
  const whole = await configured();
  const { folder } = whole;
  await writeFile(join(folder, 'scrape-token'), SCRAPE_TOKEN, { mode: 0o600 });
  const config = await whole.changed('kept.yml', (text) =>
    text.replace('token: {file: token}', 'token: {file: token}, metrics: {token: {file: scrape-token}}'),
  );
  const agent = await daemonOf({ ...whole, config });
  const data = join(folder, 'data');
  keepKeysOf(data);
  const answers = await answersOf(agent);
  await agent.close();
  // The key files are the secrets.
  const names = (await readdir(data)).filter((name) => !name.endsWith('.key'));
  const files = await Promise.all(names.map((name) => readFile(join(data, name), 'latin1')));
  const month = monthOf(Date.now(), 'Asia/Shanghai');
  const bundle = join(folder, 'month.bundle');
  const commands = [
    ['ledger', 'export'],
    ['ledger', 'export', '--month', month, '-o', bundle],
    ['config', 'check', '--print'],
  ];
  const said: string[] = [];
  for (const args of commands) {
    const { stdout, stderr } = await run([...args, '-c', config]);
    said.push(stdout + stderr);
  }
  said.push(await readFile(bundle, 'latin1'));
  expect(names.length).toBeGreaterThan(0);
  expect([...answers, ...files, ...said].map(secretIn).filter((found) => found !== null)).toEqual([]);
});
