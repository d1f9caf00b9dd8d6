/** How the daemon ends when it cannot measure any more: by itself, with a code and a line that says why. */
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { acquireFolder } from '../../src/adapters/sqlite/lock.ts';
import { run, type Spawned, spawnDaemon } from '../servers/command.ts';
import { configured } from './configured.ts';

const BROKEN_HOST = fileURLToPath(new URL('./broken-host.cjs', import.meta.url));

async function broken(what: string): Promise<{ readonly daemon: Spawned; readonly config: string }> {
  const { config } = await configured();
  const daemon = spawnDaemon(config, { BREAK: what, NODE_OPTIONS: `--require ${BROKEN_HOST}` });
  onTestFinished(async () => void (await daemon.end('SIGKILL')));
  return { daemon, config };
}
const ending = async (daemon: Spawned) => {
  await once(daemon.process, 'close');
  return { code: daemon.process.exitCode, lines: daemon.log().trim().split('\n') };
};

test('on a host whose clock was never set it does not start, and records nothing', async () => {
  const { daemon, config } = await broken('clock-unset');
  const { code, lines } = await ending(daemon);
  expect(code).toBe(4);
  expect(lines).toContain("mailflow-probe: the host's clock must be set, it says 1970-01-01T00:00:01.000Z");
  expect((await run(['ledger', 'stats', '-c', config])).stderr).toContain('there must be a ledger');
});

test('on a host whose clock is set again and again it ends with 4', async () => {
  const { daemon } = await broken('clock-wild');
  const { code, lines } = await ending(daemon);
  expect(code).toBe(4);
  expect(lines.join('\n')).toContain('mailflow-probe: the wall clock must keep to the monotonic one');
});

test('without its ledger it ends with 5, and the next one goes on from the same ledger', async () => {
  const { daemon, config } = await broken('ledger');
  const { code, lines } = await ending(daemon);
  expect(code).toBe(5);
  expect(lines.join('\n')).toContain("mailflow-probe: the ledger's worker");
  const next = spawnDaemon(config);
  onTestFinished(async () => void (await next.end('SIGKILL')));
  await next.serving;
  expect(await next.end('SIGTERM')).toEqual({ code: 0, signal: null });
  const verified = await run(['ledger', 'verify', '-c', config]);
  expect(verified).toMatchObject({ code: 0 });
});

test('while another process has its folder it ends with 75, and says who; other commands end with 3', async () => {
  const { config, folder } = await configured();
  const lock = await acquireFolder(join(folder, 'data'));
  const said = `mailflow-probe: a data folder must have one daemon: ${join(folder, 'data')} is held by process ${process.pid}\n`;
  const daemon = await run(['run', '-c', config]);
  expect(daemon).toMatchObject({ code: 75, stdout: '', stderr: expect.stringMatching(`${said}$`) });
  expect(await run(['check', '-c', config])).toMatchObject({ code: 3, stderr: said });
  await lock.release();
  const next = spawnDaemon(config);
  onTestFinished(async () => void (await next.end('SIGKILL')));
  await next.serving;
  expect(await next.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('at its usual level it writes a line for its start and its end, and none for a scrape, a request, or a check or probe that went well', async () => {
  const { config, provider, changed } = await configured();
  const routed = await changed('routed.yml', (text) =>
    text
      .concat('routes: [{provider: acme, path: internal, every: 10s, min_gap: 1s}]\n')
      .concat(`connectivity: {every: 30s, control: ["${provider.control.host}:${provider.control.port}"]}\n`),
  );
  expect(config).not.toBe(routed);
  const daemon = spawnDaemon(routed);
  onTestFinished(async () => void (await daemon.end('SIGKILL')));
  const url = await daemon.serving;
  let delivered = false;
  while (!delivered) {
    const text = await (await fetch(`${url}/metrics`)).text();
    delivered = /^mailflow_probes_total\{.*"delivered"\} [1-9]/m.test(text);
    for (const path of ['/readyz', '/', '/nowhere', '/api/v1/probes/nobody'])
      await (await fetch(`${url}${path}`)).text();
    await setTimeout(200);
  }
  await daemon.end('SIGTERM');
  const said = daemon
    .log()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { level: string; msg: string });
  expect(said.map(({ level, msg }) => `${level} ${msg}`)).toEqual(['info started', 'info stopping', 'info stopped']);
}, 60_000);
