/** Free loopback ports for servers that must be told their port before they start. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below Linux's ephemeral range (32768 up), so that no outgoing connection takes the port between the choice and its use. */
const PORT_MIN = 20_000;
const PORT_MAX = 32_000;
const ATTEMPTS_MAX = 100;

/** A different port for each name, all free on `host` a moment ago. */
export async function freePorts<Name extends string>(
  host: string,
  names: readonly Name[],
): Promise<Readonly<Record<Name, number>>> {
  const held: Server[] = [];
  const ports: number[] = [];
  try {
    for (let attempt = 0; ports.length < names.length; attempt += 1) {
      if (attempt === ATTEMPTS_MAX)
        throw new Error(`no ${names.length} free ports on ${host} in ${ATTEMPTS_MAX} attempts`);
      const port = randomInt(PORT_MIN, PORT_MAX);
      const server = createServer();
      const bound = await new Promise<boolean>((resolve) => {
        server.once('error', () => resolve(false));
        server.listen({ host, port, exclusive: true }, () => resolve(true));
      });
      if (!bound) continue;
      held.push(server);
      ports.push(port);
    }
  } finally {
    for (const server of held) {
      server.close();
      await once(server, 'close');
    }
  }
  return Object.fromEntries(names.map((name, index) => [name, ports[index]])) as Record<Name, number>;
}
