/** Who may send mail or change state: whoever holds the bearer token, or loopback if none is configured. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** `authorization` is the header's value as sent, `remote` the peer's address. Compares in constant time (RFC 6750 §2.1). */
export function mayAct(token: string | null, authorization: string | undefined, remote: string): boolean {
  if (token === null) return isLoopback(remote);
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token));
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/i, '');
  return LOOPBACK.check(plain, plain.includes(':') ? 'ipv6' : 'ipv4');
}

/** Equal lengths, whatever was given. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
