/** Says in one line and one stable code why a mailbox could not be used. */
import { conceal } from '../../domain/conceal.ts';
import { tidy } from '../../domain/mail/header.ts';
import type { Stage } from '../../domain/probe.ts';
import type { Login } from '../../domain/settings.ts';
import { MailboxError } from '../../ports.ts';

/** What imapflow and Node put on their errors, as far as it is read here. */
interface Symptoms {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly authenticationFailed?: unknown;
  /** NO or BAD, where the server refused a command. */
  readonly responseStatus?: unknown;
  readonly responseText?: unknown;
  /** Response code of the refusal (RFC 5530). */
  readonly serverResponseCode?: unknown;
  /** The refusal itself, where the library has not taken the code out of it. */
  readonly response?: {
    readonly attributes?: readonly { readonly section?: readonly { readonly value?: unknown }[] }[];
  };
  /** The server's words at BYE. */
  readonly reason?: unknown;
  readonly tlsFailed?: unknown;
}

/** A server's words are for people and logs; longer than this they are a flood. */
const SERVER_TEXT_MAX = 300;

const TIMEOUTS = new Set(['CONNECT_TIMEOUT', 'GREETING_TIMEOUT', 'UPGRADE_TIMEOUT', 'ETIMEOUT', 'ETIMEDOUT']);
const CLOSED = new Set([
  'NoConnection',
  'EConnectionClosed',
  'StateLogout',
  'ClosedAfterConnectText',
  'ClosedAfterConnectTLS',
  'ECONNRESET',
  'EPIPE',
]);
const TOO_LARGE = new Set(['LineTooLarge', 'LiteralTooLarge', 'ResponseTooLarge', 'TooManyTokens', 'TooManyResponses']);
/** The account may be right but cannot be checked now (RFC 5530 §3); anything else said to a login is a refusal of it. */
const NOT_NOW = new Set(['UNAVAILABLE', 'LIMIT', 'INUSE', 'SERVERBUG']);

/** Response codes that say that we are too much for the server, or in our own way (RFC 5530 §3). */
export const LIMITS = new Set(['LIMIT', 'INUSE']);

/** Of the resolver, by getaddrinfo. */
const DNS = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'ENODATA', 'ESERVFAIL']);
/** OpenSSL's and Node's, for handshakes and certificates. */
const TLS = /^(?:CERT_|CRL_|DEPTH_ZERO_|EPROTO|ERR_SSL_|ERR_TLS_|HOSTNAME_|SELF_SIGNED_|STARTTLS_|UNABLE_TO_)/;

/** How a connection could not be entered, and at which stage. */
export class EntryError extends MailboxError {
  readonly stage: Stage;
  constructor(stage: Stage, error: MailboxError) {
    super(error.code, error.message, { cause: error.cause });
    this.stage = stage;
  }
}

/** The stage before the greeting that ends with this code. */
export function stageOfCode(code: string): Stage {
  if (DNS.has(code)) return 'dns';
  return TLS.test(code) ? 'tls' : 'connect';
}

/** `where` names server and port, never a secret. */
export function toMailboxError(error: unknown, where: string, login: Login): MailboxError {
  if (error instanceof MailboxError) return error;
  const symptoms: Symptoms = error ?? {};
  // Before a text is cut: what is left of a password must not stay.
  const said = (text: unknown): unknown => (typeof text === 'string' ? conceal(text, login) : text);
  const { message, responseText, reason } = symptoms;
  const [code, text] = diagnose({
    ...symptoms,
    message: said(message),
    responseText: said(responseText),
    reason: said(reason),
  });
  return new MailboxError(code, `${where}: ${text}`, { cause: error });
}

function diagnose(symptoms: Symptoms): readonly [code: string, text: string] {
  const code = typeof symptoms.code === 'string' ? symptoms.code : '';
  const said = saying(symptoms.responseText ?? symptoms.reason);
  if (symptoms.authenticationFailed === true) {
    const given = String(symptoms.serverResponseCode);
    return NOT_NOW.has(given)
      ? [given, `login not possible now${said}`]
      : ['AUTHENTICATIONFAILED', `login refused${said}`];
  }
  if (code === 'ETHROTTLE') return ['LIMIT', `too many commands${said}`];
  if (symptoms.responseStatus === 'NO' || symptoms.responseStatus === 'BAD') {
    const given = String(symptoms.response?.attributes?.[0]?.section?.[0]?.value).toUpperCase();
    return [LIMITS.has(given) ? given : symptoms.responseStatus, `command refused${said}`];
  }
  if (TIMEOUTS.has(code)) return ['TIMEOUT', 'no answer in time'];
  if (CLOSED.has(code)) return ['CLOSED', `connection lost${said}`];
  if (TOO_LARGE.has(code)) return ['TOO_LARGE', saying(symptoms.message).slice(2)];
  if (symptoms.tlsFailed === true && code === '')
    return ['STARTTLS_MISSING', 'server offers no STARTTLS, and it is required'];
  // Node's own codes for DNS, TCP and TLS; an AggregateError of several addresses has a code and no message.
  if (code !== '') return [code, saying(symptoms.message).slice(2) || code];
  return ['PROTOCOL', saying(symptoms.message).slice(2) || 'unexpected failure'];
}

/** `: text`, or nothing. */
function saying(text: unknown): string {
  // Node adds advice on its own command line to errors of certificates.
  const clean =
    typeof text === 'string' ? tidy(text, SERVER_TEXT_MAX).replace(/; if the root CA is installed.*/, '') : '';
  return clean === '' ? '' : `: ${clean}`;
}
