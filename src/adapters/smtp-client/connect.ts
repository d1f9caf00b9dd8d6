/** Sockets to a server, opened by us so that each step can be timed and bounded: TCP, and TLS from the first byte. */
import { constants, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
} from 'node:tls';
import { ABORTED } from '../../domain/probe.ts';
import type { TlsSettings } from '../../domain/settings.ts';
import type { Clock } from '../../ports.ts';
import { LIMIT_MS, within } from './deadline.ts';
import { Failure, toFailure } from './failure.ts';

/** Of each family, more than large providers have: whoever answers the DNS could name hundreds, each of which takes half a minute. */
const ADDRESSES_MAX = 8;

/** Tries the addresses in turn, those of IPv4 first. Rejects with the last one's Failure. */
export async function connectFirst(
  addresses: readonly string[],
  port: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<Socket> {
  let failure: Failure | null = null;
  const tried = [4, 6].flatMap((family) => addresses.filter((each) => isIP(each) === family).slice(0, ADDRESSES_MAX));
  for (const address of tried) {
    try {
      return await within(clock, LIMIT_MS.connect, signal, (cut) => open(address, port, cut));
    } catch (error) {
      failure = toFailure(error);
      if (failure.code === ABORTED) throw failure;
    }
  }
  throw failure ?? new Failure('ENODATA', 'no address to connect to');
}

/** The TLS handshake on an open socket. Rejects with OpenSSL's or Node's error; the socket is then closed. */
export function secure(socket: Socket, options: ConnectionOptions, signal: AbortSignal): Promise<Socket> {
  return ready(connectTls({ ...options, socket }), 'secureConnect', signal);
}

function open(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  return ready(connectTcp({ host: address, port, noDelay: true }), 'connect', signal);
}

async function ready<S extends Socket>(socket: S, event: string, signal: AbortSignal): Promise<S> {
  // An error with no other listener would end the process; `errored` keeps it for whoever takes the socket next.
  socket.on('error', () => {});
  try {
    await once(socket, event, { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** TLS 1.2 would let a server have one handshake after the other. */
const TLS_LEAST = { minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_RENEGOTIATION } as const;

/** The authorities to trust, read once: loading the system's takes tens of milliseconds. Throws on a PEM that is none. */
export function trustIn(settings: TlsSettings): SecureContext {
  if (settings.ca !== null) assertCertificate(settings.ca);
  return createSecureContext({ ...TLS_LEAST, ...(settings.ca === null ? {} : { ca: settings.ca }) });
}

/** OpenSSL takes a text without certificates in silence, and then trusts nobody: each handshake would be blamed on the server. */
function assertCertificate(pem: string): void {
  try {
    new X509Certificate(pem);
  } catch (cause) {
    throw new Error('the authorities to trust must be certificates in PEM', { cause });
  }
}

/** Verified always, whatever NODE_TLS_REJECT_UNAUTHORIZED says. `onCertificate` gets the end of a certificate's validity. */
export function tlsOptions(
  host: string,
  settings: TlsSettings,
  secureContext: SecureContext,
  onCertificate: (expiresMs: number) => void,
): ConnectionOptions {
  // SNI takes names only (RFC 6066 §3); an address is then looked for among the certificate's addresses.
  const servername = settings.servername ?? (isIP(host) === 0 ? host : null);
  return {
    host,
    ...(servername === null ? {} : { servername }),
    secureContext,
    rejectUnauthorized: true,
    checkServerIdentity(name, certificate) {
      onCertificate(Date.parse(certificate.valid_to));
      return checkServerIdentity(name, certificate);
    },
  };
}
