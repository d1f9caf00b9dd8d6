/** From a key's path to where it stands in the YAML text, and back. */
import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair, visit } from 'yaml';
import type { KeyPath } from './problem.ts';

/**
 * Offset of the key itself, of a list's entry, or of the nearest map around it that is there.
 * An alias leads to what its anchor holds: that is the text to mend.
 */
export function offsetOf(document: Document, path: KeyPath): number {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const step of path) {
    const inner = resolve(node, document);
    if (isMap(inner) && typeof step === 'string') {
      // Of a key given twice the last one counts.
      const pair = inner.items.findLast((each) => isScalar(each.key) && String(each.key.value) === step);
      if (pair === undefined) return offset;
      offset = startOf(pair.key);
      node = pair.value;
    } else if (isSeq(inner) && typeof step === 'number') {
      node = inner.items[step];
      if (node === undefined) return offset;
      offset = startOf(node);
    } else {
      return offset;
    }
  }
  return offset;
}

/** The path of the key that begins at an offset, empty if none does. */
export function pathAt(document: Document, offset: number): KeyPath {
  let found: KeyPath = [];
  visit(document, {
    Pair(_, pair, ancestors) {
      if (startOf(pair.key) !== offset) return undefined;
      found = pathOf([...ancestors, pair]);
      return visit.BREAK;
    },
  });
  return found;
}

/** Offset of the first alias that stands for nothing, null if there is none. */
export function lostAlias(document: Document): number | null {
  let found: number | null = null;
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return undefined;
      found = startOf(alias);
      return visit.BREAK;
    },
  });
  return found;
}

function pathOf(chain: readonly (Document | Node | Pair)[]): KeyPath {
  return chain.flatMap((node, index): KeyPath => {
    if (isPair(node)) return isScalar(node.key) ? [String(node.key.value)] : [];
    return isSeq(node) ? [node.items.indexOf(chain[index + 1])] : [];
  });
}

function resolve(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function startOf(node: unknown): number {
  if (typeof node !== 'object' || node === null || !('range' in node)) return 0;
  return Array.isArray(node.range) && typeof node.range[0] === 'number' ? node.range[0] : 0;
}
