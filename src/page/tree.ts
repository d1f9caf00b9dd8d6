/** What a page is made of, as data: the server writes it as HTML, the browser makes it elements and keeps them up to date. */

export interface TreeElement {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Tree[];
}
/** Text is shown as text, whoever wrote it. */
export type Tree = TreeElement | string;

/** Null, false and an empty list are nothing. */
export type Child = Tree | number | null | false | readonly Child[];
/** `true` is an attribute without a value, null and false none. */
export type Attributes = Readonly<Record<string, string | number | boolean | null>>;

/** Controls, and what cannot be seen or turns the direction of what follows. */
const UNFIT = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;
/** The longest SMTP reply line (RFC 5321 §4.5.3.1.5), for anything one is shown. */
export const TEXT_LENGTH_MAX = 512;

/** `tag` and the attributes' names are the program's own; values and text may be anybody's, and become one bounded line. */
export function element(tag: string, attributes: Attributes = {}, ...children: readonly Child[]): TreeElement {
  const written = Object.entries(attributes).flatMap(([name, value]): [string, string][] =>
    value === null || value === false ? [] : [[name, valueOf(name, value)]],
  );
  const list: Tree[] = [];
  for (const child of children) add(list, child);
  return { tag, attributes: Object.fromEntries(written), children: list };
}

/** What the page's script is to find again must be what it was. */
function valueOf(name: string, value: string | number | true): string {
  if (value === true) return '';
  return name.startsWith('data-') ? String(value) : oneLine(String(value));
}

/** Neighbouring text becomes one, as in a browser. */
function add(list: Tree[], child: Child): void {
  if (child === null || child === false || child === '') return;
  if (isList(child)) {
    for (const each of child) add(list, each);
    return;
  }
  if (typeof child === 'object') {
    list.push(child);
    return;
  }
  const last = list.at(-1);
  const text = oneLine(String(child));
  if (typeof last === 'string') list[list.length - 1] = last + text;
  else list.push(text);
}

function isList(child: Child): child is readonly Child[] {
  return Array.isArray(child);
}

function oneLine(text: string): string {
  const line = text.slice(0, 2 * TEXT_LENGTH_MAX).replaceAll(UNFIT, ' ');
  return line.length > TEXT_LENGTH_MAX ? `${line.slice(0, TEXT_LENGTH_MAX - 1)}…` : line;
}

/** The text of a tree, as a screen reader would say it. */
export function textOf(tree: Tree): string {
  return typeof tree === 'string' ? tree : tree.children.map(textOf).join('');
}
