/** The slice of imapflow that speaks IMAP itself, and readers for what its parser gives. */
import type { Readable } from 'node:stream';
import type { ImapAttribute, ImapAttributeList, ImapAttributeNode, ImapResponse } from 'imapflow';

/** A part of a command: a plain string is sent quoted, an array in parentheses. */
export type Argument = string | ImapAttributeNode | readonly Argument[];

/** Called for each untagged response of that name while the command runs. */
export type Untagged = Readonly<Record<string, (response: ImapResponse) => void>>;

/**
 * What imapflow's own commands are made of, left out of its types. Used because those commands hide what a look must know:
 * `list` and `status` resolve when the server said NO, apply answers to a cached state, and cannot bound a header.
 */
export interface Wire {
  /** How far it came, also after it was closed: TCP (and TLS from the first byte), the greeting, STARTTLS. */
  readonly connectedAt: number | false;
  readonly greetingReceived: boolean;
  readonly secureConnection: boolean;
  /** Whatever the server sends is piped into it. */
  readonly streamer: {
    on(event: 'pipe', listener: (source: Readable) => void): unknown;
    /** Called for each response once it is whole, and with null after the last. */
    push(response: { readonly payload: Buffer } | null): boolean;
  };
  readonly socket:
    | { readonly remoteAddress?: string; getPeerCertificate?(): { readonly valid_to?: string } }
    | false
    | null;
  /** Writes the command before it returns if none is in flight. Its reader stands still until `next` is called. */
  exec(
    command: string,
    attributes: readonly Argument[],
    options: { readonly untagged: Readonly<Record<string, (response: ImapResponse) => Promise<void>>> },
  ): Promise<{ readonly response: ImapResponse; next(): void }>;
}

export const atom = (value: string): ImapAttributeNode => ({ type: 'ATOM', value });

/** `from:to`, or the numbers with commas between (RFC 3501 §9, sequence-set). */
export const sequence = (value: string): ImapAttributeNode => ({ type: 'SEQUENCE', value });

export function isList(attribute: ImapAttribute | undefined): attribute is ImapAttributeList {
  return Array.isArray(attribute);
}

/** The text of an atom, a string or a literal as UTF-8; null for NIL, a list, or nothing. */
export function textOf(attribute: ImapAttribute | undefined): string | null {
  const value = attribute?.value;
  if (typeof value === 'string') return value;
  return Buffer.isBuffer(value) ? value.toString() : null;
}

/**
 * The first bytes of a string or a literal as latin1; null for NIL. The parser decodes quoted strings as UTF-8, literals not at all.
 * Cut before they are made a string: a part of a string keeps all of it in memory.
 */
export function bytesOf(attribute: ImapAttribute | undefined, bytesMax: number): string | null {
  const value = attribute?.value;
  if (typeof value !== 'string' && !Buffer.isBuffer(value)) return null;
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return bytes.toString('latin1', 0, bytesMax);
}

/** An unsigned 32-bit number (RFC 3501 §9, nz-number), null for anything else. */
export function numberOf(attribute: ImapAttribute | undefined): number | null {
  const text = textOf(attribute);
  if (text === null || !/^\d{1,10}$/.test(text)) return null;
  const number = Number(text);
  return number < 2 ** 32 ? number : null;
}

/** The value of a response code such as `[UIDVALIDITY 17]` in an OK; null if it has another code or none. */
export function responseCode(response: ImapResponse, name: string): string | null {
  const [code, value] = response.attributes?.[0]?.section ?? [];
  return textOf(code)?.toUpperCase() === name ? textOf(value) : null;
}
