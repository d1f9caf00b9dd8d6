/** Listening on loopback, and a close that leaves nothing open. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { HostPort } from '../domain/settings.ts';

export const LOOPBACK = '127.0.0.1';

/** Resolves with the address taken; rejects with the error of a server that cannot listen. */
export async function listening(server: Server): Promise<HostPort> {
  if (!server.listening) await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port };
}

/** Keeps every connection of a server, to be cut when it closes: the mail libraries wait for their clients to leave. */
export function trackSockets(server: Server): () => void {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return () => {
    for (const socket of open) socket.destroy();
  };
}

/** Takes connections and says nothing. */
export async function startMute(): Promise<{ readonly at: HostPort; close(): Promise<void> }> {
  const server = createServer((socket) => {
    // What a client does to its own connection is no fault of the server.
    socket.on('error', () => socket.destroy());
    socket.resume();
  });
  const cut = trackSockets(server);
  server.listen(0, LOOPBACK);
  const at = await listening(server);
  return {
    at,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}
