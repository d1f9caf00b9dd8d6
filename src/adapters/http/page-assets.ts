/** The page's scripts and style, read and packed once: served under a name that changes with what is in them. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { extname } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { STYLE } from '../../page/style.ts';

export type Encoding = 'br' | 'gzip' | 'identity';
export interface Asset {
  readonly contentType: string;
  /** All say the same. */
  readonly bodies: Readonly<Record<Encoding, Uint8Array>>;
}
export interface PageAssets {
  /** By what comes after `/assets/`: `1f2e3d/main.js`. */
  readonly files: ReadonlyMap<string, Asset>;
  /** The address of one of ours by its bare name, `page.css`; a module's without its ending. */
  readonly pathOf: (name: string) => string;
  /** The addresses of all modules that a page needs, for the browser to fetch at once. */
  readonly modulesOf: (entry: PageEntry) => readonly string[];
}
export type PageEntry = 'main' | 'probe';

/** `.ts` when run from its source, `.js` when compiled. */
const ENDING = extname(import.meta.url);
const PAGE_FOLDER = new URL('../../page/', import.meta.url);
const UPLOT = import.meta.resolve('uplot');
const SCRIPT = 'text/javascript; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const IMPORT = /^(?:import|export)\b[^;'"]*?from '\.\/([^']+)';|^import '\.\/([^']+)';/gm;
/** Enough of the hash to tell one release from another. */
const VERSION_LENGTH = 12;

export function readPageAssets(): PageAssets {
  const modules = readModules();
  const css = `${readFileSync(new URL('uPlot.min.css', UPLOT), 'utf8')}${STYLE}`;
  const texts = new Map([...modules, ['page.css', css]]);
  const version = hashOf(texts);
  const files = new Map([...texts].map(([name, text]) => [`${version}/${name}`, pack(name, text)]));
  const pathOf = (name: string): string => `/assets/${version}/${texts.has(name) ? name : `${name}${ENDING}`}`;
  return { files, pathOf, modulesOf: (entry) => reachable(`${entry}${ENDING}`, modules).map(pathOf) };
}

/** By file name; uplot's among them, which has no address of its own in a browser. */
function readModules(): ReadonlyMap<string, string> {
  const names = readdirSync(PAGE_FOLDER).filter((name) => extname(name) === ENDING && !name.endsWith('.d.ts'));
  const own = names.toSorted().map((name) => {
    const text = readFileSync(new URL(name, PAGE_FOLDER), 'utf8');
    return [name, stripped(text).replaceAll("from 'uplot'", "from './uplot.js'")] as const;
  });
  // Its minified build is half of its module's bytes, and makes one global, which in a module is nobody else's.
  const uplot = `${readFileSync(new URL('uPlot.iife.min.js', UPLOT), 'utf8')}\nexport default uPlot;\n`;
  return new Map([...own, ['uplot.js', uplot]]);
}

/** Node warns of this function on standard error, though it runs all of our source through it. */
function stripped(text: string): string {
  if (ENDING !== '.ts') return text;
  const emitWarning = process.emitWarning.bind(process);
  try {
    process.emitWarning = () => {};
    return stripTypeScriptTypes(text);
  } finally {
    process.emitWarning = emitWarning;
  }
}

function reachable(entry: string, modules: ReadonlyMap<string, string>): readonly string[] {
  const found = new Set([entry]);
  for (const name of found)
    for (const [, from, bare] of (modules.get(name) ?? '').matchAll(IMPORT)) {
      const imported = from ?? bare;
      if (imported !== undefined && modules.has(imported)) found.add(imported);
    }
  return [...found];
}

function hashOf(texts: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const [name, text] of texts) hash.update(`${name}\0${text}\0`);
  return hash.digest('hex').slice(0, VERSION_LENGTH);
}

function pack(name: string, text: string): Asset {
  const identity = Buffer.from(text);
  return {
    contentType: name.endsWith('.css') ? CSS : SCRIPT,
    bodies: {
      identity,
      gzip: gzipSync(identity),
      // Best is ten times slower and a few per cent smaller.
      br: brotliCompressSync(identity, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } }),
    },
  };
}

/** The smallest that a client takes (RFC 9110 §12.5.3). */
export function encodingFor(accepted: string | undefined): Encoding {
  const named = (accepted ?? '').split(',').map((part) => part.trim().toLowerCase());
  const takes = (coding: string): boolean =>
    named.some((part) => part === coding || (part.startsWith(`${coding};`) && !/;\s*q=0(?:\.0*)?$/.test(part)));
  if (takes('br')) return 'br';
  return takes('gzip') ? 'gzip' : 'identity';
}
