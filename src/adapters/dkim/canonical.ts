/** Canonical forms of a message's header and body (RFC 6376 §3.4): what is hashed. All texts are latin1, a character a byte. */

export type Form = 'simple' | 'relaxed';

/** Fields of a raw header section as they stand, folds included, without the line end of the last line of each. */
export function rawFields(header: string): readonly string[] {
  return header
    .replace(/\r\n$/, '')
    .split(/\r\n(?![ \t])/)
    .filter((field) => field !== '');
}

/** Lower case; empty for what is no field. */
export function fieldName(field: string): string {
  return field
    .slice(0, Math.max(0, field.indexOf(':')))
    .trimEnd()
    .toLowerCase();
}

/** Without a line end (§3.4.1, §3.4.2). */
export function canonicalField(field: string, form: Form): string {
  if (form === 'simple') return field;
  const value = field.slice(field.indexOf(':') + 1).replaceAll('\r\n', '');
  return `${fieldName(field)}:${value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '')}`;
}

/** §3.4.3, §3.4.4. */
export function canonicalBody(body: string, form: Form): string {
  const lines = body.split('\r\n');
  const kept = form === 'simple' ? lines : lines.map((line) => line.replace(/[ \t]+/g, ' ').replace(/ $/, ''));
  let end = kept.length;
  while (end > 0 && kept[end - 1] === '') end -= 1;
  if (end === 0) return form === 'simple' ? '\r\n' : '';
  return `${kept.slice(0, end).join('\r\n')}\r\n`;
}
