/** A way to a server that notes when each of its words passes by, and cannot read them. */
import { connect, createServer } from 'node:net';
import { LOOPBACK, listening, trackSockets } from '../../src/demo/sockets.ts';
import type { HostPort } from '../../src/domain/settings.ts';

export interface Relay {
  readonly at: HostPort;
  /** How many came so far, those that are gone included. */
  readonly connections: number;
  /** Monotonic microseconds when the server last said something before `untilUs` to the client at that port; undefined if it never did. */
  lastWordUs(port: number, untilUs: number): number | undefined;
  close(): Promise<void>;
}

export async function startRelay(to: HostPort): Promise<Relay> {
  const words = new Map<number, number[]>();
  let connections = 0;
  const server = createServer((near) => {
    const far = connect(to.port, to.host);
    const heard: number[] = [];
    connections += 1;
    words.set(near.remotePort!, heard);
    far.on('data', () => heard.push(Number(process.hrtime.bigint() / 1000n)));
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
    near.setNoDelay().pipe(far.setNoDelay()).pipe(near);
  });
  const cut = trackSockets(server);
  server.listen(0, LOOPBACK);
  return {
    at: await listening(server),
    get connections() {
      return connections;
    },
    lastWordUs: (port, untilUs) => words.get(port)?.findLast((us) => us <= untilUs),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
    },
  };
}
