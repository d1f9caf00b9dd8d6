/** The Dockerfile agrees with the project it packs; that it builds is shown where there is a Docker. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { settingsSchema } from '../../../src/adapters/config-file/read.ts';
import { configOption } from '../../../src/cli/settings.ts';

/** Instructions with their words; what a backslash continues is one line. */
const INSTRUCTIONS = readFileSync('Dockerfile', 'utf8')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => ({ name: line.split(' ')[0]!, rest: line.slice(line.indexOf(' ') + 1) }));
const all = (name: string) => INSTRUCTIONS.filter((instruction) => instruction.name === name).map(({ rest }) => rest);

const healthCommand = (): readonly string[] => {
  const [check = ''] = all('HEALTHCHECK');
  return JSON.parse(check.slice(check.indexOf('['))) as string[];
};

test('both stages have the Node.js that the tests run with', () => {
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { devDependencies: { node: string } };
  const version = `node:${devDependencies.node}-bookworm-slim`;
  expect(all('FROM')).toEqual([`${version} AS build`, version]);
});

test('what is copied is there, and sent to the builder', () => {
  const sent = new Set(
    readFileSync('.dockerignore', 'utf8')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : [])),
  );
  const sources = all('COPY')
    .filter((rest) => !rest.startsWith('--from'))
    .flatMap((rest) => rest.split(' ').slice(0, -1));
  expect(sources.length).toBeGreaterThan(5);
  for (const source of sources) expect([source, existsSync(source), sent.has(source)]).toEqual([source, true, true]);
});

test('every command finds the configuration, as a user that is not root', () => {
  const { envVar } = configOption();
  expect(all('ENV')[0]).toContain(`${envVar}=/etc/mailflow-probe/mailflow-probe.yml`);
  expect(all('ENTRYPOINT')).toEqual(['["tini", "--", "mailflow-probe"]']);
  expect(all('CMD')).toEqual(['["run"]']);
  expect(all('USER')).toEqual(['1000:1000']);
});

test('the ports are those of the configuration by default', () => {
  const { properties } = settingsSchema() as {
    properties: Record<'http' | 'sink', { properties: { listen: { default: string } } }>;
  };
  const ports = [properties.http, properties.sink].map((section) => section.properties.listen.default.split(':')[1]);
  expect(all('EXPOSE')).toEqual([ports.join(' ')]);
  expect(healthCommand().at(-1)).toContain(`http://127.0.0.1:${ports[0]}/healthz`);
});

test.each([
  { name: 'well when /healthz answers so', status: 200, code: 0 },
  { name: 'unwell when it does not', status: 503, code: 1 },
  { name: 'unwell when nothing answers', status: null, code: 1 },
])('the health check finds it $name', async ({ status, code }) => {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/healthz' ? (status ?? 500) : 404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  if (status === null) server.close();
  const [, ...args] = healthCommand().map((word) => word.replace(':9825/', `:${port}/`));
  const [exit] = (await once(spawn(process.execPath, args, { stdio: 'ignore' }), 'exit')) as [number | null];
  expect(exit).toBe(code);
});
