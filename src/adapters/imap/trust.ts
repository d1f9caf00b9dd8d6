/** The authorities to trust and the least that TLS must be, read once for all connections that trust the same. */
import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';

/** As many as the configuration has `ca_file`s, and one for the system's. One of its own costs each connection some 30 kB. */
const contexts = new Map<string | null, SecureContext>();

/** `ca`: PEM, null for the system's. Throws on a PEM that cannot be read. */
export function trustIn(ca: string | null): SecureContext {
  const known = contexts.get(ca);
  if (known !== undefined) return known;
  const made = createSecureContext({
    minVersion: 'TLSv1.2',
    // TLS 1.2 would let a server have one handshake after the other.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(ca === null ? {} : { ca }),
  });
  contexts.set(ca, made);
  return made;
}
