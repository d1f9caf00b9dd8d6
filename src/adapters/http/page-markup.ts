/** Writes a page's tree as HTML: every text and every attribute is escaped, and only the program names tags. */
import type { Tree } from '../../page/tree.ts';

/** Without an end (HTML §13.1.2). */
const VOID: ReadonlySet<string> = new Set(['input']);

export function writeTree(tree: Tree): string {
  if (typeof tree === 'string') return escapeText(tree);
  const { tag, attributes, children } = tree;
  const named = Object.entries(attributes).map(([name, value]) => ` ${name}="${escapeText(value)}"`);
  const start = `<${tag}${named.join('')}>`;
  return VOID.has(tag) ? start : `${start}${children.map(writeTree).join('')}</${tag}>`;
}

export function escapeText(text: string): string {
  return text.replaceAll(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON that can end no element and begin none (HTML §4.12.1.3), and is one statement in any script. */
export function writeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
