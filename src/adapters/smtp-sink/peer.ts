/** Names the other end of a connection. */
import type { Socket } from 'node:net';

export interface Peer {
  /** IPv4 where it is one, be it mapped into IPv6. `unknown` for a peer that is gone before it was accepted. */
  readonly address: string;
  /** `address:port`, an IPv6 address in brackets. */
  readonly name: string;
}

export function peerOf(socket: Socket): Peer {
  const address = socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, '') ?? 'unknown';
  return { address, name: `${address.includes(':') ? `[${address}]` : address}:${socket.remotePort ?? 0}` };
}
