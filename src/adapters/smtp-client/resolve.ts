/**
 * Addresses of a host, asked for anew each time, so that no cache of ours hides an outage.
 *
 * The hosts file comes first, as everywhere. A dotted name then goes to the DNS servers by c-ares, which Node runs with its
 * cache off; it can be cancelled, and tells NXDOMAIN, SERVFAIL and silence apart. getaddrinfo does neither, holds one of
 * four pool threads while it waits, and may be answered by nscd from memory. It is left for names without a dot (localhost,
 * a compose service), which live in hosts files and search lists and are no public provider's.
 */
import { lookup, type Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

const HOSTS_FILE = '/etc/hosts';

/**
 * At least one address, IPv4 before IPv6: a host's IPv6 is more often broken or without PTR and SPF, and one that is would be
 * taken for the provider's fault. Rejects with the resolver's error (`ENOTFOUND`, `ENODATA`, `ESERVFAIL`, `ETIMEOUT` …).
 */
export async function resolveHost(host: string, resolver: Resolver, signal: AbortSignal): Promise<readonly string[]> {
  const name = host.replace(/\.$/, '').toLowerCase();
  const listed = hostsEntries(await hostsFile(), name);
  if (listed.length > 0) return listed;
  if (!name.includes('.')) {
    const found = await abandonable(lookup(name, { all: true, order: 'ipv4first' }), signal);
    return found.map(({ address }) => address);
  }
  return query(name, resolver, signal);
}

async function query(name: string, resolver: Resolver, signal: AbortSignal): Promise<readonly string[]> {
  signal.throwIfAborted();
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const addresses = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (addresses.length > 0) return addresses;
    // ENODATA only says that there is none of this family; the other family's answer tells why there is none at all.
    const [a, aaaa] = [v4, v6].map((answer) => (answer.status === 'rejected' ? (answer.reason as unknown) : null));
    throw hasCode(a, 'ENODATA') ? (aaaa ?? a) : (a ?? aaaa);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** Addresses that a hosts file gives a name, IPv4 first (hosts(5)). */
export function hostsEntries(text: string, name: string): readonly string[] {
  const addresses = text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/))
    .filter(([address, ...names]) => isIP(address ?? '') !== 0 && names.includes(name))
    .map(([address]) => address ?? '');
  return [...new Set(addresses)].toSorted((a, b) => isIP(a) - isIP(b));
}

async function hostsFile(): Promise<string> {
  try {
    return await readFile(HOSTS_FILE, 'utf8');
  } catch (error) {
    // A system without the file, or without leave to read it, has no entries for us.
    if (hasCode(error, 'ENOENT') || hasCode(error, 'EACCES')) return '';
    throw error;
  }
}

/** getaddrinfo cannot be cancelled: its answer is no longer waited for. */
async function abandonable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const cut = Promise.withResolvers<never>();
  const onAbort = () => cut.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, cut.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
