/** Whether an address lies in a network (CIDR, RFC 4632 and RFC 4291 §2.3). */

interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** The address of `address:port`, as sockets print it; IPv6 may stand in brackets. */
export function peerAddress(peer: string): string {
  return peer.slice(0, peer.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}

/** Loopback (RFC 1122, RFC 4291), private use (RFC 1918, RFC 4193), link-local (RFC 3927, RFC 4291), shared by a carrier's NAT (RFC 6598). */
const LOCAL = [
  ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10'],
  ...['::1/128', 'fc00::/7', 'fe80::/10'],
];

/** Whether the address is one that hosts have on the Internet; false for what is no address. */
export function isGlobal(address: string): boolean {
  return parseAddress(address) !== null && !isInNetworks(address, LOCAL);
}

/** Networks are `address/prefix` or a single address; what is neither, or no address, is in nothing. */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  const parsed = parseAddress(address);
  return parsed !== null && networks.some((network) => contains(network, parsed));
}

/** What one stranger may hold many addresses of: the IPv4 address itself, or the /64 of an IPv6 one (RFC 6177 gives a site at least that). */
export function sourceOf(address: string): string {
  const parsed = parseAddress(address);
  if (parsed === null) return address;
  return parsed.bits === 32 ? `${parsed.value}` : `${parsed.value >> 64n}::/64`;
}

function contains(network: string, { bits, value }: Address): boolean {
  const [base = '', length, ...more] = network.split('/');
  const parsed = parseAddress(base);
  if (parsed === null || parsed.bits !== bits) return false;
  // An empty length is not 0, which would be every address.
  if (more.length > 0 || !/^\d{1,3}$/.test(length ?? `${bits}`)) return false;
  const prefix = Number(length ?? bits);
  if (prefix > bits) return false;
  const rest = BigInt(bits - prefix);
  return parsed.value >> rest === value >> rest;
}

/** IPv4 mapped into IPv6 (RFC 4291 §2.5.5.2) is the IPv4 address it stands for; of a zone (RFC 4007 §11) nothing is asked. Null for what is no address. */
function parseAddress(scoped: string): Address | null {
  const [text = ''] = scoped.split('%', 1);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text);
  const ipv4 = parseIpv4(mapped?.[1] ?? text);
  return ipv4 === null ? parseIpv6(text) : { bits: 32, value: ipv4 };
}

function parseIpv4(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return null;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseIpv6(text: string): Address | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...Array<string>(missing).fill('0'), ...tail];
  if (groups.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return null;
  return { bits: 128, value: groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n) };
}
