/** Remembers what a view made of the same input, so that an update passes over what cannot have changed. */
import type { TreeElement } from './tree.ts';

/** More than one page shows; what was longest unused goes first. */
const KEPT_MAX = 400;

/** `key` must say all that the tree depends on. */
export function remembering(): (key: string, make: () => TreeElement) => TreeElement {
  const kept = new Map<string, TreeElement>();
  return (key, make) => {
    const tree = kept.get(key) ?? make();
    kept.delete(key);
    kept.set(key, tree);
    const [oldest] = kept.keys();
    if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest);
    return tree;
  };
}
