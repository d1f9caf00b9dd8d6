/** Tag lists: what DKIM signatures and keys are written in (RFC 6376 §3.2). */

/** By tag name, white space within values taken out; null where it is no tag list, or a tag stands twice. */
export function parseTags(text: string): ReadonlyMap<string, string> | null {
  const tags = new Map<string, string>();
  const parts = text.split(';');
  // The last semicolon may be left out.
  if (parts.at(-1)?.trim() === '') parts.pop();
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = part.slice(0, Math.max(0, equals)).trim();
    if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name) || tags.has(name)) return null;
    tags.set(name, part.slice(equals + 1).replace(/[ \t\r\n]/g, ''));
  }
  return tags;
}
