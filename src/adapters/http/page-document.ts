/** The one answer of the first paint: the page as the browser will keep it, and what it was made from. */
import { DATA_ID, ROOT_ID } from '../../page/data.ts';
import type { Language } from '../../page/format.ts';
import { element, type TreeElement } from '../../page/tree.ts';
import { wordsOf } from '../../page/words.ts';
import type { PageAssets, PageEntry } from './page-assets.ts';
import { escapeText, writeJson, writeTree } from './page-markup.ts';

export interface PageDocument {
  /** Its script; null for a page without one. */
  readonly entry: PageEntry | null;
  readonly language: Language;
  readonly title: string;
  readonly view: TreeElement;
  /** Goes to the page's script. */
  readonly data: unknown;
}

/** Nothing but what this agent serves, no script and no style within the page, no frame around it. */
export const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** An envelope; drawn here, so that no browser asks for /favicon.ico. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='%232f62a8' stroke-width='2' stroke-linejoin='round'%3E%3Cpath d='M2.5 5.5h19v13h-19z'/%3E%3Cpath d='M2.5 6l9.5 7 9.5-7'/%3E%3C/svg%3E";

export function writeDocument({ entry, language, title, view, data }: PageDocument, assets: PageAssets): string {
  return `<!doctype html>
<html lang="${wordsOf(language).lang}"><head><meta charset="utf-8"><title>${escapeText(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">
<link rel="icon" href="${ICON}"><link rel="stylesheet" href="${assets.pathOf('page.css')}">
${entry === null ? '' : modules(entry, assets)}
</head><body>${writeTree(element('div', { id: ROOT_ID }, view))}${entry === null ? '' : `<script type="application/json" id="${DATA_ID}">${writeJson(data)}</script>`}</body></html>
`;
}

function modules(entry: PageEntry, assets: PageAssets): string {
  const [script = '', ...others] = assets.modulesOf(entry);
  const preloads = others.map((path) => `<link rel="modulepreload" href="${path}">`);
  return `<script type="module" src="${script}"></script>${preloads.join('')}`;
}
