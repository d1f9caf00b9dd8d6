/** Makes a tree what the document shows, changing no more than what differs: focus, selection and scrolling stay. */
import type { Tree, TreeElement } from './tree.ts';

const SVG = 'http://www.w3.org/2000/svg';
/** What the reader has set, not the page. */
const READERS_OWN: Readonly<Record<string, readonly string[]>> = { DETAILS: ['open'] };
/** Marks an element whose inside something else draws. */
const FOREIGN = 'data-foreign';
const KEY = 'data-key';

/** What each element was last made: the very same tree needs no second look. */
const LAST = new WeakMap<Element, TreeElement>();

/** `target` is of the tree's own tag. */
export function update(target: Element, tree: TreeElement): void {
  if (LAST.get(target) === tree) return;
  LAST.set(target, tree);
  const { attributes } = tree;
  const own = READERS_OWN[target.tagName] ?? [];
  for (const name of target.getAttributeNames())
    if (!(name in attributes) && !own.includes(name)) target.removeAttribute(name);
  for (const [name, value] of Object.entries(attributes))
    if (target.getAttribute(name) !== value) target.setAttribute(name, value);
  if (!(FOREIGN in attributes)) updateChildren(target, tree.children);
}

function updateChildren(parent: Element, trees: readonly Tree[]): void {
  const keyed = new Map<string, Element>();
  for (const child of parent.children) {
    const key = child.getAttribute(KEY);
    if (key !== null) keyed.set(key, child);
  }
  let at: ChildNode | null = parent.firstChild;
  for (const tree of trees) {
    const found = matching(tree, at, keyed);
    const node = found ?? create(tree, parent);
    if (node !== at) parent.insertBefore(node, at);
    if (found !== null) refresh(found, tree);
    at = node.nextSibling;
  }
  while (at !== null) {
    const next: ChildNode | null = at.nextSibling;
    at.remove();
    at = next;
  }
}

/** What can become the tree: that of the same key, or what stands in its place and is of the same kind. */
function matching(tree: Tree, at: ChildNode | null, keyed: ReadonlyMap<string, Element>): ChildNode | null {
  if (typeof tree === 'string') return at?.nodeType === Node.TEXT_NODE ? at : null;
  const key = tree.attributes[KEY];
  const found = key === undefined ? at : (keyed.get(key) ?? null);
  if (!(found instanceof Element) || found.tagName.toLowerCase() !== tree.tag.toLowerCase()) return null;
  return key === undefined && found.hasAttribute(KEY) ? null : found;
}

function refresh(node: ChildNode, tree: Tree): void {
  if (typeof tree !== 'string') update(node as Element, tree);
  else if (node.nodeValue !== tree) node.nodeValue = tree;
}

function create(tree: Tree, parent: Element): ChildNode {
  if (typeof tree === 'string') return document.createTextNode(tree);
  const { tag } = tree;
  const made =
    tag === 'svg' || parent.namespaceURI === SVG ? document.createElementNS(SVG, tag) : document.createElement(tag);
  update(made, tree);
  return made;
}
