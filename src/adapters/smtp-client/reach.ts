/** The way to an SMTP server up to its greeting: name, TCP, and TLS from the first byte where it is so. */
import { Resolver } from 'node:dns/promises';
import { isIP, type Socket } from 'node:net';
import type { ConnectionOptions, SecureContext } from 'node:tls';
import type { SubmissionSettings } from '../../domain/settings.ts';
import type { Clock } from '../../ports.ts';
import { connectFirst, secure, tlsOptions } from './connect.ts';
import { LIMIT_MS, within } from './deadline.ts';
import { resolveHost } from './resolve.ts';
import { createStageClock, type StageClock } from './stage-clock.ts';

export type Server = Pick<SubmissionSettings, 'host' | 'port' | 'security' | 'tls' | 'helo'>;

/** What a connection showed, however it ended. */
export interface Seen {
  /** To be destroyed by whoever made this. */
  socket: Socket | null;
  peer: string | null;
  certificateExpiresMs: number | null;
}

export const nothingSeen = (): Seen => ({ socket: null, peer: null, certificateExpiresMs: null });

/** The stages of a way to `host`: an address has no name to resolve. */
export function stagesTo(host: string, clock: Clock, onStage: Parameters<typeof createStageClock>[2]): StageClock {
  return createStageClock(isIP(host) === 0 ? 'dns' : 'connect', clock, onStage);
}

/** Resolves with the socket on which the greeting is due, and what STARTTLS on it takes. Rejects with a Failure. */
export async function reach(
  server: Server,
  trust: SecureContext,
  clock: Clock,
  stages: StageClock,
  seen: Seen,
  signal: AbortSignal,
): Promise<{ readonly socket: Socket; readonly tls: ConnectionOptions }> {
  const addresses = await addressesOf(server.host, clock, signal);
  if (stages.current() === 'dns') stages.enter('connect');
  const plain = await connectFirst(addresses, server.port, clock, signal);
  seen.socket = plain;
  seen.peer = endpoint(plain);
  const tls = tlsOptions(server.host, server.tls, trust, (expiresMs) => {
    seen.certificateExpiresMs = expiresMs;
  });
  let socket = plain;
  if (server.security === 'tls') {
    stages.enter('tls');
    socket = await within(clock, LIMIT_MS.handshake, signal, (cut) => secure(plain, tls, cut));
  }
  stages.enter('greeting');
  return { socket, tls };
}

/** Asked for anew each time. */
export async function addressesOf(host: string, clock: Clock, signal: AbortSignal): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  return within(clock, LIMIT_MS.dns, signal, (cut) => resolveHost(host, new Resolver(), cut));
}

function endpoint({ remoteAddress, remotePort }: Socket): string | null {
  if (remoteAddress === undefined) return null;
  return isIP(remoteAddress) === 6 ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}
