/** A host whose OpenSSL allows old TLS by default, so that what refuses it is the agent's own. */
import { once } from 'node:events';
import tls from 'node:tls';
import { onTestFinished } from 'vitest';

/** Until the test is over. For both sides, if they are of this process. */
export function allowOldTls(): void {
  const before = { DEFAULT_MIN_VERSION: tls.DEFAULT_MIN_VERSION, DEFAULT_CIPHERS: tls.DEFAULT_CIPHERS };
  onTestFinished(() => void Object.assign(tls, before));
  // Below security level 1 OpenSSL has no protocol too old.
  Object.assign(tls, { DEFAULT_MIN_VERSION: 'TLSv1', DEFAULT_CIPHERS: 'DEFAULT@SECLEVEL=0' });
}

/** What a client without a lowest version of its own comes to speak there. */
export async function spokenWith(port: number): Promise<string | null> {
  const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const version = socket.getProtocol();
  socket.destroy();
  return version;
}
