/** Loopback ports for servers that must be told their port before they start. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ListenOptions, type Server } from 'node:net';

/** Below Linux's ephemeral range (32768 up), so that no outgoing connection takes the port between the choice and its use. */
const PORT_MIN = 20_000;
const PORT_MAX = 32_000;
const ATTEMPTS_MAX = 100;

export interface ReservedPorts<Name extends string> {
  readonly ports: Readonly<Record<Name, number>>;
  readonly release: () => Promise<void>;
}

/**
 * A different port for each name, free on `host` a moment ago and kept from every other process that reserves its ports
 * here until `release`, or until this process ends: by a socket in Linux's abstract namespace, named after the port.
 */
export async function reservePorts<Name extends string>(
  host: string,
  names: readonly Name[],
): Promise<ReservedPorts<Name>> {
  const locks: Server[] = [];
  const ports: [Name, number][] = [];
  for (const name of names) {
    const [port, lock] = await reserve(host);
    locks.push(lock);
    ports.push([name, port]);
  }
  return {
    ports: Object.fromEntries(ports) as Record<Name, number>,
    release: async () => void (await Promise.all(locks.map(close))),
  };
}

async function reserve(host: string): Promise<readonly [number, Server]> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const port = randomInt(PORT_MIN, PORT_MAX);
    const lock = await listen({ path: `\0test-port-${port}` });
    if (lock === null) continue;
    const server = await listen({ host, port, exclusive: true });
    if (server !== null) {
      await close(server);
      return [port, lock];
    }
    await close(lock);
  }
  throw new Error(`no free port on ${host} in ${ATTEMPTS_MAX} attempts`);
}

/** Null when the address is taken. */
function listen(options: ListenOptions): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.unref();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    );
    server.listen(options, () => resolve(server));
  });
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
