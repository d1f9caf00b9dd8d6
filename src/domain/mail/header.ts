/** Header sections of messages (RFC 5322 §2.2), read with patience: whatever is no field is passed over. */

export interface HeaderField {
  /** As written. */
  readonly name: string;
  /** Unfolded and trimmed. */
  readonly value: string;
}

/** Lines that are read of a header, a part or a report, of which each costs as much as a long one: 64 KiB in lines of mail are a thousand. */
export const LINES_MAX = 4000;

/**
 * The fields in their order, up to the first empty line. Lines may end in CRLF, LF or CR.
 * Unfolds by RFC 5322 §2.2.3. Never throws; linear time.
 */
export function parseHeader(raw: string): readonly HeaderField[] {
  const fields: { name: string; value: string }[] = [];
  let current: { name: string; value: string } | null = null;
  for (const line of raw.split(/\r\n|\n|\r/, LINES_MAX)) {
    if (line === '') {
      if (fields.length > 0) break;
      continue;
    }
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (current !== null) current.value += line;
      continue;
    }
    current = startField(line);
    if (current !== null) fields.push(current);
  }
  return fields.map(({ name, value }) => ({ name, value: value.trim() }));
}

/** Values of every field of that name, in their order; names are compared without regard to case. */
export function headerValues(fields: readonly HeaderField[], name: string): readonly string[] {
  const wanted = name.toLowerCase();
  return fields.filter((field) => field.name.toLowerCase() === wanted).map((field) => field.value);
}

/** Obsolete syntax (RFC 5322 §4.5) allows white space before the colon. */
function startField(line: string): { name: string; value: string } | null {
  const colon = line.indexOf(':');
  if (colon <= 0) return null;
  const name = line.slice(0, colon).trimEnd();
  return /^[\x21-\x39\x3b-\x7e]+$/.test(name) ? { name, value: line.slice(colon + 1) } : null;
}

/** `text` without control characters, runs of white space made one space, at most `lengthMax` long. For what others wrote and we keep. */
export function tidy(text: string, lengthMax: number): string {
  // A prefix is enough to fill the result unless it is mostly white space, and keeps the work bounded.
  return text
    .slice(0, lengthMax * 4)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, lengthMax)
    .trimEnd();
}

/** `text` without its comments (RFC 5322 §3.2.2), which may nest; one that is never closed ends with the text. Linear time. */
export function stripComments(text: string): string {
  let kept = '';
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (depth > 0 && char === '\\') i++;
    else if (char === '(') depth++;
    else if (char === ')' && depth > 0) {
      depth--;
      if (depth === 0) kept += ' ';
    } else if (depth === 0) kept += char;
  }
  return kept;
}
