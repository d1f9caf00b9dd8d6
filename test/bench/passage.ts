/** A way to a server, whose connections somebody looks on at. */
import { connect, createServer, type Socket } from 'node:net';
import { LOOPBACK, listening, trackSockets } from '../../src/demo/sockets.ts';
import type { HostPort } from '../../src/domain/settings.ts';

export interface Passage {
  readonly at: HostPort;
  close(): Promise<void>;
}

/** `watch` is given both ends of each connection, the client's and the server's, before anything passes. */
export async function startPassage(to: HostPort, watch: (near: Socket, far: Socket) => void): Promise<Passage> {
  const server = createServer((near) => {
    const far = connect(to.port, to.host);
    watch(near, far);
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
    near.setNoDelay().pipe(far.setNoDelay()).pipe(near);
  });
  const cut = trackSockets(server);
  server.listen(0, LOOPBACK);
  return {
    at: await listening(server),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
    },
  };
}
