/** A provider's servers as a client or another host meets them, and what a check of one can show. */
import { isLoginRefused, type Path, type Stage } from './probe.ts';

export const ENDPOINTS = ['submission', 'mx', 'mailbox'] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

/** Where a path's messages are handed over. */
export const ENTRY: Readonly<Record<Path, Endpoint>> = { send: 'submission', internal: 'submission', receive: 'mx' };

/**
 * How far a check goes. `session`: a question on a connection that was kept (submission: NOOP; mailbox: STATUS of INBOX). `login`:
 * a new connection, secured and logged in (submission, mailbox), and the same question (mailbox). `greeting`: a new connection to EHLO
 * and STARTTLS (mx). `recipient`: that, and a RCPT for the mailbox's address, then RSET (mx).
 */
export const CHECK_DEPTHS = ['session', 'login', 'greeting', 'recipient'] as const;
export type CheckDepth = (typeof CHECK_DEPTHS)[number];

export type CheckResult =
  | { readonly kind: 'up' }
  /** Refused for good, or no answer; `code` is the reply's or a short stable one such as `ECONNREFUSED`. */
  | { readonly kind: 'down'; readonly stage: Stage | 'session'; readonly code: string; readonly text: string }
  /** Neither: it asked us to slow down or to come again (throttling, greylisting), which is no fault of its. */
  | { readonly kind: 'inconclusive'; readonly reason: string };

/**
 * Whether a failure says nothing of the server, though it is told of as loudly as any: an old password of ours is refused as a broken
 * server refuses a right one (SMTP: `isLoginRefused`; IMAP: AUTHENTICATIONFAILED and its like, RFC 5530 §3), a certificate
 * that is not valid yet is more likely looked at by a clock of ours that is slow, and some connections our own host does not let out.
 */
export function mayBeOurs({ stage, code, text }: Extract<CheckResult, { kind: 'down' }>): boolean {
  if (code === 'CERT_NOT_YET_VALID') return true;
  if (stage === 'connect') return OF_OUR_HOST.has(code);
  const enhanced = /^[45]\.\d{1,3}\.\d{1,3}\b/.exec(text)?.[0] ?? null;
  return (
    stage === 'auth' && (code === 'AUTHENTICATIONFAILED' || isLoginRefused({ stage, code: Number(code), enhanced }))
  );
}

/** Its firewall forbids it, or it has no file, port, memory or network left for one. */
const OF_OUR_HOST = new Set(['EPERM', 'EACCES', 'EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM', 'ENETDOWN']);

/**
 * What a neutral host showed beside a check that failed: whether the fault can be the provider's. `none`: no control is configured,
 * and then nothing is proven.
 */
export type ControlState = 'healthy' | 'failed' | 'none';
