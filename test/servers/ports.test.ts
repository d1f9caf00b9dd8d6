/** Proves that two reservations never share a port. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { reservePorts } from './ports.ts';

const HOST = '127.0.0.1';

describe.runIf(process.platform === 'linux')('reserved ports', () => {
  test('differ, and can be listened on', async () => {
    const { ports, release } = await reservePorts(HOST, ['a', 'b']);
    expect(ports.a).not.toBe(ports.b);
    const server = createServer().listen(ports.a, HOST);
    await once(server, 'listening');
    server.close();
    await release();
  });

  test('are kept from others until released, whether used or not', async () => {
    const first = await reservePorts(HOST, ['port']);
    const lock = `\0test-port-${first.ports.port}`;
    const taken = await new Promise((resolve) => createServer().once('error', resolve).listen(lock));
    expect(taken).toMatchObject({ code: 'EADDRINUSE' });
    await first.release();
    const free = createServer().listen(lock);
    await once(free, 'listening');
    free.close();
  });
});
