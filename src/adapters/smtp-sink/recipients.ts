/** Which addresses the sink takes mail for: its own few, so that it can relay nothing. */
import { domainToASCII } from 'node:url';
import { SINK_RECIPIENTS_MAX } from '../../domain/settings.ts';

/** Every mail host must take these (RFC 5321 §4.5.1, RFC 2142). */
const ROLES = ['postmaster', 'abuse'];

export interface OwnAddresses {
  readonly domain: string;
  /** The pool is `probe-0@domain` … `probe-<count - 1>@domain`. */
  readonly count: number;
  /** Own envelope senders: bounces and callbacks come to them. */
  readonly senders: readonly string[];
}

/**
 * Takes an address as named in RCPT TO and gives it back as we write it, null if it is not ours. Case is the same to us, in the local part too.
 * However few recipients there are now, mail may be on its way to one that there was before.
 */
export function recipientRule({ domain, count, senders }: OwnAddresses): (address: string) => string | null {
  const locals = [
    ...ROLES,
    ...Array.from({ length: Math.max(count, SINK_RECIPIENTS_MAX) }, (_, index) => `probe-${index}`),
  ];
  // A bare `postmaster` needs no domain (RFC 5321 §4.1.1.3).
  const own = ['postmaster', ...locals.map((local) => `${local}@${domain}`), ...senders];
  const byName = new Map(own.map((address) => [canonical(address), address]));
  return (address) => byName.get(canonical(address)) ?? null;
}

/** Lower case, the domain as A-labels: smtp-server shows it as U-labels. */
function canonical(address: string): string {
  const at = address.lastIndexOf('@');
  if (at < 0) return address.toLowerCase();
  const domain = address.slice(at + 1);
  return `${address.slice(0, at)}@${domainToASCII(domain) || domain}`.toLowerCase();
}
