/** Who may send mail or change state: whoever holds the bearer token, or loopback if none is configured. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList, isIPv6 } from 'node:net';
import type { StatusView } from '../../domain/status-view.ts';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** What of a request tells who asks. */
export interface Asker {
  /** The peer's address, undefined if it is gone. */
  readonly ip: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly raw: { readonly httpVersion: string };
}

export type Admission = 'admitted' | 'token-needed' | 'loopback-only';

/** Compares the token in constant time (RFC 6750 §2.1). Without one, only what was asked on loopback by no stranger's web page is admitted. */
export function admit(token: string | null, asker: Asker): Admission {
  const { ip, headers } = asker;
  if (token === null)
    return isLoopback(ip) && !isFromWebPage(headers) && !isPassedOn(asker) ? 'admitted' : 'loopback-only';
  const given = /^Bearer +(\S+)$/i.exec(String(headers['authorization']))?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token)) ? 'admitted' : 'token-needed';
}

/** What a page may offer whoever asks for it. */
export function actingFor(token: string | null, asker: Asker): StatusView['acting'] {
  if (token !== null) return 'token';
  return admit(null, asker) === 'admitted' ? 'free' : 'forbidden';
}

/**
 * A page in the operator's browser reaches loopback too: it says so (Fetch Metadata), or has a name of its own resolve to
 * loopback and names that as the host.
 */
function isFromWebPage(headers: Asker['headers']): boolean {
  const site = headers['sec-fetch-site'] ?? 'none';
  if (site !== 'none' && site !== 'same-origin') return true;
  const name = String(headers['host'] ?? 'localhost').replace(/:\d+$/, '');
  return name !== 'localhost' && !isLoopback(name.replace(/^\[(.*)\]$/, '$1'));
}

/** A proxy on this host asks from loopback for whoever asked it (RFC 7239, RFC 9110 §7.6.3). One that says nothing speaks HTTP/1.0 at best, as nginx did by default before 1.29.7. */
function isPassedOn({ headers, raw }: Asker): boolean {
  if (raw.httpVersion === '1.0') return true;
  return ['forwarded', 'via', 'x-forwarded-for', 'x-real-ip'].some((name) => headers[name] !== undefined);
}

function isLoopback(address: string | undefined): boolean {
  const plain = address?.replace(/^::ffff:/i, '') ?? '';
  return LOOPBACK.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
}

/** Equal lengths, whatever was given. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
