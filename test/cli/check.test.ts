/** `check` as a process: by itself and through a daemon, and what it says and ends with when something is wrong. */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ProbeView } from '../../src/domain/probe-view.ts';
import { type Finished, run } from '../servers/command.ts';
import { configured, daemonOf, TOKEN } from './configured.ts';
import { launch } from './launch.ts';
import { DRIVING } from './views.ts';

const check = (config: string, ...args: readonly string[]): Promise<Finished> =>
  run(['check', '-c', config, '--timeout', '20s', ...args]);
const probesOf = ({ stdout }: Finished): ProbeView[] => (JSON.parse(stdout) as { probes: ProbeView[] }).probes;

function expectOneLine({ code, stdout, stderr }: Finished, text: string | RegExp): void {
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).toMatch(/^mailflow-probe: /);
  expect(stderr).toMatch(text);
}

/** A submission server that answers each command, and the dot after the data, by `reply`, null for never. */
async function scripted(reply: (line: string) => string | null): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // What a client does to its own connection is no fault of the server.
    socket.on('error', () => {});
    socket.write('220 mx.example\r\n');
    let isData = false;
    createInterface(socket).on('line', (line) => {
      if (isData && line !== '.') return;
      const answer = reply(line);
      isData = answer?.startsWith('354') === true;
      if (answer !== null) socket.write(`${answer}\r\n`);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as { port: number }).port;
}

/** Measures `send` through such a server. */
async function checkScripted(reply: (line: string) => string | null, ...args: readonly string[]): Promise<Finished> {
  const [port, { changed }] = await Promise.all([scripted(reply), configured()]);
  const submission = `submission: {host: 127.0.0.1, port: ${port}, security: none, from: probe@provider.example}`;
  const config = await changed('scripted.yml', (text) => text.replace(/submission: .*/, submission));
  return check(config, '--path', 'send', ...args);
}

describe('by itself', () => {
  it('delivers on every path, exits 0, and writes no escape codes', async () => {
    const { config } = await configured();
    const result = await check(config, '--format', 'json');
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(probesOf(result).map(({ outcome }) => outcome)).toEqual(['delivered', 'delivered', 'delivered']);
    const pretty = await check(config, '--path', 'internal');
    expect(pretty).toMatchObject({ code: 0, stderr: '' });
    expect(pretty.stdout).not.toMatch(DRIVING);
  });

  it('exits 2 when a message is not there in time, and says so to Nagios', async () => {
    const { config } = await configured({ send: 600 });
    const result = await check(config, '--path', 'send', '--timeout', '1s', '--format', 'nagios');
    expect(result).toMatchObject({ code: 2, stderr: '' });
    expect(result.stdout).toBe(
      "MAILFLOW CRITICAL - 0 of 1 probes delivered in time; acme/send missing | 'acme send'=U;60;3600;0\n",
    );
  });

  it('waits for no server that owes a reply', async () => {
    const silent = (line: string): string | null => (line === '.' ? null : line === 'DATA' ? '354 go on' : '250 ok');
    const result = await checkScripted(silent, '--timeout', '1s');
    expect(result).toMatchObject({ code: 2, stderr: '' });
    expect(result.stdout).toContain('none yet, it is not accepted');
  });

  it.each(['pretty', 'nagios', 'json'])('lets no reply drive the terminal (%s)', async (format) => {
    const hostile = `550 5.7.1 go \x1b[2J\x1b]0;owned\x07 \x9b31m | 'x'=1 ${'z'.repeat(400)}`;
    const result = await checkScripted((line) => (line.startsWith('EHLO') ? '250 ok' : hostile), '--format', format);
    expect(result).toMatchObject({ code: 2, stderr: '' });
    expect(result.stdout).toContain('5.7.1 go');
    expect(result.stdout).not.toMatch(DRIVING);
  });

  it('exits 3 with one line when the port of its sink is taken', async () => {
    const { config, sinkPort } = await configured();
    const server = createServer().listen(sinkPort, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    expectOneLine(await check(config), new RegExp(`127\\.0\\.0\\.1:${sinkPort}.*EADDRINUSE`));
    const { code, stdout } = await check(config, '--format', 'nagios');
    expect(code).toBe(3);
    expect(stdout).toMatch(/^MAILFLOW UNKNOWN - .*EADDRINUSE.*\n$/);
  });

  it('exits 3 with one line for a route that is not configured', async () => {
    const { config } = await configured();
    expectOneLine(
      await check(config, '--provider', 'nobody'),
      '--provider and --path must name a route of the configuration (acme/send, acme/receive, acme/internal), are nobody/any',
    );
  });

  it('closes in order when it is interrupted', async () => {
    const { config, folder } = await configured({ send: 600 });
    const { process: child, ended } = await launch(['check', '-c', config, '--path', 'send', '--timeout', '10m']);
    const data = join(folder, 'data');
    for (;;) {
      const { stdout } = await run(['ledger', 'export', '--data', data]);
      if (stdout.includes('"probe.handed-over"')) break;
    }
    child.kill('SIGINT');
    expect(await ended).toEqual({ code: 130, stdout: '', stderr: 'mailflow-probe: ended by SIGINT\n' });
    expect((await run(['ledger', 'export', '--data', data])).stdout).toContain('"agent.stopped"');
    expect(readdirSync(data)).not.toContain('daemon.json');
  });
});

describe('through a daemon', () => {
  it('is answered with its token', async () => {
    const agent = await configured();
    const daemon = await daemonOf(agent);
    const result = await check(agent.config, '--format', 'json');
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const [probe] = probesOf(result);
    expect((await daemon.control.probe(probe!.id))!.record.kind).toBe('spot');
  });

  it('exits 3 with one line where its token is another, and shows neither', async () => {
    const agent = await configured();
    await daemonOf(agent);
    const config = await agent.changed('other.yml', (text) => text.replace('{file: token}', '{file: password}'));
    const result = await check(config);
    expectOneLine(result, /answered 401: the bearer token is needed/);
    expect(result.stderr).not.toContain(TOKEN);
    expect(result.stderr).not.toContain(agent.provider.login.password);
  });

  it.each([
    ['json', /^$/],
    ['nagios', /^MAILFLOW UNKNOWN - the agent at .*\n$/],
  ])('exits 3 with one line when it goes away meanwhile (%s)', async (format, printed) => {
    const agent = await configured({ send: 600 });
    const daemon = await daemonOf(agent);
    const args = ['--path', 'send', '--timeout', '10m', '--format', format];
    const { ended } = await launch(['check', '-c', agent.config, ...args]);
    while ((await daemon.control.recent(1))[0]?.record.handover?.kind !== 'accepted')
      await new Promise((resolve) => setTimeout(resolve, 20));
    await daemon.close();
    const { stdout, ...rest } = await ended;
    expect(stdout).toMatch(printed);
    expectOneLine({ ...rest, stdout: '' }, /the agent at http:\/\/127\.0\.0\.1:\d+ does not answer: /);
  });
});
