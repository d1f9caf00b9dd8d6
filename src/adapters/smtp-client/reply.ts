/** Reads SMTP replies (RFC 5321 §4.2), one line or many; pure. */
import { asOneLine, CUT } from '../../domain/conceal.ts';

/** A complete reply with its parts told apart. */
export interface Reply {
  readonly code: number;
  /** RFC 2034: `5.1.1`, null where the server gives none. */
  readonly enhanced: string | null;
  /** The lines joined by a space, without codes and control characters, at most TEXT_CHARACTERS_MAX. */
  readonly text: string;
}

/** A reply line has at most 512 characters (RFC 5321 §4.5.3.1.5); a refusal that says more than two such lines is cut. */
export const TEXT_CHARACTERS_MAX = 1024;

const LINE = /^([2-5]\d\d)(?:([ -])(.*))?$/s;
const ENHANCED = /^([245])\.(\d{1,3})\.(\d{1,3})(?:\s+|$)/;

/** Null for what is no complete reply: another shape, codes that differ, or a last line that promises more. */
export function parseReply(raw: string): Reply | null {
  const lines = raw.split(/\r?\n/).map((line) => LINE.exec(line));
  const last = lines.at(-1);
  if (last === null || last === undefined || last[2] === '-') return null;
  const code = Number(last[1]);
  let enhanced: string | null = null;
  const texts: string[] = [];
  for (const line of lines) {
    if (line === null || Number(line[1]) !== code) return null;
    const text = line[3] ?? '';
    const status = ENHANCED.exec(text);
    // RFC 2034 §4: the class of the status is the first digit of the code, or it is just text.
    const counts = status !== null && status[1] === last[1]?.charAt(0);
    if (counts) enhanced ??= `${status[1]}.${status[2]}.${status[3]}`;
    texts.push(counts ? text.slice(status[0].length) : text);
  }
  return { code, enhanced, text: printable(texts.join(' ')) };
}

/** Whether an EHLO reply names the extension. */
export function offers(ehlo: string, keyword: string): boolean {
  return ehlo
    .split(/\r?\n/)
    .some((line, index) => index > 0 && line.slice(4).trim().split(/\s/)[0]?.toUpperCase() === keyword);
}

/** As `asOneLine`, and short. */
export function printable(text: string): string {
  const line = asOneLine(text);
  return line.length <= TEXT_CHARACTERS_MAX ? line : line.slice(0, TEXT_CHARACTERS_MAX - CUT.length) + CUT;
}
