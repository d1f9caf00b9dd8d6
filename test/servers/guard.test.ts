/** Proves that a test process that dies leaves neither servers nor files behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { describeWithServers } from './available.ts';
import { eventually } from './daemon.ts';
import { livingProcesses } from './processes.ts';

/** Holds the queue, since a stopped process obeys nothing but SIGKILL. */
const SCRIPT = `
const { startProvider } = await import(process.argv[1]);
const provider = await startProvider();
await provider.holdQueue();
process.stdout.write(provider.root + '\\n');
setInterval(() => undefined, 1000);
`;

describeWithServers('a private mail provider whose process dies', () => {
  test.each(['SIGKILL', 'SIGTERM'] as const)('ends by %s with all of its servers and its folder', async (signal) => {
    const module = new URL('./provider.ts', import.meta.url).href;
    const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, module], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const root = await new Promise<string>((resolve) => {
        createInterface(child.stdout).once('line', resolve);
      });
      const before = await livingProcesses();
      const masters = before.filter(({ parent, name }) => parent === child.pid && /^(master|dovecot)$/.test(name));
      expect(masters.map(({ name }) => name).sort()).toEqual(['dovecot', 'master']);
      const groups = new Set(masters.map(({ group }) => group));
      child.kill(signal);
      await eventually('the end of the servers', async () =>
        (await livingProcesses()).some(({ group }) => groups.has(group)) ? undefined : true,
      );
      await eventually('the end of the folder', () => (existsSync(root) ? undefined : true));
    } finally {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    }
  });
});
