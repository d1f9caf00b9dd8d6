/** Why there was no reply: errors of Node and of nodemailer as short stable codes. */
import { printable } from './reply.ts';

export class Failure extends Error {
  /** `ENOTFOUND`, `ECONNREFUSED`, `TIMEOUT`, `CERT_HAS_EXPIRED`, `CONNECTION_LOST`, `ABORTED`, `PROTOCOL` … */
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(printable(message), options);
    this.name = 'Failure';
    this.code = code;
  }
}

/** One name for what has several; any other code stands as it is. */
const CODES: Readonly<Record<string, string>> = {
  ETIMEDOUT: 'TIMEOUT',
  ETIMEOUT: 'TIMEOUT',
  ECONNRESET: 'CONNECTION_LOST',
  ECONNABORTED: 'CONNECTION_LOST',
  EPIPE: 'CONNECTION_LOST',
  ECONNECTION: 'CONNECTION_LOST',
  // nodemailer's own, left when the socket closed during STARTTLS and gave no error.
  ETLS: 'CONNECTION_LOST',
  // nodemailer's for a reply that fits nowhere; one that refuses is told by its code before this is asked.
  EPROTOCOL: 'PROTOCOL',
  EAUTH: 'PROTOCOL',
  EENVELOPE: 'PROTOCOL',
  EMESSAGE: 'PROTOCOL',
};

/** Throws what is a bug and no observation. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) throw error;
  const { code, originalCode } = error as { code?: unknown; originalCode?: unknown };
  // nodemailer puts its own code over the socket's, and keeps that as `originalCode`.
  const told = typeof originalCode === 'string' ? originalCode : code;
  if (typeof told !== 'string') throw error;
  return new Failure(CODES[told] ?? told, error.message, { cause: error });
}
