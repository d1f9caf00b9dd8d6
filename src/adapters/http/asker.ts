/** Who asks, as far as limits go: an IPv4 address, or the network that one subscriber of IPv6 has. */
import { isIPv6 } from 'node:net';

/** Groups of 16 bits that are the network's part: a subscriber gets at least a /64 (RFC 6177), and may ask from each address in it. */
const NETWORK_GROUPS = 4;

/** `192.0.2.7`, or `2001:db8:0:1::/64`; the empty text for a peer that is gone. */
export function askerOf(address: string | undefined): string {
  const plain = address?.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*/, '') ?? '';
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const before = head.split(':').filter(Boolean);
  const after = (tail ?? '').split(':').filter(Boolean);
  const gap = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array.from({ length: gap }, () => '0'), ...after];
  return `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}
