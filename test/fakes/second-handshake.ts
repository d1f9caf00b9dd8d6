/** A server that asks for a second handshake as soon as the first one of TLS 1.2 is done, and says nothing else. */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';

export interface SecondHandshake {
  readonly port: number;
  /** Whether a client went along with it. */
  readonly made: Promise<boolean>;
}

/** Until the test is over. */
export async function asksForSecondHandshake(certificate: Pick<TlsOptions, 'cert' | 'key'>): Promise<SecondHandshake> {
  const made = Promise.withResolvers<boolean>();
  const server = createServer({ ...certificate, maxVersion: 'TLSv1.2' }, (socket: TLSSocket) => {
    socket.on('error', () => made.resolve(false));
    socket.renegotiate({ requestCert: false, rejectUnauthorized: false }, (error) => {
      made.resolve(error === null);
      socket.destroy();
    });
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, made: made.promise };
}
