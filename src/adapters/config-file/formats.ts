/** The written forms of hosts, listeners, networks and addresses that the configuration accepts. */
import { isIP, isIPv4, isIPv6 } from 'node:net';
import type { HostPort } from '../../domain/settings.ts';

export const PORT_MAX = 65_535;
/** RFC 1035 §2.3.4. */
const NAME_LENGTH_MAX = 253;
/** RFC 5321 §4.5.3.1.1. */
const LOCAL_PART_LENGTH_MAX = 64;
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const HOST_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
/** RFC 5321 §4.1.2 Dot-string; quoted local parts are left out, no mail system of today hands them out. */
const DOT_STRING = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;

/** A DNS name in ASCII (RFC 1123 §2.1); a last label of digits alone is a mistyped address (RFC 3696 §2). */
export function isHostName(text: string): boolean {
  return text.length <= NAME_LENGTH_MAX && HOST_NAME.test(text) && !/(?:^|\.)\d+$/.test(text);
}

/** A name or an IP address to connect to; private networks name hosts with underscores, too. */
export function isHost(text: string): boolean {
  return isIP(text) !== 0 || isHostName(text.replaceAll('_', 'x'));
}

/** What may follow EHLO (RFC 5321 §4.1.1.1): a host name or an address literal such as `[192.0.2.1]`. */
export function isHelo(text: string): boolean {
  const literal = /^\[(?:IPv6:([^\]]+)|([^\]]+))\]$/i.exec(text);
  if (literal === null) return isHostName(text);
  const [, six, four] = literal;
  return six === undefined ? isIPv4(four ?? '') : isIPv6(six);
}

/** `host:port`, an IPv6 host in brackets; null if it is not. The port is a number of any size. */
export function parseHostPort(text: string): HostPort | null {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,9})$/.exec(text);
  if (match === null) return null;
  const [, bracketed, plain, port] = match;
  const host = bracketed ?? plain ?? '';
  const valid = bracketed === undefined ? isHost(host) : isIPv6(host);
  return valid ? { host, port: Number(port) } : null;
}

export function formatHostPort({ host, port }: HostPort): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An address block such as `198.51.100.0/24` or `2001:db8::/32` (RFC 4632, RFC 4291 §2.3). */
export function isNetwork(text: string): boolean {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  if (match === null) return false;
  const [, address = '', prefix] = match;
  const family = isIP(address);
  // An IPv4 address within an IPv6 one stands for itself: its network is the IPv4 one.
  if (family === 6 && /[%.]/.test(address)) return false;
  return family !== 0 && Number(prefix) <= (family === 4 ? 32 : 128);
}

/** `local@domain` in ASCII (RFC 5321 §4.1.2 Mailbox), the domain a name. */
export function isAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  return at > 0 && local.length <= LOCAL_PART_LENGTH_MAX && DOT_STRING.test(local) && isHostName(text.slice(at + 1));
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

/** Whether what is said to this host stays on this machine. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (isIP(name) === 0) return name === 'localhost' || name.endsWith('.localhost');
  return isIPv4(name) ? name.startsWith('127.') : name === '::1' || name.startsWith('::ffff:127.');
}

/** Whether two listeners cannot both have their port: one host, or either takes every address. */
export function collide(one: HostPort, other: HostPort): boolean {
  const wild = [one.host, other.host].some((host) => host === '0.0.0.0' || host === '::');
  return one.port !== 0 && one.port === other.port && (wild || one.host.toLowerCase() === other.host.toLowerCase());
}
