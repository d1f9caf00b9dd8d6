/** `check` as a user runs it: results, exit codes, and one clear line when something is wrong. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { ProbeView } from '../../src/domain/probe-view.ts';
import { temporaryFolder, writeConfiguration } from './agent-settings.ts';
import { describeWithServers } from './available.ts';
import { run } from './command.ts';
import { reservePorts } from './ports.ts';
import { type Provider, startProvider } from './provider.ts';

describeWithServers('check', () => {
  let provider: Provider;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    provider = await startProvider();
  });
  afterAll(async () => provider.stop());
  afterEach(async () => folder.remove());

  async function check(args: readonly string[] = [], change?: (text: string) => string) {
    folder = await temporaryFolder();
    const config = await writeConfiguration(provider, folder.path, change);
    return run(['check', '-c', config, '--timeout', '20s', ...args]);
  }
  const probesOf = ({ stdout }: { stdout: string }): ProbeView[] =>
    (JSON.parse(stdout) as { probes: ProbeView[] }).probes;

  it('delivers on three paths and exits 0', async () => {
    const result = await check(['--format', 'json']);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const probes = probesOf(result);
    expect(probes.map(({ path }) => path).toSorted()).toEqual(['internal', 'receive', 'send']);
    for (const probe of probes) {
      expect(probe.outcome).toBe('delivered');
      expect(probe.delaySeconds!.lo).toBeLessThanOrEqual(probe.delaySeconds!.hi!);
      expect(probe.hops.length).toBeGreaterThan(0);
    }
  });

  it('shows stages and hops to people', async () => {
    const { code, stdout } = await check(['--path', 'send']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/corp\/send {2}within the limit of 60 s/);
    expect(stdout).toMatch(/stages +connect .* data /);
    expect(stdout).toContain('diagnosis, not the measurement');
  });

  it('prints one line with performance data for Nagios', async () => {
    const { code, stdout } = await check(['--format', 'nagios', '--path', 'internal']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^MAILFLOW OK - 1 of 1 probes delivered in time \| 'corp internal'=[\d.]+s;60;3600;0\n$/);
  });

  it('prints metrics that Prometheus can read', async () => {
    const { code, stdout } = await check(['--format', 'prometheus', '--path', 'internal']);
    expect(code).toBe(0);
    expect(stdout).toContain('probe_success{provider="corp",path="internal"} 1');
  });

  it('exits 2 when the message is not there in time', async () => {
    await provider.holdQueue();
    try {
      const { code, stdout } = await check(['--timeout', '2s', '--path', 'send']);
      expect(code).toBe(2);
      expect(stdout).toContain('not delivered in time');
    } finally {
      provider.releaseQueue();
    }
  });

  it('names the stage and the reply for a wrong password, and exits 2', async () => {
    const result = await check(['--format', 'json', '--path', 'send'], (text) =>
      text.replace('password: {file: password}', 'password: {file: wrong}'),
    );
    expect(result.code).toBe(3);
    await folder.remove();
    folder = await temporaryFolder();
    await writeFile(join(folder.path, 'wrong'), 'not the password\n', { mode: 0o600 });
    const config = await writeConfiguration(provider, folder.path, (text) =>
      text.replace('password: {file: password}', 'password: {file: wrong}'),
    );
    const refused = await run(['check', '-c', config, '--path', 'send', '--format', 'json']);
    expect(refused.code).toBe(2);
    expect(probesOf(refused)[0]!.error).toMatch(/^refused at auth: 535 5\.7\.8 /);
    expect(refused.stdout + refused.stderr).not.toContain('not the password');
  });

  it('names a closed port, and exits 2', async () => {
    const { ports, release } = await reservePorts('127.0.0.1', ['closed']);
    const result = await check(['--format', 'json', '--path', 'send'], (text) =>
      text.replace(`port: ${provider.submission.port}`, `port: ${ports.closed}`),
    );
    expect(result).toMatchObject({ code: 2, stderr: '' });
    expect(probesOf(result)[0]!.error).toMatch(/^connect: ECONNREFUSED: /);
    await release();
  });

  it('refuses an expired certificate, and exits 2', async () => {
    const expired = await startProvider({ certificate: 'expired' });
    try {
      folder = await temporaryFolder();
      const config = await writeConfiguration(expired, folder.path);
      const result = await run(['check', '-c', config, '--path', 'send', '--format', 'json']);
      expect(result.code).toBe(2);
      expect(probesOf(result)[0]!.error).toMatch(/^tls: CERT_HAS_EXPIRED: /);
    } finally {
      await expired.stop();
    }
  });

  it('exits 3 with one line for a path that is not configured', async () => {
    const { code, stderr } = await check(['--provider', 'nobody']);
    expect(code).toBe(3);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('corp/send');
  });
});
